//! What a customer has to do to pay.

use crate::domain::{
    Money, OrderId,
    shop::{Instructions, Placeholder},
};

/// What to do to pay this amount to an account and its holder.
pub(super) fn instructions(
    text: &Instructions,
    (account, holder): (&str, &str),
    order: &OrderId,
    amount: Money,
) -> String {
    text.fill(|placeholder| match placeholder {
        Placeholder::OrderId => order.to_string(),
        Placeholder::Amount => amount.to_string(),
        Placeholder::Account => account.to_owned(),
        Placeholder::Holder => holder.to_owned(),
    })
}
