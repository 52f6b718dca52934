-- Times are Unix milliseconds, UTC. Money is whole minor units with its currency beside it.
-- Discord ids are INTEGER: a snowflake fits into 63 bits.

-- A person. What they own on a panel is in `subscriptions`.
CREATE TABLE users (
    discord_id   INTEGER NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    locale       TEXT    NOT NULL DEFAULT 'en',
    status       TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'blocked')),
    block_reason TEXT,
    first_seen   INTEGER NOT NULL,
    blocked_at   INTEGER,
    -- When they joined the server, as Discord said with the last order.
    joined_at    INTEGER
) STRICT;
CREATE INDEX users_name ON users (name COLLATE NOCASE);
CREATE INDEX users_blocked ON users (blocked_at) WHERE status = 'blocked';

-- What a user owns on a panel. uuid and subscription id are drawn before the first panel call.
CREATE TABLE subscriptions (
    id          INTEGER NOT NULL PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users (discord_id),
    panel       TEXT    NOT NULL,
    inbound_id  INTEGER NOT NULL,
    client_uuid TEXT    NOT NULL UNIQUE,
    next_uuid   TEXT    UNIQUE,
    sub_id      TEXT    NOT NULL UNIQUE,
    email       TEXT    NOT NULL CHECK (email = lower(email)),
    status      TEXT    NOT NULL CHECK (status IN ('pending', 'active', 'disabled', 'expired')),
    expires_at  INTEGER,
    quota_bytes INTEGER CHECK (quota_bytes >= 0),
    used_before INTEGER NOT NULL DEFAULT 0 CHECK (used_before >= 0),
    used_bytes  INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    link        TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    -- When used_bytes was read; updated_at says when anything of the row was written.
    used_at     INTEGER,
    -- Removed by staff: the next sale makes a new client.
    deleted_at  INTEGER,
    -- The last reset of the counter: when, what it had counted, and how often it came back since.
    reset_at    INTEGER,
    reset_from  INTEGER CHECK (reset_from >= 0),
    came_back   INTEGER NOT NULL DEFAULT 0 CHECK (came_back >= 0),
    -- When the link was last built from what the panel said.
    link_at     INTEGER,
    UNIQUE (panel, email)
) STRICT;
CREATE INDEX subscriptions_user ON subscriptions (user_id);
CREATE INDEX subscriptions_expiry ON subscriptions (expires_at);
CREATE INDEX subscriptions_email ON subscriptions (email);
-- Active subscriptions by their end: the dashboard counts those of two days from this index alone.
CREATE INDEX subscriptions_active ON subscriptions (expires_at) WHERE status = 'active';

-- How many active subscriptions end on each day (UTC, days since 1970); day 0 holds those without
-- an end. Kept by trigger: counting them would cost more with every customer.
CREATE TABLE subscription_days (
    day INTEGER NOT NULL PRIMARY KEY,
    count   INTEGER NOT NULL CHECK (count >= 0)
) STRICT;
CREATE TRIGGER subscription_days_insert AFTER INSERT ON subscriptions
WHEN NEW.status = 'active' AND NEW.expires_at IS NOT NULL
BEGIN
    INSERT INTO subscription_days (day, count) VALUES (NEW.expires_at / 86400000, 1)
        ON CONFLICT (day) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER subscription_days_update AFTER UPDATE OF status, expires_at ON subscriptions
WHEN OLD.status <> NEW.status OR OLD.expires_at IS NOT NEW.expires_at
BEGIN
    UPDATE subscription_days SET count = count - 1
        WHERE OLD.status = 'active' AND day = OLD.expires_at / 86400000;
    INSERT INTO subscription_days (day, count)
        SELECT NEW.expires_at / 86400000, 1 WHERE NEW.status = 'active' AND NEW.expires_at IS NOT NULL
        ON CONFLICT (day) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER subscription_days_delete AFTER DELETE ON subscriptions
WHEN OLD.status = 'active' AND OLD.expires_at IS NOT NULL
BEGIN
    UPDATE subscription_days SET count = count - 1 WHERE day = OLD.expires_at / 86400000;
END;

-- How many active subscriptions end in each hour (UTC, hours since 1970): the dashboard counts the
-- two days of which only a part matters by hours, and only two hours one by one. Kept by trigger, as
-- subscription_days is; those without an end are there.
CREATE TABLE subscription_hours (
    hour INTEGER NOT NULL PRIMARY KEY,
    count    INTEGER NOT NULL CHECK (count >= 0)
) STRICT;
CREATE TRIGGER subscription_hours_insert AFTER INSERT ON subscriptions
WHEN NEW.status = 'active' AND NEW.expires_at > 0
BEGIN
    INSERT INTO subscription_hours (hour, count) VALUES (NEW.expires_at / 3600000, 1)
        ON CONFLICT (hour) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER subscription_hours_update AFTER UPDATE OF status, expires_at ON subscriptions
WHEN OLD.status <> NEW.status OR OLD.expires_at IS NOT NEW.expires_at
BEGIN
    UPDATE subscription_hours SET count = count - 1
        WHERE OLD.status = 'active' AND OLD.expires_at > 0 AND hour = OLD.expires_at / 3600000;
    INSERT INTO subscription_hours (hour, count)
        SELECT NEW.expires_at / 3600000, 1 WHERE NEW.status = 'active' AND NEW.expires_at > 0
        ON CONFLICT (hour) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER subscription_hours_delete AFTER DELETE ON subscriptions
WHEN OLD.status = 'active' AND OLD.expires_at > 0
BEGIN
    UPDATE subscription_hours SET count = count - 1 WHERE hour = OLD.expires_at / 3600000;
END;

CREATE TABLE orders (
    id              TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 10),
    source          TEXT    NOT NULL CHECK (source IN ('shop', 'manual')),
    user_id         INTEGER NOT NULL REFERENCES users (discord_id),
    status          TEXT    NOT NULL CHECK (status IN
        ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention',
         'completed', 'declined', 'cancelled', 'expired', 'reversed')),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    -- What was agreed on when the order was made: a change of configuration never touches it.
    plan_id         TEXT    NOT NULL,
    plan_name       TEXT    NOT NULL,
    duration_days   INTEGER NOT NULL CHECK (duration_days >= 0),
    quota_bytes     INTEGER NOT NULL CHECK (quota_bytes >= 0),
    price_minor     INTEGER NOT NULL CHECK (price_minor >= 0),
    currency        TEXT    NOT NULL CHECK (length(currency) = 3),
    panel           TEXT    NOT NULL,
    method_id       TEXT,
    method_name     TEXT,
    method_account  TEXT,
    method_holder   TEXT,
    method_text     TEXT,
    attempts_left   INTEGER NOT NULL CHECK (attempts_left >= 0),
    -- When an unpaid order lapses: 24 h after the later of creation and decline.
    expires_at      INTEGER NOT NULL,
    reminded_at     INTEGER,
    reason          TEXT,
    decided_by      INTEGER,
    decided_at      INTEGER,
    ended_at        INTEGER,
    subscription_id INTEGER REFERENCES subscriptions (id),
    delivery        TEXT    NOT NULL DEFAULT 'none' CHECK (delivery IN ('none', 'dm', 'dm_closed', 'fetched', 'by_hand')),
    delivered_at    INTEGER,
    -- The ticket: what was last seen to be true of it on Discord.
    channel_id           INTEGER,
    channel_locked       INTEGER NOT NULL DEFAULT 0 CHECK (channel_locked IN (0, 1)),
    status_message_id    INTEGER,
    status_digest        TEXT,
    last_seen_message_id INTEGER NOT NULL DEFAULT 0,
    -- Why it needs attention or came back to review; `reason` then holds what the panel said.
    cause           TEXT,
    -- The transaction reference that the customer typed for the next proof, normalised.
    reference       TEXT,
    -- What the chosen method asked for on the day it was chosen.
    method_reference TEXT NOT NULL DEFAULT 'off' CHECK (method_reference IN ('off', 'optional', 'required')),
    -- What staff noted when they entered a sale by hand, and that sale's card; the others have one per proof.
    note            TEXT,
    card_message_id INTEGER,
    card_digest     TEXT,
    -- Who of staff has an overwrite of ours in the ticket, as `role:<id>` and `user:<id>`, separated by spaces:
    -- by it a ticket follows when the staff change, and overwrites that somebody made by hand stay.
    staff_overwrites TEXT,
    -- A reversal is a decision of its own; `decided_by` and `decided_at` stay those of the approval.
    reversed_by     INTEGER,
    reversed_at     INTEGER,
    -- Files of the ticket that could not be taken, counted since a moment and for an hour from it.
    files_refused   INTEGER NOT NULL DEFAULT 0 CHECK (files_refused >= 0),
    files_refused_since INTEGER NOT NULL DEFAULT 0,
    CHECK ((method_id IS NULL) = (method_name IS NULL))
) STRICT;
-- One active shop order per customer is decided here, not by a SELECT.
CREATE UNIQUE INDEX orders_one_active ON orders (user_id)
    WHERE source = 'shop' AND status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention');
CREATE INDEX orders_user ON orders (user_id, created_at);
CREATE INDEX orders_status ON orders (status, created_at);
CREATE UNIQUE INDEX orders_channel ON orders (channel_id) WHERE channel_id IS NOT NULL;
CREATE INDEX orders_lapse ON orders (expires_at) WHERE status = 'pending_payment';
CREATE INDEX orders_decided_by ON orders (decided_by, decided_at);
CREATE INDEX orders_subscription ON orders (subscription_id);
-- A period's orders, for the export.
CREATE INDEX orders_created ON orders (created_at);
CREATE INDEX orders_decided ON orders (decided_at) WHERE decided_at IS NOT NULL;
-- Unpaid orders whose customer has not been reminded.
CREATE INDEX orders_unreminded ON orders (created_at) WHERE status = 'pending_payment' AND reminded_at IS NULL;
-- Approved orders that wait for their panel.
CREATE INDEX orders_waiting ON orders (panel) WHERE status = 'provisioning';
-- A card that somebody deleted is found by its message.
CREATE INDEX orders_card ON orders (card_message_id) WHERE card_message_id IS NOT NULL;

CREATE TRIGGER orders_begin BEFORE INSERT ON orders
WHEN NOT ((NEW.source = 'shop' AND NEW.status = 'pending_payment')
       OR (NEW.source = 'manual' AND NEW.status = 'provisioning'))
BEGIN
    SELECT RAISE(ABORT, 'an order begins as pending_payment (shop) or provisioning (manual)');
END;

CREATE TRIGGER orders_arrows BEFORE UPDATE OF status ON orders
WHEN OLD.status <> NEW.status AND NOT (
       (OLD.status = 'pending_payment'   AND NEW.status IN ('payment_submitted', 'cancelled', 'expired'))
    OR (OLD.status = 'payment_submitted' AND NEW.status IN ('provisioning', 'pending_payment', 'declined'))
    OR (OLD.status = 'provisioning'      AND NEW.status IN ('completed', 'payment_submitted', 'needs_attention'))
    OR (OLD.status = 'needs_attention'   AND NEW.status IN ('provisioning', 'completed', 'payment_submitted', 'declined'))
    OR (OLD.status = 'completed'         AND NEW.status = 'reversed'))
BEGIN
    SELECT RAISE(ABORT, 'no such arrow between these order states');
END;

CREATE TRIGGER orders_kept BEFORE DELETE ON orders
BEGIN
    SELECT RAISE(ABORT, 'orders are never deleted');
END;

-- How many orders are in each state, kept by trigger: the dashboard costs the same at any size.
CREATE TABLE order_counts (
    status TEXT    NOT NULL PRIMARY KEY,
    count      INTEGER NOT NULL CHECK (count >= 0)
) STRICT;
CREATE TRIGGER order_counts_insert AFTER INSERT ON orders
BEGIN
    INSERT INTO order_counts (status, count) VALUES (NEW.status, 1)
        ON CONFLICT (status) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER order_counts_update AFTER UPDATE OF status ON orders WHEN OLD.status <> NEW.status
BEGIN
    UPDATE order_counts SET count = count - 1 WHERE status = OLD.status;
    INSERT INTO order_counts (status, count) VALUES (NEW.status, 1)
        ON CONFLICT (status) DO UPDATE SET count = count + 1;
END;

-- Every proof ever sent. `source_id` is the message or interaction it came with: the gateway
-- event, the re-reading of the ticket and a RESUME are one submission.
CREATE TABLE payment_submissions (
    id           INTEGER NOT NULL PRIMARY KEY,
    order_id     TEXT    NOT NULL REFERENCES orders (id),
    user_id      INTEGER NOT NULL REFERENCES users (discord_id),
    source_id    TEXT    NOT NULL UNIQUE,
    hash         TEXT    NOT NULL CHECK (length(hash) = 64),
    pixel_hash   TEXT    NOT NULL CHECK (length(pixel_hash) = 64),
    format       TEXT    NOT NULL,
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('pending', 'approved', 'declined', 'refused')),
    flags        TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(flags)),
    reference    TEXT,
    decided_by   INTEGER,
    decided_at   INTEGER,
    reason       TEXT,
    card_message_id INTEGER,
    card_digest     TEXT,
    -- What staff found to have arrived for this proof; a part leaves the order open for the rest.
    received_minor  INTEGER CHECK (received_minor >= 0),
    is_partial      INTEGER NOT NULL DEFAULT 0 CHECK (is_partial IN (0, 1)),
    -- When the customer's notice of a decline was posted.
    notified_at     INTEGER,
    -- Who is reviewing it, until when: a courtesy that ends by itself, never a lock.
    reviewing_by    INTEGER,
    reviewing_until INTEGER,
    -- When staff, and later the owners, were reminded of it.
    reminded_at     INTEGER,
    escalated_at    INTEGER,
    -- When somebody was last seen to have deleted the card; NULL while it stands or was never posted.
    card_gone_at    INTEGER
) STRICT;
CREATE INDEX submissions_order ON payment_submissions (order_id, id);
CREATE INDEX submissions_user ON payment_submissions (user_id);
CREATE INDEX submissions_hash ON payment_submissions (hash);
CREATE INDEX submissions_pixels ON payment_submissions (pixel_hash);
CREATE INDEX submissions_status ON payment_submissions (status, created_at);
CREATE INDEX submissions_card ON payment_submissions (card_message_id) WHERE card_message_id IS NOT NULL;

-- The other pictures of a submission: a payment in two transfers has two receipts. The first is in
-- the submission's own row.
CREATE TABLE submission_pictures (
    submission_id INTEGER NOT NULL REFERENCES payment_submissions (id),
    position             INTEGER NOT NULL CHECK (position >= 2),
    hash          TEXT    NOT NULL,
    pixel_hash    TEXT    NOT NULL,
    PRIMARY KEY (submission_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_pictures_hash ON submission_pictures (hash);
CREATE INDEX submission_pictures_pixels ON submission_pictures (pixel_hash);

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

-- The first order that claims a picture owns it.
CREATE TABLE proof_hashes (
    hash     TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    order_id TEXT NOT NULL REFERENCES orders (id)
) STRICT;
CREATE INDEX proof_hashes_order ON proof_hashes (order_id);

-- The first order that claims a method's reference owns it, until staff say otherwise.
CREATE TABLE payment_references (
    method_id  TEXT    NOT NULL,
    reference  TEXT    NOT NULL,
    order_id   TEXT    NOT NULL REFERENCES orders (id),
    owned_since INTEGER NOT NULL,
    PRIMARY KEY (method_id, reference)
) STRICT;
CREATE INDEX payment_references_order ON payment_references (order_id);

-- An order's current payment.
CREATE TABLE payments (
    id             INTEGER NOT NULL PRIMARY KEY,
    order_id       TEXT    NOT NULL UNIQUE REFERENCES orders (id),
    submission_id  INTEGER REFERENCES payment_submissions (id),
    due_minor      INTEGER NOT NULL CHECK (due_minor >= 0),
    received_minor INTEGER NOT NULL DEFAULT 0 CHECK (received_minor >= 0),
    currency       TEXT    NOT NULL CHECK (length(currency) = 3),
    status         TEXT    NOT NULL CHECK (status IN ('pending', 'approved', 'declined', 'reversed')),
    reviewer_id    INTEGER,
    decided_at     INTEGER,
    reason         TEXT,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX payments_reviewer ON payments (reviewer_id, decided_at);
CREATE INDEX payments_status ON payments (status, created_at);

-- What each order gave. Filled once, before the first panel write; the target on the panel is
-- the result of the grants, so writing it twice changes nothing.
CREATE TABLE grants (
    id              INTEGER NOT NULL PRIMARY KEY,
    subscription_id INTEGER NOT NULL REFERENCES subscriptions (id),
    order_id        TEXT    NOT NULL REFERENCES orders (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('sale', 'reversal')),
    days            INTEGER NOT NULL,
    bytes           INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    -- Filled when the panel has been read for the first time.
    filled_at       INTEGER,
    base            INTEGER,
    new_expiry      INTEGER,
    new_quota       INTEGER,
    used_before     INTEGER,
    note            TEXT,
    -- The counter reset has been answered with success.
    reset_at        INTEGER,
    -- Written and read back.
    applied_at      INTEGER,
    voided_at       INTEGER,
    -- What the client had before its target was computed: that is what it gets back.
    old_expiry      INTEGER,
    old_quota       INTEGER CHECK (old_quota >= 0),
    -- Nothing of a voided grant is on the panel any more. Until then its target is taken over when
    -- the same order is approved again.
    reverted_at     INTEGER,
    CHECK ((filled_at IS NULL) = (new_expiry IS NULL)),
    CHECK ((filled_at IS NULL) = (new_quota IS NULL)),
    CHECK ((filled_at IS NULL) = (used_before IS NULL))
) STRICT;
CREATE INDEX grants_subscription ON grants (subscription_id, id);
CREATE INDEX grants_order ON grants (order_id);
CREATE UNIQUE INDEX grants_one_live ON grants (order_id, kind) WHERE voided_at IS NULL;

-- What staff change about a subscription, and sales they enter by hand.
-- One row per requested change. Like a grant it is filled once, from what the panel says before
-- the first write, so that writing it twice changes nothing.
CREATE TABLE changes (
    id              INTEGER NOT NULL PRIMARY KEY,
    subscription_id INTEGER NOT NULL REFERENCES subscriptions (id),
    kind            TEXT    NOT NULL,
    args            TEXT    NOT NULL CHECK (json_valid(args)),
    -- The order that a reversal takes back.
    order_id        TEXT    REFERENCES orders (id),
    actor_id        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    -- The last grant given before it: grants and changes are applied in the order given.
    after_grant_id     INTEGER NOT NULL,
    filled_at       INTEGER,
    new_enabled     INTEGER CHECK (new_enabled IN (0, 1)),
    new_expiry      INTEGER,
    new_quota       INTEGER CHECK (new_quota >= 0),
    used_before     INTEGER CHECK (used_before >= 0),
    -- What it gave on top, in milliseconds and bytes; -1 is without end.
    given_time      INTEGER NOT NULL DEFAULT 0,
    given_bytes     INTEGER NOT NULL DEFAULT 0,
    -- The counter reset has been answered with success and looked at.
    reset_at        INTEGER,
    -- Written and read back.
    applied_at      INTEGER,
    -- The client could not be removed and was switched off instead.
    disabled_instead            INTEGER NOT NULL DEFAULT 0 CHECK (disabled_instead IN (0, 1)),
    -- Not done, and why: the cause, and the word of somebody else that belongs to it.
    voided_at       INTEGER,
    cause           TEXT,
    refusal         TEXT,
    -- Whether the customer could be told.
    notified_via            TEXT CHECK (notified_via IN ('dm', 'dm_closed')),
    -- What the client had when the change was computed. With what the change left behind it says whose
    -- the rest of a client is; a sale keeps the same beside its grant.
    old_expiry      INTEGER,
    old_quota       INTEGER CHECK (old_quota >= 0),
    old_used        INTEGER CHECK (old_used >= 0),
    CHECK ((voided_at IS NULL) = (cause IS NULL)),
    CHECK ((voided_at IS NULL) = (refusal IS NULL)),
    CHECK ((filled_at IS NULL) = (new_enabled IS NULL)),
    CHECK ((filled_at IS NULL) = (new_expiry IS NULL)),
    CHECK ((filled_at IS NULL) = (new_quota IS NULL)),
    CHECK ((filled_at IS NULL) = (used_before IS NULL))
) STRICT;
CREATE INDEX changes_subscription ON changes (subscription_id, id);
CREATE INDEX changes_waiting ON changes (subscription_id, id) WHERE applied_at IS NULL AND voided_at IS NULL;
CREATE INDEX changes_actor ON changes (actor_id, created_at);
-- What staff gave on a day.
CREATE INDEX changes_applied ON changes (applied_at) WHERE applied_at IS NOT NULL;
-- Of two reversals of one order the second finds the first.
CREATE UNIQUE INDEX changes_one_reversal ON changes (order_id) WHERE order_id IS NOT NULL AND voided_at IS NULL;
CREATE TRIGGER changes_kept BEFORE DELETE ON changes
BEGIN
    SELECT RAISE(ABORT, 'changes are never deleted');
END;

-- One row per money event, by the time of approval. The roll-up below can always be rebuilt from it.
CREATE TABLE ledger (
    id           INTEGER NOT NULL PRIMARY KEY,
    order_id     TEXT    NOT NULL REFERENCES orders (id),
    kind         TEXT    NOT NULL CHECK (kind IN ('payment', 'reversal', 'adjustment')),
    source       TEXT    NOT NULL CHECK (source IN ('shop', 'manual')),
    amount_minor INTEGER NOT NULL,
    currency     TEXT    NOT NULL CHECK (length(currency) = 3),
    at           INTEGER NOT NULL,
    day          TEXT    NOT NULL CHECK (length(day) = 10),
    method_id    TEXT    NOT NULL,
    plan_id      TEXT    NOT NULL,
    reviewer_id  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ledger_once ON ledger (order_id, kind) WHERE kind <> 'adjustment';
CREATE INDEX ledger_at ON ledger (at);
CREATE INDEX ledger_day ON ledger (day);
CREATE INDEX ledger_reviewer ON ledger (reviewer_id, at);
-- What an order brought, to take it back.
CREATE INDEX ledger_order ON ledger (order_id);
CREATE TRIGGER ledger_no_update BEFORE UPDATE OF order_id, kind, source, amount_minor, currency, at, method_id, plan_id, reviewer_id ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- Revenue per day in the shop's time zone, method and plan.
CREATE TABLE revenue_cache (
    day          TEXT    NOT NULL,
    method_id    TEXT    NOT NULL,
    plan_id      TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    count            INTEGER NOT NULL,
    PRIMARY KEY (day, method_id, plan_id, source)
) STRICT;

-- Revenue per day over all methods and plans, without what staff entered by hand. Kept by trigger,
-- so that it is written under the same savepoint as the roll-up it sums up.
CREATE TABLE revenue_days (
    day          TEXT    NOT NULL PRIMARY KEY,
    amount_minor INTEGER NOT NULL,
    count            INTEGER NOT NULL
) STRICT;
CREATE TRIGGER revenue_days_insert AFTER INSERT ON revenue_cache WHEN NEW.source = 'shop'
BEGIN
    INSERT INTO revenue_days (day, amount_minor, count) VALUES (NEW.day, NEW.amount_minor, NEW.count)
        ON CONFLICT (day) DO UPDATE SET amount_minor = amount_minor + excluded.amount_minor, count = count + excluded.count;
END;

CREATE TRIGGER revenue_days_update AFTER UPDATE OF amount_minor, count ON revenue_cache WHEN NEW.source = 'shop'
BEGIN
    UPDATE revenue_days SET amount_minor = amount_minor + NEW.amount_minor - OLD.amount_minor, count = count + NEW.count - OLD.count
        WHERE day = NEW.day;
END;

CREATE TRIGGER revenue_days_delete AFTER DELETE ON revenue_cache WHEN OLD.source = 'shop'
BEGIN
    UPDATE revenue_days SET amount_minor = amount_minor - OLD.amount_minor, count = count - OLD.count WHERE day = OLD.day;
END;

-- Append-only and hash-chained; see db/audit.rs for what the hash covers.
CREATE TABLE audit_logs (
    id        INTEGER NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    actor_id  INTEGER NOT NULL,
    action    TEXT    NOT NULL,
    target    TEXT    NOT NULL,
    payload   TEXT    NOT NULL CHECK (json_valid(payload)),
    session   TEXT,
    prev_hash TEXT    NOT NULL CHECK (length(prev_hash) = 64),
    hash      TEXT    NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT;
CREATE INDEX audit_actor ON audit_logs (actor_id, at);
CREATE INDEX audit_target ON audit_logs (target, id);
CREATE INDEX audit_action ON audit_logs (action, at);
CREATE INDEX audit_at ON audit_logs (at);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_logs
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_logs
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- One-time tokens of staff confirmations, hashed. Bound to admin, action and subject.
CREATE TABLE admin_sessions (
    token_hash TEXT    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 64),
    admin_id   INTEGER NOT NULL,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    args       TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(args)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at   INTEGER
) STRICT;
CREATE INDEX sessions_expiry ON admin_sessions (expires_at);
CREATE INDEX sessions_admin ON admin_sessions (admin_id);

CREATE TABLE bot_config (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Messages that are deleted again after a while.
CREATE TABLE bot_messages (
    message_id INTEGER NOT NULL PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    order_id   TEXT,
    created_at INTEGER NOT NULL,
    delete_at  INTEGER NOT NULL,
    -- A question of staff stays while somebody still has to answer it.
    question_id INTEGER REFERENCES review_questions (id)
) STRICT;
CREATE INDEX bot_messages_due ON bot_messages (delete_at);
CREATE INDEX bot_messages_channel ON bot_messages (channel_id);
CREATE INDEX bot_messages_order ON bot_messages (order_id);
CREATE INDEX bot_messages_question ON bot_messages (question_id) WHERE question_id IS NOT NULL;

-- Side effects that survive: committed together with what causes them.
CREATE TABLE outbox (
    id           INTEGER NOT NULL PRIMARY KEY,
    key          TEXT    NOT NULL UNIQUE,
    lane         TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    args_version            INTEGER NOT NULL,
    args         TEXT    NOT NULL CHECK (json_valid(args)),
    generation       INTEGER NOT NULL DEFAULT 1,
    run_at       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    leased_by   TEXT,
    first_try_at INTEGER,
    tries        INTEGER NOT NULL DEFAULT 0,
    failures     INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT,
    parked_at    INTEGER,
    -- When owners were told that this row gave up: once, until it succeeds.
    notified_at  INTEGER,
    -- When the time of the row was set: one that was set in the future was set by a clock that was wrong.
    set_at       INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (run_at) WHERE parked_at IS NULL;
CREATE INDEX outbox_lane ON outbox (lane, run_at);

-- One row per outage of a panel; telling about its beginning and its end is committed with it.
CREATE TABLE outages (
    id      INTEGER NOT NULL PRIMARY KEY,
    panel   TEXT    NOT NULL,
    since   INTEGER NOT NULL,
    cause   TEXT    NOT NULL,
    told_at INTEGER NOT NULL,
    over_at INTEGER,
    -- Approved orders that waited for the panel when it came back.
    waited  INTEGER,
    CHECK ((over_at IS NULL) = (waited IS NULL))
) STRICT;
CREATE UNIQUE INDEX outages_open ON outages (panel) WHERE over_at IS NULL;

-- How often something happened to an order in each hour (UTC, hours since 1970): what a customer can
-- do again and again is told once an hour.
CREATE TABLE order_tallies (
    order_id TEXT    NOT NULL REFERENCES orders (id),
    what     TEXT    NOT NULL,
    hour     INTEGER NOT NULL,
    count        INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (order_id, what, hour)
) STRICT, WITHOUT ROWID;

-- The user record of the architecture this shop comes from: the person and the current subscription.
CREATE VIEW accounts AS
SELECT u.discord_id, u.name, u.locale, u.status AS user_status, u.first_seen,
       s.id AS subscription_id, s.panel, s.client_uuid, s.email, s.status AS subscription_status,
       s.expires_at, s.quota_bytes, s.used_before + s.used_bytes AS used_bytes
FROM users u
LEFT JOIN subscriptions s ON s.id = (
    SELECT id FROM subscriptions WHERE user_id = u.discord_id AND status <> 'pending' AND deleted_at IS NULL
    ORDER BY id DESC LIMIT 1);
