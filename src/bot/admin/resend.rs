//! `/admin user-resend`: the link once more, to the customer's direct messages and nowhere else.
//! Whoever asks for it never sees it.

use serenity::all::User;

use crate::{
    db::{self, Subject, access::resend::Resent},
    domain::access::Power,
    view::{self, admin::Unclear, desk::Done},
};

use super::{
    super::{Bot, Context, PATIENCE, asked::Asked, fault::Fault},
    admitted, suggest,
    target::{Meant, refusal},
};

/// `/admin user-resend`
#[poise::command(slash_command, rename = "user-resend")]
pub(super) async fn user_resend(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Fault> {
    command!(ctx, |bot, asked| resend(bot, asked, Meant::new(user.as_ref(), subscription.as_deref())))
}

async fn resend(bot: &Bot, asked: &mut Asked<'_>, meant: Meant<'_>) -> Result<(), Fault> {
    admitted(bot, asked, Power::Support, "link.resend").await?;
    let subscription = meant.subscription(bot, asked.locale).await?;
    if subscription.link.is_none() {
        return Err(refusal(asked.locale, &Unclear::NoSubscription(subscription.user)));
    }
    // What is sent cannot be taken back: only the machine that could answer does it.
    asked.defer().await?;
    let (row, customer, number) = (subscription.id, subscription.user, asked.id);
    db::access::resend::resend(&bot.db, row, customer, number, asked.user, bot.clock.now()).await?;
    tracing::info!(user.id = %asked.user, subscription = row.0, "a link was asked to be sent again");
    let look = || db::access::resend::resend_outcome(&bot.db, row, number);
    let done = match bot.db.wait_for(&Subject::Subscription(row), PATIENCE, look).await? {
        Some(Resent::Sent) => Done::Resent(customer),
        Some(Resent::DmClosed) => Done::DmClosed(customer),
        None => Done::Sending(customer),
    };
    asked.edit(view::desk::done(asked.locale, &done)).await?;
    Ok(())
}
