-- What the client had when a change was computed. With what the change left behind it says whose
-- the rest of a client is; a sale keeps the same beside its grant.
ALTER TABLE changes ADD COLUMN old_expiry INTEGER;
ALTER TABLE changes ADD COLUMN old_quota INTEGER CHECK (old_quota >= 0);
ALTER TABLE changes ADD COLUMN old_used INTEGER CHECK (old_used >= 0);
-- What staff gave on a day.
CREATE INDEX changes_applied ON changes (applied_at) WHERE applied_at IS NOT NULL;
