-- When the time of a row was set. A row that was set in the future was set by a clock that was wrong.
ALTER TABLE outbox ADD COLUMN set_at INTEGER;
UPDATE outbox SET set_at = created_at;

-- Files of a ticket that could not be taken, counted since a moment and for an hour from it.
ALTER TABLE orders ADD COLUMN files_refused INTEGER NOT NULL DEFAULT 0 CHECK (files_refused >= 0);
ALTER TABLE orders ADD COLUMN files_refused_since INTEGER NOT NULL DEFAULT 0;
