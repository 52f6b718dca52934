-- The review desk: causes as types, part payments, references, claims, questions, reminders.

-- Why an order needs attention or came back to review; `reason` then holds what the panel said.
ALTER TABLE orders ADD COLUMN cause TEXT;
-- The transaction reference that the customer typed for the next proof, normalised.
ALTER TABLE orders ADD COLUMN reference TEXT;
-- What the chosen method asked for on the day it was chosen.
ALTER TABLE orders ADD COLUMN method_reference TEXT NOT NULL DEFAULT 'off'
    CHECK (method_reference IN ('off', 'optional', 'required'));

-- What staff found to have arrived for this proof; a part leaves the order open for the rest.
ALTER TABLE payment_submissions ADD COLUMN received_minor INTEGER CHECK (received_minor >= 0);
ALTER TABLE payment_submissions ADD COLUMN part INTEGER NOT NULL DEFAULT 0 CHECK (part IN (0, 1));
-- When the customer's notice of a decline was posted.
ALTER TABLE payment_submissions ADD COLUMN told_at INTEGER;
-- Who is looking at it, until when: a courtesy that ends by itself, never a lock.
ALTER TABLE payment_submissions ADD COLUMN claimed_by INTEGER;
ALTER TABLE payment_submissions ADD COLUMN claimed_until INTEGER;
-- When staff, and later the owners, were reminded of it.
ALTER TABLE payment_submissions ADD COLUMN reminded_at INTEGER;
ALTER TABLE payment_submissions ADD COLUMN escalated_at INTEGER;

-- When the customer joined the server, as Discord said with the last order.
ALTER TABLE users ADD COLUMN joined_at INTEGER;

-- The first order that claims a method's reference owns it, until staff say otherwise.
CREATE TABLE payment_references (
    method_id  TEXT    NOT NULL,
    reference  TEXT    NOT NULL,
    order_id   TEXT    NOT NULL REFERENCES orders (id),
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (method_id, reference)
) STRICT;
CREATE INDEX payment_references_order ON payment_references (order_id);

-- What staff asked a customer about a proof, and the answer.
CREATE TABLE review_questions (
    id            INTEGER NOT NULL PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES payment_submissions (id),
    order_id      TEXT    NOT NULL REFERENCES orders (id),
    asked_by      INTEGER NOT NULL,
    asked_at      INTEGER NOT NULL,
    question      TEXT    NOT NULL,
    answer        TEXT,
    answered_at   INTEGER,
    CHECK ((answer IS NULL) = (answered_at IS NULL))
) STRICT;
CREATE INDEX review_questions_submission ON review_questions (submission_id, id);
CREATE INDEX review_questions_order ON review_questions (order_id);
