-- What a post has besides its text. html is what the text was made into when it was stored, by the renderer's version
-- html_version: another version's is made again when it is read. The truths tell readers where to look for more.
ALTER TABLE veranda_statuses ADD COLUMN html TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_statuses ADD COLUMN html_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE veranda_statuses ADD COLUMN has_poll INTEGER NOT NULL DEFAULT 0;
ALTER TABLE veranda_statuses ADD COLUMN has_links INTEGER NOT NULL DEFAULT 0;
ALTER TABLE veranda_statuses ADD COLUMN has_files INTEGER NOT NULL DEFAULT 0;
-- Since when it is pinned to the top of its workspace.
ALTER TABLE veranda_statuses ADD COLUMN pinned_at INTEGER;
-- Since when everybody who sees the workspace is to confirm having read it; how many did; when those who had not were last
-- reminded.
ALTER TABLE veranda_statuses ADD COLUMN must_read_at INTEGER;
ALTER TABLE veranda_statuses ADD COLUMN read_count INTEGER NOT NULL DEFAULT 0 CHECK (read_count >= 0);
ALTER TABLE veranda_statuses ADD COLUMN reminded_at INTEGER;
CREATE INDEX veranda_statuses_pinned ON veranda_statuses (org_id, workspace_id, pinned_at) WHERE pinned_at IS NOT NULL;
CREATE INDEX veranda_statuses_must_read ON veranda_statuses (org_id, id) WHERE must_read_at IS NOT NULL;

ALTER TABLE veranda_status_comments ADD COLUMN html TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_status_comments ADD COLUMN html_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE veranda_status_comments ADD COLUMN has_links INTEGER NOT NULL DEFAULT 0;
ALTER TABLE veranda_status_comments ADD COLUMN has_files INTEGER NOT NULL DEFAULT 0;

-- The former texts of a comment, as of a status.
CREATE TABLE veranda_status_comment_revisions (
	org_id TEXT NOT NULL,
	status_id TEXT NOT NULL,
	comment_id TEXT NOT NULL,
	version INTEGER NOT NULL,
	body TEXT NOT NULL,
	written_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, status_id, comment_id, version),
	FOREIGN KEY (org_id, status_id, comment_id) REFERENCES veranda_status_comments (org_id, status_id, id) ON DELETE CASCADE
) STRICT;

-- Who confirmed having read an announcement, and which version of it.
CREATE TABLE veranda_status_reads (
	org_id TEXT NOT NULL,
	status_id TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	version INTEGER NOT NULL,
	read_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, status_id, account_id),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
) STRICT;

-- The poll of a status, whose text is its question. closed_at is set when it is over, by whoever closed it or by the job
-- that looks for closes_at; from closes_at on nobody votes, job or no job. The counts equal the rows of votes.
CREATE TABLE veranda_status_polls (
	org_id TEXT NOT NULL,
	status_id TEXT NOT NULL,
	multiple INTEGER NOT NULL,
	anonymous INTEGER NOT NULL,
	final INTEGER NOT NULL,
	hidden INTEGER NOT NULL,
	closes_at INTEGER,
	closed_at INTEGER,
	voter_count INTEGER NOT NULL DEFAULT 0 CHECK (voter_count >= 0),
	PRIMARY KEY (org_id, status_id),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX veranda_status_polls_due ON veranda_status_polls (closes_at) WHERE closed_at IS NULL AND closes_at IS NOT NULL;

CREATE TABLE veranda_status_poll_options (
	org_id TEXT NOT NULL,
	status_id TEXT NOT NULL,
	number INTEGER NOT NULL,
	body TEXT NOT NULL,
	vote_count INTEGER NOT NULL DEFAULT 0 CHECK (vote_count >= 0),
	PRIMARY KEY (org_id, status_id, number),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_status_polls (org_id, status_id) ON DELETE CASCADE
) STRICT;

-- Who voted for what. Anonymous polls need it too, so that nobody votes twice and votes can be changed: nothing but the
-- voter's own vote is ever read from here then.
CREATE TABLE veranda_status_poll_votes (
	org_id TEXT NOT NULL,
	status_id TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	number INTEGER NOT NULL,
	PRIMARY KEY (org_id, status_id, account_id, number),
	FOREIGN KEY (org_id, status_id, number) REFERENCES veranda_status_poll_options (org_id, status_id, number) ON DELETE CASCADE
) STRICT;

-- The links in the text of a status, or of a comment on it (holder_id is whichever it is), and what their pages say of
-- themselves: state is "waiting" until somebody looked, then "ready" or "none".
CREATE TABLE veranda_status_links (
	org_id TEXT NOT NULL,
	status_id TEXT NOT NULL,
	holder_id TEXT NOT NULL,
	number INTEGER NOT NULL,
	url TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'none')),
	title TEXT NOT NULL DEFAULT '',
	description TEXT NOT NULL DEFAULT '',
	site TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (org_id, holder_id, number),
	FOREIGN KEY (org_id, status_id) REFERENCES veranda_statuses (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX veranda_status_links_status ON veranda_status_links (org_id, status_id);
