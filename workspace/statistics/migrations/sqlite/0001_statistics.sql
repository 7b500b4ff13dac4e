-- The figures of finished weeks. week is the date of its Monday in the organization's time zone, starts_at and ends_at
-- the moments it ran from and to. The organization has a row for every week, a workspace or person only for weeks in
-- which something happened; scope_id is the organization's own id for the scope "organization".
CREATE TABLE veranda_statistics_weeks (
	org_id TEXT NOT NULL REFERENCES veranda_organizations (id),
	week TEXT NOT NULL CHECK (length(week) = 10),
	scope TEXT NOT NULL CHECK (scope IN ('organization', 'workspace', 'person')),
	scope_id TEXT NOT NULL,
	figures TEXT NOT NULL,
	starts_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	computed_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, week, scope, scope_id)
) STRICT;
CREATE INDEX veranda_statistics_weeks_scope ON veranda_statistics_weeks (org_id, scope, scope_id, week);

-- Who wants the weekly mail, where they have said so.
CREATE TABLE veranda_statistics_preferences (
	org_id TEXT NOT NULL REFERENCES veranda_organizations (id),
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	digest INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, account_id)
) STRICT;
