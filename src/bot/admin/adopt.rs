//! `/admin user-adopt`: a client that was made by hand before the bot came becomes a customer's.
//! Its uuid and subscription id are read here and become ours; nothing on the panel is changed.

use serenity::all::User;

use crate::{
    db::{self, access::change_requests::Found, people::confirmations::Presented},
    domain::{UserId, access::Power, confirmation::Confirmation, drift::is_kept_name, grants::Expiry},
    panel::{self, Reader},
    view::{
        Post,
        change::{Outcome, Proposed as Shown, outcome},
    },
};

use super::{
    super::{Bot, Context, error::Error, interaction::Interaction, provisioning::new_identity},
    admitted, change,
    question::{About, question},
    suggest,
};

/// `/admin user-adopt`
#[poise::command(slash_command, rename = "user-adopt")]
pub(super) async fn user_adopt(
    ctx: Context<'_>,
    #[max_length = 120]
    #[autocomplete = "suggest::unowned"]
    email: String,
    user: User,
    #[autocomplete = "suggest::panel"] panel: Option<String>,
) -> Result<(), Error> {
    command!(ctx, |bot, interaction| open(bot, interaction, email.trim(), &user, panel.as_deref()))
}

async fn open(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    email: &str,
    user: &User,
    panel: Option<&str>,
) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "user.adopt").await?;
    let Some(panel) = super::named(bot, panel) else {
        return Ok(interaction.answer(outcome(interaction.locale, &Outcome::NoPanel)).await?);
    };
    if !is_kept_name(email) {
        return Ok(interaction.answer(outcome(interaction.locale, &Outcome::BadName { email })).await?);
    }
    interaction.defer().await?;
    let found = match look(panel, email).await {
        Ok(found) => found,
        Err(refused) => return Ok(interaction.edit(outcome(interaction.locale, &refused)).await?),
    };
    let (customer, name) = (UserId(user.id.get()), user.display_name());
    let expiry = Expiry::from_panel(found.client.expiry_ms, bot.clock.now());
    let quota = u64::try_from(found.client.total_bytes).unwrap_or(0);
    let what = Confirmation::Adopt {
        panel: panel.name().to_owned(),
        email: email.to_owned(),
        user: customer,
        name: name.to_owned(),
    };
    let subject = About { customer, name, client: Some((email, expiry, quota)) };
    let post = question(bot, interaction, &what, Shown::Adopt, subject).await?;
    Ok(interaction.edit(post).await?)
}

/// The client on the inbound that is sold.
async fn look<'a>(panel: &Reader, email: &'a str) -> Result<panel::Found, Outcome<'a>> {
    match panel.find(email).await {
        Ok(Some(found)) if found.client.on_inbound && found.client.email == email => Ok(found),
        Ok(_) => Err(Outcome::NotThere { email }),
        Err(panel::Error::BrokenClient { .. }) => Err(Outcome::Unusable { email }),
        Err(_) => Err(Outcome::Silent),
    }
}

pub(in crate::bot) struct Wanted<'a> {
    pub(in crate::bot) panel: &'a str,
    pub(in crate::bot) email: &'a str,
    pub(in crate::bot) user: UserId,
    pub(in crate::bot) name: &'a str,
}

/// Looks once more, and makes the client the customer's.
pub(in crate::bot) async fn carry_out(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    &Wanted { panel, email, user, name }: &Wanted<'_>,
) -> Result<Post, Error> {
    let (Some(reader), Some(identity)) = (bot.panels.get(panel), new_identity(bot, panel)?) else {
        return Ok(outcome(interaction.locale, &Outcome::NoPanel));
    };
    let found = match look(reader, email).await {
        Ok(found) => found.client,
        Err(refused) => return Ok(outcome(interaction.locale, &refused)),
    };
    let ours = Found {
        user,
        name: name.to_owned(),
        panel: panel.to_owned(),
        inbound_id: identity.inbound_id,
        email: email.to_owned(),
        uuid: found.uuid,
        // A client made without one is given one, for its subscription link.
        sub_id: if found.sub_id.is_empty() { identity.sub_id } else { found.sub_id },
    };
    let requested = db::access::change_requests::request_adoption(&bot.db, presented, &ours, bot.clock.now()).await?;
    change::answer(bot, interaction, requested).await
}
