-- Requests to platform support. They are the platform's, not a tenant's; org_id is the organization one speaks of, if any.
-- proved tells whether the address is known to be the writer's. code stands in the subject of mails, so that an answer to
-- one finds its request.
CREATE TABLE veranda_support_requests (
	id UUID NOT NULL PRIMARY KEY,
	account_id UUID REFERENCES veranda_accounts (id),
	address TEXT NOT NULL,
	address_key TEXT NOT NULL,
	proved BOOLEAN NOT NULL,
	org_id UUID,
	topic TEXT NOT NULL,
	subject TEXT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	language TEXT NOT NULL,
	state TEXT NOT NULL,
	assigned_to UUID,
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	version BIGINT NOT NULL
);
CREATE INDEX veranda_support_requests_queue ON veranda_support_requests (state, created_at, id);
CREATE INDEX veranda_support_requests_all ON veranda_support_requests (created_at, id);
CREATE INDEX veranda_support_requests_account ON veranda_support_requests (account_id, created_at, id);
CREATE INDEX veranda_support_requests_address ON veranda_support_requests (address_key, created_at, id);

CREATE TABLE veranda_support_messages (
	request_id UUID NOT NULL REFERENCES veranda_support_requests (id),
	id UUID NOT NULL,
	author TEXT NOT NULL,
	by_id UUID,
	channel TEXT NOT NULL,
	text TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (request_id, id)
);

-- What support proposes to do about a request. It is done only after the writer confirmed it, signed in.
CREATE TABLE veranda_support_actions (
	request_id UUID NOT NULL REFERENCES veranda_support_requests (id),
	id UUID NOT NULL,
	action TEXT NOT NULL,
	org_id UUID,
	target TEXT NOT NULL,
	state TEXT NOT NULL,
	proposed_by UUID NOT NULL,
	confirmed_by UUID,
	done_by UUID,
	reason TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (request_id, id)
);
