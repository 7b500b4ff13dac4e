package tenancy

import (
	"context"
	"time"

	"github.com/veranda-go/veranda"
)

const (
	domainColumns = `d.org_id, d.domain, d.token, d.proved_at, d.checked_at, d.missing_since, d.created_by, d.created_at, d.version`
	domainJoin    = `LEFT JOIN veranda_domains d ON d.org_id = $2 AND d.domain = $4`
	selectDomain  = `SELECT ` + domainColumns + ` FROM veranda_domains d WHERE d.org_id = $1 AND d.domain = $2`
	selectDomains = `SELECT ` + domainColumns + ` FROM veranda_domains d WHERE d.org_id = $1 ORDER BY d.domain`
	// Proved domains that were not looked at since a moment, those longest ago first.
	selectDueDomains = `SELECT ` + domainColumns + ` FROM veranda_domains d JOIN veranda_organizations o ON o.id = d.org_id AND o.deleted_at IS NULL
WHERE d.proved_at IS NOT NULL AND d.checked_at < $1 ORDER BY d.checked_at, d.org_id, d.domain LIMIT $2`
	insertDomain = `INSERT INTO veranda_domains (org_id, domain, token, created_by, created_at, version) VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT DO NOTHING`
	// A token that was given in between is another claim.
	updateDomain = `UPDATE veranda_domains SET proved_at = $4, checked_at = $5, missing_since = $6, version = version + 1
WHERE org_id = $1 AND domain = $2 AND token = $3`
	lookedAtDomain = `UPDATE veranda_domains SET checked_at = $4 WHERE org_id = $1 AND domain = $2 AND token = $3`
)

func (r *domainRow) destinations() []any {
	return []any{
		veranda.Optional(&r.Org), veranda.Optional(&r.Domain), veranda.Optional(&r.Token), veranda.Moment(&r.ProvedAt), veranda.Moment(&r.CheckedAt),
		veranda.Moment(&r.MissingSince), veranda.Optional(&r.CreatedBy), veranda.Moment(&r.CreatedAt), veranda.Optional(&r.Version),
	}
}

// lockedDomain reads a claim, behind a lock of its row until the transaction's end; nil when there is none.
func lockedDomain(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, domain string) (*domainRow, error) {
	var r domainRow
	found, err := readOne(ctx, tx.Query, tx.DB().Pick(selectDomain+` FOR UPDATE`, selectDomain), []any{org, domain}, r.destinations()...)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}

// store writes what a look at the DNS found out. It gives ErrNotFound where the claim is gone.
func (r *domainRow) store(ctx context.Context, tx *veranda.Tx) error {
	db := tx.DB()
	n, err := tx.Exec(ctx, updateDomain, r.Org, r.Domain, r.Token, nullTime(db, r.ProvedAt), nullTime(db, r.CheckedAt), nullTime(db, r.MissingSince))
	if err != nil {
		return wrapped("store domain", err)
	}
	if n == 0 {
		return veranda.ErrNotFound
	}
	r.Version++
	return nil
}

// prove makes the domain the organization's, and tells whether it is.
func (r *domainRow) prove(ctx context.Context, tx *veranda.Tx) (bool, error) {
	if _, err := tx.Exec(ctx, `INSERT INTO veranda_proved_domains (domain, org_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, r.Domain, r.Org); err != nil {
		return false, wrapped("prove domain", err)
	}
	var owner veranda.OrgID
	_, err := readOne(ctx, tx.Query, selectProver, []any{r.Domain}, &owner)
	return owner == r.Org, err
}

// selectProver is the organization that has proved a domain.
const selectProver = `SELECT p.org_id FROM veranda_proved_domains p WHERE p.domain = $1`

// unprove gives the domain up, and ends the requests to join by addresses in it. It tells how many.
func (r *domainRow) unprove(ctx context.Context, tx *veranda.Tx) (int64, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM veranda_proved_domains WHERE domain = $1 AND org_id = $2`, r.Domain, r.Org); err != nil {
		return 0, wrapped("give domain up", err)
	}
	return lapseRequests(ctx, tx, r.Org, r.Domain)
}

// nullTime is a moment as an argument, NULL where it is none.
func nullTime(db *veranda.DB, t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return db.Time(t)
}
