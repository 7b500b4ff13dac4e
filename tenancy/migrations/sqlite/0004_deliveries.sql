-- What becomes of what was sent: when it is tried next, when somebody reported what became of it, and which entry repeats
-- which. State is listed by the program: queued, sent, delivered, undelivered, failed, given_up.
ALTER TABLE veranda_deliveries ADD COLUMN next_attempt_at INTEGER;
ALTER TABLE veranda_deliveries ADD COLUMN reported_at INTEGER;
ALTER TABLE veranda_deliveries ADD COLUMN again_of TEXT;
ALTER TABLE veranda_deliveries ADD COLUMN again_as TEXT;
-- Reports name a delivery by its id alone: there is no room for two ids before the @ of an address.
CREATE INDEX veranda_deliveries_id ON veranda_deliveries (id);
-- The log of one state and of one person.
CREATE INDEX veranda_deliveries_state ON veranda_deliveries (org_id, state, created_at, id);
CREATE INDEX veranda_deliveries_person ON veranda_deliveries (org_id, account_id, created_at, id);
