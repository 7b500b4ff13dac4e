-- Events of workspaces. start_wall is what the clock on the wall of time_zone shows at the (first) start, seconds how long
-- it takes. span is 0 for what happens once and takes at most a day, 1 for what takes longer, 2 for what repeats; with it
-- a range of time is found by starts_at. Of what repeats, starts_at is the first start and ends_at the last end.
-- except, changes, guests and reminders are JSON: they belong to the event and are read with it.
CREATE TABLE veranda_calendar_events (
	org_id UUID NOT NULL,
	id UUID NOT NULL,
	workspace_id UUID NOT NULL,
	title TEXT NOT NULL,
	place TEXT NOT NULL,
	all_day BOOLEAN NOT NULL,
	time_zone TEXT NOT NULL,
	start_wall TEXT NOT NULL,
	seconds BIGINT NOT NULL CHECK (seconds >= 0),
	span SMALLINT NOT NULL CHECK (span IN (0, 1, 2)),
	starts_at TIMESTAMPTZ NOT NULL,
	ends_at TIMESTAMPTZ NOT NULL,
	rule TEXT NOT NULL,
	last_wall TEXT NOT NULL,
	except_at TEXT NOT NULL,
	changes TEXT NOT NULL,
	guests TEXT NOT NULL,
	reminders TEXT NOT NULL,
	next_reminder_at TIMESTAMPTZ,
	created_by UUID REFERENCES veranda_accounts (id),
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	version BIGINT NOT NULL,
	description TEXT NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
);
CREATE INDEX veranda_calendar_events_workspace ON veranda_calendar_events (org_id, workspace_id, span, starts_at);
CREATE INDEX veranda_calendar_events_organization ON veranda_calendar_events (org_id, span, starts_at);
CREATE INDEX veranda_calendar_events_reminder ON veranda_calendar_events (next_reminder_at) WHERE next_reminder_at IS NOT NULL;

-- Rises with every change of what repeats in a workspace, so that what was expanded may be kept.
CREATE TABLE veranda_calendar_versions (
	org_id UUID NOT NULL,
	workspace_id UUID NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, workspace_id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
);

-- Secret addresses of calendars, by the SHA-256 of their secret: who fetches one is known by nothing else. workspace_id is
-- NULL for what is a person's own in the whole organization.
CREATE TABLE veranda_calendar_feeds (
	token_hash BYTEA NOT NULL,
	id UUID NOT NULL,
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	workspace_id UUID,
	created_at TIMESTAMPTZ NOT NULL,
	used_at TIMESTAMPTZ,
	PRIMARY KEY (token_hash),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
);
CREATE UNIQUE INDEX veranda_calendar_feeds_account ON veranda_calendar_feeds (org_id, account_id, id);
