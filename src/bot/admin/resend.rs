//! `/admin user-resend`: the link once more, to the customer's direct messages and nowhere else.
//! Whoever asks for it never sees it.

use serenity::all::User;

use crate::{
    db::{self, Subject, access::resend::Resent},
    domain::access::Power,
    view::{self, admin::Unclear, admin_lists::Done},
};

use super::{
    super::{Bot, Context, PATIENCE, error::Error, interaction::Interaction},
    admitted, suggest,
    target::{Meant, refusal},
};

/// `/admin user-resend`
#[poise::command(slash_command, rename = "user-resend")]
pub(super) async fn user_resend(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    command!(ctx, |bot, interaction| resend(bot, interaction, Meant::new(user.as_ref(), subscription.as_deref())))
}

async fn resend(bot: &Bot, interaction: &mut Interaction<'_>, meant: Meant<'_>) -> Result<(), Error> {
    admitted(bot, interaction, Power::Support, "link.resend").await?;
    let subscription = meant.subscription(bot, interaction.locale).await?;
    if subscription.link.is_none() {
        return Err(refusal(interaction.locale, &Unclear::NoSubscription(subscription.user)));
    }
    // What is sent cannot be taken back: only the machine that could answer does it.
    interaction.defer().await?;
    let (row, customer, number) = (subscription.id, subscription.user, interaction.id);
    db::access::resend::resend(&bot.db, row, customer, number, interaction.user, bot.clock.now()).await?;
    tracing::info!(user.id = %interaction.user, subscription = row.0, "a link was asked to be sent again");
    let look = || db::access::resend::resend_outcome(&bot.db, row, number);
    let done = match bot.db.wait_for(&Subject::Subscription(row), PATIENCE, look).await? {
        Some(Resent::Sent) => Done::Resent(customer),
        Some(Resent::DmClosed) => Done::DmClosed(customer),
        None => Done::Sending(customer),
    };
    interaction.edit(view::admin_lists::done(interaction.locale, &done)).await?;
    Ok(())
}
