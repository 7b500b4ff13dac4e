-- Files. holder_kind is empty until a file is attached; discarded_at is set while a file is being uploaded, and once it
-- hangs on nothing any more: then its content is removed, and the row after it.
CREATE TABLE veranda_attachments (
	org_id TEXT NOT NULL REFERENCES veranda_organizations (id),
	id TEXT NOT NULL,
	holder_kind TEXT NOT NULL DEFAULT '',
	holder_id TEXT NOT NULL DEFAULT '',
	place INTEGER NOT NULL DEFAULT 0,
	name TEXT NOT NULL,
	media_type TEXT NOT NULL DEFAULT '',
	size INTEGER NOT NULL DEFAULT 0,
	sha256 TEXT NOT NULL DEFAULT '',
	uploaded_by TEXT NOT NULL REFERENCES veranda_accounts (id),
	uploaded_at INTEGER NOT NULL,
	discarded_at INTEGER,
	PRIMARY KEY (org_id, id),
	CHECK (holder_kind = '' OR discarded_at IS NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_attachments_holder ON veranda_attachments (org_id, holder_kind, holder_id, place) WHERE holder_kind <> '';
CREATE INDEX veranda_attachments_pending ON veranda_attachments (org_id, uploaded_by) WHERE holder_kind = '';
CREATE INDEX veranda_attachments_loose ON veranda_attachments (uploaded_at) WHERE holder_kind = '';
