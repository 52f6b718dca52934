-- When owners were told that this row gave up: they are told once, until it succeeds.
ALTER TABLE outbox ADD COLUMN told_at INTEGER;

-- A card that somebody deleted is found by its message.
CREATE INDEX submissions_card ON payment_submissions (card_message_id) WHERE card_message_id IS NOT NULL;
CREATE INDEX orders_card ON orders (card_message_id) WHERE card_message_id IS NOT NULL;
