package veranda

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda/internal/dialect"
	"github.com/veranda-go/veranda/internal/pgpipe"
)

// DB is the database Veranda works on: a handle for writing, one for reading (the same on PostgreSQL and on a host's own
// handle), the clock, and what listens to events.
type DB struct {
	writer, reader *bun.DB
	kind           dialect.Kind
	pipelined      bool // deferred statements travel with COMMIT
	owned          bool // opened by Open, closed by Close
	clock          Clock
	log            *slog.Logger

	mu        sync.RWMutex
	hooks     []Hook
	consumers []Consumer
	periodics []Periodic

	long       chan struct{} // a place for each Long consumer that runs
	wake       chan struct{} // the relay: there is committed work
	sequence   chan struct{} // the sequencer: there are committed events
	statements statementCache
	built      builtCache
	announced  announcements
	location   string // of a PostgreSQL that Open opened
}

// Option adjusts a DB.
type Option func(*DB)

// WithClock makes the DB and the services on it tell the time by another clock.
func WithClock(c Clock) Option { return func(db *DB) { db.clock = c } }

// WithLog sends what background work has to say to a logger; the default is slog.Default().
func WithLog(l *slog.Logger) Option { return func(db *DB) { db.log = l } }

// New uses a host program's own handle. Transactions are plain ones: on SQLite every writer waits for its own sync, on
// PostgreSQL nothing is pipelined. A SQLite handle without foreign keys or with a busy_timeout of zero is refused, for
// both silently lose what Veranda promises.
func New(ctx context.Context, handle *bun.DB, options ...Option) (*DB, error) {
	db, err := newDB(handle, handle, options)
	if err != nil {
		return nil, err
	}
	db.pipelined = db.kind == dialect.Postgres && pgpipe.Supports(handle.DB)
	if db.kind == dialect.SQLite {
		if err := checkPragmas(ctx, handle); err != nil {
			return nil, err
		}
	}
	return db, nil
}

func newDB(writer, reader *bun.DB, options []Option) (*DB, error) {
	kind, err := dialect.Of(writer)
	if err != nil {
		return nil, err
	}
	db := &DB{
		writer: writer, reader: reader, kind: kind, clock: SystemClock{}, log: slog.Default(),
		long: make(chan struct{}, maxLong), wake: make(chan struct{}, 1), sequence: make(chan struct{}, 1),
		announced: announcements{outward: make(chan struct{}, 1)},
	}
	for _, option := range options {
		option(db)
	}
	return db, nil
}

// checkPragmas refuses a SQLite handle that would break promises.
func checkPragmas(ctx context.Context, handle *bun.DB) error {
	var foreignKeys, busyTimeout int
	if err := handle.NewRaw("PRAGMA foreign_keys").Scan(ctx, &foreignKeys); err != nil {
		return fmt.Errorf("veranda: read pragma foreign_keys: %w", err)
	}
	if err := handle.NewRaw("PRAGMA busy_timeout").Scan(ctx, &busyTimeout); err != nil {
		return fmt.Errorf("veranda: read pragma busy_timeout: %w", err)
	}
	if foreignKeys != 1 {
		return fmt.Errorf("veranda: this SQLite handle does not enforce foreign keys; open it with _pragma=foreign_keys(1)")
	}
	if busyTimeout == 0 {
		return fmt.Errorf("veranda: this SQLite handle does not wait for locks; open it with _pragma=busy_timeout(5000)")
	}
	return nil
}

// Close closes a DB that Open opened; a host's own handle stays open.
func (db *DB) Close() error {
	if !db.owned {
		return nil
	}
	db.statements.close()
	db.built.close()
	err := db.writer.Close()
	if db.reader != db.writer {
		if e := db.reader.Close(); err == nil {
			err = e
		}
	}
	return err
}

// Clock is the clock everything on this database asks.
func (db *DB) Clock() Clock { return db.clock }

// Now is the clock's moment, to the microsecond.
func (db *DB) Now() time.Time { return db.clock.Now().UTC().Truncate(time.Microsecond) }

// Log is where background work reports.
func (db *DB) Log() *slog.Logger { return db.log }

// Writer is the handle for writing, for a host's own statements and for tests.
func (db *DB) Writer() *bun.DB { return db.writer }

// Reader is the handle for reading. On an embedded SQLite it cannot write.
func (db *DB) Reader() *bun.DB { return db.reader }

// Embedded tells whether the database is SQLite.
func (db *DB) Embedded() bool { return db.kind == dialect.SQLite }

// Pick returns the text written for this database; both are constants of the calling package.
func (db *DB) Pick(postgres, sqlite string) string { return db.kind.Pick(postgres, sqlite) }

// Time is a moment as a placeholder's argument. Rows use internal/dialect.Time, which bun writes by itself.
func (db *DB) Time(t time.Time) any { return db.kind.Argument(t) }

// Ping asks whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.reader.NewRaw("SELECT 1").Scan(ctx, &one); err != nil {
		return ErrDatabase.Because(err)
	}
	return nil
}

// Veto adds a hook. Add hooks before the first call, in the order in which they are to be asked.
func (db *DB) Veto(h Hook) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.hooks = append(db.hooks, h)
}

// Consume adds a consumer. Add consumers before the first call: an event committed earlier is not brought to them. Every
// node adds the same ones.
func (db *DB) Consume(c Consumer) error {
	if c.Name == "" || len(c.Kinds) == 0 || (c.Handle == nil) == (c.Deliver == nil) {
		return fmt.Errorf("veranda: consumer %q wants a name, kinds and exactly one of Handle and Deliver", c.Name)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, other := range db.consumers {
		if other.Name == c.Name {
			return fmt.Errorf("veranda: there are two consumers %q", c.Name)
		}
	}
	db.consumers = append(db.consumers, c)
	return nil
}

func (db *DB) consumer(name string) (Consumer, bool) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	for _, c := range db.consumers {
		if c.Name == name {
			return c, true
		}
	}
	return Consumer{}, false
}

// signal tells relay and sequencer that something was committed; it never blocks.
func (db *DB) signal(work bool) {
	db.committed()
	select {
	case db.sequence <- struct{}{}:
	default:
	}
	if !work {
		return
	}
	select {
	case db.wake <- struct{}{}:
	default:
	}
}

// Wake tells the background work to look now. A host calls it after committing a transaction of its own that carried
// Veranda's changes; without it they are found at the next poll, a second later at most.
func (db *DB) Wake() { db.signal(true) }

// statementCache keeps one prepared statement for each text on the reading pool of SQLite; pgx has such a cache itself.
// The texts are constants of the program, so it does not grow.
type statementCache struct{ m sync.Map }

func (s *statementCache) get(ctx context.Context, pool *sql.DB, text string) (*sql.Stmt, error) {
	if stmt, ok := s.m.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := pool.PrepareContext(context.WithoutCancel(ctx), text)
	if err != nil {
		return nil, err
	}
	if other, loaded := s.m.LoadOrStore(text, stmt); loaded {
		_ = stmt.Close()
		return other.(*sql.Stmt), nil
	}
	return stmt, nil
}

func (s *statementCache) close() {
	s.m.Range(func(key, stmt any) bool {
		_ = stmt.(*sql.Stmt).Close()
		s.m.Delete(key)
		return true
	})
}
