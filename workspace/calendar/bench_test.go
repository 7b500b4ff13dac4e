package calendar_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/calendar"
)

// bareRange is a month of what happens once, as a handler without anything else would read it.
const bareRange = `SELECT e.id, e.workspace_id, e.title, e.place, e.starts_at, e.ends_at, e.updated_at FROM veranda_calendar_events e
WHERE e.org_id = $1 AND e.workspace_id = $2 AND e.span = 0 AND e.starts_at >= $3 AND e.starts_at < $4 ORDER BY e.starts_at`

// BenchmarkMonth measures the month of a workspace with 100,000 events that happen once, over four years, and 1,000 that
// repeat, against the bare query of the former. The RATIO lines are of medians; the goal is 2.
func BenchmarkMonth(b *testing.B) {
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			ctx := context.Background()
			e := verandatest.New(b, engine, modules())
			w := world.New(b, e)
			authz, err := tenancy.NewAuthorizer(ctx, e.DB, e.Modules...)
			if err != nil {
				b.Fatal(err)
			}
			s, err := calendar.New(calendar.Deps{DB: e.DB, Authz: authz})
			if err != nil {
				b.Fatal(err)
			}
			fillMonths(b, e, w, s)
			in := calendar.RangeInput{Org: w.Org, Workspace: w.Open, From: *at("2026-11-01 00:00"), To: *at("2026-12-01 00:00")}
			things := 0
			month := func() {
				r, err := s.List(ctx, w.Employee.Actor, in)
				if err != nil {
					b.Fatal(err)
				}
				things = len(r.Items)
			}
			rows := 0
			bare := func() { rows = bareMonth(b, e, in) }
			first := time.Now()
			month()
			b.Logf("first: %v", time.Since(first))
			var of, against []time.Duration
			for b.Loop() {
				against, of = append(against, took(bare)), append(of, took(month))
			}
			slices.Sort(of)
			slices.Sort(against)
			ratio := float64(of[len(of)/2]) / float64(against[len(against)/2])
			fmt.Printf("RATIO calendar month %s: %.2f (%v of %d things against %v of %d rows)\n", engine, ratio, of[len(of)/2], things, against[len(against)/2], rows)
		})
	}
}

func took(run func()) time.Duration {
	begin := time.Now()
	run()
	return time.Since(begin)
}

func bareMonth(b *testing.B, e *verandatest.Env, in calendar.RangeInput) (count int) {
	b.Helper()
	rows, err := e.DB.Conn().Query(context.Background(), bareRange, in.Org, in.Workspace, e.DB.Time(in.From), e.DB.Time(in.To))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	list := []*calendar.Entry{}
	for rows.Next() {
		one := &calendar.Entry{}
		var id calendar.ID
		if err := rows.Scan(&id, &one.Workspace, &one.Title, &one.Place, veranda.Moment(&one.StartsAt), veranda.Moment(&one.EndsAt), veranda.Moment(&one.UpdatedAt)); err != nil {
			b.Fatal(err)
		}
		one.ID = id.String()
		list = append(list, one)
	}
	return len(list)
}

const (
	copyColumns = `INSERT INTO veranda_calendar_events (org_id, id, workspace_id, title, description, place, all_day, time_zone, start_wall, seconds,
	span, starts_at, ends_at, rule, last_wall, except_at, changes, guests, reminders, created_by, created_at, updated_at, version)
SELECT org_id, %s, workspace_id, title, description, place, all_day, time_zone, start_wall, seconds, span, %s, %s, rule, last_wall, except_at, changes, guests, reminders,
	created_by, created_at, updated_at, version FROM veranda_calendar_events, %s WHERE span = 0`
	manySQLite = `(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) SELECT i FROM n)`
	idSQLite   = `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-7' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`
)

// fillMonths makes the events: one is copied by the database, the rules are made one by one.
func fillMonths(b *testing.B, e *verandatest.Env, w *world.World, s *calendar.Service) {
	b.Helper()
	ctx := context.Background()
	in := calendar.CreateInput{Org: w.Org, Workspace: w.Open, Title: "Thing about something", StartsAt: at("2024-06-01 00:00"), EndsAt: at("2024-06-01 01:00")}
	if _, err := s.Create(ctx, w.Owner.Actor, in); err != nil {
		b.Fatal(err)
	}
	copied := fmt.Sprintf(copyColumns, idSQLite, "starts_at + i * 1300000000", "ends_at + i * 1300000000", manySQLite)
	if !e.DB.Embedded() {
		copied = fmt.Sprintf(copyColumns, "gen_random_uuid()", "starts_at + i * interval '1300 seconds'", "ends_at + i * interval '1300 seconds'", "generate_series(1, 99999) AS i")
	}
	rules := []string{
		"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
		"FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
	}
	zones := []string{"America/New_York", "Europe/Istanbul", "UTC"}
	err := e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if _, err := tx.Exec(ctx, copied); err != nil {
			return err
		}
		bound := s.WithTx(tx)
		for i := range 1000 {
			start := time.Date(2018+i%8, time.Month(1+i%12), 1+i%28, 9, 30, 0, 0, time.UTC)
			end := start.Add(time.Hour)
			in := calendar.CreateInput{
				Org: w.Org, Workspace: w.Open, Title: "Weekly meeting", StartsAt: &start, EndsAt: &end, TimeZone: zones[i%3], Recurrence: rules[i%len(rules)],
			}
			if _, err := bound.Create(ctx, w.Owner.Actor, in); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	analyze := e.DB.Pick("ANALYZE veranda_calendar_events", "PRAGMA analysis_limit = 1000; ANALYZE veranda_calendar_events")
	if _, err := e.DB.Writer().NewRaw(analyze).Exec(ctx); err != nil {
		b.Fatal(err)
	}
}
