package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// indexed are the kinds of events that change what people are searched for: names, addresses, phone numbers, user names,
// and who is a member. Patterns, so that a kind added later is covered.
var indexed = []string{
	"tenancy.account_*", "tenancy.address_*", "tenancy.phone_*", "tenancy.member*", "tenancy.person_*", "tenancy.people_*",
	"tenancy.user_*", "tenancy.join_*", "tenancy.organization_created",
}

const (
	// indexVersion rises when rows of the index are made differently: the job then makes them all again.
	indexVersion = 1
	// indexEvery is how often the job looks whether the index stands.
	indexEvery = 5 * time.Minute
	// indexBatch is how many people are indexed in one transaction.
	indexBatch = 100
)

// beforeCommit brings the index up to date inside the transaction that changes a person.
func (s *Service) beforeCommit(ctx context.Context, tx *veranda.Tx, e veranda.Event) error {
	var data struct {
		Account veranda.AccountID `json:"account_id"`
	}
	_ = json.Unmarshal(e.Data, &data) // data of other kinds names nobody
	accounts := []veranda.AccountID{e.By, data.Account}
	var subject veranda.AccountID
	if err := subject.UnmarshalText([]byte(e.Subject)); err == nil {
		accounts = append(accounts, subject)
	}
	seen := map[veranda.AccountID]bool{{}: true}
	for _, account := range accounts {
		if seen[account] {
			continue
		}
		seen[account] = true
		orgs := []veranda.OrgID{e.Org}
		if e.Org.IsZero() {
			var err error
			if orgs, err = organizationsOf(ctx, tx, account); err != nil {
				return err
			}
		}
		for _, org := range orgs {
			if err := reindex(ctx, tx, org, account); err != nil {
				return err
			}
		}
	}
	return nil
}

// reindex makes the rows of a person in an organization what they should be. The person's row is the lock under which
// that happens: of two transactions that change different things about a person, the second reads what the first wrote.
func reindex(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	before, found, err := lockEntry(ctx, tx, org, account)
	if err != nil {
		return err
	}
	person, member, err := readPerson(ctx, tx, org, account)
	if err != nil {
		return err
	}
	if !member {
		if !found {
			return nil
		}
		return errors.Join(deleteTerms(ctx, tx, org, account, before.sortKey, before.terms), deleteEntry(ctx, tx, org, account))
	}
	if !found {
		// Somebody else may be making the row at this moment: it is theirs to make first.
		if before, err = claimEntry(ctx, tx, org, account); err != nil {
			return err
		}
		if person, _, err = readPerson(ctx, tx, org, account); err != nil {
			return err
		}
	}
	after := entryOf(person)
	if after.same(before) {
		return nil
	}
	gone, added := before.terms, after.terms
	if before.sortKey == after.sortKey {
		gone, added = without(before.terms, after.terms), without(after.terms, before.terms)
	}
	if err := deleteTerms(ctx, tx, org, account, before.sortKey, gone); err != nil {
		return err
	}
	if err := storeTerms(ctx, tx, org, account, after.sortKey, added); err != nil {
		return err
	}
	if err := storeWords(ctx, tx, org, without(after.typable, before.terms)); err != nil {
		return err
	}
	return storeEntry(ctx, tx, org, account, after)
}

func (e entry) same(o entry) bool {
	return e.sortKey == o.sortKey && e.words == o.words && e.domains == o.domains && e.inside == o.inside && e.phones == o.phones && strings.Join(e.terms, " ") == strings.Join(o.terms, " ")
}

// without are the words of a sorted list that another one has not.
func without(list, other []string) []string {
	has := make(map[string]bool, len(other))
	for _, word := range other {
		has[word] = true
	}
	var out []string
	for _, word := range list {
		if !has[word] {
			out = append(out, word)
		}
	}
	return out
}

// IndexJob is the periodic job that makes the index of a database that has none yet, or one of an older version of the
// program. Until it is done, people whose rows are missing are not found by a search; whom nobody searches for is listed
// by tenancy's Members meanwhile.
func (s *Service) IndexJob() veranda.Periodic {
	return veranda.Periodic{Name: "directory.index", Every: indexEvery, Run: func(ctx context.Context, _ time.Time) error {
		version, err := s.readVersion(ctx)
		if err != nil || version == indexVersion {
			return err
		}
		return s.Rebuild(ctx)
	}}
}

// Rebuild makes the rows of everybody again and removes those of nobody, a hundred people at a time, while the program
// works on. The job calls it once for a database without an index; a program calls it after it has written tenancy's
// tables behind the package's back. It asks nobody and is not for requests of users.
func (s *Service) Rebuild(ctx context.Context) error {
	for _, text := range []string{nextMembers, nextEntries} {
		var org veranda.OrgID
		var account veranda.AccountID
		for {
			people, err := s.readKeys(ctx, text, org, account)
			if err != nil {
				return err
			}
			if len(people) == 0 {
				break
			}
			err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				for _, p := range people {
					if err := reindex(ctx, tx, p.org, p.account); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("directory: rebuild: %w", err)
			}
			org, account = people[len(people)-1].org, people[len(people)-1].account
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if _, err := tx.Exec(ctx, deleteWords); err != nil {
			return fmt.Errorf("directory: remove words: %w", err)
		}
		if _, err := tx.Exec(ctx, `UPDATE veranda_directory_state SET version = $1 WHERE one = 1`, indexVersion); err != nil {
			return fmt.Errorf("directory: note version: %w", err)
		}
		return nil
	})
}
