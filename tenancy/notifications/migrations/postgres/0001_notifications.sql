-- What people are told: one row for each of them. Keyed by account, for an inbox spans a person's organizations. org_id is
-- all zeros for what concerns an account alone. listed tells whether it stands in the inbox; what does not only waits to be
-- sent. mail_due and phone_due are when it leaves by these channels.
CREATE TABLE veranda_notices (
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	id UUID NOT NULL,
	org_id UUID NOT NULL,
	workspace_id UUID,
	kind TEXT COLLATE "C" NOT NULL,
	subject_id TEXT NOT NULL,
	path TEXT NOT NULL,
	title TEXT NOT NULL,
	grp TEXT COLLATE "C" NOT NULL,
	by_id UUID,
	event_id UUID NOT NULL,
	count BIGINT NOT NULL,
	listed BOOLEAN NOT NULL,
	at TIMESTAMPTZ NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	read_at TIMESTAMPTZ,
	mail_due TIMESTAMPTZ,
	phone_due TIMESTAMPTZ,
	PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX veranda_notices_event ON veranda_notices (account_id, event_id, kind);
CREATE UNIQUE INDEX veranda_notices_group ON veranda_notices (account_id, org_id, kind, grp, listed) WHERE read_at IS NULL AND grp <> '';
CREATE INDEX veranda_notices_inbox ON veranda_notices (account_id, at, id) WHERE listed;
CREATE INDEX veranda_notices_org ON veranda_notices (account_id, org_id, at, id) WHERE listed;
CREATE INDEX veranda_notices_unread_inbox ON veranda_notices (account_id, at, id) WHERE read_at IS NULL AND listed;
CREATE INDEX veranda_notices_unread ON veranda_notices (account_id, org_id, workspace_id) WHERE read_at IS NULL AND listed;
CREATE INDEX veranda_notices_mail ON veranda_notices (mail_due, account_id) WHERE mail_due IS NOT NULL;
CREATE INDEX veranda_notices_phone ON veranda_notices (phone_due, account_id) WHERE phone_due IS NOT NULL;
CREATE INDEX veranda_notices_read ON veranda_notices (read_at) WHERE read_at IS NOT NULL;

-- When and how somebody is told. Minutes are those of the day; quiet_days is a bit for each day on which quiet begins, the
-- lowest for Monday.
CREATE TABLE veranda_notice_settings (
	account_id UUID NOT NULL PRIMARY KEY REFERENCES veranda_accounts (id),
	digest TEXT NOT NULL CHECK (digest IN ('immediately', 'hourly', 'daily', 'weekly')),
	hour BIGINT NOT NULL,
	weekday BIGINT NOT NULL,
	quiet_from BIGINT,
	quiet_to BIGINT,
	quiet_days BIGINT NOT NULL,
	urgent_at_once BOOLEAN NOT NULL,
	away_minutes BIGINT NOT NULL,
	version BIGINT NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL
);

-- By which channels somebody is told: of a kind, of all kinds of a package ("tasks.*") or of all ("*"), in one organization
-- or, with zeros, everywhere. NULL leaves a channel to what is more general.
CREATE TABLE veranda_notice_choices (
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	org_id UUID NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	in_product BOOLEAN,
	mail BOOLEAN,
	phone BOOLEAN,
	PRIMARY KEY (account_id, org_id, kind)
);
