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
    after_grant     INTEGER NOT NULL,
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
    kept            INTEGER NOT NULL DEFAULT 0 CHECK (kept IN (0, 1)),
    -- Not done, and why: the cause, and the word of somebody else that belongs to it.
    voided_at       INTEGER,
    cause           TEXT,
    refusal         TEXT,
    -- Whether the customer could be told.
    told            TEXT CHECK (told IN ('dm', 'dm_closed')),
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
-- Of two reversals of one order the second finds the first.
CREATE UNIQUE INDEX changes_one_reversal ON changes (order_id) WHERE order_id IS NOT NULL AND voided_at IS NULL;
CREATE TRIGGER changes_kept BEFORE DELETE ON changes
BEGIN
    SELECT RAISE(ABORT, 'changes are never deleted');
END;

-- Removed by staff: the next sale makes a new client.
ALTER TABLE subscriptions ADD COLUMN deleted_at INTEGER;
-- What staff noted when they entered a sale by hand.
ALTER TABLE orders ADD COLUMN note TEXT;
-- The card of a sale entered by hand, in the review channel; the others have one per proof.
ALTER TABLE orders ADD COLUMN card_message_id INTEGER;
ALTER TABLE orders ADD COLUMN card_digest TEXT;
-- What an order brought, to take it back.
CREATE INDEX ledger_order ON ledger (order_id);

DROP VIEW accounts;
CREATE VIEW accounts AS
SELECT u.discord_id, u.name, u.locale, u.status AS user_status, u.first_seen,
       s.id AS subscription_id, s.panel, s.client_uuid, s.email, s.status AS subscription_status,
       s.expires_at, s.quota_bytes, s.used_before + s.used_bytes AS used_bytes
FROM users u
LEFT JOIN subscriptions s ON s.id = (
    SELECT id FROM subscriptions WHERE user_id = u.discord_id AND status <> 'pending' AND deleted_at IS NULL
    ORDER BY id DESC LIMIT 1);
