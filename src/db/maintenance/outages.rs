//! Outages of panels, and logins that a panel refuses: remembered, so that a restart in the middle
//! of one neither tells it again nor forgets to tell its end.

use serde_json::json;

use crate::db::{
    self, Db, Error, WriteTx,
    audit::{BOT, Happened},
    moment,
};
use crate::domain::{
    Millis, OrderId,
    effect::{Audience, Change, Effect, OutageId, OwnerNews},
};

/// A time during which a panel was of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    pub id: OutageId,
    pub panel: String,
    pub since: Millis,
    /// Why, in a sentence.
    pub cause: String,
    /// Until when; `None` while it lasts.
    pub over_at: Option<Millis>,
    /// Approved orders that wait for this panel now, or waited when it came back.
    pub waiting: u64,
}

/// A panel is down. The first to say so tells owners and staff; says whether this was the first.
pub async fn panel_down(db: &Db, panel: &str, since: Millis, cause: &str, now: Millis) -> Result<bool, Error> {
    if open_outage(db, panel).await?.is_some() {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    let id = sqlx::query_scalar!(
        r#"INSERT INTO outages (panel, since, cause, told_at) VALUES (?, ?, ?, ?)
               ON CONFLICT (panel) WHERE over_at IS NULL DO NOTHING RETURNING id AS "id!""#,
        panel,
        since.0,
        cause,
        now.0
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(id) = id else { return Ok(false) };
    let outage = OutageId(id);
    audit_panel(&mut tx, "panel.down", panel, json!({ "outage": id, "since": since.0, "cause": cause }), now).await?;
    tell_outage(&mut tx, outage, Change::Began, now).await?;
    // The cards of orders that wait for it say so from now on.
    for order in waiting_for_panel(&mut tx, panel).await? {
        db::outbox::show_on_card(&mut tx, &order, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// A panel is up again; whoever was told of the outage is told of its end. Says whether
/// there was one.
pub async fn panel_up(db: &Db, panel: &str, now: Millis) -> Result<bool, Error> {
    if open_outage(db, panel).await?.is_none() {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    let Some(outage) = end_outage(&mut tx, panel, now).await? else { return Ok(false) };
    audit_panel(&mut tx, "panel.up", panel, json!({ "outage": outage.0 }), now).await?;
    tell_outage(&mut tx, outage, Change::Ended, now).await?;
    // The cards that said since when it was down say so no longer.
    for order in waiting_for_panel(&mut tx, panel).await? {
        db::outbox::show_on_card(&mut tx, &order, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// A panel that was down was taken out of the configuration: nobody waits for its return.
pub async fn panel_removed(db: &Db, panel: &str, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    if end_outage(&mut tx, panel, now).await?.is_some() {
        audit_panel(&mut tx, "panel.remove", panel, json!({}), now).await?;
        tx.commit().await?;
    }
    Ok(())
}

pub async fn open_outages(db: &Db) -> Result<Vec<Outage>, Error> {
    let ids = sqlx::query_scalar!(r#"SELECT id AS "id!" FROM outages WHERE over_at IS NULL ORDER BY id"#)
        .fetch_all(&db.readers)
        .await?;
    let mut open = Vec::new();
    for id in ids {
        open.extend(outage(db, OutageId(id)).await?);
    }
    Ok(open)
}

/// An outage, and how many approved orders wait for its panel now.
pub async fn outage(db: &Db, id: OutageId) -> Result<Option<Outage>, Error> {
    let row = sqlx::query!(
            r#"SELECT panel, since, cause, over_at,
                      COALESCE(waited, (SELECT count(*) FROM orders o WHERE o.status = 'provisioning' AND o.panel = outages.panel)) AS "waiting!: i64"
               FROM outages WHERE id = ?"#,
            id.0
        )
        .fetch_optional(&db.readers)
        .await?;
    Ok(row.map(|row| Outage {
        id,
        panel: row.panel,
        since: Millis(row.since),
        cause: row.cause,
        over_at: moment(row.over_at),
        waiting: db::unsigned(row.waiting),
    }))
}

async fn open_outage(db: &Db, panel: &str) -> Result<Option<OutageId>, Error> {
    let id = sqlx::query_scalar!(r#"SELECT id AS "id!" FROM outages WHERE panel = ? AND over_at IS NULL"#, panel)
        .fetch_optional(&db.readers)
        .await?;
    Ok(id.map(OutageId))
}

/// A panel refuses our login: the owner is told once, until it lets us in again.
pub async fn login_refused(db: &Db, panel: &str, now: Millis) -> Result<(), Error> {
    let key = format!("login_refused:{panel}");
    let mut tx = db.begin().await?;
    let at = now.0.to_string();
    let first =
        sqlx::query!("INSERT OR IGNORE INTO bot_config (key, value) VALUES (?, ?)", key, at).execute(tx.sql()).await?;
    if first.rows_affected() == 0 {
        return Ok(());
    }
    let news = OwnerNews::LoginRefused { panel: panel.to_owned() };
    db::outbox::enqueue(&mut tx, &Effect::TellOwner { news }, now, now).await?;
    tx.commit().await
}

/// A panel has let us in: the next refusal is news again.
pub async fn login_accepted(db: &Db, panel: &str) -> Result<(), Error> {
    let key = format!("login_refused:{panel}");
    let told =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", key).fetch_optional(&db.readers).await?;
    if told.is_none() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    sqlx::query!("DELETE FROM bot_config WHERE key = ?", key).execute(tx.sql()).await?;
    tx.commit().await
}

async fn end_outage(tx: &mut WriteTx, panel: &str, now: Millis) -> Result<Option<OutageId>, Error> {
    let id = sqlx::query_scalar!(
        r#"UPDATE outages SET over_at = ?,
                   waited = (SELECT count(*) FROM orders o WHERE o.status = 'provisioning' AND o.panel = outages.panel)
               WHERE panel = ? AND over_at IS NULL RETURNING id AS "id!""#,
        now.0,
        panel
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(id.map(OutageId))
}

async fn waiting_for_panel(tx: &mut WriteTx, panel: &str) -> Result<Vec<OrderId>, Error> {
    let ids = sqlx::query_scalar!("SELECT id FROM orders WHERE status = 'provisioning' AND panel = ?", panel)
        .fetch_all(tx.sql())
        .await?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

async fn tell_outage(tx: &mut WriteTx, outage: OutageId, change: Change, now: Millis) -> Result<(), Error> {
    for to in [Audience::Owners, Audience::Staff] {
        db::outbox::enqueue(tx, &Effect::TellOutage { outage, change, to }, now, now).await?;
    }
    Ok(())
}

async fn audit_panel(
    tx: &mut WriteTx,
    action: &str,
    panel: &str,
    payload: serde_json::Value,
    now: Millis,
) -> Result<(), Error> {
    let target = format!("panel:{panel}");
    db::audit::audit(tx, now, Happened { actor: BOT, action, target, payload, session: None }).await
}
