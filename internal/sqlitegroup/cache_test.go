package sqlitegroup

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// fakeStmt only knows whether it was closed.
type fakeStmt struct {
	rawStmt
	query  string
	closed bool
}

func (f *fakeStmt) Close() error {
	if f.closed {
		return errors.New("closed twice")
	}
	f.closed = true
	return nil
}

// However statements are taken and given back: one in use is neither closed nor
// lent twice, it has the text asked for, the bound holds when nothing is in
// use, and everything is closed in the end.
func TestStmtCache(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const max = 3
		var made []*fakeStmt
		cache := newStmtCache(max, func(q string) (rawStmt, error) {
			f := &fakeStmt{query: q}
			made = append(made, f)
			return f, nil
		})
		var lent []*cached
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if len(lent) > 0 && rapid.Bool().Draw(t, "give") {
				i := rapid.IntRange(0, len(lent)-1).Draw(t, "which")
				if err := cache.give(lent[i]); err != nil {
					t.Fatal(err)
				}
				lent = append(lent[:i], lent[i+1:]...)
			} else {
				q := fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "query"))
				c, err := cache.take(q, rapid.Bool().Draw(t, "keep"))
				if err != nil {
					t.Fatal(err)
				}
				if got := c.rawStmt.(*fakeStmt).query; got != q {
					t.Fatalf("asked for %s, got %s", q, got)
				}
				lent = append(lent, c)
			}
			used := map[rawStmt]bool{}
			for _, c := range lent {
				if c.rawStmt.(*fakeStmt).closed {
					t.Fatalf("statement %s in use was closed", c.query)
				}
				if used[c.rawStmt] {
					t.Fatalf("statement %s is lent twice", c.query)
				}
				used[c.rawStmt] = true
			}
			if over := cache.recent.Len() - max; over > len(lent) || len(cache.byQuery) != cache.recent.Len() {
				t.Fatalf("%d statements kept, %d by text, %d in use", cache.recent.Len(), len(cache.byQuery), len(lent))
			}
		}
		for _, c := range lent {
			if err := cache.give(c); err != nil {
				t.Fatal(err)
			}
		}
		if cache.recent.Len() > max {
			t.Fatalf("%d statements kept, nothing in use", cache.recent.Len())
		}
		if err := cache.close(); err != nil {
			t.Fatal(err)
		}
		for _, f := range made {
			if !f.closed {
				t.Fatalf("statement %s was never closed", f.query)
			}
		}
	})
}

// The least recently used goes first, and the cache of a connection is bounded.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	c := &conn{g: f.group}
	hot := "SELECT 'hot', $1"
	args := []driver.NamedValue{{Ordinal: 1, Value: int64(1)}}
	for i := range 2*maxCached + 10 {
		for _, q := range []string{hot, fmt.Sprintf("SELECT %d, $1", i)} {
			rows, err := c.QueryContext(context.Background(), q, args)
			if err != nil {
				t.Fatal(err)
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := f.group.real.cache.recent.Len(); n != maxCached {
		t.Errorf("%d statements kept, want %d", n, maxCached)
	}
	if f.group.real.cache.byQuery[hot] == nil {
		t.Error("the statement used most was dropped")
	}
}
