-- Imports of files in the background. state says what is being done, and done how many rows of that are; rows is how many the
-- file has, 0 before it was read. report is what is told besides, as JSON. kept tells that the file still lies in the bucket.
CREATE TABLE veranda_app_imports (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	id TEXT NOT NULL,
	by_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	state TEXT NOT NULL CHECK (state IN ('receiving', 'waiting', 'checking', 'writing', 'linking', 'withdrawing', 'done', 'failed', 'cancelled')),
	options TEXT NOT NULL,
	bytes INTEGER NOT NULL,
	rows INTEGER NOT NULL,
	done INTEGER NOT NULL,
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	unchanged INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	report TEXT NOT NULL,
	cancel INTEGER NOT NULL,
	kept INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	ended_at INTEGER,
	PRIMARY KEY (org_id, app_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX veranda_app_imports_running ON veranda_app_imports (org_id) WHERE ended_at IS NULL;
CREATE INDEX veranda_app_imports_created ON veranda_app_imports (created_at);
