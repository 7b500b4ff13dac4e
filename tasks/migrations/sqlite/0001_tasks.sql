-- Tasks. Lists of people are ids separated by spaces, labels and checklist are JSON: they are what is shown, the tables
-- below are what is searched. due_sort is due_at in microseconds since 1970, the greatest number where there is none.
-- search is title and description in folded form.
CREATE TABLE veranda_tasks (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	workspace_id TEXT NOT NULL,
	title TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('open', 'finished')),
	priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 4),
	due_at INTEGER,
	due_sort INTEGER NOT NULL,
	assignees TEXT NOT NULL,
	followers TEXT NOT NULL,
	labels TEXT NOT NULL,
	checklist TEXT NOT NULL,
	comment_count INTEGER NOT NULL,
	created_by TEXT REFERENCES veranda_accounts (id),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	finished_at INTEGER,
	finished_by TEXT REFERENCES veranda_accounts (id),
	version INTEGER NOT NULL,
	description TEXT NOT NULL,
	search TEXT NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id),
	CHECK ((state = 'finished') = (finished_at IS NOT NULL))
) STRICT;
CREATE INDEX veranda_tasks_workspace_due ON veranda_tasks (org_id, workspace_id, state, due_sort, id);
CREATE INDEX veranda_tasks_due ON veranda_tasks (org_id, state, due_sort, id);
CREATE INDEX veranda_tasks_priority ON veranda_tasks (org_id, state, priority, id);
CREATE INDEX veranda_tasks_updated ON veranda_tasks (org_id, updated_at, id);
CREATE INDEX veranda_tasks_creator ON veranda_tasks (org_id, created_by, id);
CREATE INDEX veranda_tasks_finished ON veranda_tasks (org_id, finished_at, id) WHERE finished_at IS NOT NULL;
CREATE INDEX veranda_tasks_finisher ON veranda_tasks (org_id, finished_by, finished_at, id) WHERE finished_at IS NOT NULL;

-- Who is to do it. state is the task's, so that what is open for somebody is found among all they ever did.
CREATE TABLE veranda_task_assignees (
	org_id TEXT NOT NULL,
	task_id TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	state TEXT NOT NULL,
	PRIMARY KEY (org_id, task_id, account_id),
	FOREIGN KEY (org_id, task_id) REFERENCES veranda_tasks (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_task_assignees_account ON veranda_task_assignees (org_id, account_id, state, task_id);

CREATE TABLE veranda_task_followers (
	org_id TEXT NOT NULL,
	task_id TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	PRIMARY KEY (org_id, task_id, account_id),
	FOREIGN KEY (org_id, task_id) REFERENCES veranda_tasks (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_task_followers_account ON veranda_task_followers (org_id, account_id, task_id);

-- label_key is the label in folded case; both sort by code point.
CREATE TABLE veranda_task_labels (
	org_id TEXT NOT NULL,
	task_id TEXT NOT NULL,
	label_key TEXT NOT NULL,
	label TEXT NOT NULL,
	workspace_id TEXT NOT NULL,
	PRIMARY KEY (org_id, task_id, label_key),
	FOREIGN KEY (org_id, task_id) REFERENCES veranda_tasks (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_task_labels_key ON veranda_task_labels (org_id, label_key, task_id);
CREATE INDEX veranda_task_labels_workspace ON veranda_task_labels (org_id, workspace_id, label_key, label);

CREATE TABLE veranda_task_comments (
	org_id TEXT NOT NULL,
	task_id TEXT NOT NULL,
	id TEXT NOT NULL,
	author_id TEXT REFERENCES veranda_accounts (id),
	text TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	edited_at INTEGER,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, task_id, id),
	FOREIGN KEY (org_id, task_id) REFERENCES veranda_tasks (org_id, id)
) STRICT;
