-- The event log. pos is the row id: one writer, so it is the order of commits, and a live reader resumes from it.
CREATE TABLE veranda_events (
	pos INTEGER PRIMARY KEY AUTOINCREMENT,
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	workspace_id TEXT,
	kind TEXT NOT NULL,
	subject_id TEXT NOT NULL,
	by_id TEXT,
	system TEXT NOT NULL DEFAULT '',
	at INTEGER NOT NULL,
	data TEXT NOT NULL,
	UNIQUE (org_id, id)
) STRICT;
CREATE INDEX veranda_events_workspace ON veranda_events (org_id, workspace_id, id);
CREATE INDEX veranda_events_at ON veranda_events (org_id, at);

-- Open work: a row for each consumer of each event, and for each run of a periodic job. Deleted when done.
CREATE TABLE veranda_outbox (
	id TEXT NOT NULL PRIMARY KEY,
	consumer TEXT NOT NULL,
	org_id TEXT NOT NULL,
	event_id TEXT NOT NULL,
	payload TEXT NOT NULL DEFAULT '',
	due_at INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	last_error TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_outbox_due ON veranda_outbox (due_at);

CREATE TABLE veranda_slots (
	job TEXT NOT NULL,
	slot INTEGER NOT NULL,
	finished_at INTEGER,
	PRIMARY KEY (job, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE veranda_idempotency (
	key_hash BLOB NOT NULL PRIMARY KEY,
	request_hash BLOB NOT NULL,
	status INTEGER NOT NULL,
	headers TEXT NOT NULL,
	body BLOB NOT NULL,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_idempotency_created ON veranda_idempotency (created_at);
