-- What somebody still has to press stays, and is posted again when it was tidied away; what is decided is not.
ALTER TABLE bot_messages ADD COLUMN question_id INTEGER REFERENCES review_questions (id);
CREATE INDEX bot_messages_question ON bot_messages (question_id) WHERE question_id IS NOT NULL;
-- When somebody was last seen to have deleted the card; NULL while it stands or was never posted.
ALTER TABLE payment_submissions ADD COLUMN card_gone_at INTEGER;
