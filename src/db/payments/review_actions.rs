//! What staff do around a proof before they decide: look at it, ask about it, give it another
//! chance. None of it is a decision, and none of it keeps anybody else from deciding.

use serde_json::json;

use crate::db::{
    self, Db, Error, Subject, moment,
    orders::decision::Decided,
    payments::review::{Declining, Times},
    people::confirmations::Presented,
    signed, unsigned,
};
use crate::domain::{
    Millis, OrderId, SubmissionId, UserId,
    effect::{Effect, Notice, OwnerNews, QuestionId, StaffNews},
    review::{Answered, History, Question},
};

/// Says that somebody looks at a proof, unless somebody else does; the card shows it.
pub async fn start_reviewing(db: &Db, id: SubmissionId, by: UserId, until: Millis, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let who = by.to_sql();
    let done = sqlx::query!(
        "UPDATE payment_submissions SET reviewing_by = ?, reviewing_until = ?
             WHERE id = ? AND status = 'pending' AND (reviewing_by IS NULL OR reviewing_by = ? OR reviewing_until <= ?)",
        who,
        until.0,
        id.0,
        who,
        now.0
    )
    .execute(tx.sql())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    db::outbox::enqueue(&mut tx, &Effect::SyncCard { submission: id }, now, now).await?;
    tx.commit().await
}

/// Nobody looks at a proof any more; says whether somebody did.
pub async fn stop_reviewing(db: &Db, id: SubmissionId, by: UserId, now: Millis) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let done = sqlx::query!(
        "UPDATE payment_submissions SET reviewing_by = NULL, reviewing_until = NULL
             WHERE id = ? AND reviewing_by IS NOT NULL AND reviewing_until > ? RETURNING order_id",
        id.0,
        now.0
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = done else { return Ok(false) };
    let order = order_id(&row.order_id)?;
    db::orders::audit_order(&mut tx, by, "review.let_go", &order, json!({ "submission": id.0 }), now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncCard { submission: id }, now, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// One attempt more than the `seen` ones for the order of a proof under review; answers how many
/// are left, or `None` when it is not under review any more. Asked twice, by a double click or by
/// two people at once, it is one attempt.
pub async fn one_more_attempt(
    db: &Db,
    id: SubmissionId,
    seen: u64,
    by: UserId,
    now: Millis,
) -> Result<Option<u64>, Error> {
    let mut tx = db.begin().await?;
    let Ok(order) = db::payments::review::under_review(&mut tx, id).await? else { return Ok(None) };
    let (key, seen) = (order.as_str(), signed(seen));
    let given = sqlx::query_scalar!(
        "UPDATE orders SET attempts_left = attempts_left + 1, updated_at = ? WHERE id = ? AND attempts_left = ?
             RETURNING attempts_left",
        now.0,
        key,
        seen
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(left) = given else {
        let left =
            sqlx::query_scalar!("SELECT attempts_left FROM orders WHERE id = ?", key).fetch_one(tx.sql()).await?;
        return Ok(Some(unsigned(left)));
    };
    db::orders::audit_order(
        &mut tx,
        by,
        "order.one_more_attempt",
        &order,
        json!({ "submission": id.0, "left": left }),
        now,
    )
    .await?;
    db::access::manual_intervention::show_everywhere(&mut tx, &order, now).await?;
    tx.commit().await?;
    Ok(Some(unsigned(left)))
}

/// An unpaid order without attempts gets one. `false`: it has some, or waits for no proof.
pub async fn give_attempt(db: &Db, order: &OrderId, by: UserId, now: Millis) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let id = order.as_str();
    let given = sqlx::query!(
        "UPDATE orders SET attempts_left = 1, updated_at = ? WHERE id = ? AND attempts_left = 0 AND status = 'pending_payment'",
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    if given.rows_affected() == 0 {
        return Ok(false);
    }
    db::orders::audit_order(&mut tx, by, "order.one_more_attempt", order, json!({ "left": 1 }), now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await?;
    Ok(true)
}

/// Asks the customer about a proof under review. `None` when it is decided already.
pub async fn ask_customer(
    db: &Db,
    id: SubmissionId,
    by: UserId,
    text: &str,
    now: Millis,
) -> Result<Option<QuestionId>, Error> {
    let mut tx = db.begin().await?;
    let Ok(order) = db::payments::review::under_review(&mut tx, id).await? else { return Ok(None) };
    let (key, who) = (order.as_str(), by.to_sql());
    let question = sqlx::query_scalar!(
        "INSERT INTO review_questions (submission_id, order_id, asked_by, asked_at, question) VALUES (?, ?, ?, ?, ?)
             RETURNING id AS \"id!\"",
        id.0,
        key,
        who,
        now.0,
        text
    )
    .fetch_one(tx.sql())
    .await?;
    let question = QuestionId(question);
    let payload = json!({ "submission": id.0, "question": text });
    db::orders::audit_order(&mut tx, by, "review.ask", &order, payload, now).await?;
    // First the ticket, which may have to be made for it.
    db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::enqueue(
        &mut tx,
        &Effect::Notify { order: order.clone(), notice: Notice::Asked { question } },
        now,
        now,
    )
    .await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncCard { submission: id }, now, now).await?;
    tx.commit().await?;
    Ok(Some(question))
}

/// A question by its number.
pub async fn question(db: &Db, id: QuestionId) -> Result<Option<Question>, Error> {
    let row = sqlx::query!(
        "SELECT submission_id, order_id, asked_by, asked_at, question, answer, answered_at
             FROM review_questions WHERE id = ?",
        id.0
    )
    .fetch_optional(&db.readers)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Question {
        id,
        order: order_id(&row.order_id)?,
        submission: SubmissionId(row.submission_id),
        by: UserId::from_sql(row.asked_by),
        at: Millis(row.asked_at),
        text: row.question,
        answer: row.answer.zip(moment(row.answered_at)),
    }))
}

/// Whether staff have asked the customer about the proof under review and wait for the answer.
pub async fn awaits_answer(db: &Db, order: &OrderId) -> Result<bool, Error> {
    let id = order.as_str();
    let open = sqlx::query_scalar!(
        "SELECT q.id FROM review_questions q JOIN payment_submissions s ON s.id = q.submission_id
             WHERE q.order_id = ? AND q.answer IS NULL AND s.status = 'pending' LIMIT 1",
        id
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(open.is_some())
}

/// The last question about a proof.
pub async fn last_question(db: &Db, submission: SubmissionId) -> Result<Option<Question>, Error> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM review_questions WHERE submission_id = ? ORDER BY id DESC LIMIT 1",
        submission.0
    )
    .fetch_optional(&db.readers)
    .await?;
    match id {
        Some(id) => question(db, QuestionId(id)).await,
        None => Ok(None),
    }
}

/// Keeps the customer's answer; the card shows it.
pub async fn answer(db: &Db, id: QuestionId, by: UserId, text: &str, now: Millis) -> Result<Answered, Error> {
    let Some(question) = question(db, id).await? else { return Ok(Answered::TooLate) };
    let mut tx = db.begin().await?;
    if db::payments::review::under_review(&mut tx, question.submission).await?.is_err() {
        return Ok(Answered::TooLate);
    }
    let done = sqlx::query!(
        "UPDATE review_questions SET answer = ?, answered_at = ? WHERE id = ? AND answer IS NULL",
        text,
        now.0,
        id.0
    )
    .execute(tx.sql())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(Answered::Before);
    }
    db::orders::audit_order(&mut tx, by, "review.answer", &question.order, json!({ "answer": text }), now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncCard { submission: question.submission }, now, now).await?;
    tx.commit().await?;
    Ok(Answered::Kept)
}

/// Declines a fake and blocks its customer. The order is over, unless money is in it.
pub async fn decline_fake(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    reason: &str,
    times: Times,
    now: Millis,
) -> Result<Decided, Error> {
    let done = try_decline_fake(db, presented, submission, reason, times, now).await;
    db::orders::decision::note_failed_decision(db, "payment.fake_failed", presented, &submission, done, now)
}

async fn try_decline_fake(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    reason: &str,
    times: Times,
    now: Millis,
) -> Result<Decided, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let order = match db::payments::review::under_review(&mut tx, submission).await? {
        Ok(order) => order,
        Err(already) => return Ok(already),
    };
    let declining = Declining { reason, by: permit.by(), lapses: now.plus(times.lapse), for_good: true };
    let end = db::payments::review::end_review(&mut tx, &order, &declining, now).await?;
    let customer = end.customer.to_sql();
    sqlx::query!(
        "UPDATE users SET status = 'blocked', block_reason = 'a receipt was found to be fake', blocked_at = ?
             WHERE discord_id = ? AND status <> 'blocked'",
        now.0,
        customer
    )
    .execute(tx.sql())
    .await?;
    db::payments::review::decide_submission(&mut tx, &order, submission, "declined", permit.by(), Some(reason), now)
        .await?;
    let payload =
        json!({ "submission": submission.0, "reason": reason, "received_minor": end.received, "over": end.over });
    db::audit::audit(&mut tx, now, permit.did("payment.fake", &order, payload)).await?;
    db::audit::audit(&mut tx, now, permit.did("user.block", &end.customer, json!({ "order": order }))).await?;
    // First the ticket, which may have to be made for it.
    db::access::manual_intervention::show_everywhere(&mut tx, &order, now).await?;
    db::outbox::enqueue(
        &mut tx,
        &Effect::Notify { order: order.clone(), notice: Notice::Declined { submission } },
        now,
        now,
    )
    .await?;
    if end.over {
        db::outbox::enqueue(&mut tx, &Effect::DeleteTicket { order: order.clone() }, now.plus(times.ticket_stays), now)
            .await?;
    }
    tx.commit().await?;
    Ok(Decided::Done(order))
}

/// The customer's notice of a decline has been posted.
pub async fn declined_notified(db: &Db, submission: SubmissionId, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let first = sqlx::query!(
        "UPDATE payment_submissions SET notified_at = ? WHERE id = ? AND notified_at IS NULL",
        now.0,
        submission.0
    )
    .execute(tx.sql())
    .await?;
    if first.rows_affected() == 0 {
        return Ok(());
    }
    db::outbox::enqueue(&mut tx, &Effect::SyncCard { submission }, now, now).await?;
    tx.commit().await
}

/// What is known of a customer besides one order.
pub async fn history(db: &Db, customer: UserId, besides: &OrderId) -> Result<History, Error> {
    let (key, id) = (customer.to_sql(), besides.as_str());
    let row = sqlx::query!(
            r#"SELECT
                 (SELECT count(*) FROM orders o WHERE o.user_id = ?1 AND o.id <> ?2 AND o.status = 'completed') AS "completed!: i64",
                 (SELECT count(*) FROM orders o WHERE o.user_id = ?1 AND o.id <> ?2 AND o.status = 'declined') AS "declined!: i64",
                 (SELECT count(*) FROM orders o WHERE o.user_id = ?1 AND o.id <> ?2 AND o.status = 'reversed') AS "reversed!: i64",
                 (SELECT count(*) FROM orders o WHERE o.user_id = ?1 AND o.id <> ?2
                      AND o.status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention')) AS "open!: i64",
                 (SELECT u.status = 'blocked' FROM users u WHERE u.discord_id = ?1) AS "blocked: bool",
                 (SELECT u.joined_at FROM users u WHERE u.discord_id = ?1) AS "joined_at: i64""#,
            key,
            id
        )
        .fetch_one(&db.readers)
        .await?;
    Ok(History {
        completed: unsigned(row.completed),
        declined: unsigned(row.declined),
        reversed: unsigned(row.reversed),
        open: unsigned(row.open),
        blocked: row.blocked.unwrap_or(false),
        joined_at: moment(row.joined_at),
    })
}

/// Reminds staff, once each, of proofs that came before `before` and still wait; says how many.
pub async fn remind_of_reviews(db: &Db, before: Millis, now: Millis) -> Result<usize, Error> {
    let due = sqlx::query!(
            "SELECT s.id AS \"id!\", s.order_id FROM payment_submissions s JOIN orders o ON o.id = s.order_id
             WHERE s.status = 'pending' AND s.created_at <= ? AND s.reminded_at IS NULL AND o.status = 'payment_submitted'
             LIMIT 100",
            before.0
        )
        .fetch_all(&db.readers)
        .await?;
    for row in &due {
        let (submission, order) = (SubmissionId(row.id), order_id(&row.order_id)?);
        let mut tx = db.begin().await?;
        let first = sqlx::query!(
                "UPDATE payment_submissions SET reminded_at = ? WHERE id = ? AND status = 'pending' AND reminded_at IS NULL",
                now.0,
                submission.0
            )
            .execute(tx.sql())
            .await?;
        if first.rows_affected() == 1 {
            let news = StaffNews::ReviewWaits { order, submission };
            db::outbox::enqueue(&mut tx, &Effect::TellStaff { news }, now, now).await?;
            tx.commit().await?;
        }
    }
    Ok(due.len())
}

/// Tells the owners, once each, of proofs that came before `before` and still wait; says how many.
pub async fn escalate_reviews(db: &Db, before: Millis, now: Millis) -> Result<usize, Error> {
    let due = sqlx::query!(
            "SELECT s.id AS \"id!\", s.order_id FROM payment_submissions s JOIN orders o ON o.id = s.order_id
             WHERE s.status = 'pending' AND s.created_at <= ? AND s.escalated_at IS NULL AND o.status = 'payment_submitted'
             LIMIT 100",
            before.0
        )
        .fetch_all(&db.readers)
        .await?;
    for row in &due {
        let (submission, order) = (SubmissionId(row.id), order_id(&row.order_id)?);
        let mut tx = db.begin().await?;
        let first = sqlx::query!(
                "UPDATE payment_submissions SET escalated_at = ? WHERE id = ? AND status = 'pending' AND escalated_at IS NULL",
                now.0,
                submission.0
            )
            .execute(tx.sql())
            .await?;
        if first.rows_affected() == 1 {
            let news = OwnerNews::ReviewWaits { order, submission };
            db::outbox::enqueue(&mut tx, &Effect::TellOwner { news }, now, now).await?;
            tx.commit().await?;
        }
    }
    Ok(due.len())
}

fn order_id(id: &str) -> Result<OrderId, Error> {
    id.parse().map_err(|_| Error::Damaged { table: "payment_submissions", problem: format!("order `{id}`") })
}
