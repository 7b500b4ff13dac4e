-- What a post has besides its text. html is what the text was made into when it was stored, by the renderer's version
-- html_version: another version's is made again when it is read. The truths tell readers where to look for more.
ALTER TABLE veranda_statuses ADD COLUMN html TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_statuses ADD COLUMN html_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE veranda_statuses ADD COLUMN has_poll BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE veranda_statuses ADD COLUMN has_links BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE veranda_statuses ADD COLUMN has_files BOOLEAN NOT NULL DEFAULT FALSE;
-- Since when it is pinned to the top of its workspace.
ALTER TABLE veranda_statuses ADD COLUMN pinned_at TIMESTAMPTZ;
-- Since when everybody who sees the workspace is to confirm having read it; how many did; when those who had not were last
-- reminded.
ALTER TABLE veranda_statuses ADD COLUMN must_read_at TIMESTAMPTZ;
ALTER TABLE veranda_statuses ADD COLUMN read_count BIGINT NOT NULL DEFAULT 0 CHECK (read_count >= 0);
ALTER TABLE veranda_statuses ADD COLUMN reminded_at TIMESTAMPTZ;
CREATE INDEX veranda_statuses_pinned ON veranda_statuses (org_id, workspace_id, pinned_at) WHERE pinned_at IS NOT NULL;
CREATE INDEX veranda_statuses_must_read ON veranda_statuses (org_id, id) WHERE must_read_at IS NOT NULL;

ALTER TABLE veranda_status_comments ADD COLUMN html TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_status_comments ADD COLUMN html_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE veranda_status_comments ADD COLUMN has_links BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE veranda_status_comments ADD COLUMN has_files BOOLEAN NOT NULL DEFAULT FALSE;

-- The former texts of a comment, as of a status.
CREATE TABLE veranda_status_comment_revisions (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	comment_id UUID NOT NULL,
	version BIGINT NOT NULL,
	body TEXT NOT NULL,
	written_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (org_id, status_id, comment_id, version),
	FOREIGN KEY (org_id, status_id, comment_id) REFERENCES veranda_status_comments (org_id, status_id, id) ON DELETE CASCADE
);

-- Who confirmed having read an announcement, and which version of it.
CREATE TABLE veranda_status_reads (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	version BIGINT NOT NULL,
	read_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (org_id, status_id, account_id),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
);

-- The poll of a status, whose text is its question. closed_at is set when it is over, by whoever closed it or by the job
-- that looks for closes_at; from closes_at on nobody votes, job or no job. The counts equal the rows of votes.
CREATE TABLE veranda_status_polls (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	multiple BOOLEAN NOT NULL,
	anonymous BOOLEAN NOT NULL,
	final BOOLEAN NOT NULL,
	hidden BOOLEAN NOT NULL,
	closes_at TIMESTAMPTZ,
	closed_at TIMESTAMPTZ,
	voter_count BIGINT NOT NULL DEFAULT 0 CHECK (voter_count >= 0),
	PRIMARY KEY (org_id, status_id),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
);
CREATE INDEX veranda_status_polls_due ON veranda_status_polls (closes_at) WHERE closed_at IS NULL AND closes_at IS NOT NULL;

CREATE TABLE veranda_status_poll_options (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	number BIGINT NOT NULL,
	body TEXT NOT NULL,
	vote_count BIGINT NOT NULL DEFAULT 0 CHECK (vote_count >= 0),
	PRIMARY KEY (org_id, status_id, number),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_status_polls (org_id, status_id) ON DELETE CASCADE
);

-- Who voted for what. Anonymous polls need it too, so that nobody votes twice and votes can be changed: nothing but the
-- voter's own vote is ever read from here then.
CREATE TABLE veranda_status_poll_votes (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	number BIGINT NOT NULL,
	PRIMARY KEY (org_id, status_id, account_id, number),
	FOREIGN KEY (org_id, status_id, number) REFERENCES veranda_status_poll_options (org_id, status_id, number) ON DELETE CASCADE
);

-- The links in the text of a status, or of a comment on it (holder_id is whichever it is), and what their pages say of
-- themselves: state is "waiting" until somebody looked, then "ready" or "none".
CREATE TABLE veranda_status_links (
	org_id UUID NOT NULL,
	status_id UUID NOT NULL,
	holder_id UUID NOT NULL,
	number BIGINT NOT NULL,
	url TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'none')),
	title TEXT NOT NULL DEFAULT '',
	description TEXT NOT NULL DEFAULT '',
	site TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (org_id, holder_id, number),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
);
CREATE INDEX veranda_status_links_status ON veranda_status_links (org_id, status_id);
