//! What must be true at the end of every conversation, whatever happened in it.

use std::{collections::BTreeMap, time::Instant};

use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteRow};
use tollkeeper::{
    db::{self, Db},
    sandbox::{discord::permission, panel::Panel},
};

use super::World;

/// Milliseconds of a day of 24 hours.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What a test leaves behind on purpose.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Leaves<'a> {
    /// Beginnings of outbox keys.
    pub(crate) outbox: &'a [&'a str],
    /// E-mails of clients on the panel that are not the bot's.
    pub(crate) strangers: &'a [&'a str],
    /// E-mails of the bot's clients that somebody changed on the panel.
    pub(crate) changed: &'a [&'a str],
}

impl World {
    /// Ends the conversation: nothing is left to do and everything adds up.
    pub(crate) async fn finish(self) {
        self.finish_but(Leaves::default()).await;
    }

    /// The same, except for what the test left behind on purpose.
    pub(crate) async fn finish_but(mut self, leaves: Leaves<'_>) {
        // The server is looked at whenever the bot comes, which may be just now.
        let known = |key: &str| {
            ["delete:", "card:", "premises", "counter:"].iter().any(|later| key.starts_with(later))
                || leaves.outbox.iter().any(|known| key.starts_with(known))
        };
        // A task may put a row in between two looks; it goes again.
        let deadline = Instant::now() + super::SOON;
        loop {
            self.settles_but(leaves.outbox).await;
            let later = self.outbox().await;
            let unknown: Vec<_> = later.iter().filter(|row| !known(&row.key)).collect();
            let comes_again = unknown.iter().all(|row| row.due_in <= 0 && !row.parked);
            assert!(comes_again && Instant::now() < deadline, "left in the outbox: {unknown:#?}");
            if unknown.is_empty() {
                break;
            }
        }
        assert_eq!(self.discord.problems(), Vec::<String>::new(), "problems on Discord");
        for panel in self.panels() {
            assert_eq!(panel.problems(), Vec::<String>::new(), "problems on the panel");
        }
        let mut sql = self.sql().await;
        self.audit_chain_holds().await;
        money_adds_up(&mut sql).await;
        self.panel_has_what_was_sold(&mut sql, leaves).await;
        self.links_came_once(&mut sql).await;
        self.locks_follow_the_state(&mut sql).await;
        let _ = sql.close().await;
        let running = self.bot.lock().expect("nobody else has it").take();
        if let Some(running) = running {
            running.stop().await.expect("the bot ends well");
        }
        self.finished = true;
    }

    /// Ends a world in which no bot ever ran.
    pub(crate) fn leave(mut self) {
        assert!(!self.data_dir().exists(), "a bot ran");
        self.finished = true;
    }

    async fn audit_chain_holds(&self) {
        let db = Db::open_read_only(&self.data_dir().join("tollkeeper.db"), chrono_tz::Africa::Cairo)
            .await
            .expect("it opens");
        let verdict = db::audit::verify_audit(&db).await.expect("the audit log is read");
        db.close().await;
        verdict.expect("the audit log is whole");
    }

    /// Exactly one client per subscription that was ever provisioned, as our books say.
    async fn panel_has_what_was_sold(&self, sql: &mut SqliteConnection, leaves: Leaves<'_>) {
        let query = "SELECT id, client_uuid, sub_id, email, expires_at, quota_bytes, status FROM subscriptions
                     WHERE status <> 'pending' AND deleted_at IS NULL ORDER BY id";
        let sold = rows(sql, query).await;
        let all: Vec<_> = self.panels().flat_map(Panel::clients).collect();
        let there = all.len();
        let mut clients: BTreeMap<String, _> = all.into_iter().map(|client| (client.email.clone(), client)).collect();
        assert_eq!(clients.len(), there, "an e-mail twice on the panels");
        for stranger in leaves.strangers {
            clients.remove(*stranger).expect("the stranger is on the panel");
        }
        for row in &sold {
            let email: String = row.get("email");
            let client = clients.remove(&email).unwrap_or_else(|| unreachable!("{email} was sold, and is not there"));
            assert_eq!(client.uuid, row.get::<String, _>("client_uuid"), "{email}");
            assert_eq!(client.sub_id, row.get::<String, _>("sub_id"), "{email}");
            if leaves.changed.contains(&email.as_str()) {
                continue;
            }
            // What is used up or ended some panels switch off themselves.
            let is_over = (client.expiry_ms > 0 && client.expiry_ms <= self.panel.now_ms())
                || (client.total_bytes > 0 && client.up + client.down >= client.total_bytes);
            let active = row.get::<String, _>("status") == "active";
            assert!(client.enable == active || (active && is_over), "the switch of {email}");
            assert_eq!(client.expiry_ms, row.get::<i64, _>("expires_at"), "expiry of {email}");
            assert_eq!(client.total_bytes, row.get::<i64, _>("quota_bytes"), "quota of {email}");
            first_sale_is_what_the_plan_says(sql, row).await;
        }
        assert_eq!(clients.keys().collect::<Vec<_>>(), Vec::<&String>::new(), "on the panel and never sold");
        let unprovisioned = number(
            sql,
            "SELECT count(*) FROM orders o JOIN subscriptions s ON s.id = o.subscription_id
             WHERE o.status = 'completed' AND s.status = 'pending'",
        )
        .await;
        assert_eq!(unprovisioned, 0, "completed without a client");
    }

    /// Each link that our books call sent by direct message is there, once, with the client's uuid.
    async fn links_came_once(&self, sql: &mut SqliteConnection) {
        let query =
            "SELECT o.id, o.user_id, s.client_uuid FROM orders o JOIN subscriptions s ON s.id = o.subscription_id
                     WHERE o.status = 'completed' AND o.delivery = 'dm' AND NOT EXISTS (SELECT 1 FROM changes c
                         WHERE c.subscription_id = s.id AND c.kind = 'rotate' AND c.applied_at IS NOT NULL)";
        for row in rows(sql, query).await {
            let (order, uuid): (String, String) = (row.get("id"), row.get("client_uuid"));
            let person = self.discord.person(row.get::<i64, _>("user_id").cast_unsigned());
            let mark = format!("order {order} · link");
            let sent: Vec<_> = person.dms().into_iter().filter(|message| message.contains(&mark)).collect();
            assert_eq!(sent.len(), 1, "direct messages with the link of order {order}");
            assert!(sent[0].contains(&format!("vless://{uuid}@")), "the link of order {order} is another client's");
        }
    }

    /// A customer may write in the ticket exactly while a proof is awaited.
    async fn locks_follow_the_state(&self, sql: &mut SqliteConnection) {
        let query = "SELECT id, user_id, status, channel_id FROM orders WHERE channel_id IS NOT NULL";
        for row in rows(sql, query).await {
            let (order, status): (String, String) = (row.get("id"), row.get("status"));
            let channel = row.get::<i64, _>("channel_id").cast_unsigned();
            if self.discord.look(|view| view.channel(channel)).is_none() {
                continue;
            }
            let person = self.discord.person(row.get::<i64, _>("user_id").cast_unsigned());
            let may = person.permissions(channel);
            assert_eq!(may & permission::SEND_MESSAGES != 0, status == "pending_payment", "{order} is {status}");
            assert!(may & permission::VIEW_CHANNEL != 0, "the customer of {order} does not see the ticket");
        }
    }
}

/// The ledger is the sum of what was approved, and the roll-up is the ledger.
async fn money_adds_up(sql: &mut SqliteConnection) {
    let received = number(
        sql,
        "SELECT COALESCE(SUM(p.received_minor), 0) FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.status = 'completed'",
    );
    let received = received.await;
    let booked = number(sql, "SELECT COALESCE(SUM(amount_minor), 0) FROM ledger").await;
    assert_eq!(booked, received, "the ledger and what was received for completed orders");
    let short = number(
        sql,
        "SELECT COUNT(*) FROM orders o JOIN payments p ON p.order_id = o.id
         WHERE o.status = 'completed' AND p.received_minor < o.price_minor",
    );
    assert_eq!(short.await, 0, "completed orders for which too little was received");
    let parts = number(
        sql,
        "SELECT COUNT(*) FROM payments p JOIN orders o ON o.id = p.order_id
         WHERE o.status IN ('pending_payment', 'payment_submitted') AND p.received_minor <>
             (SELECT COALESCE(SUM(s.received_minor), 0) FROM payment_submissions s WHERE s.order_id = p.order_id AND s.is_partial = 1)",
    );
    assert_eq!(parts.await, 0, "open orders whose money is not the sum of its parts");
    let rolled_up = number(sql, "SELECT COALESCE(SUM(amount_minor), 0) FROM revenue_cache").await;
    assert_eq!(rolled_up, booked, "the roll-up and the ledger");
    let paid = number(sql, "SELECT COUNT(*) FROM payments WHERE status = 'approved'").await;
    let completed = number(sql, "SELECT COUNT(*) FROM orders WHERE status = 'completed'").await;
    assert_eq!(paid, completed, "approved payments and completed orders");
    let counted = number(
        sql,
        "SELECT COUNT(*) FROM order_counts c WHERE c.count <> (SELECT COUNT(*) FROM orders o WHERE o.status = c.status)",
    );
    assert_eq!(counted.await, 0, "the counters and the orders");
}

/// Where nothing was renewed, not even for a moment, the client is what the plan says, from the moment it was made.
async fn first_sale_is_what_the_plan_says(sql: &mut SqliteConnection, sold: &SqliteRow) {
    let id: i64 = sold.get("id");
    let query = "SELECT o.quota_bytes, o.duration_days, o.decided_at, o.ended_at FROM orders o
                 WHERE o.status IN ('completed', 'reversed') AND o.subscription_id = ?1
                   AND NOT EXISTS (SELECT 1 FROM changes WHERE subscription_id = ?1)
                   AND NOT EXISTS (SELECT 1 FROM grants WHERE subscription_id = ?1 AND reverted_at IS NOT NULL)";
    let orders = sqlx::query(query).bind(id).fetch_all(&mut *sql).await.expect("the orders of a subscription");
    let [order] = orders.as_slice() else { return };
    assert_eq!(sold.get::<i64, _>("quota_bytes"), order.get::<i64, _>("quota_bytes"), "the plan's quota");
    let begins = sold.get::<i64, _>("expires_at") - order.get::<i64, _>("duration_days") * DAY;
    let (approved, done): (i64, i64) = (order.get("decided_at"), order.get("ended_at"));
    assert!((approved..=done).contains(&begins), "the days begin at {begins}, not in {approved}..={done}");
}

async fn rows(sql: &mut SqliteConnection, query: &'static str) -> Vec<SqliteRow> {
    sqlx::query(query).fetch_all(sql).await.expect("the query works")
}

async fn number(sql: &mut SqliteConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(sql).await.expect("the query gives a number")
}
