-- The event log. pos is the commit-ordered position a live reader resumes from; it is given after commit, in batches.
CREATE TABLE veranda_events (
	org_id UUID NOT NULL,
	id UUID NOT NULL,
	pos BIGINT,
	workspace_id UUID,
	kind TEXT NOT NULL,
	subject_id TEXT NOT NULL,
	by_id UUID,
	system TEXT NOT NULL DEFAULT '',
	at TIMESTAMPTZ NOT NULL,
	data JSONB NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX veranda_events_workspace ON veranda_events (org_id, workspace_id, id);
CREATE INDEX veranda_events_at ON veranda_events (org_id, at);
CREATE INDEX veranda_events_pos ON veranda_events (pos) WHERE pos IS NOT NULL;
CREATE INDEX veranda_events_unsequenced ON veranda_events (id) WHERE pos IS NULL;

-- Open work: a row for each consumer of each event, and for each run of a periodic job. Deleted when done.
-- Not tenant-distributed: the relay claims across tenants.
CREATE TABLE veranda_outbox (
	id UUID NOT NULL PRIMARY KEY,
	consumer TEXT NOT NULL,
	org_id UUID NOT NULL,
	event_id UUID NOT NULL,
	payload TEXT NOT NULL DEFAULT '',
	due_at TIMESTAMPTZ NOT NULL,
	attempts BIGINT NOT NULL DEFAULT 0,
	last_error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX veranda_outbox_due ON veranda_outbox (due_at);

CREATE TABLE veranda_slots (
	job TEXT NOT NULL,
	slot TIMESTAMPTZ NOT NULL,
	finished_at TIMESTAMPTZ,
	PRIMARY KEY (job, slot)
);

CREATE TABLE veranda_idempotency (
	key_hash BYTEA NOT NULL PRIMARY KEY,
	request_hash BYTEA NOT NULL,
	status BIGINT NOT NULL,
	headers TEXT NOT NULL,
	body BYTEA NOT NULL,
	created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX veranda_idempotency_created ON veranda_idempotency (created_at);
