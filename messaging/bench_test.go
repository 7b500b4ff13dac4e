package messaging_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/verandatest"
)

// BenchmarkUnread counts what a person in 500 conversations has unread, with 10,000 messages and with 1,000,000, beside the
// bare query; and reads a page of conversations, and sends. RATIO lines say how they compare.
func BenchmarkUnread(b *testing.B) {
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		var small time.Duration
		for _, each := range []int{20, 2000} {
			e := verandatest.New(b, engine, modules())
			s := newSuite(b, e)
			var id messaging.ID
			for i := range 500 {
				id = s.group(s.w.Owner, fmt.Sprint(i), s.w.Employee)
			}
			s.fill(each)
			in := messaging.UnreadInput{Org: s.w.Org}
			call := median(b, func() error {
				counts, err := s.s.Unread(s.ctx, s.w.Employee.Actor, in)
				if err == nil && (len(counts.Items) != 500 || counts.Messages != int64(500*each)) {
					err = fmt.Errorf("%d in %d", counts.Messages, len(counts.Items))
				}
				return err
			})
			bare := median(b, func() error { return s.bare(e.DB.Conn()) })
			list := median(b, func() error {
				_, err := s.s.List(s.ctx, s.w.Employee.Actor, messaging.ListInput{Org: s.w.Org})
				return err
			})
			send := median(b, func() error {
				_, err := s.s.Send(s.ctx, s.w.Owner.Actor, messaging.SendInput{Org: s.w.Org, Conversation: id, Content: messaging.Content{Text: "Hello, garden."}})
				return err
			})
			if small == 0 {
				small = call
			}
			fmt.Printf("RATIO unread %s messages=%d conversations=500 call=%v bare=%v ratio=%.2f to_small=%.2f list=%v send=%v\n",
				engine, 500*each, call, bare, float64(call)/float64(bare), float64(call)/float64(small), list, send)
		}
	}
}

// fill gives every conversation that many messages of its starter, at once.
func (s *suite) fill(each int) {
	s.Helper()
	s.exec(s.e.DB.Pick(`INSERT INTO veranda_messages (org_id, conversation_id, n, id, author_id, body, links, files, created_at, reply_count, last_reply_n, version)
SELECT k.org_id, k.id, g.n, gen_random_uuid(), k.created_by, 'Water the garden.', '[]', 0, k.created_at, 0, 0, 1 FROM veranda_conversations k, generate_series(2, $1::int) AS g (n)`,
		`WITH RECURSIVE g (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM g WHERE n < $1)
INSERT INTO veranda_messages (org_id, conversation_id, n, id, author_id, body, links, files, created_at, reply_count, last_reply_n, version)
SELECT k.org_id, k.id, g.n, lower(hex(randomblob(16))), k.created_by, 'Water the garden.', '[]', 0, k.created_at, 0, 0, 1 FROM veranda_conversations k, g`), each)
	s.exec(`UPDATE veranda_conversations SET last_n = $1`, each)
	s.exec(s.e.DB.Pick(`ANALYZE veranda_messages, veranda_conversations, veranda_conversation_people`, `PRAGMA optimize`))
}

// bare is the query alone.
func (s *suite) bare(q interface {
	Query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}) error {
	rows, err := q.Query(s.ctx, `SELECT p.conversation_id, k.last_n - p.read_n - p.skip FROM veranda_conversation_people p
JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id WHERE p.account_id = $2 AND p.org_id = $1`, s.w.Org, s.w.Employee.Account)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var id veranda.AccountID
	var n int64
	for rows.Next() {
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
	}
	return rows.Err()
}

// median is the middle of many calls.
func median(b *testing.B, call func() error) time.Duration {
	b.Helper()
	took := make([]time.Duration, 101)
	for i := range took {
		begin := time.Now()
		if err := call(); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(begin)
	}
	slices.Sort(took)
	return took[len(took)/2]
}
