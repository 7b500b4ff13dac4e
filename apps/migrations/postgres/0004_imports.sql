-- Imports of files in the background. state says what is being done, and done how many rows of that are; rows is how many the
-- file has, 0 before it was read. report is what is told besides, as JSON. kept tells that the file still lies in the bucket.
CREATE TABLE veranda_app_imports (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	id UUID NOT NULL,
	by_id UUID NOT NULL REFERENCES veranda_accounts (id),
	state TEXT NOT NULL CHECK (state IN ('receiving', 'waiting', 'checking', 'writing', 'linking', 'withdrawing', 'done', 'failed', 'cancelled')),
	options TEXT NOT NULL,
	bytes BIGINT NOT NULL,
	rows BIGINT NOT NULL,
	done BIGINT NOT NULL,
	created BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	unchanged BIGINT NOT NULL,
	failed BIGINT NOT NULL,
	report TEXT NOT NULL,
	cancel BOOLEAN NOT NULL,
	kept BOOLEAN NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	ended_at TIMESTAMPTZ,
	PRIMARY KEY (org_id, app_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);
CREATE INDEX veranda_app_imports_running ON veranda_app_imports (org_id) WHERE ended_at IS NULL;
CREATE INDEX veranda_app_imports_created ON veranda_app_imports (created_at);
