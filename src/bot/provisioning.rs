//! What everything that leads to the panel has in common: a new client's identity, and the wait of
//! whoever confirmed for what the panel says.

use crate::{
    db::{self, Subject, payments::review::Identity},
    domain::{Order, OrderId, OrderStatus, order::Delivery},
};

use super::{
    Bot, PATIENCE,
    error::{Error, random},
};

/// A client's name and keys, drawn at random; `None` for a panel that is not configured (any more).
pub(super) fn new_identity(bot: &Bot, panel: &str) -> Result<Option<Identity>, Error> {
    let Some(panel) = bot.config.panels.iter().find(|known| known.name == panel) else { return Ok(None) };
    Ok(Some(Identity {
        uuid: uuid::Builder::from_random_bytes(random()?).into_uuid(),
        sub_id: data_encoding::BASE32_NOPAD.encode(&random::<10>()?).to_ascii_lowercase(),
        inbound_id: panel.inbound_id,
    }))
}

/// The order as it is once the panel's work is done, or after as long as a person watches a
/// confirmation, or at once when the panel goes down.
pub(super) async fn await_order(bot: &Bot, id: &OrderId, panel: &str) -> Result<Option<Order>, Error> {
    let look = || async { Ok(db::orders::order(&bot.db, id).await?.filter(is_settled)) };
    let subject = Subject::Order(id.clone());
    let settled = tokio::select! {
        biased;
        settled = bot.db.wait_for(&subject, PATIENCE, look) => settled?,
        () = goes_down(bot, panel) => None,
    };
    Ok(match settled {
        Some(order) => Some(order),
        None => db::orders::order(&bot.db, id).await?,
    })
}

/// Whether there is nothing more to wait for; a delivery that is tried later is settled as well.
fn is_settled(order: &Order) -> bool {
    match order.status() {
        OrderStatus::Provisioning => false,
        OrderStatus::Completed => order.delivery != Delivery::None,
        _ => true,
    }
}

/// Ends when the panel counts as down.
pub(super) async fn goes_down(bot: &Bot, panel: &str) {
    let Some(panel) = bot.panels.get(panel) else { return std::future::pending().await };
    let mut watch = panel.watch();
    if watch.wait_for(|now| !now.is_up()).await.is_err() {
        std::future::pending::<()>().await;
    }
}
