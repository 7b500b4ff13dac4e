-- The newest event of each workspace that whoever sees the workspace may see, so that who may see many workspaces finds those where something happened without
-- looking into each. Written in the transaction of the events.
CREATE TABLE veranda_heads (
	org_id TEXT NOT NULL,
	workspace_id TEXT NOT NULL,
	last_id TEXT NOT NULL,
	PRIMARY KEY (org_id, workspace_id)
) STRICT, WITHOUT ROWID;

INSERT INTO veranda_heads (org_id, workspace_id, last_id)
SELECT org_id, workspace_id, max(id) FROM veranda_events WHERE workspace_id IS NOT NULL AND to_ids = '' GROUP BY org_id, workspace_id;
