-- How tasks hang together. sub_open and sub_total count the sub-tasks, blocked_here and blocked_elsewhere the open tasks of
-- the same workspace and of others that this one waits for, blocking the tasks that wait for it: they are what is shown,
-- the tables below are what is true, and every change of them counts anew. schedule is JSON. rank is the place in the
-- workspace's list, board_rank that among the cards of a stage; both are keys of fractions, compared byte by byte.
ALTER TABLE veranda_tasks ADD COLUMN parent_id UUID;
ALTER TABLE veranda_tasks ADD COLUMN sub_open BIGINT NOT NULL DEFAULT 0;
ALTER TABLE veranda_tasks ADD COLUMN sub_total BIGINT NOT NULL DEFAULT 0;
ALTER TABLE veranda_tasks ADD COLUMN blocked_here BIGINT NOT NULL DEFAULT 0;
ALTER TABLE veranda_tasks ADD COLUMN blocked_elsewhere BIGINT NOT NULL DEFAULT 0;
ALTER TABLE veranda_tasks ADD COLUMN blocking BIGINT NOT NULL DEFAULT 0;
ALTER TABLE veranda_tasks ADD COLUMN start_at TIMESTAMPTZ;
ALTER TABLE veranda_tasks ADD COLUMN schedule TEXT NOT NULL DEFAULT '';
ALTER TABLE veranda_tasks ADD COLUMN series_id UUID;
ALTER TABLE veranda_tasks ADD COLUMN rank TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE veranda_tasks ADD COLUMN stage_id UUID;
ALTER TABLE veranda_tasks ADD COLUMN board_rank TEXT COLLATE "C" NOT NULL DEFAULT '';
-- The key that a new task has by its id.
UPDATE veranda_tasks SET rank = replace(id::text, '-', '') || 'V';

CREATE INDEX veranda_tasks_start ON veranda_tasks (org_id, start_at, id) WHERE start_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX veranda_tasks_rank ON veranda_tasks (org_id, workspace_id, rank, id) WHERE deleted_at IS NULL;
CREATE INDEX veranda_tasks_board ON veranda_tasks (org_id, workspace_id, stage_id, board_rank, id) WHERE stage_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX veranda_tasks_series ON veranda_tasks (org_id, series_id, id) WHERE series_id IS NOT NULL AND deleted_at IS NULL;

-- What stands beneath what.
CREATE TABLE veranda_task_children (
	org_id UUID NOT NULL,
	task_id UUID NOT NULL,
	parent_id UUID NOT NULL,
	PRIMARY KEY (org_id, task_id),
	FOREIGN KEY (org_id, task_id) REFERENCES veranda_tasks (org_id, id) ON DELETE CASCADE,
	FOREIGN KEY (org_id, parent_id) REFERENCES veranda_tasks (org_id, id) ON DELETE CASCADE
);
CREATE INDEX veranda_task_children_parent ON veranda_task_children (org_id, parent_id, task_id);

-- What waits for what: blocked_id for blocker_id.
CREATE TABLE veranda_task_dependencies (
	org_id UUID NOT NULL,
	blocked_id UUID NOT NULL,
	blocker_id UUID NOT NULL,
	PRIMARY KEY (org_id, blocked_id, blocker_id),
	FOREIGN KEY (org_id, blocked_id) REFERENCES veranda_tasks (org_id, id) ON DELETE CASCADE,
	FOREIGN KEY (org_id, blocker_id) REFERENCES veranda_tasks (org_id, id) ON DELETE CASCADE
);
CREATE INDEX veranda_task_dependencies_blocker ON veranda_task_dependencies (org_id, blocker_id, blocked_id);

-- A row for each organization, which whoever changes how tasks hang together holds: one at a time, or two changes that
-- are right each would make a circle.
CREATE TABLE veranda_task_graphs (
	org_id UUID NOT NULL PRIMARY KEY
);

-- The stages of a workspace's board, in order, as JSON.
CREATE TABLE veranda_task_boards (
	org_id UUID NOT NULL,
	workspace_id UUID NOT NULL,
	stages TEXT NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, workspace_id),
	FOREIGN KEY (org_id, workspace_id) REFERENCES veranda_workspaces (org_id, id)
);

-- What a person wants to be reminded of. Moments are microseconds since 1970; relative_to says what minutes are counted
-- back from, at_micros is the moment of those that are at a moment. next_at is when it is due, NULL when it is not.
CREATE TABLE veranda_task_reminders (
	org_id UUID NOT NULL,
	task_id UUID NOT NULL,
	id UUID NOT NULL,
	account_id UUID NOT NULL REFERENCES veranda_accounts (id),
	relative_to TEXT NOT NULL CHECK (relative_to IN ('', 'due', 'start')),
	minutes BIGINT NOT NULL,
	at_micros BIGINT NOT NULL,
	next_at BIGINT,
	PRIMARY KEY (org_id, task_id, id),
	FOREIGN KEY (org_id, task_id) REFERENCES veranda_tasks (org_id, id) ON DELETE CASCADE
);
CREATE INDEX veranda_task_reminders_account ON veranda_task_reminders (org_id, task_id, account_id, id);
CREATE INDEX veranda_task_reminders_next ON veranda_task_reminders (next_at, id) WHERE next_at IS NOT NULL;
