-- What somebody does not want to see among everything they may see: a workspace (kind is empty), a kind of events in a
-- workspace, or a person; what is not meant is zeros. A read of a page looks into it by organization and account.
CREATE TABLE veranda_stream_mutes (
	org_id TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	workspace_id TEXT NOT NULL,
	person_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, account_id, workspace_id, person_id, kind)
) STRICT, WITHOUT ROWID;

-- What is shown although its place, author or kind is muted: to who is mentioned in a status, and, where the account is
-- zeros, to everybody, for announcements that must be read.
CREATE TABLE veranda_stream_passes (
	org_id TEXT NOT NULL,
	account_id TEXT NOT NULL,
	workspace_id TEXT NOT NULL,
	status_id TEXT NOT NULL,
	PRIMARY KEY (org_id, account_id, workspace_id, status_id),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_stream_passes_status ON veranda_stream_passes (org_id, status_id);
