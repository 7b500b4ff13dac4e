-- What people are told: one row for each of them. Keyed by account, for an inbox spans a person's organizations. org_id is
-- all zeros for what concerns an account alone. listed tells whether it stands in the inbox; what does not only waits to be
-- sent. mail_due and phone_due are when it leaves by these channels.
CREATE TABLE veranda_notices (
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	workspace_id TEXT,
	kind TEXT NOT NULL,
	subject_id TEXT NOT NULL,
	path TEXT NOT NULL,
	title TEXT NOT NULL,
	grp TEXT NOT NULL,
	by_id TEXT,
	event_id TEXT NOT NULL,
	count INTEGER NOT NULL,
	listed INTEGER NOT NULL,
	at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	read_at INTEGER,
	mail_due INTEGER,
	phone_due INTEGER,
	PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
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
	account_id TEXT NOT NULL PRIMARY KEY REFERENCES veranda_accounts (id),
	digest TEXT NOT NULL CHECK (digest IN ('immediately', 'hourly', 'daily', 'weekly')),
	hour INTEGER NOT NULL,
	weekday INTEGER NOT NULL,
	quiet_from INTEGER,
	quiet_to INTEGER,
	quiet_days INTEGER NOT NULL,
	urgent_at_once INTEGER NOT NULL,
	away_minutes INTEGER NOT NULL,
	version INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;

-- By which channels somebody is told: of a kind, of all kinds of a package ("tasks.*") or of all ("*"), in one organization
-- or, with zeros, everywhere. NULL leaves a channel to what is more general.
CREATE TABLE veranda_notice_choices (
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	org_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	in_product INTEGER,
	mail INTEGER,
	phone INTEGER,
	PRIMARY KEY (account_id, org_id, kind)
) STRICT, WITHOUT ROWID;
