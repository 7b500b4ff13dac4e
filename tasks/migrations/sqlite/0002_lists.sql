-- A deleted task keeps its row, its comments and its history until it is purged. Its rows in the tables by which tasks are
-- found are taken away, so that no list begins with them, and come back when it is restored.
ALTER TABLE veranda_tasks ADD COLUMN deleted_at INTEGER;
ALTER TABLE veranda_tasks ADD COLUMN deleted_by TEXT REFERENCES veranda_accounts (id);

-- The lists' indexes hold what is not deleted.
DROP INDEX veranda_tasks_workspace_due;
DROP INDEX veranda_tasks_due;
DROP INDEX veranda_tasks_priority;
DROP INDEX veranda_tasks_updated;
DROP INDEX veranda_tasks_creator;
DROP INDEX veranda_tasks_finished;
DROP INDEX veranda_tasks_finisher;
CREATE INDEX veranda_tasks_workspace_due ON veranda_tasks (org_id, workspace_id, state, due_sort, id) WHERE deleted_at IS NULL;
CREATE INDEX veranda_tasks_due ON veranda_tasks (org_id, state, due_sort, id) WHERE deleted_at IS NULL;
CREATE INDEX veranda_tasks_priority ON veranda_tasks (org_id, state, priority, id) WHERE deleted_at IS NULL;
CREATE INDEX veranda_tasks_updated ON veranda_tasks (org_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX veranda_tasks_creator ON veranda_tasks (org_id, created_by, id) WHERE deleted_at IS NULL;
CREATE INDEX veranda_tasks_finished ON veranda_tasks (org_id, finished_at, id) WHERE finished_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX veranda_tasks_finisher ON veranda_tasks (org_id, finished_by, finished_at, id) WHERE finished_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX veranda_tasks_deleted ON veranda_tasks (org_id, workspace_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX veranda_tasks_purge ON veranda_tasks (deleted_at) WHERE deleted_at IS NOT NULL;

-- The labels of a workspace. Tasks bear names; label_key, the name in folded case, says which label that is.
CREATE TABLE veranda_labels (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	workspace_id TEXT NOT NULL,
	label_key TEXT NOT NULL,
	name TEXT NOT NULL,
	colour TEXT NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, workspace_id, label_key),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
) STRICT;
INSERT INTO veranda_labels (org_id, id, workspace_id, label_key, name, colour, version)
SELECT l.org_id, lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), l.workspace_id, l.label_key, min(l.label), 'grey', 1
FROM veranda_task_labels l GROUP BY l.org_id, l.workspace_id, l.label_key;

-- Saved filters: of one person, or shared in a workspace. criteria is JSON.
CREATE TABLE veranda_task_filters (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	owner_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	workspace_id TEXT,
	name TEXT NOT NULL,
	criteria TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
) STRICT;
CREATE INDEX veranda_task_filters_owner ON veranda_task_filters (org_id, owner_id, id) WHERE workspace_id IS NULL;
CREATE INDEX veranda_task_filters_workspace ON veranda_task_filters (org_id, workspace_id, id) WHERE workspace_id IS NOT NULL;

-- The former descriptions of a task, by the event that replaced each.
CREATE TABLE veranda_task_descriptions (
	org_id TEXT NOT NULL,
	task_id TEXT NOT NULL,
	event_id TEXT NOT NULL,
	description TEXT NOT NULL,
	PRIMARY KEY (org_id, task_id, event_id),
	FOREIGN KEY (org_id, task_id) REFERENCES veranda_tasks (org_id, id) ON DELETE CASCADE
) STRICT;
-- The history of a task is what the event log says of it.
CREATE INDEX veranda_events_task ON veranda_events (org_id, subject_id, id) WHERE substr(kind, 1, 11) = 'tasks.task_';

-- The ids that imported tasks had where they came from.
CREATE TABLE veranda_task_imports (
	org_id TEXT NOT NULL,
	workspace_id TEXT NOT NULL,
	external_id TEXT NOT NULL,
	task_id TEXT NOT NULL,
	PRIMARY KEY (org_id, workspace_id, external_id),
	FOREIGN KEY (org_id, task_id) REFERENCES veranda_tasks (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_task_imports_task ON veranda_task_imports (org_id, task_id);
