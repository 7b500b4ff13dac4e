package veranda

import (
	"context"
	"database/sql"
	"sync"
)

// maxBuilt is how many statements of texts made at run time are kept at least; as many more may be about to go.
const maxBuilt = 256

// builtCache keeps the prepared statements of texts that are made at run time, on the reading pool of SQLite. There are two
// generations: when the younger is full, what was not used meanwhile goes with the older.
type builtCache struct {
	mu           sync.Mutex
	young, older map[string]*builtStatement
}

type builtStatement struct {
	text  string
	stmt  *sql.Stmt
	users int
	gone  bool // no generation has it; its last user closes it
}

// take gives a text's statement; it is not closed before it is given back.
func (b *builtCache) take(ctx context.Context, pool *sql.DB, text string) (*builtStatement, error) {
	if kept := b.find(text); kept != nil {
		return kept, nil
	}
	stmt, err := pool.PrepareContext(context.WithoutCancel(ctx), text)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if other := b.young[text]; other != nil {
		_ = stmt.Close()
		other.users++
		return other, nil
	}
	kept := &builtStatement{text: text, stmt: stmt, users: 1}
	b.keep(kept)
	return kept, nil
}

func (b *builtCache) find(text string) *builtStatement {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := b.young[text]
	if kept == nil {
		if kept = b.older[text]; kept == nil {
			return nil
		}
		delete(b.older, text)
		b.keep(kept)
	}
	kept.users++
	return kept
}

// keep puts a statement into the younger generation.
func (b *builtCache) keep(kept *builtStatement) {
	if b.young == nil || len(b.young) >= maxBuilt {
		b.drop(b.older)
		b.older, b.young = b.young, make(map[string]*builtStatement, maxBuilt)
	}
	b.young[kept.text] = kept
}

func (b *builtCache) drop(generation map[string]*builtStatement) {
	for _, kept := range generation {
		kept.gone = true
		if kept.users == 0 {
			_ = kept.stmt.Close()
		}
	}
}

func (b *builtCache) giveBack(kept *builtStatement) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept.users--
	if kept.gone && kept.users == 0 {
		_ = kept.stmt.Close()
	}
}

func (b *builtCache) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(b.young)
	b.drop(b.older)
	b.young, b.older = nil, nil
}
