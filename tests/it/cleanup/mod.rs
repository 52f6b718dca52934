//! Conversations about what goes when its time is over, and about what was forgotten and is found:
//! on a moved clock, by the loops themselves at a short interval.

mod channels;
mod messages;
mod orders;

use std::path::Path;

use sqlx::{Connection as _, Row as _};

use crate::world::{Scene, World};

/// Loops that look so often that a test need not wait; what they put into the outbox wakes the
/// worker, which cannot know that a test has moved the clock.
fn often(scene: &mut Scene) {
    for loop_ in ["message_cleanup", "order_scan", "session_cleanup", "rate_limit_cleanup"] {
        scene.schedule(loop_, "100ms");
    }
}

/// The usual shop, tidied often.
async fn tidy() -> World {
    World::with(often).await
}

/// What is looked for by the clock is found by an index that holds only what may be due, whatever
/// the shop has sold: a walk over all orders or messages would be slower every month.
#[tokio::test]
async fn looking_for_what_is_over_costs_what_is_over_and_not_what_there_is() {
    let world = tidy().await;
    let mut sql = world.sql().await;
    let mut plans = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
        let query = stored["query"].as_str().unwrap().to_owned();
        let ours = [
            "delete_at <=",
            "INDEXED BY orders_lapse",
            "INDEXED BY orders_channel",
            "NOT EXISTS (SELECT 1 FROM outbox",
        ];
        if !query.starts_with("SELECT") || !ours.iter().any(|part| query.contains(part)) {
            continue;
        }
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
        let steps = sqlx::query(explain).fetch_all(&mut sql).await.unwrap();
        plans.extend(steps.iter().map(|step| step.get::<String, _>("detail")));
    }
    plans.retain(|step| !step.contains("SCALAR SUBQUERY"));
    plans.sort();
    insta::assert_snapshot!(plans.join("\n"), @"
    CREATE BLOOM FILTER
    LIST SUBQUERY 1
    SCAN json_each VIRTUAL TABLE INDEX 1:
    SEARCH b USING COVERING INDEX sqlite_autoindex_outbox_1 (key=?)
    SEARCH b USING COVERING INDEX sqlite_autoindex_outbox_1 (key=?)
    SEARCH m USING COVERING INDEX bot_messages_question (question_id=?)
    SEARCH m USING INDEX bot_messages_channel (channel_id=? AND rowid>?)
    SEARCH m USING INDEX bot_messages_due (delete_at<?)
    SEARCH o USING INDEX orders_status (status=? AND created_at<?)
    SEARCH orders USING COVERING INDEX orders_channel (channel_id>?)
    SEARCH orders USING INDEX orders_channel (channel_id>?)
    SEARCH orders USING INDEX orders_channel (channel_id>?)
    SEARCH orders USING INDEX orders_lapse (expires_at<?)
    SEARCH orders USING INDEX orders_lapse (expires_at>? AND expires_at<?)
    SEARCH p USING INDEX sqlite_autoindex_payments_1 (order_id=?)
    SEARCH p USING INDEX sqlite_autoindex_payments_1 (order_id=?)
    SEARCH q USING INDEX review_questions_order (order_id=?)
    SEARCH q USING INTEGER PRIMARY KEY (rowid=?)
    SEARCH q USING INTEGER PRIMARY KEY (rowid=?)
    SEARCH s USING INTEGER PRIMARY KEY (rowid=?)
    SEARCH s USING INTEGER PRIMARY KEY (rowid=?)
    SEARCH s USING INTEGER PRIMARY KEY (rowid=?)
    USE TEMP B-TREE FOR DISTINCT
    USE TEMP B-TREE FOR ORDER BY
    ");
    let _ = sql.close().await;
    world.finish().await;
}
