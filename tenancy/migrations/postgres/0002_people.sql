-- People: their names in parts, the first day of their week (1 is Monday, as in ISO 8601), and by which channel they want
-- to be told. reserved_by is the organization whose access manager made the account: until somebody sets its password,
-- its address or number is only reserved.
ALTER TABLE veranda_accounts ADD COLUMN first_name TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_accounts ADD COLUMN last_name TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_accounts ADD COLUMN week_start BIGINT NOT NULL DEFAULT 1;
ALTER TABLE veranda_accounts ADD COLUMN channel TEXT NOT NULL DEFAULT 'mail';
ALTER TABLE veranda_accounts ADD COLUMN reserved_by UUID;

-- An address whose mail came back is written to no more, until its owner proves it again.
ALTER TABLE veranda_addresses ADD COLUMN bounced_at TIMESTAMPTZ;
ALTER TABLE veranda_addresses ADD COLUMN bounce_reason TEXT NOT NULL DEFAULT '';

-- Phone numbers in the form of E.164. As with addresses, a confirmed one belongs to one account.
CREATE TABLE veranda_phones (
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	number TEXT NOT NULL,
	confirmed_at TIMESTAMPTZ,
	created_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (account_id, number)
);
CREATE UNIQUE INDEX veranda_phones_confirmed ON veranda_phones (number) WHERE confirmed_at IS NOT NULL;
CREATE INDEX veranda_phones_number ON veranda_phones (number);

-- Codes typed by hand: one at a time for each number of an account, few guesses, ten minutes.
CREATE TABLE veranda_phone_codes (
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	number TEXT NOT NULL,
	code_hash BYTEA NOT NULL,
	guesses BIGINT NOT NULL,
	expires_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (account_id, number)
);

-- The second factor of an account: a TOTP secret (RFC 6238), sealed with the program's key. last_step is the last time
-- step that was used: none is taken twice.
CREATE TABLE veranda_factors (
	account_id UUID NOT NULL PRIMARY KEY REFERENCES veranda_accounts (id),
	secret BYTEA NOT NULL,
	last_step BIGINT NOT NULL,
	confirmed_at TIMESTAMPTZ,
	created_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE veranda_recovery_codes (
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	code_hash BYTEA NOT NULL,
	used_at TIMESTAMPTZ,
	PRIMARY KEY (account_id, code_hash)
);
ALTER TABLE veranda_sessions ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT false;

-- joining says what becomes of a request to join by a proved domain: 'ask' a manager, or 'auto'. audit_days is how long
-- the audit log is kept, 0 for ever.
ALTER TABLE veranda_organizations ADD COLUMN joining TEXT NOT NULL DEFAULT 'ask';
ALTER TABLE veranda_organizations ADD COLUMN require_second_factor BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE veranda_organizations ADD COLUMN externals_need_relation BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE veranda_organizations ADD COLUMN audit_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE veranda_organizations ADD COLUMN week_start BIGINT NOT NULL DEFAULT 1;

-- team_roles are the roles that come from teams, written with every change of a team in the same transaction; roles are
-- those given directly. cap are the roles of a relation beyond which the member may do nothing, '' for no cap.
-- disabled_reason says why disabled_at is set: 'manager', 'home' (the home tenant disabled the person), 'unaccepted' (linked,
-- not accepted yet), 'relation' (ended). home_org_id is the tenant the person is internal in under the address used.
-- offered_kind and offered_roles are what an access manager offered and the person has not accepted.
ALTER TABLE veranda_memberships ADD COLUMN team_roles TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_memberships ADD COLUMN cap TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_memberships ADD COLUMN disabled_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_memberships ADD COLUMN home_org_id UUID;
ALTER TABLE veranda_memberships ADD COLUMN offered_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_memberships ADD COLUMN offered_roles TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_memberships ADD COLUMN user_name TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_memberships ADD COLUMN user_name_key TEXT;
ALTER TABLE veranda_memberships ADD COLUMN department_id UUID;
ALTER TABLE veranda_memberships ADD COLUMN manager_id UUID;
ALTER TABLE veranda_memberships ADD COLUMN fallback_language TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX veranda_memberships_user_name ON veranda_memberships (org_id, user_name_key) WHERE user_name_key IS NOT NULL;
CREATE INDEX veranda_memberships_home ON veranda_memberships (org_id, home_org_id) WHERE home_org_id IS NOT NULL;
CREATE INDEX veranda_memberships_department ON veranda_memberships (org_id, department_id) WHERE department_id IS NOT NULL;
CREATE INDEX veranda_memberships_manager ON veranda_memberships (org_id, manager_id) WHERE manager_id IS NOT NULL;

-- direct tells a member of the workspace from one who is there by a team alone; team_roles as in memberships.
ALTER TABLE veranda_workspace_members ADD COLUMN direct BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE veranda_workspace_members ADD COLUMN team_roles TEXT NOT NULL DEFAULT '';

-- Domains an organization claims. The claim is proved by a DNS record with the token; one organization at a time.
CREATE TABLE veranda_domains (
	org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	domain TEXT NOT NULL,
	token TEXT NOT NULL,
	proved_at TIMESTAMPTZ,
	checked_at TIMESTAMPTZ,
	missing_since TIMESTAMPTZ,
	created_by UUID NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, domain)
);
CREATE TABLE veranda_proved_domains (
	domain TEXT NOT NULL PRIMARY KEY,
	org_id UUID NOT NULL REFERENCES veranda_organizations (id)
);
CREATE INDEX veranda_proved_domains_org ON veranda_proved_domains (org_id);

-- Requests to join an organization by an address in a proved domain. 'waiting' waits for room in the plan.
CREATE TABLE veranda_join_requests (
	org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	id UUID NOT NULL,
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	address_key TEXT NOT NULL,
	state TEXT NOT NULL,
	decided_by UUID,
	created_at TIMESTAMPTZ NOT NULL,
	ended_at TIMESTAMPTZ,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX veranda_join_requests_open ON veranda_join_requests (org_id, account_id) WHERE ended_at IS NULL;
CREATE INDEX veranda_join_requests_account ON veranda_join_requests (account_id);
CREATE INDEX veranda_join_requests_state ON veranda_join_requests (org_id, state, created_at, id);

-- Roles an organization made for itself. What they may do are policy rows with source 'role:<name>'. kinds are the kinds
-- of membership that may hold it, granted_by the roles that may give it; both separated by spaces. scope is
-- 'organization', 'workspace' or 'both'.
CREATE TABLE veranda_roles (
	org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	name TEXT NOT NULL,
	title TEXT NOT NULL,
	description TEXT NOT NULL,
	kinds TEXT NOT NULL,
	scope TEXT NOT NULL,
	granted_by TEXT NOT NULL,
	created_by UUID NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, name)
);
ALTER TABLE veranda_policy_rows ADD COLUMN source TEXT NOT NULL DEFAULT '';

-- Teams hold roles in the organization, and enter workspaces as one.
CREATE TABLE veranda_teams (
	org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	id UUID NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	description TEXT NOT NULL,
	roles TEXT NOT NULL,
	created_by UUID NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, name_key)
);
CREATE TABLE veranda_team_members (
	org_id UUID NOT NULL,
	team_id UUID NOT NULL,
	account_id UUID NOT NULL,
	added_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (org_id, team_id, account_id),
	FOREIGN KEY (org_id, team_id) REFERENCES veranda_teams (org_id, id),
	FOREIGN KEY (org_id, account_id) REFERENCES veranda_memberships (org_id, account_id)
);
CREATE INDEX veranda_team_members_account ON veranda_team_members (org_id, account_id, team_id);
CREATE TABLE veranda_workspace_teams (
	org_id UUID NOT NULL,
	workspace_id UUID NOT NULL,
	team_id UUID NOT NULL,
	roles TEXT NOT NULL,
	added_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (org_id, workspace_id, team_id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id),
	FOREIGN KEY (org_id, team_id) REFERENCES veranda_teams (org_id, id)
);
CREATE INDEX veranda_workspace_teams_team ON veranda_workspace_teams (org_id, team_id);

CREATE TABLE veranda_departments (
	org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	id UUID NOT NULL,
	parent_id UUID,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	manager_id UUID,
	created_at TIMESTAMPTZ NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, parent_id) REFERENCES veranda_departments (org_id, id),
	FOREIGN KEY (org_id, manager_id) REFERENCES veranda_memberships (org_id, account_id)
);
CREATE INDEX veranda_departments_parent ON veranda_departments (org_id, parent_id);

-- org_id receives people whose home is home_org_id; cap are the roles beyond which they may do nothing here.
CREATE TABLE veranda_relations (
	org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	home_org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	cap TEXT NOT NULL,
	state TEXT NOT NULL,
	proposed_by UUID NOT NULL,
	decided_by UUID,
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, home_org_id)
);
CREATE INDEX veranda_relations_home ON veranda_relations (home_org_id);

-- An organization's consent that platform support looks into its content, for a time: into a workspace, or into all open
-- ones where workspace_id is NULL. until_us is in microseconds since 1970, for the authorizer reads it as a number.
CREATE TABLE veranda_support_consents (
	org_id UUID NOT NULL REFERENCES veranda_organizations (id),
	id UUID NOT NULL,
	workspace_id UUID,
	reason TEXT NOT NULL,
	given_by UUID NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	until_us BIGINT NOT NULL,
	ended_at TIMESTAMPTZ,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
);
CREATE INDEX veranda_support_consents_open ON veranda_support_consents (org_id, until_us) WHERE ended_at IS NULL;

-- What links are for and what is sent how is listed by the program.
ALTER TABLE veranda_links DROP CONSTRAINT veranda_links_purpose_check;
ALTER TABLE veranda_deliveries DROP CONSTRAINT veranda_deliveries_channel_check;
ALTER TABLE veranda_deliveries DROP CONSTRAINT veranda_deliveries_state_check;
CREATE INDEX veranda_deliveries_account ON veranda_deliveries (account_id, created_at);
