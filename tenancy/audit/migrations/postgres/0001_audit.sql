-- The audit log is a part of the event log, read by time. The condition is that of the queries, letter by letter.
CREATE INDEX veranda_events_audit ON veranda_events (org_id, at, id)
	WHERE (kind LIKE 'tenancy.%' OR kind LIKE 'workspace.%' OR kind LIKE 'support.%' OR kind LIKE 'audit.%') AND kind <> 'tenancy.delivery_queued';
