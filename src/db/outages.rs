//! Outages of panels, and logins that a panel refuses: remembered, so that a restart in the middle
//! of one neither tells it again nor forgets to tell its end.

use serde_json::json;

use super::{
    Db, Error, WriteTx,
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
    /// Its number.
    pub id: OutageId,
    /// The panel.
    pub panel: String,
    /// Since when.
    pub since: Millis,
    /// Why, in a sentence.
    pub cause: String,
    /// Until when; `None` while it lasts.
    pub over_at: Option<Millis>,
    /// Approved orders that wait for this panel now, or waited when it came back.
    pub waiting: u64,
}

impl Db {
    /// A panel is down. The first to say so tells owners and staff; says whether this was the first.
    pub async fn panel_down(&self, panel: &str, since: Millis, cause: &str, now: Millis) -> Result<bool, Error> {
        if self.open_outage(panel).await?.is_some() {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
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
        tx.audit_panel("panel.down", panel, json!({ "outage": id, "since": since.0, "cause": cause }), now).await?;
        tx.tell_outage(outage, Change::Began, now).await?;
        // The cards of orders that wait for it say so from now on.
        for order in tx.waiting_for_panel(panel).await? {
            tx.show_on_card(&order, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// A panel is up again; whoever was told of the outage is told of its end. Says whether
    /// there was one.
    pub async fn panel_up(&self, panel: &str, now: Millis) -> Result<bool, Error> {
        if self.open_outage(panel).await?.is_none() {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
        let Some(outage) = tx.end_outage(panel, now).await? else { return Ok(false) };
        tx.audit_panel("panel.up", panel, json!({ "outage": outage.0 }), now).await?;
        tx.tell_outage(outage, Change::Ended, now).await?;
        // The cards that said since when it was down say so no longer.
        for order in tx.waiting_for_panel(panel).await? {
            tx.show_on_card(&order, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// A panel that was down was taken out of the configuration: nobody waits for its return.
    pub async fn panel_removed(&self, panel: &str, now: Millis) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        if tx.end_outage(panel, now).await?.is_some() {
            tx.audit_panel("panel.remove", panel, json!({}), now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The outages that last.
    pub async fn open_outages(&self) -> Result<Vec<Outage>, Error> {
        let ids = sqlx::query_scalar!(r#"SELECT id AS "id!" FROM outages WHERE over_at IS NULL ORDER BY id"#)
            .fetch_all(&self.readers)
            .await?;
        let mut open = Vec::new();
        for id in ids {
            open.extend(self.outage(OutageId(id)).await?);
        }
        Ok(open)
    }

    /// An outage, and how many approved orders wait for its panel now.
    pub async fn outage(&self, id: OutageId) -> Result<Option<Outage>, Error> {
        let row = sqlx::query!(
            r#"SELECT panel, since, cause, over_at,
                      COALESCE(waited, (SELECT count(*) FROM orders o WHERE o.status = 'provisioning' AND o.panel = outages.panel)) AS "waiting!: i64"
               FROM outages WHERE id = ?"#,
            id.0
        )
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| Outage {
            id,
            panel: row.panel,
            since: Millis(row.since),
            cause: row.cause,
            over_at: moment(row.over_at),
            waiting: super::unsigned(row.waiting),
        }))
    }

    async fn open_outage(&self, panel: &str) -> Result<Option<OutageId>, Error> {
        let id = sqlx::query_scalar!(r#"SELECT id AS "id!" FROM outages WHERE panel = ? AND over_at IS NULL"#, panel)
            .fetch_optional(&self.readers)
            .await?;
        Ok(id.map(OutageId))
    }

    /// A panel refuses our login: the owner is told once, until it lets us in again.
    pub async fn login_refused(&self, panel: &str, now: Millis) -> Result<(), Error> {
        let key = format!("login_refused:{panel}");
        let mut tx = self.begin().await?;
        let at = now.0.to_string();
        let first = sqlx::query!("INSERT OR IGNORE INTO bot_config (key, value) VALUES (?, ?)", key, at)
            .execute(tx.sql())
            .await?;
        if first.rows_affected() == 0 {
            return Ok(());
        }
        let news = OwnerNews::LoginRefused { panel: panel.to_owned() };
        tx.enqueue(&Effect::TellOwner { news }, now, now).await?;
        tx.commit().await
    }

    /// A panel has let us in: the next refusal is news again.
    pub async fn login_accepted(&self, panel: &str) -> Result<(), Error> {
        let key = format!("login_refused:{panel}");
        let told = sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", key)
            .fetch_optional(&self.readers)
            .await?;
        if told.is_none() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        sqlx::query!("DELETE FROM bot_config WHERE key = ?", key).execute(tx.sql()).await?;
        tx.commit().await
    }
}

impl WriteTx {
    async fn end_outage(&mut self, panel: &str, now: Millis) -> Result<Option<OutageId>, Error> {
        let id = sqlx::query_scalar!(
            r#"UPDATE outages SET over_at = ?,
                   waited = (SELECT count(*) FROM orders o WHERE o.status = 'provisioning' AND o.panel = outages.panel)
               WHERE panel = ? AND over_at IS NULL RETURNING id AS "id!""#,
            now.0,
            panel
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(id.map(OutageId))
    }

    async fn waiting_for_panel(&mut self, panel: &str) -> Result<Vec<OrderId>, Error> {
        let ids = sqlx::query_scalar!("SELECT id FROM orders WHERE status = 'provisioning' AND panel = ?", panel)
            .fetch_all(self.sql())
            .await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    async fn tell_outage(&mut self, outage: OutageId, change: Change, now: Millis) -> Result<(), Error> {
        for to in [Audience::Owners, Audience::Staff] {
            self.enqueue(&Effect::TellOutage { outage, change, to }, now, now).await?;
        }
        Ok(())
    }

    async fn audit_panel(
        &mut self,
        action: &str,
        panel: &str,
        payload: serde_json::Value,
        now: Millis,
    ) -> Result<(), Error> {
        let target = format!("panel:{panel}");
        self.audit(now, Happened { actor: BOT, action, target, payload, session: None }).await
    }
}
