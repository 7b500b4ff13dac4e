-- Applications: tables that people design. schema is the fields, those taken away included, the rules of access and the
-- condition that locks a record, as JSON; schema_version counts its changes, so that a program that has read it need not
-- read it again. name_key is the name in folded form.
CREATE TABLE veranda_apps (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	workspace_id TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	description TEXT NOT NULL,
	icon TEXT NOT NULL,
	schema TEXT NOT NULL,
	schema_version INTEGER NOT NULL,
	created_by TEXT REFERENCES veranda_accounts (id),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	deleted_at INTEGER,
	deleted_by TEXT REFERENCES veranda_accounts (id),
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
) STRICT;
CREATE INDEX veranda_apps_workspace ON veranda_apps (org_id, workspace_id, name_key, id);
CREATE INDEX veranda_apps_name ON veranda_apps (org_id, name_key, id);
CREATE INDEX veranda_apps_deleted ON veranda_apps (deleted_at) WHERE deleted_at IS NOT NULL;

-- Records of applications. doc is the record's document, a value for each slot of the schema; search is its texts in
-- folded form. The moments are microseconds since 1970, and who is the id of an account or '': they are compared as the
-- fields of the document are.
CREATE TABLE veranda_records (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	id TEXT NOT NULL,
	version INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	changed_at INTEGER NOT NULL,
	changed_by TEXT NOT NULL,
	doc TEXT NOT NULL,
	search TEXT NOT NULL,
	PRIMARY KEY (org_id, app_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;

-- Records that were deleted, until they are restored or purged.
CREATE TABLE veranda_record_trash (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	id TEXT NOT NULL,
	version INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	changed_at INTEGER NOT NULL,
	changed_by TEXT NOT NULL,
	doc TEXT NOT NULL,
	search TEXT NOT NULL,
	deleted_at INTEGER NOT NULL,
	deleted_by TEXT NOT NULL,
	PRIMARY KEY (org_id, app_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX veranda_record_trash_app ON veranda_record_trash (org_id, app_id, deleted_at, id);
CREATE INDEX veranda_record_trash_time ON veranda_record_trash (deleted_at);

-- What a record was: the old values of the slots that a change touched, by the version that the change made. The first
-- version has no row: the record itself says who made it and when.
CREATE TABLE veranda_record_history (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	record_id TEXT NOT NULL,
	version INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('changed', 'deleted', 'restored')),
	at INTEGER NOT NULL,
	by_id TEXT NOT NULL,
	before TEXT NOT NULL,
	PRIMARY KEY (org_id, app_id, record_id, version),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;

-- The values of unique fields: at most one record has each.
CREATE TABLE veranda_record_keys (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	slot TEXT NOT NULL,
	value TEXT NOT NULL,
	record_id TEXT NOT NULL,
	PRIMARY KEY (org_id, app_id, slot, value),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;

-- The last number that an auto-number field gave.
CREATE TABLE veranda_app_counters (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	slot TEXT NOT NULL,
	last INTEGER NOT NULL,
	PRIMARY KEY (org_id, app_id, slot),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;

CREATE TABLE veranda_record_comments (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	record_id TEXT NOT NULL,
	id TEXT NOT NULL,
	author_id TEXT REFERENCES veranda_accounts (id),
	text TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	edited_at INTEGER,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, app_id, record_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;

-- Links between records: that of the record src in a relation's field to the record dst. Both directions are read here. cut
-- is a link whose record dst lies in the trash; it comes back with it.
CREATE TABLE veranda_record_links (
	org_id TEXT NOT NULL,
	field_id TEXT NOT NULL,
	src_id TEXT NOT NULL,
	dst_id TEXT NOT NULL,
	cut INTEGER NOT NULL,
	PRIMARY KEY (org_id, field_id, src_id, dst_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX veranda_record_links_dst ON veranda_record_links (org_id, field_id, dst_id, src_id);

-- Records of which something computed is out of date. A mark is made with the change that made it so, and never shared:
-- who computes takes away the marks that it saw, before it reads.
CREATE TABLE veranda_record_stale (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	record_id TEXT NOT NULL,
	id TEXT NOT NULL,
	PRIMARY KEY (org_id, app_id, record_id, id)
) WITHOUT ROWID, STRICT;
