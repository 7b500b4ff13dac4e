package directory

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
)

// Every read of people begins with the same placeholders: $1 is the organization and $2 the caller, $3 to $5 tell whether
// they see everybody, employees, and whom they share a workspace with, $6 whether they see reserved accounts. $7 to $11 are
// the filters: kind, role, workspace, team, departments. $12 to $17 are the patterns of a query's words, $18 tells whether
// user names and phone numbers are looked at. $19 and $20 are the position, $21 is the limit, and $22 on are the source's own.
const (
	// Who sees whom, read with every search. A workspace that is deleted is shared with nobody.
	visibleText = `($3 = 1 OR $4 = 1 AND m.kind = 'internal' OR m.account_id = $2 OR $5 = 1 AND EXISTS (SELECT 1
	FROM veranda_workspace_members theirs
	JOIN veranda_workspace_members mine ON mine.org_id = theirs.org_id AND mine.workspace_id = theirs.workspace_id AND mine.account_id = $2
	JOIN veranda_workspaces w ON w.org_id = theirs.org_id AND w.id = theirs.workspace_id AND w.deleted_at IS NULL
	WHERE theirs.org_id = $1 AND theirs.account_id = m.account_id))`

	memberWhere = `m.org_id = $1 AND m.account_id = c.account_id AND m.disabled_at IS NULL AND ` + visibleText + `
	AND ($7 = '' OR m.kind = $7)
	AND ($8 = '' OR strpos(' ' || m.roles || ' ' || m.team_roles || ' ', ' ' || $8 || ' ') > 0)
	AND ($9::uuid IS NULL OR EXISTS (SELECT 1 FROM veranda_workspace_members fw WHERE fw.org_id = $1 AND fw.workspace_id = $9::uuid AND fw.account_id = m.account_id))
	AND ($10::uuid IS NULL OR EXISTS (SELECT 1 FROM veranda_team_members ft WHERE ft.org_id = $1 AND ft.team_id = $10::uuid AND ft.account_id = m.account_id))
	AND ($11 = '' OR strpos($11, m.department_id::text) > 0)`

	accountWhere = `a.id = c.account_id AND (a.state = 'active' OR $6 = 1 AND a.state = 'pending')`

	// A pattern is a word behind a space: with three letters it is looked for in domains too, with four digits in numbers.
	personWhere = `p.org_id = $1 AND p.account_id = c.account_id` +
		` AND ($12 = '' OR strpos(p.words || CASE WHEN $18 = 1 THEN p.inside ELSE '' END || CASE WHEN length($12) > 3 THEN p.domains ELSE '' END || CASE WHEN $18 = 1 AND length($12) > 4 THEN p.phones ELSE '' END, $12) > 0)` +
		` AND ($13 = '' OR strpos(p.words || CASE WHEN $18 = 1 THEN p.inside ELSE '' END || CASE WHEN length($13) > 3 THEN p.domains ELSE '' END || CASE WHEN $18 = 1 AND length($13) > 4 THEN p.phones ELSE '' END, $13) > 0)` +
		` AND ($14 = '' OR strpos(p.words || CASE WHEN $18 = 1 THEN p.inside ELSE '' END || CASE WHEN length($14) > 3 THEN p.domains ELSE '' END || CASE WHEN $18 = 1 AND length($14) > 4 THEN p.phones ELSE '' END, $14) > 0)` +
		` AND ($15 = '' OR strpos(p.words || CASE WHEN $18 = 1 THEN p.inside ELSE '' END || CASE WHEN length($15) > 3 THEN p.domains ELSE '' END || CASE WHEN $18 = 1 AND length($15) > 4 THEN p.phones ELSE '' END, $15) > 0)` +
		` AND ($16 = '' OR strpos(p.words || CASE WHEN $18 = 1 THEN p.inside ELSE '' END || CASE WHEN length($16) > 3 THEN p.domains ELSE '' END || CASE WHEN $18 = 1 AND length($16) > 4 THEN p.phones ELSE '' END, $16) > 0)` +
		` AND ($17 = '' OR strpos(p.words || CASE WHEN $18 = 1 THEN p.inside ELSE '' END || CASE WHEN length($17) > 3 THEN p.domains ELSE '' END || CASE WHEN $18 = 1 AND length($17) > 4 THEN p.phones ELSE '' END, $17) > 0)` +
		` AND (p.sort_key, p.account_id) > ($19, $20)`

	innerSelect = `SELECT c.account_id, p.sort_key, a.name, a.state, m.kind, m.roles, m.team_roles, m.user_name, m.address_key, m.department_id`

	// The look-ups hang on each other by LATERAL and LIMIT, and on SQLite by CROSS JOIN: the source's order is the result's,
	// and who reads a page reads no more of it than the page needs, whatever a planner thinks of its size.
	joinsPostgres = `
CROSS JOIN LATERAL (SELECT p.sort_key FROM veranda_directory_people p WHERE ` + personWhere + ` LIMIT 1) p
CROSS JOIN LATERAL (SELECT m.kind, m.roles, m.team_roles, m.user_name, m.address_key, m.department_id FROM veranda_memberships m WHERE ` + memberWhere + ` LIMIT 1) m
CROSS JOIN LATERAL (SELECT a.name, a.state FROM veranda_accounts a WHERE ` + accountWhere + ` LIMIT 1) a`
	joinsSQLite = `
CROSS JOIN veranda_directory_people p ON ` + personWhere + `
CROSS JOIN veranda_memberships m ON ` + memberWhere + `
CROSS JOIN veranda_accounts a ON ` + accountWhere

	// What is shown of those on the page.
	showSelect = `SELECT r.account_id, r.sort_key, r.name, r.state, r.kind, r.roles, r.team_roles, r.user_name,
	coalesce((SELECT d.address FROM veranda_addresses d WHERE d.account_id = r.account_id AND d.address_key = r.address_key), r.address_key),
	(SELECT pic.etag FROM veranda_directory_pictures pic WHERE pic.account_id = r.account_id),
	r.department_id, (SELECT dep.name FROM veranda_departments dep WHERE dep.org_id = $1 AND dep.id = r.department_id),
	(SELECT string_agg(n.number, ' ') FROM veranda_phones n WHERE n.account_id = r.account_id AND n.confirmed_at IS NOT NULL)
FROM (`
)

// Where candidates come from, in the order of names.
const (
	fromPeople = ` FROM (SELECT o.sort_key, o.account_id FROM veranda_directory_people o
	WHERE o.org_id = $1 AND (o.sort_key, o.account_id) > ($19, $20) ORDER BY o.sort_key, o.account_id LIMIT 1000000000) c`
	fromHead = ` FROM (SELECT t.sort_key, t.account_id FROM veranda_directory_terms t
	WHERE t.org_id = $1 AND t.term = $22 AND (t.sort_key, t.account_id) > ($19, $20) ORDER BY t.sort_key, t.account_id LIMIT 1000000000) c`
	fromRange = ` FROM (SELECT t.sort_key, t.account_id FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term >= $22 AND t.term < $23 AND (t.sort_key, t.account_id) > ($19, $20)
	UNION SELECT t.sort_key, t.account_id FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term >= $24 AND t.term < $25 AND (t.sort_key, t.account_id) > ($19, $20)
	ORDER BY 1, 2 LIMIT 1000000000) c`
	fromListPostgres = ` FROM unnest(string_to_array($22::text, ' ')::uuid[]) AS c (account_id)`
	fromListSQLite   = ` FROM (SELECT value AS account_id FROM json_each($22)) c`
)

// texts are the reads of a database, made once.
type texts struct {
	// Candidates: whom the caller shares a workspace with, who is in what a filter names, and who has words.
	fewShared, fewWorkspace, fewTeam, fewDepartments, fewRole, fewKind, keys string
	people, head, rng                                                        string // a page of what a source gives
	show                                                                     string // accounts as they are shown
}

func newTexts(db *veranda.DB, visible string) texts {
	joins, list := joinsPostgres, fromListPostgres
	if db.Embedded() {
		joins, list = joinsSQLite, fromListSQLite
	}
	joins = strings.Replace(joins, visibleText, visible, 1)
	end := db.Pick(candidatePostgres, candidateSQLite)
	candidates := func(from string) string { return candidateSelect + from + end }
	const sorted = ` ORDER BY c.sort_key, c.account_id LIMIT $21`
	page := func(from string) string {
		return showSelect + innerSelect + from + joins + sorted + `) r ORDER BY r.sort_key, r.account_id`
	}
	t := texts{
		fewShared: candidates(fewShared), fewWorkspace: candidates(fewWorkspace), fewTeam: candidates(fewTeam),
		fewDepartments: candidates(db.Pick(fewDepartments, fewDepartmentsSQLite)), fewRole: candidates(fewRole), fewKind: candidates(fewKind),
		keys:   candidates(db.Pick(keysPostgres, keysSQLite)),
		people: page(fromPeople), head: page(fromHead), rng: page(fromRange),
		show: showSelect + innerSelect + list + joins + ` LIMIT $21) r`,
	}
	if db.Embedded() {
		// The order of look-ups is the one written: who is in few workspaces is soon told.
		spell := strings.NewReplacer("JOIN veranda_workspace_members mine ON", "CROSS JOIN veranda_workspace_members mine ON",
			"JOIN veranda_workspaces w ON", "CROSS JOIN veranda_workspaces w ON", "strpos(", "instr(", "::uuid", "", "::text", "", "string_agg(", "group_concat(")
		for _, text := range []*string{&t.people, &t.head, &t.rng, &t.show} {
			*text = spell.Replace(*text)
		}
	}
	return t
}

// filter narrows people beyond what the caller may see.
type filter struct {
	kind, role      string
	workspace, team any // an id, or nil
	departments     string
}

// position is where a page goes on.
type position struct {
	rank    int
	sortKey string
	account veranda.AccountID
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// args are the placeholders every read of people begins with.
func (v *viewer) args(f filter, tokens []token, after position, limit int) []any {
	args := []any{
		v.org, v.account, truth(v.all), truth(v.employees), truth(v.shared), truth(v.inside()),
		f.kind, f.role, f.workspace, f.team, f.departments,
	}
	for i := range maxTokens {
		pattern := ""
		if i < len(tokens) {
			pattern = tokens[i].pattern
		}
		args = append(args, pattern)
	}
	return append(args, truth(v.inside()), after.sortKey, after.account, limit)
}

// found is a person as a search reads them.
type found struct {
	position
	name, state, kind, roles, userName, address, picture string
	department                                           veranda.ID[departmentKind]
	departmentName                                       string
	phones                                               []string
}

func (s *Service) queryPage(ctx context.Context, text string, args []any) ([]found, error) {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("directory: search: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var people []found
	for rows.Next() {
		var f found
		var teamRoles string
		var picture, department, phones sql.NullString
		if err := rows.Scan(&f.account, &f.sortKey, &f.name, &f.state, &f.kind, &f.roles, &teamRoles, &f.userName, &f.address,
			&picture, &f.department, &department, &phones); err != nil {
			return nil, fmt.Errorf("directory: search: %w", err)
		}
		f.roles += " " + teamRoles
		f.picture, f.departmentName, f.phones = picture.String, department.String, strings.Fields(phones.String)
		people = append(people, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("directory: search: %w", err)
	}
	return people, nil
}

// candidate is somebody with the words to hold against a query. Whether the caller may see them is asked when they are
// shown.
type candidate struct {
	position
	entry
}

// queryCandidates runs a text that begins with candidateSelect.
func (s *Service) queryCandidates(ctx context.Context, text string, args ...any) ([]candidate, error) {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("directory: read candidates: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []candidate
	for rows.Next() {
		var c candidate
		if err := rows.Scan(&c.account, &c.position.sortKey, &c.words, &c.domains, &c.inside, &c.phones); err != nil {
			return nil, fmt.Errorf("directory: read candidates: %w", err)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("directory: read candidates: %w", err)
	}
	return all, nil
}

// Candidates with their words: the text of one source goes between beginning and end.
const (
	candidateSelect   = `SELECT p.account_id, p.sort_key, p.words, p.domains, p.inside, p.phones FROM (`
	candidatePostgres = `) x CROSS JOIN LATERAL (SELECT p.account_id, p.sort_key, p.words, p.domains, p.inside, p.phones FROM veranda_directory_people p WHERE p.org_id = $1 AND p.account_id = x.account_id LIMIT 1) p`
	candidateSQLite   = `) x CROSS JOIN veranda_directory_people p ON p.org_id = $1 AND p.account_id = x.account_id`
)

// Accounts that few can be: whom the caller shares a workspace with, and who is in what a filter names.
const (
	fewShared = `SELECT theirs.account_id FROM veranda_workspace_members mine
JOIN veranda_workspaces w ON w.org_id = mine.org_id AND w.id = mine.workspace_id AND w.deleted_at IS NULL
JOIN veranda_workspace_members theirs ON theirs.org_id = mine.org_id AND theirs.workspace_id = mine.workspace_id
WHERE mine.org_id = $1 AND mine.account_id = $2 UNION SELECT m.account_id FROM veranda_memberships m WHERE m.org_id = $1 AND m.account_id = $2 LIMIT $3`
	fewWorkspace   = `SELECT wm.account_id FROM veranda_workspace_members wm WHERE wm.org_id = $1 AND wm.workspace_id = $2 LIMIT $3`
	fewTeam        = `SELECT tm.account_id FROM veranda_team_members tm WHERE tm.org_id = $1 AND tm.team_id = $2 LIMIT $3`
	fewDepartments = `SELECT m.account_id FROM veranda_memberships m WHERE m.org_id = $1 AND m.department_id IS NOT NULL AND m.department_id = ANY (string_to_array($2::text, ' ')::uuid[]) LIMIT $3`
	// The same on SQLite, which spells lists apart.
	fewDepartmentsSQLite = `SELECT m.account_id FROM veranda_memberships m WHERE m.org_id = $1 AND m.department_id IS NOT NULL AND m.department_id IN (SELECT value FROM json_each($2)) LIMIT $3`
	// The condition is that of the index of those who are not plain employees.
	fewRole = `SELECT m.account_id FROM veranda_memberships m WHERE m.org_id = $1 AND (m.roles <> 'employee' OR m.team_roles <> '')
AND (' ' || m.roles || ' ' || m.team_roles || ' ') LIKE $2 ESCAPE '!' LIMIT $3`
	fewKind = `SELECT m.account_id FROM veranda_memberships m WHERE m.org_id = $1 AND (m.roles <> 'employee' OR m.team_roles <> '') AND m.kind = $2 LIMIT $3`

	selectDepartments = `WITH RECURSIVE below (id) AS (SELECT d.id FROM veranda_departments d WHERE d.org_id = $1 AND d.id = $2
UNION SELECT d.id FROM veranda_departments d JOIN below ON d.org_id = $1 AND d.parent_id = below.id) SELECT id FROM below`

	// How many terms a word's range has: $2 to $3, and that of a number, $4 to $5; counted no further than $6.
	countRange = `SELECT count(*) FROM (SELECT 1 FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term >= $2 AND t.term < $3
UNION ALL SELECT 1 FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term >= $4 AND t.term < $5 LIMIT $6) counted`
	countHead = `SELECT count(*) FROM (SELECT 1 FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term = $2 LIMIT $3) counted`

	wordsPostgres = `SELECT DISTINCT w.word FROM veranda_directory_words w WHERE w.org_id = $1 AND w.fragment = ANY (string_to_array($2::text, ' ')) LIMIT $3`
	wordsSQLite   = `SELECT DISTINCT w.word FROM veranda_directory_words w WHERE w.org_id = $1 AND w.fragment IN (SELECT value FROM json_each($2)) LIMIT $3`

	// People by whole words, and by a range of them, in the order of names behind a position: $5 and $6.
	keysPostgres = `SELECT t.sort_key, t.account_id FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term = ANY (string_to_array($2::text, ' ')) AND (t.sort_key, t.account_id) > ($5, $6)
UNION SELECT t.sort_key, t.account_id FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term >= $3 AND t.term < $4 AND (t.sort_key, t.account_id) > ($5, $6) ORDER BY 1, 2 LIMIT $7`
	keysSQLite = `SELECT t.sort_key, t.account_id FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term IN (SELECT value FROM json_each($2)) AND (t.sort_key, t.account_id) > ($5, $6)
UNION SELECT t.sort_key, t.account_id FROM veranda_directory_terms t WHERE t.org_id = $1 AND t.term >= $3 AND t.term < $4 AND (t.sort_key, t.account_id) > ($5, $6) ORDER BY 1, 2 LIMIT $7`
)

// queryTexts reads a column of texts.
func (s *Service) queryTexts(ctx context.Context, text string, args ...any) ([]string, error) {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("directory: read: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, fmt.Errorf("directory: read: %w", err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

func (s *Service) queryCount(ctx context.Context, text string, args ...any) (int, error) {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return 0, fmt.Errorf("directory: count: %w", err)
	}
	defer func() { _ = rows.Close() }()
	n := 0
	if rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, fmt.Errorf("directory: count: %w", err)
		}
	}
	return n, rows.Err()
}
