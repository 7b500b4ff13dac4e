package tenancy

import (
	"context"
	"database/sql"

	"github.com/veranda-go/veranda"
)

// ClaimDomain says that a domain is the organization's, and gives the TXT record that proves it. Several organizations
// can claim a domain; who proves it first has it. A domain that is claimed already comes back as it is.
//
// Permission: domain.manage. Errors: invalid, with the rules public_mail and public_suffix for domains that are nobody's
// alone; domain.personal; limit.domains, and a limit on "domains". Event: tenancy.domain_claimed.
func (s *Service) ClaimDomain(ctx context.Context, by veranda.Actor, in ClaimDomainInput) (*Domain, error) {
	domain, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermDomainManage}); err != nil {
		return nil, err
	}
	if standing.OrgKind == string(KindPersonal) {
		return nil, ErrDomainPersonal
	}
	token, err := newDomainToken()
	if err != nil {
		return nil, err
	}
	var row *domainRow
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockOrganization(ctx, tx, in.Org); err != nil {
			return err
		}
		if row, err = lockedDomain(ctx, tx, in.Org, domain); err != nil || row != nil {
			return err
		}
		count := 0
		if _, err := readOne(ctx, tx.Query, `SELECT count(*) FROM veranda_domains WHERE org_id = $1`, []any{in.Org}, &count); err != nil {
			return err
		}
		if count >= maxClaims {
			return ErrDomainLimit
		}
		if err := s.limits.Allow(ctx, tx, in.Org, "domains", 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertDomain, in.Org, domain, token, standing.Account, s.time(s.now())); err != nil {
			return wrapped("store domain", err)
		}
		emitDomain(tx, EventDomainClaimed, in.Org, standing.Account, DomainChanged{Domain: domain})
		row, err = lockedDomain(ctx, tx, in.Org, domain)
		return err
	})
	if err != nil {
		return nil, err
	}
	d := row.domain()
	return &d, nil
}

// lockOrganization makes calls that count what an organization has wait for each other.
func lockOrganization(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) error {
	var id veranda.OrgID
	const text = `SELECT id FROM veranda_organizations WHERE id = $1 AND deleted_at IS NULL`
	found, err := readOne(ctx, tx.Query, tx.DB().Pick(text+` FOR UPDATE`, text), []any{org}, &id)
	if err == nil && !found {
		err = veranda.ErrNotFound
	}
	return err
}

// Domains lists the domains an organization claims, by name: at most 100.
//
// Permission: domain.read.
func (s *Service) Domains(ctx context.Context, by veranda.Actor, in DomainsInput) (veranda.List[Domain], error) {
	list := veranda.List[Domain]{Items: []Domain{}}
	standing, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return list, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermDomainRead}); err != nil {
		return list, err
	}
	err = readAll(ctx, s.conn.Query, selectDomains, []any{in.Org}, func(rows *sql.Rows) error {
		var r domainRow
		err := rows.Scan(r.destinations()...)
		list.Items = append(list.Items, r.domain())
		return err
	})
	return list, err
}

// RemoveDomain gives a domain up, proved or not. Requests to join by an address in it end; those who joined stay.
//
// Permission: domain.manage. Errors: not_found. Events: tenancy.domain_removed, tenancy.join_lapsed.
func (s *Service) RemoveDomain(ctx context.Context, by veranda.Actor, in DomainInput) error {
	standing, _, err := s.readDomain(ctx, by, in)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		row, err := lockedDomain(ctx, tx, in.Org, in.key())
		if err != nil {
			return err
		}
		if row == nil {
			return veranda.ErrNotFound
		}
		ended, err := row.unprove(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM veranda_domains WHERE org_id = $1 AND domain = $2`, row.Org, row.Domain); err != nil {
			return wrapped("remove domain", err)
		}
		emitDomain(tx, EventDomainRemoved, row.Org, standing.Account, DomainChanged{Domain: row.Domain, Requests: ended})
		return nil
	})
}

// readDomain reads a claim with the standing of who manages domains.
func (s *Service) readDomain(ctx context.Context, by veranda.Actor, in DomainInput) (*veranda.Standing, *domainRow, error) {
	var row domainRow
	standing, err := s.conn.Read(ctx, s.reads.domain, by, in.Org, []any{in.key()}, row.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermDomainManage, Missing: row.Domain == "", See: PermDomainRead})
	return standing, &row, err
}
