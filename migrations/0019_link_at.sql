-- When the link was last built from what the panel said: while the panel is silent, the link is handed
-- out with this time.
ALTER TABLE subscriptions ADD COLUMN link_at INTEGER;
UPDATE subscriptions SET link_at = updated_at WHERE link IS NOT NULL;
