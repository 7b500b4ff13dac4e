-- The newest event of each workspace that whoever sees the workspace may see, so that who may see many workspaces finds those where something happened without
-- looking into each. Written by the sequencer with the positions; an event without a position is not in it yet.
CREATE TABLE veranda_heads (
	org_id UUID NOT NULL,
	workspace_id UUID NOT NULL,
	last_id UUID NOT NULL,
	PRIMARY KEY (org_id, workspace_id)
) WITH (fillfactor = 70);

-- Up to which position events are in veranda_heads: a node of an older program gives positions and writes no heads.
CREATE TABLE veranda_heads_state (
	one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
	pos BIGINT NOT NULL
);

-- First the position, then the heads: what gets a position between the two is in both.
INSERT INTO veranda_heads_state (one, pos) SELECT 1, coalesce(max(pos), 0) FROM veranda_events;

INSERT INTO veranda_heads (org_id, workspace_id, last_id)
SELECT DISTINCT ON (org_id, workspace_id) org_id, workspace_id, id FROM veranda_events
WHERE workspace_id IS NOT NULL AND to_ids = '' AND pos IS NOT NULL ORDER BY org_id, workspace_id, id DESC;
