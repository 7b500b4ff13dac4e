-- Events that only some people may see: who they are, separated by spaces; empty for whoever sees the place. The rows
-- beneath are the same turned round, so that a live reader who resumes finds what was addressed to them.
ALTER TABLE veranda_events ADD COLUMN to_ids TEXT NOT NULL DEFAULT '';

CREATE TABLE veranda_event_recipients (
	account_id TEXT NOT NULL,
	event_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	PRIMARY KEY (account_id, event_id)
) STRICT, WITHOUT ROWID;
