-- The admin's desk: finding people and subscriptions by what somebody types, and what is known of
-- a subscription's use while its panel is down.

-- When used_bytes was read; the row's updated_at says when anything of it was written.
ALTER TABLE subscriptions ADD COLUMN used_at INTEGER;
UPDATE subscriptions SET used_at = updated_at WHERE status <> 'pending';

ALTER TABLE users ADD COLUMN blocked_at INTEGER;

CREATE INDEX users_name ON users (name COLLATE NOCASE);
CREATE INDEX users_blocked ON users (blocked_at) WHERE status = 'blocked';
CREATE INDEX subscriptions_email ON subscriptions (email);
