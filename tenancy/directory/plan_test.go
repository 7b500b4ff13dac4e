package directory

import (
	"context"
	"strings"
	"testing"

	"github.com/veranda-go/veranda/verandatest"
)

// No search reads a table from end to end, whichever way it goes.
func TestSearchesUseIndexes(t *testing.T) {
	t.Parallel()
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, engine, 4000)
			v := &viewer{org: c.org, account: c.employee, employees: true, shared: true}
			none, err := listArgument(c.DB, []string{c.owner.String()})
			if err != nil {
				t.Fatal(err)
			}
			words, err := listArgument(c.DB, []string{"anna", "ann"})
			if err != nil {
				t.Fatal(err)
			}
			tx := c.service.texts
			args := v.args(filter{}, tokensOf("anna be"), position{}, 21)
			with := func(more ...any) []any { return append(append([]any{}, args...), more...) }
			for name, read := range map[string]struct {
				text string
				args []any
			}{
				"people": {tx.people, args}, "head": {tx.head, with("an")}, "range": {tx.rng, with("anna", "anna"+last, last, last)}, "show": {tx.show, with(none)},
				"shared": {tx.fewShared, []any{c.org, c.external, 1001}}, "workspace": {tx.fewWorkspace, []any{c.org, c.owner, 1001}}, "team": {tx.fewTeam, []any{c.org, c.owner, 1001}},
				"role": {tx.fewRole, []any{c.org, "% owner %", 1001}}, "kind": {tx.fewKind, []any{c.org, "external", 1001}},
				"keys": {tx.keys, []any{c.org, words, last, last, "", c.org, 400}}, "count": {countRange, []any{c.org, "anna", "anna" + last, last, last, 401}},
				"words": {c.DB.Pick(wordsPostgres, wordsSQLite), []any{c.org, words, 5000}},
			} {
				plan := c.explain(t, read.text, read.args)
				for line := range strings.SplitSeq(plan, "\n") {
					for _, table := range []string{"veranda_directory_people", "veranda_directory_terms", "veranda_directory_words", "veranda_accounts", "veranda_memberships"} {
						if strings.Contains(line, "Seq Scan on "+table) || strings.Contains(line, "SCAN "+table) {
							t.Errorf("%s reads all of %s:\n%s", name, table, plan)
						}
					}
					// On SQLite a table goes by its short name: what is scanned may be a list, or what a sub-select gave.
					for _, short := range []string{"SCAN p", "SCAN t", "SCAN o", "SCAN m", "SCAN a", "SCAN w", "SCAN d", "SCAN n", "SCAN pic", "SCAN theirs", "SCAN mine"} {
						if strings.TrimSpace(line) == short || strings.HasPrefix(strings.TrimSpace(line), short+" USING") {
							t.Errorf("%s: %s:\n%s", name, line, plan)
						}
					}
				}
			}
		})
	}
}

func (c *crowd) explain(t *testing.T, text string, args []any) string {
	t.Helper()
	//sql:built the text is the one under test
	rows, err := c.DB.Reader().DB.QueryContext(context.Background(), c.DB.Pick("EXPLAIN ", "EXPLAIN QUERY PLAN ")+text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		var a, b, d int
		if c.DB.Embedded() {
			err = rows.Scan(&a, &b, &d, &line)
		} else {
			err = rows.Scan(&line)
		}
		if err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
