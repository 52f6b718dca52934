-- Keeping the shop running: outages that people were told of, and figures that cost the same
-- however many orders there are.

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

-- Revenue per day over all methods and plans, without what staff entered by hand. Kept by trigger,
-- so that it is written under the same savepoint as the roll-up it sums up.
CREATE TABLE revenue_days (
    day          TEXT    NOT NULL PRIMARY KEY,
    amount_minor INTEGER NOT NULL,
    n            INTEGER NOT NULL
) STRICT;
INSERT INTO revenue_days (day, amount_minor, n)
    SELECT day, sum(amount_minor), sum(n) FROM revenue_cache WHERE source = 'shop' GROUP BY day;
CREATE TRIGGER revenue_days_insert AFTER INSERT ON revenue_cache WHEN NEW.source = 'shop'
BEGIN
    INSERT INTO revenue_days (day, amount_minor, n) VALUES (NEW.day, NEW.amount_minor, NEW.n)
        ON CONFLICT (day) DO UPDATE SET amount_minor = amount_minor + excluded.amount_minor, n = n + excluded.n;
END;
CREATE TRIGGER revenue_days_update AFTER UPDATE OF amount_minor, n ON revenue_cache WHEN NEW.source = 'shop'
BEGIN
    UPDATE revenue_days SET amount_minor = amount_minor + NEW.amount_minor - OLD.amount_minor, n = n + NEW.n - OLD.n
        WHERE day = NEW.day;
END;
CREATE TRIGGER revenue_days_delete AFTER DELETE ON revenue_cache WHEN OLD.source = 'shop'
BEGIN
    UPDATE revenue_days SET amount_minor = amount_minor - OLD.amount_minor, n = n - OLD.n WHERE day = OLD.day;
END;

-- How many active subscriptions end on each day (UTC, days since 1970); day 0 holds those without
-- an end. Kept by trigger: counting them would cost more with every customer.
CREATE TABLE subscription_days (
    day INTEGER NOT NULL PRIMARY KEY,
    n   INTEGER NOT NULL CHECK (n >= 0)
) STRICT;
INSERT INTO subscription_days (day, n)
    SELECT expires_at / 86400000, count(*) FROM subscriptions
    WHERE status = 'active' AND expires_at IS NOT NULL GROUP BY 1;
CREATE TRIGGER subscription_days_insert AFTER INSERT ON subscriptions
WHEN NEW.status = 'active' AND NEW.expires_at IS NOT NULL
BEGIN
    INSERT INTO subscription_days (day, n) VALUES (NEW.expires_at / 86400000, 1)
        ON CONFLICT (day) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER subscription_days_update AFTER UPDATE OF status, expires_at ON subscriptions
WHEN OLD.status <> NEW.status OR OLD.expires_at IS NOT NEW.expires_at
BEGIN
    UPDATE subscription_days SET n = n - 1
        WHERE OLD.status = 'active' AND day = OLD.expires_at / 86400000;
    INSERT INTO subscription_days (day, n)
        SELECT NEW.expires_at / 86400000, 1 WHERE NEW.status = 'active' AND NEW.expires_at IS NOT NULL
        ON CONFLICT (day) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER subscription_days_delete AFTER DELETE ON subscriptions
WHEN OLD.status = 'active' AND OLD.expires_at IS NOT NULL
BEGIN
    UPDATE subscription_days SET n = n - 1 WHERE day = OLD.expires_at / 86400000;
END;

-- A period's orders, for the export.
CREATE INDEX orders_created ON orders (created_at);
CREATE INDEX orders_decided ON orders (decided_at) WHERE decided_at IS NOT NULL;
-- Unpaid orders whose customer has not been reminded.
CREATE INDEX orders_unreminded ON orders (created_at) WHERE status = 'pending_payment' AND reminded_at IS NULL;
-- Approved orders that wait for their panel.
CREATE INDEX orders_waiting ON orders (panel) WHERE status = 'provisioning';
