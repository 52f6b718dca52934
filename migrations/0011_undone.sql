-- What becomes of a renewal that was written to the panel and then not sold after all.

-- What the client had before its target was computed: that is what it gets back.
ALTER TABLE grants ADD COLUMN old_expiry INTEGER;
ALTER TABLE grants ADD COLUMN old_quota INTEGER CHECK (old_quota >= 0);
-- Nothing of a voided grant is on the panel any more. Until then its target is taken over when
-- the same order is approved again.
ALTER TABLE grants ADD COLUMN undone_at INTEGER;

-- What a counter had counted is added to the use before it in the transaction that notes its
-- reset; up to here it was added when the grant or the change was applied.
UPDATE subscriptions SET used_bytes = 0, used_before = used_before
    + COALESCE((SELECT sum(g.used_before) FROM grants g WHERE g.subscription_id = subscriptions.id
          AND g.reset_at IS NOT NULL AND g.applied_at IS NULL), 0)
    + COALESCE((SELECT sum(c.used_before) FROM changes c WHERE c.subscription_id = subscriptions.id
          AND c.reset_at IS NOT NULL AND c.applied_at IS NULL AND c.voided_at IS NULL), 0)
WHERE EXISTS (SELECT 1 FROM grants g WHERE g.subscription_id = subscriptions.id
          AND g.reset_at IS NOT NULL AND g.applied_at IS NULL)
   OR EXISTS (SELECT 1 FROM changes c WHERE c.subscription_id = subscriptions.id
          AND c.reset_at IS NOT NULL AND c.applied_at IS NULL AND c.voided_at IS NULL);

-- References are compared without what stands between their letters and digits. Where two were
-- accepted as different ones, each keeps what it has.
UPDATE OR IGNORE payment_references
SET reference = replace(replace(replace(replace(replace(reference, '-', ''), '/', ''), '.', ''), '_', ''), '#', '')
WHERE reference GLOB '*[-/._#]*';
