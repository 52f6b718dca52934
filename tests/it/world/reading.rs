//! What people see, as plain text that is the same in every run.

use std::time::{Duration, Instant};

use regex::Regex;
use sqlx::{Connection as _, Row as _};
use tollkeeper::sandbox::discord::{Id, Message};

use super::World;

/// A row of the outbox, for those who wait for it to be gone.
#[expect(dead_code, reason = "the error is for people who read why a test failed")]
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) key: String,
    /// Milliseconds from now; negative when it is due.
    pub(crate) due_in: i64,
    pub(crate) tries: i64,
    pub(crate) parked: bool,
    pub(crate) last_error: Option<String>,
}

impl World {
    /// What is in the outbox.
    pub(crate) async fn outbox(&self) -> Vec<Waiting> {
        let mut sql = self.sql().await;
        let query = "SELECT key, run_at, tries, parked_at IS NOT NULL AS parked, last_error FROM outbox ORDER BY id";
        let rows = sqlx::query(query).fetch_all(&mut sql).await.expect("the outbox is read");
        let _ = sql.close().await;
        let now = self.clock.now().0;
        rows.iter()
            .map(|row| Waiting {
                key: row.get("key"),
                due_in: row.get::<i64, _>("run_at") - now,
                tries: row.get("tries"),
                parked: row.get("parked"),
                last_error: row.get("last_error"),
            })
            .collect()
    }

    /// Waits until nothing is left to do but what is scheduled for later.
    pub(crate) async fn settles(&self) {
        self.settles_but(&[]).await;
    }

    /// The same, except for rows whose key begins with one of these.
    pub(crate) async fn settles_but(&self, expected: &[&str]) {
        let deadline = Instant::now() + super::SOON;
        loop {
            let mut rows = self.outbox().await;
            rows.retain(|row| row.tries > 0 || row.due_in <= 0 || row.parked);
            rows.retain(|row| !expected.iter().any(|key| row.key.starts_with(key)));
            if rows.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "still in the outbox: {rows:#?}\n{:#?}", self.discord.problems());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether nothing is left to do just now; a bot that was stopped may have left something.
    pub(crate) async fn rests(&self) -> bool {
        self.outbox().await.iter().all(|row| row.tries == 0 && row.due_in > 0)
    }

    /// A customer's newest ticket as they see it.
    pub(crate) async fn sees(&self, name: &'static str) -> String {
        self.settles().await;
        let customer = self.customer(name);
        self.conversation(name, customer.ticket()).await
    }

    /// A channel as somebody sees it.
    pub(crate) async fn conversation(&self, name: &str, channel: Id) -> String {
        self.read(&self.person(name).sees(channel)).await
    }

    /// Somebody's direct messages.
    pub(crate) async fn dms(&self, name: &str) -> String {
        self.settles().await;
        self.read(&self.person(name).dms()).await
    }

    /// The cards in the review channel.
    pub(crate) async fn cards(&self) -> String {
        self.settles().await;
        self.conversation("Adel", self.guild.review).await
    }

    async fn read(&self, messages: &[Message]) -> String {
        let lines = messages.iter().map(|message| {
            let text = message.render_text();
            let people = &self.guild.people;
            let author = people.iter().find(|(_, person)| person.id() == message.author).map(|(name, _)| *name);
            format!("{}:\n{text}", author.unwrap_or("Tollkeeper"))
        });
        self.tidied(&lines.collect::<Vec<_>>().join("\n\n")).await
    }

    /// A text without what differs from run to run: order ids, uuids, subscription ids, ports.
    pub(crate) async fn tidied(&self, text: &str) -> String {
        let mut sql = self.sql().await;
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT id FROM orders ORDER BY created_at").fetch_all(&mut sql).await.expect("orders");
        let subs: Vec<String> =
            sqlx::query_scalar("SELECT sub_id FROM subscriptions").fetch_all(&mut sql).await.expect("subscriptions");
        let _ = sql.close().await;
        let mut text = text.to_owned();
        for (n, id) in ids.iter().enumerate() {
            let name = if ids.len() == 1 { "ORDER".to_owned() } else { format!("ORDER-{}", n + 1) };
            text = text.replace(id, &name).replace(&id.to_ascii_lowercase(), &name.to_ascii_lowercase());
        }
        for sub in &subs {
            text = text.replace(sub, "SUBSCRIPTION");
        }
        let rules = [
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
            (r"127\.0\.0\.1:\d+", "panel.test"),
            (r"\b\d{17,20}\b", "ID"),
        ];
        for (pattern, name) in rules {
            text = Regex::new(pattern).expect("a good pattern").replace_all(&text, name).into_owned();
        }
        text
    }
}
