package tenancy

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// joinRow is a request to join.
type joinRow struct {
	Org       veranda.OrgID
	ID        JoinID
	Account   veranda.AccountID
	Key       string
	State     string
	DecidedBy veranda.AccountID
	CreatedAt time.Time
	EndedAt   time.Time
	Version   int64
}

const (
	joinColumns = `r.org_id, r.id, r.account_id, r.address_key, r.state, r.decided_by, r.created_at, r.ended_at, r.version`
	joinPerson  = `, a.name, coalesce(d.address, r.address_key)`
	joinJoin    = `LEFT JOIN veranda_join_requests r ON r.org_id = $2 AND r.id = $4
LEFT JOIN veranda_accounts a ON a.id = r.account_id
LEFT JOIN veranda_addresses d ON d.account_id = r.account_id AND d.address_key = r.address_key`
	selectJoin = `SELECT ` + joinColumns + ` FROM veranda_join_requests r WHERE r.org_id = $1 AND r.id = $2`
	// The request of an account, wherever it is to: found by the index on accounts.
	selectOwnJoin = `SELECT ` + joinColumns + ` FROM veranda_join_requests r WHERE r.account_id = $1 AND r.id = $2`
	insertJoin    = `INSERT INTO veranda_join_requests (org_id, id, account_id, address_key, state, created_at, version)
VALUES ($1, $2, $3, $4, 'pending', $5, 1) ON CONFLICT DO NOTHING`
	endJoin = `UPDATE veranda_join_requests SET state = $3, decided_by = coalesce($4, decided_by), ended_at = $5, version = version + 1
WHERE org_id = $1 AND id = $2 AND ended_at IS NULL`
	waitJoin = `UPDATE veranda_join_requests SET state = 'waiting', decided_by = coalesce($3, decided_by), version = version + 1
WHERE org_id = $1 AND id = $2 AND ended_at IS NULL AND state = 'pending'`
	selectJoins = `SELECT ` + joinColumns + `, a.name, coalesce(d.address, r.address_key) FROM veranda_join_requests r
JOIN veranda_accounts a ON a.id = r.account_id
LEFT JOIN veranda_addresses d ON d.account_id = r.account_id AND d.address_key = r.address_key
WHERE r.org_id = $1 AND ($2 = '' OR r.state = $2) AND (r.created_at, r.id) < ($3, $4) ORDER BY r.created_at DESC, r.id DESC LIMIT $5`
	selectOwnJoins = `SELECT ` + joinColumns + `, o.name, coalesce(d.address, r.address_key) FROM veranda_join_requests r
JOIN veranda_organizations o ON o.id = r.org_id AND o.deleted_at IS NULL
LEFT JOIN veranda_addresses d ON d.account_id = r.account_id AND d.address_key = r.address_key
WHERE r.account_id = $1 ORDER BY r.created_at DESC, r.id DESC LIMIT 200`
	selectWaiting = `SELECT ` + joinColumns + ` FROM veranda_join_requests r
WHERE r.state = 'waiting' AND (r.created_at, r.id) > ($1, $2) ORDER BY r.created_at, r.id LIMIT $3`
)

func (r *joinRow) destinations() []any {
	return []any{
		veranda.Optional(&r.Org), veranda.Optional(&r.ID), veranda.Optional(&r.Account), veranda.Optional(&r.Key), veranda.Optional(&r.State),
		veranda.Optional(&r.DecidedBy), veranda.Moment(&r.CreatedAt), veranda.Moment(&r.EndedAt), veranda.Optional(&r.Version),
	}
}

// request is the row for managers.
func (r *joinRow) request(name, address string) JoinRequest {
	return JoinRequest{
		ID: r.ID, Org: r.Org, Account: r.Account, Name: name, Address: address, State: r.State, DecidedBy: r.DecidedBy,
		CreatedAt: r.CreatedAt, EndedAt: momentOrNil(r.EndedAt), Version: r.Version,
	}
}

// own is the row for who asked.
func (r *joinRow) own(organization, address string) MyJoinRequest {
	return MyJoinRequest{
		ID: r.ID, Organization: r.Org, Name: organization, Address: address, State: r.State, CreatedAt: r.CreatedAt, EndedAt: momentOrNil(r.EndedAt),
	}
}

// lockedJoin reads a request, behind a lock of its row until the transaction's end; nil when there is none.
func lockedJoin(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, id JoinID) (*joinRow, error) {
	var r joinRow
	found, err := readOne(ctx, tx.Query, tx.DB().Pick(selectJoin+` FOR UPDATE`, selectJoin), []any{org, id}, r.destinations()...)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}

// end gives an open request its last state. by is who decided, zero for nobody.
func (r *joinRow) end(ctx context.Context, tx *veranda.Tx, state string, by veranda.AccountID) error {
	now := tx.DB().Now()
	n, err := tx.Exec(ctx, endJoin, r.Org, r.ID, state, nullID(by), tx.DB().Time(now))
	if err != nil {
		return wrapped("end request to join", err)
	}
	if n == 0 {
		return ErrJoinEnded
	}
	r.State, r.EndedAt, r.Version = state, now, r.Version+1
	if !by.IsZero() {
		r.DecidedBy = by
	}
	return nil
}

// wait has a pending request wait for room in the plan, and tells whether it was pending.
func (r *joinRow) wait(ctx context.Context, tx *veranda.Tx, by veranda.AccountID) (bool, error) {
	n, err := tx.Exec(ctx, waitJoin, r.Org, r.ID, nullID(by))
	if err != nil || n == 0 {
		return false, wrapped("let request to join wait", err)
	}
	r.State, r.Version = JoinWaiting, r.Version+1
	if !by.IsZero() {
		r.DecidedBy = by
	}
	return true, nil
}

// lapseRequests ends the open requests to join by addresses in a domain that is not the organization's any more.
func lapseRequests(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, domain string) (int64, error) {
	var open []*joinRow
	err := readAll(ctx, tx.Query, `SELECT `+joinColumns+` FROM veranda_join_requests r
WHERE r.org_id = $1 AND r.state IN ('pending', 'waiting') AND r.address_key LIKE $2 ORDER BY r.id`, []any{org, "%@" + domain}, func(rows *sql.Rows) error {
		r := &joinRow{}
		err := rows.Scan(r.destinations()...)
		open = append(open, r)
		return err
	})
	if err != nil {
		return 0, err
	}
	ended := int64(0)
	for _, r := range open {
		switch err := r.end(ctx, tx, JoinLapsed, veranda.AccountID{}); {
		case err == error(ErrJoinEnded): // decided at this very moment
		case err != nil:
			return ended, err
		default:
			ended++
			emitJoin(tx, EventJoinLapsed, r, veranda.AccountID{}, systemDomains)
		}
	}
	return ended, nil
}

// settleJoin ends an open request of somebody who became an employee by another door.
func settleJoin(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID, kind string) error {
	if kind != MemberInternal {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE veranda_join_requests SET state = 'joined', ended_at = $3, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND ended_at IS NULL`, org, account, tx.DB().Time(tx.DB().Now()))
	return wrapped("settle request to join", err)
}

// prospect is an organization that has proved the domain of an address, with how the account stands to it.
type prospect struct {
	Org      veranda.OrgID
	Name     string
	Domain   string
	Joining  string
	Domains  string // the list of mail domains of employees
	Member   string // the kind of membership, "" for none
	Disabled bool
	// Open tells whether a request is open; Declined is when the last one was.
	Open     bool
	Declined time.Time
}

// A list as one argument, whatever its length: the text is prepared once. The proof is locked, so that it cannot end
// while a request by it is made.
const (
	prospectsHead = `SELECT o.id, o.name, p.domain, o.joining, CAST(o.domains AS TEXT), m.kind, m.disabled_at IS NOT NULL,
	(SELECT count(*) FROM veranda_join_requests r WHERE r.org_id = o.id AND r.account_id = $2 AND r.ended_at IS NULL),
	(SELECT max(r.ended_at) FROM veranda_join_requests r WHERE r.org_id = o.id AND r.account_id = $2 AND r.state = 'declined')
FROM veranda_proved_domains p JOIN veranda_organizations o ON o.id = p.org_id AND o.deleted_at IS NULL
LEFT JOIN veranda_memberships m ON m.org_id = o.id AND m.account_id = $2
`
	prospectsPostgres = prospectsHead + `WHERE p.domain IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb))) ORDER BY o.name, o.id`
	prospectsSQLite   = prospectsHead + `WHERE p.domain IN (SELECT value FROM json_each($1)) ORDER BY o.name, o.id`
	prospectsLocked   = prospectsPostgres + ` FOR KEY SHARE OF p`
)

// readProspects reads the organizations that have proved one of the domains.
func readProspects(ctx context.Context, query queryFunc, text string, account veranda.AccountID, domains []string) ([]prospect, error) {
	names, err := json.Marshal(domains)
	if err != nil {
		return nil, fmt.Errorf("tenancy: read prospects: %w", err)
	}
	var list []prospect
	err = readAll(ctx, query, text, []any{string(names), account}, func(rows *sql.Rows) error {
		var p prospect
		open := 0
		err := rows.Scan(&p.Org, &p.Name, &p.Domain, &p.Joining, &p.Domains, veranda.Optional(&p.Member), &p.Disabled, &open, veranda.Moment(&p.Declined))
		p.Open = open > 0
		list = append(list, p)
		return err
	})
	return list, err
}

// selectStill gives the organization's list of mail domains where a request still stands: the domain is proved by it, the
// address the account's, the account active.
const selectStill = `SELECT CAST(o.domains AS TEXT) FROM veranda_proved_domains p
JOIN veranda_organizations o ON o.id = p.org_id AND o.deleted_at IS NULL
JOIN veranda_addresses d ON d.account_id = $2 AND d.address_key = $3 AND d.confirmed_at IS NOT NULL
JOIN veranda_accounts a ON a.id = d.account_id AND a.state = 'active'
WHERE p.domain = $4 AND p.org_id = $1`

// stands tells whether a request may still come true, and whether the organization's list of mail domains lets it.
func (r *joinRow) stands(ctx context.Context, tx *veranda.Tx) (still, allowed bool, err error) {
	var domains string
	still, err = readOne(ctx, tx.Query, selectStill, []any{r.Org, r.Account, r.Key, domainOf(r.Key)}, &domains)
	if err != nil || !still {
		return false, false, err
	}
	allowed, err = domainAllows(domains, r.Key)
	return true, allowed, err
}
