-- The other pictures of a submission: a payment in two transfers has two receipts. The first is in
-- the submission's own row.
CREATE TABLE submission_pictures (
    submission_id INTEGER NOT NULL REFERENCES payment_submissions (id),
    n             INTEGER NOT NULL CHECK (n >= 2),
    hash          TEXT    NOT NULL,
    pixel_hash    TEXT    NOT NULL,
    PRIMARY KEY (submission_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_pictures_hash ON submission_pictures (hash);
CREATE INDEX submission_pictures_pixels ON submission_pictures (pixel_hash);

-- How often something happened to an order in each hour (UTC, hours since 1970): what a customer can
-- do again and again is told once an hour.
CREATE TABLE order_tallies (
    order_id TEXT    NOT NULL REFERENCES orders (id),
    what     TEXT    NOT NULL,
    hour     INTEGER NOT NULL,
    n        INTEGER NOT NULL CHECK (n > 0),
    PRIMARY KEY (order_id, what, hour)
) STRICT, WITHOUT ROWID;
