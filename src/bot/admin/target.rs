//! Who or what a command is about: a Discord user, or a value that was suggested while it was
//! typed. The value comes back from a client; it is parsed, looked up, and never trusted.

use crate::{
    db::{self, access::subscriptions::Subscription},
    domain::{Order, Target, UserId},
    view::{
        Locale,
        admin::{Unclear, unclear},
    },
};

use super::super::{Bot, error::Error};

/// What was chosen in the options `user` and `subscription`, of which one is enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meant<'a> {
    pub(super) user: Option<UserId>,
    pub(super) value: Option<&'a str>,
}

impl<'a> Meant<'a> {
    pub(super) fn new(user: Option<&serenity::all::User>, value: Option<&'a str>) -> Self {
        Self { user: user.map(|user| UserId(user.id.get())), value }
    }

    /// The one subscription that is meant, or why that is not clear. It exists on a panel, or did.
    pub(super) async fn subscription(self, bot: &Bot, locale: Locale) -> Result<Subscription, Error> {
        let user = match self.named(bot, locale).await? {
            Named::Subscription(subscription) => return Ok(*subscription),
            Named::Person(user) => user,
        };
        let mut owned = db::access::subscriptions::subscriptions_of(&bot.db, user).await?;
        Err(refusal(
            locale,
            &match (owned.pop(), owned.is_empty()) {
                (Some(only), true) => return Ok(only),
                (Some(_), false) => Unclear::Several(user),
                (None, _) if db::orders::customer(&bot.db, user).await?.is_none() => Unclear::EmailTaken(user),
                (None, _) => Unclear::NoSubscription(user),
            },
        ))
    }

    /// What is meant: a subscription where one was chosen, else the person.
    pub(super) async fn named(self, bot: &Bot, locale: Locale) -> Result<Named, Error> {
        let named = match (self.value, self.user) {
            (None, None) => return Err(refusal(locale, &Unclear::Nothing)),
            (None, Some(user)) => return Ok(Named::Person(user)),
            (Some(value), _) => {
                let target = value.parse().map_err(|_| refusal(locale, &Unclear::Value))?;
                chosen(bot, locale, target).await?
            }
        };
        match self.user {
            Some(user) if named.owner() != user => {
                Err(refusal(locale, &Unclear::Contradiction { user, owner: named.owner() }))
            }
            _ => Ok(named),
        }
    }
}

/// What is not clear, for the person to read.
pub(super) fn refusal(locale: Locale, why: &Unclear) -> Error {
    Error::answered(unclear(locale, why))
}

/// What a command is about.
#[derive(Debug)]
pub(super) enum Named {
    Person(UserId),
    Subscription(Box<Subscription>),
}

impl Named {
    pub(super) fn owner(&self) -> UserId {
        match self {
            Self::Person(user) => *user,
            Self::Subscription(subscription) => subscription.user,
        }
    }
}

async fn chosen(bot: &Bot, locale: Locale, target: Target) -> Result<Named, Error> {
    let no = |why: &Unclear| refusal(locale, why);
    let row = match target {
        Target::Person(user) => return Ok(Named::Person(user)),
        Target::Subscription(row) => row,
        Target::Order(id) => {
            let order: Order = db::orders::order(&bot.db, &id).await?.ok_or_else(|| no(&Unclear::NoOrder))?;
            order.subscription.ok_or_else(|| no(&Unclear::NotProvisioned(id)))?
        }
    };
    let subscription =
        db::access::subscriptions::subscription(&bot.db, row).await?.ok_or_else(|| no(&Unclear::Gone))?;
    Ok(Named::Subscription(Box::new(subscription)))
}
