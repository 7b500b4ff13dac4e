-- Views: ways to look at an application's records. design is what they show and how, as JSON; a personal view is its owner's
-- alone. dated tells that the view shows records in time, and shared or locked ones are shown in calendars.
CREATE TABLE veranda_app_views (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	id TEXT NOT NULL,
	owner_id TEXT REFERENCES veranda_accounts (id),
	kind TEXT NOT NULL,
	sharing TEXT NOT NULL,
	name TEXT NOT NULL,
	design TEXT NOT NULL,
	dated INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, app_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX veranda_app_views_dated ON veranda_app_views (org_id, app_id, id) WHERE dated = 1;
