//! What a customer can do again and again is counted by order and hour, and told once.

use crate::db::{self, Db, Error, WriteTx};
use crate::domain::{
    ChannelId, MessageId, Millis, OrderId,
    effect::{Effect, Notice, StaffNews},
};

const HOUR: i64 = 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Counted {
    /// A picture or a reference that another order owns.
    Taken,
    /// Something came where no proof is looked for, or not as a picture.
    Hint(&'static str),
    /// Words that came by another road while the ticket is locked.
    Asked,
}

impl Counted {
    fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Hint(what) => what,
            Self::Asked => "asked",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) struct Tally {
    /// In this hour, with this time.
    pub(in crate::db) this_hour: i64,
    /// Since the order was made.
    pub(in crate::db) ever: i64,
}

/// Tells a customer something about an order, once an hour for each kind of hint. `false`: it
/// was told already.
pub async fn hint(db: &Db, order: &OrderId, what: &'static str, notice: Notice, now: Millis) -> Result<bool, Error> {
    let effect = Effect::Notify { order: order.clone(), notice };
    once_an_hour(db, order, Counted::Hint(what), &[effect], now).await
}

/// Staff read what a customer wrote elsewhere while the ticket is locked, and the customer reads
/// that they do; once an hour.
pub async fn pass_on(
    db: &Db,
    order: &OrderId,
    channel: ChannelId,
    message: MessageId,
    now: Millis,
) -> Result<bool, Error> {
    let news = StaffNews::Wrote { order: order.clone(), channel, message: message.0 };
    let notice = Notice::PassedOn { message: message.0 };
    let effects = [Effect::TellStaff { news }, Effect::Notify { order: order.clone(), notice }];
    once_an_hour(db, order, Counted::Asked, &effects, now).await
}

async fn once_an_hour(db: &Db, order: &OrderId, what: Counted, effects: &[Effect], now: Millis) -> Result<bool, Error> {
    let (id, kind, hour) = (order.as_str(), what.as_str(), now.0.div_euclid(HOUR));
    // A flood costs a look, and no write.
    let told = sqlx::query_scalar!(
        "SELECT count FROM order_tallies WHERE order_id = ? AND what = ? AND hour = ?",
        id,
        kind,
        hour
    )
    .fetch_optional(&db.readers)
    .await?;
    if told.is_some() {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    let first = tally(&mut tx, order, what, now).await?.this_hour == 1;
    if first {
        for effect in effects {
            db::outbox::enqueue(&mut tx, effect, now, now).await?;
        }
    }
    tx.commit().await?;
    Ok(first)
}

pub(in crate::db) async fn tally(
    tx: &mut WriteTx,
    order: &OrderId,
    what: Counted,
    now: Millis,
) -> Result<Tally, Error> {
    let (id, kind, hour) = (order.as_str(), what.as_str(), now.0.div_euclid(HOUR));
    let this_hour = sqlx::query_scalar!(
        r#"INSERT INTO order_tallies (order_id, what, hour, count) VALUES (?, ?, ?, 1)
               ON CONFLICT (order_id, what, hour) DO UPDATE SET count = count + 1 RETURNING count AS "count!: i64""#,
        id,
        kind,
        hour
    )
    .fetch_one(tx.sql())
    .await?;
    let ever = sqlx::query_scalar!(
        r#"SELECT sum(count) AS "count!: i64" FROM order_tallies WHERE order_id = ? AND what = ?"#,
        id,
        kind
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(Tally { this_hour, ever })
}

/// From the third picture or reference of somebody else's on, each costs an attempt: says how
/// many are left then. Nobody is left without any and without somebody who knows.
pub(in crate::db) async fn spend_attempt(
    tx: &mut WriteTx,
    order: &OrderId,
    tally: Tally,
    now: Millis,
) -> Result<Option<u32>, Error> {
    if tally.ever < 3 {
        return Ok(None);
    }
    let id = order.as_str();
    let left = sqlx::query_scalar!(
        r#"UPDATE orders SET attempts_left = max(attempts_left - 1, 0), updated_at = ? WHERE id = ?
               RETURNING attempts_left AS "left!: i64""#,
        now.0,
        id
    )
    .fetch_one(tx.sql())
    .await?;
    db::outbox::enqueue(tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    if left == 0 {
        let news = StaffNews::OutOfAttempts { order: order.clone() };
        db::outbox::enqueue(tx, &Effect::TellStaff { news }, now, now).await?;
    }
    Ok(Some(u32::try_from(left).unwrap_or(0)))
}
