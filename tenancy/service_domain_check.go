package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/veranda-go/veranda"
)

// ruleDomain counts an organization's questions to the DNS.
var ruleDomain = attemptRule{prefix: "domain", limit: 60, window: time.Hour}

// errDomainInTransaction is a defect of the caller: nothing slow happens in a transaction.
var errDomainInTransaction = errors.New("tenancy: CheckDomain asks the DNS and is not for a transaction")

// CheckDomain looks whether a domain's record is set, and proves the domain by it. It asks the DNS, for five seconds at
// most, so it is refused on a service that is bound to a transaction. A proved domain whose record is gone is marked as
// the periodic job does it.
//
// Permission: domain.manage. Errors: not_found; domain.unproved, whose message names the record that was expected;
// domain.taken, told only after the record was right; domain.dns (unavailable); rate.attempts. Events:
// tenancy.domain_proved, tenancy.domain_restored, tenancy.domain_missed, tenancy.domain_unproved.
func (s *Service) CheckDomain(ctx context.Context, by veranda.Actor, in DomainInput) (*Domain, error) {
	standing, row, err := s.readDomain(ctx, by, in)
	if err != nil {
		return nil, err
	}
	if s.conn.Tx() != nil {
		return nil, errDomainInTransaction
	}
	allowed, err := s.reserve(ctx, ruleDomain.of(in.Org.String()))
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, ErrRate
	}
	there, err := s.lookUp(ctx, row)
	if err != nil {
		return nil, ErrDomainLookup.Because(err)
	}
	judged, err := s.judgeDomain(ctx, row, there, standing.Account)
	if err != nil {
		return nil, err
	}
	if !there {
		unproved := *ErrDomainUnproved
		unproved.Message = "The record was not found. Set a TXT record named " + row.recordName() + " with the value " + row.recordValue() +
			"; it may take hours until the DNS shows it everywhere."
		return nil, &unproved
	}
	d := judged.domain()
	return &d, nil
}

// lookUp asks the DNS whether the record of a claim is there. An error is no answer.
func (s *Service) lookUp(ctx context.Context, row *domainRow) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, domainLookupTakes)
	defer cancel()
	// The dot at the end makes it the whole name: no search list of the machine is tried.
	values, err := s.resolver.LookupTXT(ctx, row.recordName()+".")
	var failure *net.DNSError
	if errors.As(err, &failure) && failure.IsNotFound && !failure.IsTimeout && !failure.IsTemporary {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(values, func(value string) bool { return strings.TrimSpace(value) == row.recordValue() }), nil
}

// judgeDomain writes down what the DNS said: the domain is proved, or its record is missing, and after the grace time the
// proof ends. by is zero for the periodic job.
func (s *Service) judgeDomain(ctx context.Context, seen *domainRow, there bool, by veranda.AccountID) (*domainRow, error) {
	var row *domainRow
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var err error
		if row, err = lockedDomain(ctx, tx, seen.Org, seen.Domain); err != nil {
			return err
		}
		if row == nil || row.Token != seen.Token { // removed, or claimed anew, while the DNS was asked
			return veranda.ErrNotFound
		}
		now := s.now()
		row.CheckedAt = now
		if there {
			return s.foundDomain(ctx, tx, row, now, by)
		}
		return s.missedDomain(ctx, tx, row, now, by)
	})
	return row, err
}

func (s *Service) foundDomain(ctx context.Context, tx *veranda.Tx, row *domainRow, now time.Time, by veranda.AccountID) error {
	mine, err := row.prove(ctx, tx)
	if err != nil {
		return err
	}
	if !mine {
		return ErrDomainTaken
	}
	switch {
	case row.ProvedAt.IsZero():
		row.ProvedAt = now
		emitDomain(tx, EventDomainProved, row.Org, by, DomainChanged{Domain: row.Domain})
	case !row.MissingSince.IsZero():
		emitDomain(tx, EventDomainRestored, row.Org, by, DomainChanged{Domain: row.Domain})
	}
	row.MissingSince = time.Time{}
	return row.store(ctx, tx)
}

func (s *Service) missedDomain(ctx context.Context, tx *veranda.Tx, row *domainRow, now time.Time, by veranda.AccountID) error {
	switch {
	case row.ProvedAt.IsZero():
	case row.MissingSince.IsZero():
		ends := now.Add(domainGrace)
		row.MissingSince = now
		emitDomain(tx, EventDomainMissed, row.Org, by, DomainChanged{Domain: row.Domain, ProofEnds: &ends})
	case !now.Before(row.MissingSince.Add(domainGrace)):
		ended, err := row.unprove(ctx, tx)
		if err != nil {
			return err
		}
		row.ProvedAt, row.MissingSince = time.Time{}, time.Time{}
		emitDomain(tx, EventDomainUnproved, row.Org, by, DomainChanged{Domain: row.Domain, Requests: ended})
	}
	return row.store(ctx, tx)
}

// How the periodic job looks at domains: so many at once, and each again after so long.
const (
	domainsAtOnce = 8
	domainAgain   = 20 * time.Hour
)

// DomainsJob is the periodic job that looks at proved domains again, once a day. One whose record is gone is marked, and
// unproved after seven days; requests to join by it end then. No answer of the DNS changes nothing. Register it with
// veranda.DB's Every. Events as CheckDomain's, of the system actor "domains".
func (s *Service) DomainsJob() veranda.Periodic {
	return veranda.Periodic{Name: "tenancy.domains", Every: 24 * time.Hour, Run: func(ctx context.Context, _ time.Time) error { return s.checkDomains(ctx) }}
}

func (s *Service) checkDomains(ctx context.Context) error {
	before := s.now().Add(-domainAgain)
	for {
		var due []*domainRow
		err := readAll(ctx, s.conn.Query, selectDueDomains, []any{s.time(before), domainsAtOnce}, func(rows *sql.Rows) error {
			r := &domainRow{}
			err := rows.Scan(r.destinations()...)
			due = append(due, r)
			return err
		})
		if err != nil {
			return err
		}
		// The questions wait for each other's answers side by side, the writing is one after another.
		there, failed := make([]bool, len(due)), make([]error, len(due))
		var wait sync.WaitGroup
		for i, row := range due {
			wait.Go(func() { there[i], failed[i] = s.lookUp(ctx, row) })
		}
		wait.Wait()
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, row := range due {
			if err := s.lookedAt(ctx, row, there[i], failed[i]); err != nil {
				return err
			}
		}
		if len(due) < domainsAtOnce {
			return nil
		}
	}
}

// lookedAt writes down an answer of the DNS, or that there was none: the domain's turn comes again tomorrow.
func (s *Service) lookedAt(ctx context.Context, row *domainRow, there bool, failed error) error {
	if failed == nil {
		_, failed = s.judgeDomain(ctx, row, there, veranda.AccountID{})
		switch {
		case failed == nil || errors.Is(failed, veranda.ErrNotFound): // removed meanwhile
			return nil
		case !errors.Is(failed, ErrDomainTaken):
			return failed
		}
	}
	s.log.Warn("a proved domain could not be looked at", "organization", row.Org.String(), "domain", row.Domain, "error", failed)
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, lookedAtDomain, row.Org, row.Domain, row.Token, s.time(s.now()))
		return wrapped("note a look at a domain", err)
	})
}
