-- Accounts are global: a person has one, whatever organizations they belong to.
CREATE TABLE veranda_accounts (
	id TEXT NOT NULL PRIMARY KEY,
	name TEXT NOT NULL,
	language TEXT NOT NULL,
	time_zone TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'disabled')),
	password_hash TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	version INTEGER NOT NULL
) STRICT;

-- The addresses of an account. A confirmed address belongs to one account; until then anybody may have claimed it.
-- address is as it was written, address_key its comparable form.
CREATE TABLE veranda_addresses (
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	address_key TEXT NOT NULL,
	address TEXT NOT NULL,
	confirmed_at INTEGER,
	is_primary INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (account_id, address_key)
) STRICT;
CREATE UNIQUE INDEX veranda_addresses_confirmed ON veranda_addresses (address_key) WHERE confirmed_at IS NOT NULL;
CREATE INDEX veranda_addresses_key ON veranda_addresses (address_key);

-- Sessions of browsers and tokens of programs, by the SHA-256 of what their holder sends.
CREATE TABLE veranda_sessions (
	token_hash BLOB NOT NULL PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	kind TEXT NOT NULL CHECK (kind IN ('browser', 'program')),
	label TEXT NOT NULL,
	address TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX veranda_sessions_account ON veranda_sessions (account_id, created_at);

-- Links sent by mail: single use, expiring. The token is derived from nonce and the program's secret key when the mail
-- is written; only its hash is kept, so a copy of the database opens nothing.
CREATE TABLE veranda_links (
	token_hash BLOB NOT NULL PRIMARY KEY,
	nonce BLOB NOT NULL,
	purpose TEXT NOT NULL CHECK (purpose IN ('confirm', 'reset', 'invitation')),
	account_id TEXT REFERENCES veranda_accounts (id),
	address_key TEXT NOT NULL,
	org_id TEXT,
	subject_id TEXT,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at INTEGER
) STRICT;
CREATE INDEX veranda_links_account ON veranda_links (account_id, purpose);
CREATE INDEX veranda_links_subject ON veranda_links (org_id, subject_id);

-- Guesses at passwords and links, counted by what was guessed at and by where from. rounds is how many windows in a row
-- were used up: it makes the next one longer.
CREATE TABLE veranda_attempts (
	key TEXT NOT NULL PRIMARY KEY,
	count INTEGER NOT NULL,
	rounds INTEGER NOT NULL,
	window_ends_at INTEGER NOT NULL
) STRICT;

CREATE TABLE veranda_organizations (
	id TEXT NOT NULL PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('organization', 'personal')),
	name TEXT NOT NULL,
	domains TEXT NOT NULL,
	employees_invite INTEGER NOT NULL,
	language TEXT NOT NULL,
	time_zone TEXT NOT NULL,
	policy_version INTEGER NOT NULL,
	created_by TEXT NOT NULL REFERENCES veranda_accounts (id),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	deleted_at INTEGER,
	version INTEGER NOT NULL
) STRICT;

-- An address owns at most one organization and one personal tenant.
CREATE TABLE veranda_ownerships (
	address_key TEXT NOT NULL,
	kind TEXT NOT NULL,
	org_id TEXT NOT NULL REFERENCES veranda_organizations (id),
	PRIMARY KEY (address_key, kind)
) STRICT;

-- Who belongs to an organization. roles is a list separated by spaces; address is the one that was used.
CREATE TABLE veranda_memberships (
	org_id TEXT NOT NULL REFERENCES veranda_organizations (id),
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	kind TEXT NOT NULL CHECK (kind IN ('internal', 'external', 'guest')),
	roles TEXT NOT NULL,
	address_key TEXT NOT NULL,
	joined_at INTEGER NOT NULL,
	disabled_at INTEGER,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, account_id)
) STRICT;
CREATE INDEX veranda_memberships_address ON veranda_memberships (org_id, address_key);

-- Which organizations an account belongs to: global and keyed by account, so that the question stays on one shard.
CREATE TABLE veranda_account_organizations (
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	org_id TEXT NOT NULL,
	PRIMARY KEY (account_id, org_id)
) STRICT;

-- Workspaces and their members. They are made here because every permission check reads them; package workspace writes
-- them, and accepted invitations add members. access_version rises with every change of who may see the workspace.
CREATE TABLE veranda_workspaces (
	org_id TEXT NOT NULL REFERENCES veranda_organizations (id),
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	open INTEGER NOT NULL,
	access_version INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	deleted_at INTEGER,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, id)
) STRICT;

CREATE TABLE veranda_workspace_members (
	org_id TEXT NOT NULL,
	workspace_id TEXT NOT NULL,
	account_id TEXT NOT NULL,
	roles TEXT NOT NULL,
	added_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, workspace_id, account_id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id),
	FOREIGN KEY (org_id, account_id) REFERENCES veranda_memberships (org_id, account_id)
) STRICT;
CREATE INDEX veranda_workspace_members_account ON veranda_workspace_members (org_id, account_id, workspace_id);

CREATE TABLE veranda_invitations (
	org_id TEXT NOT NULL REFERENCES veranda_organizations (id),
	id TEXT NOT NULL,
	workspace_id TEXT,
	kind TEXT NOT NULL CHECK (kind IN ('internal', 'external', 'guest')),
	roles TEXT NOT NULL,
	address_key TEXT NOT NULL,
	address TEXT NOT NULL,
	language TEXT NOT NULL,
	invited_by TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'withdrawn', 'lapsed')),
	accepted_by TEXT,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	ended_at INTEGER,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
) STRICT;
CREATE INDEX veranda_invitations_address ON veranda_invitations (org_id, address_key, state);
CREATE INDEX veranda_invitations_inviter ON veranda_invitations (org_id, invited_by, state);

-- What was sent to whom, and how it went. org_id is all zeros for what concerns an account alone; by_id is whose call
-- caused it.
CREATE TABLE veranda_deliveries (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	account_id TEXT,
	by_id TEXT,
	channel TEXT NOT NULL CHECK (channel IN ('mail')),
	recipient TEXT NOT NULL,
	template TEXT NOT NULL,
	language TEXT NOT NULL,
	data TEXT NOT NULL,
	link_hash BLOB,
	state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
	reason TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	ended_at INTEGER,
	PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX veranda_deliveries_created ON veranda_deliveries (org_id, created_at, id);

-- The platform's own people. role is "support".
CREATE TABLE veranda_staff (
	account_id TEXT NOT NULL PRIMARY KEY REFERENCES veranda_accounts (id),
	role TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;

-- Policy rows beyond those the packages ship. org_id is all zeros for rows of the whole installation.
CREATE TABLE veranda_policy_rows (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	type TEXT NOT NULL CHECK (type IN ('p', 'g')),
	v0 TEXT NOT NULL,
	v1 TEXT NOT NULL,
	v2 TEXT NOT NULL,
	v3 TEXT NOT NULL,
	PRIMARY KEY (org_id, id)
) STRICT;

-- The version of the installation's rows: one row.
CREATE TABLE veranda_policy_state (
	one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	version INTEGER NOT NULL,
	replaced INTEGER NOT NULL
) STRICT;
INSERT INTO veranda_policy_state (one, version, replaced) VALUES (1, 1, 0);
