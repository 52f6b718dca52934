-- How many active subscriptions end in each hour (UTC, hours since 1970): the dashboard counts the
-- two days of which only a part matters by hours, and only two hours one by one. Kept by trigger, as
-- subscription_days is; those without an end are there.
CREATE TABLE subscription_hours (
    hour INTEGER NOT NULL PRIMARY KEY,
    n    INTEGER NOT NULL CHECK (n >= 0)
) STRICT;
INSERT INTO subscription_hours (hour, n)
    SELECT expires_at / 3600000, count(*) FROM subscriptions WHERE status = 'active' AND expires_at > 0 GROUP BY 1;
CREATE TRIGGER subscription_hours_insert AFTER INSERT ON subscriptions
WHEN NEW.status = 'active' AND NEW.expires_at > 0
BEGIN
    INSERT INTO subscription_hours (hour, n) VALUES (NEW.expires_at / 3600000, 1)
        ON CONFLICT (hour) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER subscription_hours_update AFTER UPDATE OF status, expires_at ON subscriptions
WHEN OLD.status <> NEW.status OR OLD.expires_at IS NOT NEW.expires_at
BEGIN
    UPDATE subscription_hours SET n = n - 1
        WHERE OLD.status = 'active' AND OLD.expires_at > 0 AND hour = OLD.expires_at / 3600000;
    INSERT INTO subscription_hours (hour, n)
        SELECT NEW.expires_at / 3600000, 1 WHERE NEW.status = 'active' AND NEW.expires_at > 0
        ON CONFLICT (hour) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER subscription_hours_delete AFTER DELETE ON subscriptions
WHEN OLD.status = 'active' AND OLD.expires_at > 0
BEGIN
    UPDATE subscription_hours SET n = n - 1 WHERE hour = OLD.expires_at / 3600000;
END;
