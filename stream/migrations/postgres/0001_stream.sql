-- What people write into a workspace's stream. The stream itself is the event log (veranda_events): the id of a status is
-- the id of the event that posted it, so that a page joins the two by their keys.
-- The counts are kept by the transactions that add and take away comments and reactions.
CREATE TABLE veranda_statuses (
	org_id UUID NOT NULL,
	id UUID NOT NULL,
	workspace_id UUID NOT NULL,
	author_id UUID NOT NULL REFERENCES veranda_accounts (id),
	body TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	edited_at TIMESTAMPTZ,
	version BIGINT NOT NULL,
	comment_count BIGINT NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
	like_count BIGINT NOT NULL DEFAULT 0 CHECK (like_count >= 0),
	love_count BIGINT NOT NULL DEFAULT 0 CHECK (love_count >= 0),
	laugh_count BIGINT NOT NULL DEFAULT 0 CHECK (laugh_count >= 0),
	surprised_count BIGINT NOT NULL DEFAULT 0 CHECK (surprised_count >= 0),
	sad_count BIGINT NOT NULL DEFAULT 0 CHECK (sad_count >= 0),
	thanks_count BIGINT NOT NULL DEFAULT 0 CHECK (thanks_count >= 0),
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
);
CREATE INDEX veranda_statuses_workspace ON veranda_statuses (org_id, workspace_id, id);

-- The former texts of a status: version is the one that had the text, written_at when it was written.
CREATE TABLE veranda_status_revisions (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	version BIGINT NOT NULL,
	body TEXT NOT NULL,
	written_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (org_id, status_id, version),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
);

CREATE TABLE veranda_status_reactions (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	reaction TEXT NOT NULL CHECK (reaction IN ('like', 'love', 'laugh', 'surprised', 'sad', 'thanks')),
	created_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (org_id, status_id, account_id, reaction),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
);

CREATE TABLE veranda_status_comments (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	id UUID NOT NULL,
	author_id UUID NOT NULL REFERENCES veranda_accounts (id),
	body TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	edited_at TIMESTAMPTZ,
	version BIGINT NOT NULL,
	like_count BIGINT NOT NULL DEFAULT 0 CHECK (like_count >= 0),
	love_count BIGINT NOT NULL DEFAULT 0 CHECK (love_count >= 0),
	laugh_count BIGINT NOT NULL DEFAULT 0 CHECK (laugh_count >= 0),
	surprised_count BIGINT NOT NULL DEFAULT 0 CHECK (surprised_count >= 0),
	sad_count BIGINT NOT NULL DEFAULT 0 CHECK (sad_count >= 0),
	thanks_count BIGINT NOT NULL DEFAULT 0 CHECK (thanks_count >= 0),
	PRIMARY KEY (org_id, status_id, id),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
);

CREATE TABLE veranda_status_comment_reactions (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	comment_id UUID NOT NULL,
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	reaction TEXT NOT NULL CHECK (reaction IN ('like', 'love', 'laugh', 'surprised', 'sad', 'thanks')),
	created_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (org_id, status_id, comment_id, account_id, reaction),
	FOREIGN KEY (org_id, status_id, comment_id) REFERENCES veranda_status_comments (org_id, status_id, id) ON DELETE CASCADE
);
