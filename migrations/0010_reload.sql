-- What a reload of the configuration needs to know, and who approved what was reversed later.

-- Who of staff has an overwrite of ours in the ticket, as `role:<id>` and `user:<id>`, separated by
-- spaces: by it a ticket follows when the staff change, and overwrites that somebody made by hand
-- stay. NULL: made before this was written down.
ALTER TABLE orders ADD COLUMN seats TEXT;

-- A reversal is a decision of its own; `decided_by` and `decided_at` stay those of the approval.
ALTER TABLE orders ADD COLUMN reversed_by INTEGER;
ALTER TABLE orders ADD COLUMN reversed_at INTEGER;
UPDATE orders SET reversed_by = decided_by, reversed_at = decided_at WHERE status = 'reversed';
UPDATE orders SET
    decided_by = COALESCE((SELECT p.reviewer_id FROM payments p WHERE p.order_id = orders.id), decided_by),
    decided_at = COALESCE((SELECT p.decided_at FROM payments p WHERE p.order_id = orders.id), decided_at)
WHERE status = 'reversed';
