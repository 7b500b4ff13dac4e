-- The audit log is a part of the event log, read by time. The condition is that of the queries, letter by letter.
CREATE INDEX veranda_events_audit ON veranda_events (org_id, at, id)
	WHERE (kind GLOB 'tenancy.*' OR kind GLOB 'workspace.*' OR kind GLOB 'support.*' OR kind GLOB 'audit.*') AND kind <> 'tenancy.delivery_queued';
