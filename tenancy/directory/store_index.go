package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
)

// key is a person in an organization.
type key struct {
	org     veranda.OrgID
	account veranda.AccountID
}

const (
	nextMembers = `SELECT m.org_id, m.account_id FROM veranda_memberships m WHERE (m.org_id, m.account_id) > ($1, $2) ORDER BY m.org_id, m.account_id LIMIT $3`
	nextEntries = `SELECT p.org_id, p.account_id FROM veranda_directory_people p WHERE (p.org_id, p.account_id) > ($1, $2) ORDER BY p.org_id, p.account_id LIMIT $3`
	// Everything of what nobody has: a term of the index is whoever's it is.
	deleteWords = `DELETE FROM veranda_directory_words WHERE NOT EXISTS (SELECT 1 FROM veranda_directory_terms t
WHERE t.org_id = veranda_directory_words.org_id AND t.term = veranda_directory_words.word)`
)

func (s *Service) readKeys(ctx context.Context, text string, org veranda.OrgID, account veranda.AccountID) ([]key, error) {
	rows, err := s.conn.Query(ctx, text, org, account, indexBatch)
	if err != nil {
		return nil, fmt.Errorf("directory: read people: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var keys []key
	for rows.Next() {
		var k key
		if err := rows.Scan(&k.org, &k.account); err != nil {
			return nil, fmt.Errorf("directory: read people: %w", err)
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

func (s *Service) readVersion(ctx context.Context) (int64, error) {
	rows, err := s.conn.Query(ctx, `SELECT version FROM veranda_directory_state WHERE one = 1`)
	if err != nil {
		return 0, fmt.Errorf("directory: read version: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var version int64
	if rows.Next() {
		if err := rows.Scan(&version); err != nil {
			return 0, fmt.Errorf("directory: read version: %w", err)
		}
	}
	return version, rows.Err()
}

// organizationsOf are those an account belongs to, and those it has rows in.
func organizationsOf(ctx context.Context, tx *veranda.Tx, account veranda.AccountID) ([]veranda.OrgID, error) {
	rows, err := tx.Query(ctx, `SELECT o.org_id FROM veranda_account_organizations o WHERE o.account_id = $1 ORDER BY o.org_id`, account)
	if err != nil {
		return nil, fmt.Errorf("directory: read organizations: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var orgs []veranda.OrgID
	for rows.Next() {
		var org veranda.OrgID
		if err := rows.Scan(&org); err != nil {
			return nil, fmt.Errorf("directory: read organizations: %w", err)
		}
		orgs = append(orgs, org)
	}
	return orgs, rows.Err()
}

const (
	lockEntrySQLite   = `SELECT p.sort_key, p.words, p.domains, p.inside, p.phones, p.terms FROM veranda_directory_people p WHERE p.org_id = $1 AND p.account_id = $2`
	lockEntryPostgres = lockEntrySQLite + ` FOR UPDATE`
)

func lockEntry(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) (e entry, found bool, err error) {
	rows, err := tx.Query(ctx, tx.DB().Pick(lockEntryPostgres, lockEntrySQLite), org, account)
	if err != nil {
		return e, false, fmt.Errorf("directory: lock row: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return e, false, rows.Err()
	}
	var terms string
	if err := rows.Scan(&e.sortKey, &e.words, &e.domains, &e.inside, &e.phones, &terms); err != nil {
		return e, false, fmt.Errorf("directory: lock row: %w", err)
	}
	e.terms = strings.Fields(terms)
	return e, true, rows.Err()
}

// claimEntry makes an empty row, or waits for who is making it.
func claimEntry(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) (entry, error) {
	_, err := tx.Exec(ctx, `INSERT INTO veranda_directory_people (org_id, account_id, sort_key, words, domains, inside, phones, terms) VALUES ($1, $2, '', '', '', '', '', '')
ON CONFLICT (org_id, account_id) DO NOTHING`, org, account)
	if err != nil {
		return entry{}, fmt.Errorf("directory: make row: %w", err)
	}
	e, _, err := lockEntry(ctx, tx, org, account)
	return e, err
}

func storeEntry(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID, e entry) error {
	_, err := tx.Exec(ctx, `UPDATE veranda_directory_people SET sort_key = $3, words = $4, domains = $5, phones = $6, terms = $7, inside = $8 WHERE org_id = $1 AND account_id = $2`,
		org, account, e.sortKey, e.words, e.domains, e.phones, strings.Join(e.terms, " "), e.inside)
	if err != nil {
		return fmt.Errorf("directory: store row: %w", err)
	}
	return nil
}

func deleteEntry(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	_, err := tx.Exec(ctx, `DELETE FROM veranda_directory_people WHERE org_id = $1 AND account_id = $2`, org, account)
	if err != nil {
		return fmt.Errorf("directory: remove row: %w", err)
	}
	return nil
}

// Lists travel as one argument, so that each text is a constant. Terms hold no spaces.
const (
	deleteTermsPostgres = `DELETE FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.account_id = $2 AND t.sort_key = $3 AND t.term = ANY (string_to_array($4::text, ' '))`
	deleteTermsSQLite   = `DELETE FROM veranda_directory_terms WHERE org_id = $1 AND account_id = $2 AND sort_key = $3 AND term IN (SELECT value FROM json_each($4))`
	storeTermsPostgres  = `INSERT INTO veranda_directory_terms (org_id, term, sort_key, account_id) SELECT $1, t.term, $3, $2 FROM unnest(string_to_array($4::text, ' ')) AS t (term) ON CONFLICT DO NOTHING`
	storeTermsSQLite    = `INSERT INTO veranda_directory_terms (org_id, term, sort_key, account_id) SELECT $1, value, $3, $2 FROM json_each($4) WHERE TRUE ON CONFLICT DO NOTHING`
	// Pairs of a fragment and the word it is of. They are sorted, so that two transactions that add the same words wait for
	// each other in one order.
	storeWordsPostgres = `INSERT INTO veranda_directory_words (org_id, fragment, word)
SELECT $1, w.pair ->> 0, w.pair ->> 1 FROM jsonb_array_elements($2::jsonb) AS w (pair) ORDER BY 2, 3 ON CONFLICT DO NOTHING`
	storeWordsSQLite = `INSERT INTO veranda_directory_words (org_id, fragment, word)
SELECT $1, value ->> 0, value ->> 1 FROM json_each($2) WHERE TRUE ON CONFLICT DO NOTHING`
)

// listArgument is a list of words without spaces as a placeholder's argument.
func listArgument(db *veranda.DB, list []string) (any, error) {
	if !db.Embedded() {
		return strings.Join(list, " "), nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("directory: list: %w", err)
	}
	return string(text), nil
}

func deleteTerms(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID, sortKey string, terms []string) error {
	return withList(ctx, tx, tx.DB().Pick(deleteTermsPostgres, deleteTermsSQLite), terms, org, account, sortKey)
}

func storeTerms(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID, sortKey string, terms []string) error {
	return withList(ctx, tx, tx.DB().Pick(storeTermsPostgres, storeTermsSQLite), terms, org, account, sortKey)
}

func withList(ctx context.Context, tx *veranda.Tx, text string, list []string, args ...any) error {
	if len(list) == 0 {
		return nil
	}
	argument, err := listArgument(tx.DB(), list)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, text, append(args, argument)...); err != nil {
		return fmt.Errorf("directory: change terms: %w", err)
	}
	return nil
}

func storeWords(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, words []string) error {
	var pairs [][2]string
	for _, word := range words {
		for _, fragment := range fragmentsOf(word) {
			pairs = append(pairs, [2]string{fragment, word})
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	list, err := json.Marshal(pairs)
	if err != nil {
		return fmt.Errorf("directory: store words: %w", err)
	}
	if _, err := tx.Exec(ctx, tx.DB().Pick(storeWordsPostgres, storeWordsSQLite), org, string(list)); err != nil {
		return fmt.Errorf("directory: store words: %w", err)
	}
	return nil
}

const selectPerson = `SELECT a.name, a.first_name, a.last_name, m.user_name, coalesce(d.address, ''), m.address_key
FROM veranda_memberships m JOIN veranda_accounts a ON a.id = m.account_id
LEFT JOIN veranda_addresses d ON d.account_id = m.account_id AND d.address_key = m.address_key
WHERE m.org_id = $1 AND m.account_id = $2`

// readPerson reads what a member is searched for: of their addresses only the one they belong to the organization by.
func readPerson(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) (p person, member bool, err error) {
	rows, err := tx.Query(ctx, selectPerson, org, account)
	if err != nil {
		return p, false, fmt.Errorf("directory: read person: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return p, false, rows.Err()
	}
	if err := rows.Scan(&p.name, &p.first, &p.last, &p.userName, &p.address, &p.addressKey); err != nil {
		return p, false, fmt.Errorf("directory: read person: %w", err)
	}
	if err := rows.Close(); err != nil {
		return p, false, fmt.Errorf("directory: read person: %w", err)
	}
	numbers, err := tx.Query(ctx, selectNumbers, account)
	if err != nil {
		return p, false, fmt.Errorf("directory: read phone numbers: %w", err)
	}
	defer func() { _ = numbers.Close() }()
	for numbers.Next() {
		var number string
		if err := numbers.Scan(&number); err != nil {
			return p, false, fmt.Errorf("directory: read phone numbers: %w", err)
		}
		p.numbers = append(p.numbers, number)
	}
	return p, true, numbers.Err()
}

const selectNumbers = `SELECT n.number FROM veranda_phones n WHERE n.account_id = $1 AND n.confirmed_at IS NOT NULL ORDER BY n.number`
