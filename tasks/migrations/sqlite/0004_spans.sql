-- Tasks whose work takes long, by when they are due: a calendar finds by these what is under way in a time that neither
-- their start nor their end is near. Seven days, in microseconds.
CREATE INDEX veranda_tasks_workspace_long ON veranda_tasks (org_id, workspace_id, due_sort) WHERE due_at IS NOT NULL AND deleted_at IS NULL AND due_sort - start_at > 604800000000;
CREATE INDEX veranda_tasks_long ON veranda_tasks (org_id, due_sort) WHERE due_at IS NOT NULL AND deleted_at IS NULL AND due_sort - start_at > 604800000000;
