-- What customers have on the panels: whose client it was, who switched it off, and counters that
-- come back.

-- Targets that were computed from a client which turned out to be somebody else's are not sold.
UPDATE grants SET filled_at = NULL, base = NULL, new_expiry = NULL, new_quota = NULL, used_before = NULL, note = NULL,
    old_expiry = NULL, old_quota = NULL
WHERE kind = 'sale' AND applied_at IS NULL AND voided_at IS NULL AND reset_at IS NULL AND note = 'panel_changed'
  AND EXISTS (SELECT 1 FROM orders o WHERE o.id = grants.order_id AND o.status = 'needs_attention' AND o.cause = 'stranger');
UPDATE grants SET undone_at = voided_at
WHERE kind = 'sale' AND voided_at IS NOT NULL AND undone_at IS NULL AND reset_at IS NULL AND note = 'panel_changed'
  AND EXISTS (SELECT 1 FROM orders o WHERE o.id = grants.order_id AND o.cause = 'stranger');

-- Clients that had ended when they were adopted were switched off by their panel, not by a person.
UPDATE subscriptions SET status = 'active'
WHERE status = 'disabled' AND expires_at > 0
  AND EXISTS (SELECT 1 FROM changes c WHERE c.subscription_id = subscriptions.id AND c.kind = 'adopt'
              AND c.applied_at >= subscriptions.expires_at)
  AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.subscription_id = subscriptions.id AND c.kind <> 'adopt'
                  AND c.applied_at IS NOT NULL);

-- The last reset of the counter: when, what it had counted, and how often it came back since.
ALTER TABLE subscriptions ADD COLUMN reset_at INTEGER;
ALTER TABLE subscriptions ADD COLUMN reset_from INTEGER CHECK (reset_from >= 0);
ALTER TABLE subscriptions ADD COLUMN came_back INTEGER NOT NULL DEFAULT 0 CHECK (came_back >= 0);
