-- Applications: tables that people design. schema is the fields, those taken away included, the rules of access and the
-- condition that locks a record, as JSON; schema_version counts its changes, so that a program that has read it need not
-- read it again. name_key is the name in folded form.
CREATE TABLE veranda_apps (
	org_id UUID NOT NULL,
	id UUID NOT NULL,
	workspace_id UUID NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT COLLATE "C" NOT NULL,
	description TEXT NOT NULL,
	icon TEXT NOT NULL,
	schema TEXT NOT NULL,
	schema_version BIGINT NOT NULL,
	created_by UUID REFERENCES veranda_accounts (id),
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	deleted_at TIMESTAMPTZ,
	deleted_by UUID REFERENCES veranda_accounts (id),
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
);
CREATE INDEX veranda_apps_workspace ON veranda_apps (org_id, workspace_id, name_key, id);
CREATE INDEX veranda_apps_name ON veranda_apps (org_id, name_key, id);
CREATE INDEX veranda_apps_deleted ON veranda_apps (deleted_at) WHERE deleted_at IS NOT NULL;

-- Records of applications. doc is the record's document, a value for each slot of the schema; search is its texts in
-- folded form. The moments are microseconds since 1970, and who is the id of an account or '': they are compared as the
-- fields of the document are.
CREATE TABLE veranda_records (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	id UUID NOT NULL,
	version BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	created_by TEXT COLLATE "C" NOT NULL,
	changed_at BIGINT NOT NULL,
	changed_by TEXT COLLATE "C" NOT NULL,
	doc JSONB NOT NULL,
	search TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (org_id, app_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);

-- Records that were deleted, until they are restored or purged.
CREATE TABLE veranda_record_trash (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	id UUID NOT NULL,
	version BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	created_by TEXT COLLATE "C" NOT NULL,
	changed_at BIGINT NOT NULL,
	changed_by TEXT COLLATE "C" NOT NULL,
	doc JSONB NOT NULL,
	search TEXT COLLATE "C" NOT NULL,
	deleted_at BIGINT NOT NULL,
	deleted_by TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (org_id, app_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);
CREATE INDEX veranda_record_trash_app ON veranda_record_trash (org_id, app_id, deleted_at, id);
CREATE INDEX veranda_record_trash_time ON veranda_record_trash (deleted_at);

-- What a record was: the old values of the slots that a change touched, by the version that the change made. The first
-- version has no row: the record itself says who made it and when.
CREATE TABLE veranda_record_history (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	record_id UUID NOT NULL,
	version BIGINT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('changed', 'deleted', 'restored')),
	at BIGINT NOT NULL,
	by_id TEXT COLLATE "C" NOT NULL,
	before JSONB NOT NULL,
	PRIMARY KEY (org_id, app_id, record_id, version),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);

-- The values of unique fields: at most one record has each.
CREATE TABLE veranda_record_keys (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	slot TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	record_id UUID NOT NULL,
	PRIMARY KEY (org_id, app_id, slot, value),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);

-- The last number that an auto-number field gave.
CREATE TABLE veranda_app_counters (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	slot TEXT COLLATE "C" NOT NULL,
	last BIGINT NOT NULL,
	PRIMARY KEY (org_id, app_id, slot),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);

CREATE TABLE veranda_record_comments (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	record_id UUID NOT NULL,
	id UUID NOT NULL,
	author_id UUID REFERENCES veranda_accounts (id),
	text TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	edited_at TIMESTAMPTZ,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, app_id, record_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);

-- Links between records: that of the record src in a relation's field to the record dst. Both directions are read here. cut
-- is a link whose record dst lies in the trash; it comes back with it.
CREATE TABLE veranda_record_links (
	org_id UUID NOT NULL,
	field_id UUID NOT NULL,
	src_id UUID NOT NULL,
	dst_id UUID NOT NULL,
	cut BOOLEAN NOT NULL,
	PRIMARY KEY (org_id, field_id, src_id, dst_id)
);
CREATE INDEX veranda_record_links_dst ON veranda_record_links (org_id, field_id, dst_id, src_id);

-- Records of which something computed is out of date. A mark is made with the change that made it so, and never shared:
-- who computes takes away the marks that it saw, before it reads.
CREATE TABLE veranda_record_stale (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	record_id UUID NOT NULL,
	id UUID NOT NULL,
	PRIMARY KEY (org_id, app_id, record_id, id)
);
