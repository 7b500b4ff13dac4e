package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// inviteTables are what an invitation writes, with the columns that are written.
var inviteTables = []struct{ name, columns string }{
	{"veranda_invitations", "org_id, id, workspace_id, kind, roles, address_key, address, language, invited_by, state, created_at, expires_at, version"},
	{"veranda_links", "token_hash, nonce, purpose, account_id, address_key, org_id, subject_id, created_at, expires_at, used_at"},
	{"veranda_deliveries", "org_id, id, account_id, by_id, channel, recipient, template, language, data, link_hash, state, reason, attempts, created_at"},
	{"veranda_attempts", "key, count, rounds, window_ends_at"},
	{"veranda_events", "org_id, id, workspace_id, kind, subject_id, by_id, system, at, data"},
	{"veranda_outbox", "id, consumer, org_id, event_id, payload, due_at"},
}

// bareRows are how many rows a bare statement inserts, tried in turn: the fastest is the limit.
var bareRows = []int{1, 10, 100}

// BenchmarkInvite1000 measures inviting 1,000 people by one call against bare inserts of the same rows, in turns on the
// same database, and prints the ratio of their speeds: bare time by ours.
func BenchmarkInvite1000(b *testing.B) {
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			e := verandatest.New(b, engine, []veranda.Module{veranda.Core(), Module()})
			k := newKit(b, e, veranda.Unlimited{})
			ctx := context.Background()
			var ours []time.Duration
			bare := map[int][]time.Duration{}
			for round := 0; round < 3 || b.Loop(); round++ {
				e.Clock.Advance(25 * time.Hour) // the counts begin anew
				in := InviteInput{Org: k.Org, People: make([]Invitee, maxInvitees)}
				for i := range in.People {
					in.People[i].Address = fmt.Sprintf("person%d.%d@company%d.example", i, round, i%40)
				}
				began := time.Now()
				result, err := k.s.Invite(ctx, k.Owner.Actor, in)
				took := time.Since(began)
				if err != nil {
					b.Fatal(err)
				}
				for _, item := range result.Items {
					if item.Result != InviteSent {
						b.Fatalf("%+v", item)
					}
				}
				rows := takeOut(b, k.DB)
				if n := len(rows[0].values); n != maxInvitees {
					b.Fatalf("%d invitations", n)
				}
				for _, n := range bareRows {
					again := putIn(b, k.DB, rows, n)
					takeOut(b, k.DB)
					if round > 0 { // the first one prepares statements
						bare[n] = append(bare[n], again)
					}
				}
				if round > 0 {
					ours = append(ours, took)
				}
			}
			mine, limit := median(ours), time.Hour
			for _, n := range bareRows {
				b.Logf("bare inserts of %d rows each: %s", n, median(bare[n]))
				limit = min(limit, median(bare[n]))
			}
			ratio := float64(limit) / float64(mine)
			b.ReportMetric(ratio, "ratio")
			b.ReportMetric(float64(mine.Microseconds())/1000, "ms/invite")
			b.ReportMetric(float64(limit.Microseconds())/1000, "ms/bare")
			b.Logf("RATIO invite.1000.%s %.2f 0.6 (ours %s, bare inserts %s)", engine, ratio, mine.Round(time.Microsecond), limit.Round(time.Microsecond))
		})
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// tableRows are rows of a table, as they were read.
type tableRows struct {
	name, columns string
	values        [][]any
}

// takeOut reads and deletes what inviting wrote.
func takeOut(b *testing.B, db *veranda.DB) []tableRows {
	b.Helper()
	var out []tableRows
	err := db.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		for _, table := range inviteTables {
			t := tableRows{name: table.name, columns: table.columns}
			err := readAll(ctx, tx.Query, `SELECT `+table.columns+` FROM `+table.name, nil, func(rows *sql.Rows) error {
				row := make([]any, strings.Count(table.columns, ",")+1)
				pointers := make([]any, len(row))
				for i := range row {
					pointers[i] = &row[i]
				}
				err := rows.Scan(pointers...)
				for i, value := range row {
					if text, ok := value.([]byte); ok {
						row[i] = slices.Clone(text)
					}
				}
				t.values = append(t.values, row)
				return err
			})
			if err != nil {
				return err
			}
			out = append(out, t)
			//sql:built the names are those of the list above
			if _, err := tx.Exec(ctx, `DELETE FROM `+table.name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// putIn inserts rows in one transaction and gives the time it took.
func putIn(b *testing.B, db *veranda.DB, tables []tableRows, together int) time.Duration {
	b.Helper()
	ctx := context.Background()
	type statement struct {
		text string
		args []any
	}
	var statements []statement // made before the time counts
	for _, t := range tables {
		for rows := range slices.Chunk(t.values, together) {
			var text strings.Builder
			text.WriteString("INSERT INTO " + t.name + " (" + t.columns + ") VALUES ")
			var args []any
			for i, row := range rows {
				for j, value := range row {
					args = append(args, value)
					text.WriteString([]string{"(", ", "}[min(j, 1)])
					fmt.Fprintf(&text, "$%d", len(args))
				}
				text.WriteString(")")
				if i < len(rows)-1 {
					text.WriteString(", ")
				}
			}
			statements = append(statements, statement{text.String(), args})
		}
	}
	began := time.Now()
	tx, err := db.Writer().DB.BeginTx(ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s.text, s.args...); err != nil {
			b.Fatalf("%s: %v", s.text[:60], err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
