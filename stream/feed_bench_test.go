package stream

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
)

// What the log of a busy organization holds: a workspace of a million events, one of ten thousand, and many nearly silent.
const (
	benchBusy, benchSmall   = 1_000_000, 10_000
	benchQuiet, benchEvents = 5_000, 20 // workspaces, and events in each
	benchSeen               = 200       // workspaces the reader is in, the busy and the small one among them
)

// The ids count upwards, busy, small and quiet ones in turn.
var benchFill = []struct{ postgres, sqlite string }{
	{`INSERT INTO veranda_events (org_id, id, workspace_id, kind, subject_id, by_id, system, at, data)
SELECT $1, CAST(lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000001' AS UUID), $2, 'tasks.task_created', 'subject', $3, '', $4, '{"title": "Paint the veranda"}'
FROM generate_series(1, CAST($5 AS BIGINT)) n`,
		`INSERT INTO veranda_events (org_id, id, workspace_id, kind, subject_id, by_id, system, at, data)
WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < $5)
SELECT $1, printf('%08x-0000-7000-8000-000000000001', n), $2, 'tasks.task_created', 'subject', $3, '', $4, '{"title": "Paint the veranda"}' FROM g`},
	{`INSERT INTO veranda_events (org_id, id, workspace_id, kind, subject_id, by_id, system, at, data)
SELECT $1, CAST(lpad(to_hex(n * 100), 8, '0') || '-0000-7000-8000-000000000002' AS UUID), $2, 'tasks.task_created', 'subject', $3, '', $4, '{"title": "Paint the veranda"}'
FROM generate_series(1, CAST($5 AS BIGINT)) n`,
		`INSERT INTO veranda_events (org_id, id, workspace_id, kind, subject_id, by_id, system, at, data)
WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < $5)
SELECT $1, printf('%08x-0000-7000-8000-000000000002', n * 100), $2, 'tasks.task_created', 'subject', $3, '', $4, '{"title": "Paint the veranda"}' FROM g`},
	{`INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, version)
SELECT $1, CAST(lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000003' AS UUID), 'Quiet', '', false, 1, $3, $4, $4, 1 FROM generate_series(1, CAST($5 AS BIGINT)) n WHERE CAST($2 AS TEXT) IS NOT NULL`,
		`INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, version)
WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < $5)
SELECT $1, printf('%08x-0000-7000-8000-000000000003', n), 'Quiet', '', 0, 1, $3, $4, $4, 1 FROM g WHERE CAST($2 AS TEXT) IS NOT NULL`},
	{`INSERT INTO veranda_events (org_id, id, workspace_id, kind, subject_id, by_id, system, at, data)
SELECT w.org_id, CAST(lpad(to_hex(1000 + n * 40000 + row_number() OVER (ORDER BY w.id, n)), 8, '0') || '-0000-7000-8000-000000000004' AS UUID), w.id, 'tasks.task_created', 'subject', $3, '', $4, '{"title": "Paint the veranda"}'
FROM veranda_workspaces w, generate_series(1, CAST($5 AS BIGINT)) n WHERE w.org_id = $1 AND w.name = 'Quiet' AND CAST($2 AS TEXT) IS NOT NULL`,
		`INSERT INTO veranda_events (org_id, id, workspace_id, kind, subject_id, by_id, system, at, data)
WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < $5)
SELECT w.org_id, printf('%08x-0000-7000-8000-000000000004', 1000 + n * 40000 + row_number() OVER (ORDER BY w.id, n)), w.id, 'tasks.task_created', 'subject', $3, '', $4, '{"title": "Paint the veranda"}'
FROM veranda_workspaces w, g WHERE w.org_id = $1 AND w.name = 'Quiet' AND CAST($2 AS TEXT) IS NOT NULL`},
	{`INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at)
SELECT w.org_id, w.id, $3, '', $4 FROM (SELECT * FROM veranda_workspaces w WHERE w.org_id = $1 AND w.name = 'Quiet' AND CAST($2 AS TEXT) IS NOT NULL ORDER BY w.id DESC LIMIT $5) w`,
		`INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at)
SELECT w.org_id, w.id, $3, '', $4 FROM (SELECT * FROM veranda_workspaces w WHERE w.org_id = $1 AND w.name = 'Quiet' AND CAST($2 AS TEXT) IS NOT NULL ORDER BY w.id DESC LIMIT $5) w`},
}

// BenchmarkFeed prints what a page costs beside the bare query of its rows, beside itself in a small workspace, and what
// everything one may see costs beside one workspace: medians of turns, for the machine's speed changes under the run.
func BenchmarkFeed(b *testing.B) {
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			ctx := context.Background()
			modules := []veranda.Module{veranda.Core(), tenancy.Module(), Module()}
			e := verandatest.New(b, engine, modules)
			w := world.New(b, e)
			authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules...)
			if err != nil {
				b.Fatal(err)
			}
			s, err := New(Deps{DB: e.DB, Authz: authz, Kinds: []string{"tasks.*", "workspace.*", "tenancy.member_joined", "apps.*", "files.*"}})
			if err != nil {
				b.Fatal(err)
			}
			fillFeed(b, e, w)
			page := func(workspace veranda.WorkspaceID) func() error {
				return func() error {
					page, err := s.List(ctx, w.External.Actor, ListInput{Org: w.Org, Workspace: workspace})
					return full(len(page.Items), err)
				}
			}
			bare := func() error {
				args := append([]any{w.Org, w.External.Account, w.Open, lastEvent, 51}, s.shown.arguments()...)
				items, err := s.items(ctx, w.Org, s.texts.plain, args...)
				return full(len(items)-1, err)
			}
			everything := func(f Filter) func() error {
				return func() error {
					page, err := s.ListAll(ctx, w.External.Actor, ListAllInput{Org: w.Org, Filter: f})
					return full(len(page.Items), err)
				}
			}
			first, err := s.ListAll(ctx, w.External.Actor, ListAllInput{Org: w.Org, Page: veranda.Page{Limit: 200}})
			if err != nil {
				b.Fatal(err)
			}
			deep := func() error {
				page, err := s.ListAll(ctx, w.External.Actor, ListAllInput{Org: w.Org, Page: veranda.Page{Cursor: first.Next}})
				return full(len(page.Items), err)
			}
			compare(b, "page of 1,000,000 / bare query", 1.5, page(w.Open), bare)
			compare(b, "page of 1,000,000 / page of 10,000", 1.2, page(w.Open), page(w.Private))
			compare(b, "everything one may see / one workspace", 3, everything(Filter{}), page(w.Open))
			compare(b, "everything, further down / one workspace", 3, deep, page(w.Open))
			compare(b, "everything by one person / one workspace", 3, everything(Filter{By: w.Employee.Account}), page(w.Open))
		})
	}
}

func full(items int, err error) error {
	if err == nil && items != veranda.DefaultPageLimit {
		err = fmt.Errorf("%d items", items)
	}
	return err
}

// fillFeed fills the log. The external is a member of the open and the private workspace of the world.
func fillFeed(b *testing.B, e *verandatest.Env, w *world.World) {
	b.Helper()
	ctx := context.Background()
	now := e.DB.Time(e.DB.Now())
	for i, fill := range benchFill {
		args := [][]any{
			{w.Org, w.Open, w.Employee.Account, now, benchBusy}, {w.Org, w.Private, w.Employee.Account, now, benchSmall},
			{w.Org, w.Open, w.Employee.Account, now, benchQuiet}, {w.Org, w.Open, w.Employee.Account, now, benchEvents},
			{w.Org, w.Open, w.External.Account, now, benchSeen - 2},
		}[i]
		err := e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, e.DB.Pick(fill.postgres, fill.sqlite), args...)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	finish := []string{
		e.DB.Pick(`UPDATE veranda_events SET pos = n FROM (SELECT org_id AS o, id AS i, row_number() OVER (ORDER BY id) AS n FROM veranda_events) x WHERE org_id = o AND id = i`, `SELECT 1`),
		e.DB.Pick(`INSERT INTO veranda_heads SELECT DISTINCT ON (org_id, workspace_id) org_id, workspace_id, id FROM veranda_events WHERE workspace_id IS NOT NULL ORDER BY org_id, workspace_id, id DESC ON CONFLICT DO NOTHING`,
			`INSERT INTO veranda_heads SELECT org_id, workspace_id, max(id) FROM veranda_events WHERE workspace_id IS NOT NULL GROUP BY 1, 2 ON CONFLICT DO NOTHING`),
		e.DB.Pick(`UPDATE veranda_heads_state SET pos = (SELECT max(pos) FROM veranda_events)`, `SELECT 1`),
		e.DB.Pick(`VACUUM ANALYZE`, `PRAGMA analysis_limit = 1000`), e.DB.Pick(`SELECT 1`, `ANALYZE`),
	}
	for _, text := range finish {
		if _, err := e.DB.Writer().DB.ExecContext(ctx, text); err != nil {
			b.Fatal(err)
		}
	}
}

// compare times two calls in turn and prints the ratio of their medians.
func compare(b *testing.B, what string, goal float64, one, other func() error) {
	b.Helper()
	const rounds = 300
	var times [2][]time.Duration
	for range rounds {
		for i, call := range []func() error{one, other} {
			start := time.Now()
			if err := call(); err != nil {
				b.Fatal(err)
			}
			times[i] = append(times[i], time.Since(start))
		}
	}
	for _, t := range times {
		slices.Sort(t)
	}
	a, c := times[0][rounds/2], times[1][rounds/2]
	ratio := float64(a) / float64(c)
	fmt.Printf("RATIO %s, %s: %.2f (at most %.1f), %.3f ms beside %.3f\n", b.Name(), what, ratio, goal, ms(a), ms(c))
	b.ReportMetric(ratio, "ratio/"+fmt.Sprint(goal))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
