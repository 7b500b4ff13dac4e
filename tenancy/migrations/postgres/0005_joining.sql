-- Requests that wait for room in a plan are looked for across organizations, oldest first; a domain's turn to be looked
-- at again likewise.
CREATE INDEX veranda_join_requests_waiting ON veranda_join_requests (created_at, id) WHERE state = 'waiting';
CREATE INDEX veranda_domains_checked ON veranda_domains (checked_at, org_id, domain) WHERE proved_at IS NOT NULL;

-- Whoever was removed from an organization does not join it by themselves again.
CREATE INDEX veranda_events_removed ON veranda_events (org_id, subject_id) WHERE kind = 'tenancy.member_removed';
