package notifications

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

// BenchmarkInbox reads a page of an inbox and what is unread in it, of 1,000 notices and of 100,000 with 500 unread, beside
// the bare query of the page. RATIO lines say how they compare.
func BenchmarkInbox(b *testing.B) {
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		var small time.Duration
		for _, n := range []int{1000, 100_000} {
			f := newFixture(b, verandatest.New(b, engine, modules()))
			f.fill(b, n)
			page := median(b, func() error {
				list, err := f.s.List(f.ctx, f.Employee.Actor, ListInput{})
				if err == nil && len(list.Items) != 50 {
					err = fmt.Errorf("%d notices", len(list.Items))
				}
				return err
			})
			unread := median(b, func() error {
				u, err := f.s.Unread(f.ctx, f.Employee.Actor)
				if err == nil && u.Unread != 500 {
					err = fmt.Errorf("%d unread", u.Unread)
				}
				return err
			})
			bare := median(b, func() error { return f.bare() })
			if small == 0 {
				small = page
			}
			fmt.Printf("RATIO inbox %s notices=%d: page %v, of the bare query: %.2f, of the page of 1,000: %.2f; unread %v\n",
				engine, n, page, float64(page)/float64(bare), float64(page)/float64(small), unread)
		}
	}
}

// median is the middle of many runs.
func median(b *testing.B, run func() error) time.Duration {
	b.Helper()
	took := make([]time.Duration, 100)
	for i := range took {
		began := time.Now()
		if err := run(); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// fill gives the employee n notices of the open workspace, a second apart, the newest 500 of them unread.
func (f *fixture) fill(b *testing.B, n int) {
	b.Helper()
	now := f.DB.Now()
	_, err := f.DB.Writer().DB.ExecContext(f.ctx, f.DB.Pick(`INSERT INTO veranda_notices (account_id, id, org_id, workspace_id, kind, subject_id, path, title, grp, by_id, event_id, count, listed, at, created_at, read_at)
SELECT $1, gen_random_uuid(), $2, $3, 'other.news', g::text, '', 'News of the garden', '', NULL, gen_random_uuid(), 1, true, $4::timestamptz - g * interval '1 second', $4::timestamptz, CASE WHEN g > 500 THEN $4::timestamptz END
FROM generate_series(1, $5::int) g`,
		`WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < $5)
INSERT INTO veranda_notices (account_id, id, org_id, workspace_id, kind, subject_id, path, title, grp, by_id, event_id, count, listed, at, created_at, read_at)
SELECT $1, printf('00000000-0000-7000-8000-%012d', n), $2, $3, 'other.news', n, '', 'News of the garden', '', NULL, printf('00000000-0000-7000-9000-%012d', n), 1, 1, $4 - n * 1000000, $4, CASE WHEN n > 500 THEN $4 END FROM g`),
		f.Employee.Account, f.World.Org, f.World.Open, f.DB.Time(now), n)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := f.DB.Writer().DB.ExecContext(f.ctx, f.DB.Pick(`ANALYZE veranda_notices`, `PRAGMA optimize`)); err != nil {
		b.Fatal(err)
	}
}

// bare reads the page as somebody would who asks for no permission.
func (f *fixture) bare() error {
	rows, err := f.DB.Conn().Query(f.ctx, `SELECT id, org_id, workspace_id, kind, subject_id, path, title, grp, by_id, event_id, count, at, created_at, read_at
FROM veranda_notices WHERE account_id = $1 AND listed ORDER BY at DESC, id DESC LIMIT 51`, f.Employee.Account)
	if err != nil {
		return err
	}
	return drain(rows)
}

func drain(rows *sql.Rows) error {
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return err
		}
	}
	return rows.Err()
}
