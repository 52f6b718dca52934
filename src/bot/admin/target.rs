//! Who or what a command is about: a Discord user, or a value that was suggested while it was
//! typed. The value comes back from a client; it is parsed, looked up, and never trusted.

use crate::{
    db::subscriptions::Subscription,
    domain::{Order, Target, UserId},
    view::admin::Unclear,
};

use super::super::{Bot, fault::Fault};

/// What was chosen in the options `user` and `subscription`, of which one is enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meant<'a> {
    /// The Discord user.
    pub(super) user: Option<UserId>,
    /// The suggested value.
    pub(super) value: Option<&'a str>,
}

impl<'a> Meant<'a> {
    /// As the options arrive.
    pub(super) fn new(user: Option<&serenity::all::User>, value: Option<&'a str>) -> Self {
        Self { user: user.map(|user| UserId(user.id.get())), value }
    }

    /// The one subscription that is meant, or why that is not clear. It exists on a panel, or did.
    pub(super) async fn subscription(self, bot: &Bot) -> Result<Result<Subscription, Unclear>, Fault> {
        let user = match self.named(bot).await? {
            Ok(Named::Subscription(subscription)) => return Ok(Ok(*subscription)),
            Ok(Named::Person(user)) => user,
            Err(why) => return Ok(Err(why)),
        };
        let mut owned = bot.db.subscriptions_of(user).await?;
        Ok(match (owned.pop(), owned.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(Unclear::Several(user)),
            (None, _) if bot.db.customer(user).await?.is_none() => Err(Unclear::Stranger(user)),
            (None, _) => Err(Unclear::NoSubscription(user)),
        })
    }

    /// What is meant: a subscription where one was chosen, else the person.
    pub(super) async fn named(self, bot: &Bot) -> Result<Result<Named, Unclear>, Fault> {
        let chosen = match (self.value, self.user) {
            (None, None) => return Ok(Err(Unclear::Nothing)),
            (None, Some(user)) => return Ok(Ok(Named::Person(user))),
            (Some(value), _) => match value.parse() {
                Ok(target) => chosen(bot, target).await?,
                Err(_) => Err(Unclear::Value),
            },
        };
        Ok(match (chosen, self.user) {
            (Ok(named), Some(user)) if named.owner() != user => {
                Err(Unclear::Contradiction { user, owner: named.owner() })
            }
            (chosen, _) => chosen,
        })
    }
}

/// What a command is about.
#[derive(Debug)]
pub(super) enum Named {
    /// A person.
    Person(UserId),
    /// A subscription.
    Subscription(Box<Subscription>),
}

impl Named {
    /// Whose it is.
    pub(super) fn owner(&self) -> UserId {
        match self {
            Self::Person(user) => *user,
            Self::Subscription(subscription) => subscription.user,
        }
    }
}

async fn chosen(bot: &Bot, target: Target) -> Result<Result<Named, Unclear>, Fault> {
    let row = match target {
        Target::Person(user) => return Ok(Ok(Named::Person(user))),
        Target::Subscription(row) => row,
        Target::Order(id) => match bot.db.order(&id).await? {
            None => return Ok(Err(Unclear::NoOrder)),
            Some(Order { subscription: Some(row), .. }) => row,
            Some(_) => return Ok(Err(Unclear::NotProvisioned(id))),
        },
    };
    Ok(match bot.db.subscription(row).await? {
        Some(subscription) => Ok(Named::Subscription(Box::new(subscription))),
        None => Err(Unclear::Gone),
    })
}
