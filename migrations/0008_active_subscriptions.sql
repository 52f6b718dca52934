-- Active subscriptions by their end: the dashboard counts those of two days from this index alone.
CREATE INDEX subscriptions_active ON subscriptions (expires_at) WHERE status = 'active';
