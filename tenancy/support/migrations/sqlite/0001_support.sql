-- Requests to platform support. They are the platform's, not a tenant's; org_id is the organization one speaks of, if any.
-- proved tells whether the address is known to be the writer's. code stands in the subject of mails, so that an answer to
-- one finds its request.
CREATE TABLE veranda_support_requests (
	id TEXT NOT NULL PRIMARY KEY,
	account_id TEXT REFERENCES veranda_accounts (id),
	address TEXT NOT NULL,
	address_key TEXT NOT NULL,
	proved INTEGER NOT NULL,
	org_id TEXT,
	topic TEXT NOT NULL,
	subject TEXT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	language TEXT NOT NULL,
	state TEXT NOT NULL,
	assigned_to TEXT,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	version INTEGER NOT NULL
) STRICT;
CREATE INDEX veranda_support_requests_queue ON veranda_support_requests (state, created_at, id);
CREATE INDEX veranda_support_requests_all ON veranda_support_requests (created_at, id);
CREATE INDEX veranda_support_requests_account ON veranda_support_requests (account_id, created_at, id);
CREATE INDEX veranda_support_requests_address ON veranda_support_requests (address_key, created_at, id);

CREATE TABLE veranda_support_messages (
	request_id TEXT NOT NULL REFERENCES veranda_support_requests (id),
	id TEXT NOT NULL,
	author TEXT NOT NULL,
	by_id TEXT,
	channel TEXT NOT NULL,
	text TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (request_id, id)
) STRICT;

-- What support proposes to do about a request. It is done only after the writer confirmed it, signed in.
CREATE TABLE veranda_support_actions (
	request_id TEXT NOT NULL REFERENCES veranda_support_requests (id),
	id TEXT NOT NULL,
	action TEXT NOT NULL,
	org_id TEXT,
	target TEXT NOT NULL,
	state TEXT NOT NULL,
	proposed_by TEXT NOT NULL,
	confirmed_by TEXT,
	done_by TEXT,
	reason TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (request_id, id)
) STRICT;
