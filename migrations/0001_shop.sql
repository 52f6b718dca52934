-- Times are Unix milliseconds, UTC. Money is whole minor units with its currency beside it.
-- Discord ids are INTEGER: a snowflake fits into 63 bits.

-- A person. What they own on a panel is in `subscriptions`.
CREATE TABLE users (
    discord_id   INTEGER NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    locale       TEXT    NOT NULL DEFAULT 'en',
    status       TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'blocked')),
    block_reason TEXT,
    first_seen   INTEGER NOT NULL
) STRICT;

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
    UNIQUE (panel, email)
) STRICT;
CREATE INDEX subscriptions_user ON subscriptions (user_id);
CREATE INDEX subscriptions_expiry ON subscriptions (expires_at);

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
    n      INTEGER NOT NULL CHECK (n >= 0)
) STRICT;
CREATE TRIGGER order_counts_insert AFTER INSERT ON orders
BEGIN
    INSERT INTO order_counts (status, n) VALUES (NEW.status, 1)
        ON CONFLICT (status) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER order_counts_update AFTER UPDATE OF status ON orders WHEN OLD.status <> NEW.status
BEGIN
    UPDATE order_counts SET n = n - 1 WHERE status = OLD.status;
    INSERT INTO order_counts (status, n) VALUES (NEW.status, 1)
        ON CONFLICT (status) DO UPDATE SET n = n + 1;
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
    card_digest     TEXT
) STRICT;
CREATE INDEX submissions_order ON payment_submissions (order_id, id);
CREATE INDEX submissions_user ON payment_submissions (user_id);
CREATE INDEX submissions_hash ON payment_submissions (hash);
CREATE INDEX submissions_pixels ON payment_submissions (pixel_hash);
CREATE INDEX submissions_status ON payment_submissions (status, created_at);

-- The first order that claims a picture owns it.
CREATE TABLE proof_hashes (
    hash     TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    order_id TEXT NOT NULL REFERENCES orders (id)
) STRICT;
CREATE INDEX proof_hashes_order ON proof_hashes (order_id);

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
    CHECK ((filled_at IS NULL) = (new_expiry IS NULL)),
    CHECK ((filled_at IS NULL) = (new_quota IS NULL)),
    CHECK ((filled_at IS NULL) = (used_before IS NULL))
) STRICT;
CREATE INDEX grants_subscription ON grants (subscription_id, id);
CREATE INDEX grants_order ON grants (order_id);
CREATE UNIQUE INDEX grants_one_live ON grants (order_id, kind) WHERE voided_at IS NULL;

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
    n            INTEGER NOT NULL,
    PRIMARY KEY (day, method_id, plan_id, source)
) STRICT;

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
    delete_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX bot_messages_due ON bot_messages (delete_at);
CREATE INDEX bot_messages_channel ON bot_messages (channel_id);
CREATE INDEX bot_messages_order ON bot_messages (order_id);

-- Side effects that survive: committed together with what causes them.
CREATE TABLE outbox (
    id           INTEGER NOT NULL PRIMARY KEY,
    key          TEXT    NOT NULL UNIQUE,
    lane         TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    v            INTEGER NOT NULL,
    args         TEXT    NOT NULL CHECK (json_valid(args)),
    wanted       INTEGER NOT NULL DEFAULT 1,
    run_at       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    claimed_by   TEXT,
    first_try_at INTEGER,
    tries        INTEGER NOT NULL DEFAULT 0,
    failures     INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT,
    parked_at    INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (run_at) WHERE parked_at IS NULL;
CREATE INDEX outbox_lane ON outbox (lane, run_at);

-- The user record of the architecture this shop comes from: the person and the current subscription.
CREATE VIEW accounts AS
SELECT u.discord_id, u.name, u.locale, u.status AS user_status, u.first_seen,
       s.id AS subscription_id, s.panel, s.client_uuid, s.email, s.status AS subscription_status,
       s.expires_at, s.quota_bytes, s.used_before + s.used_bytes AS used_bytes
FROM users u
LEFT JOIN subscriptions s ON s.id = (
    SELECT id FROM subscriptions WHERE user_id = u.discord_id AND status <> 'pending' ORDER BY id DESC LIMIT 1);
