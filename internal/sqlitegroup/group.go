package sqlitegroup

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultMaxBatch     = 64
	defaultMaxBatchTime = 5 * time.Millisecond

	// maxIdle virtual connections are kept by database/sql. One costs a few
	// words, so this only spares allocations; their number is not limited,
	// because waiting for the baton is the limit.
	maxIdle = 256
)

// Config says what Open opens.
type Config struct {
	// DSN of the one real connection, as modernc.org/sqlite takes it, with
	// every pragma the writer needs (journal_mode, synchronous, foreign_keys,
	// busy_timeout, _time_format).
	DSN string

	// MaxBatch is the number of members after which a batch commits; 64 if not
	// positive.
	MaxBatch int

	// MaxBatchTime is the age at which a batch commits although others wait to
	// join it; 5 ms if not positive. It does not interrupt a member: a batch is
	// as long as its slowest member at least.
	MaxBatchTime time.Duration

	// OnSync, if not nil, is called after each durable COMMIT that carried a
	// committed member, before any member gets its answer. It runs while
	// everybody waits and must neither block nor use the database.
	OnSync func()
}

// Stats counts what a Group has done since Open.
type Stats struct {
	// Batches is the number of COMMITs that succeeded with at least one
	// committed member.
	Batches int64
	// Members is the number of transactions those COMMITs carried; ones rolled
	// back are not counted.
	Members int64
}

// Group is the shared writer behind the sql.DB that Open returns.
type Group struct {
	maxBatch     int
	maxBatchTime time.Duration
	onSync       func()

	baton baton

	// Both belong to the holder of the baton.
	real  *realConn
	batch *batch

	batches, members atomic.Int64

	closeOnce sync.Once
	closeErr  error
}

// Open opens the real connection and returns a sql.DB of virtual ones.
// Closing the sql.DB closes the real connection, after the running
// transactions ended; those still waiting to begin get ErrClosed.
func Open(cfg Config) (*sql.DB, *Group, error) {
	real, err := openReal(cfg.DSN)
	if err != nil {
		return nil, nil, err
	}
	g := &Group{
		maxBatch:     cfg.MaxBatch,
		maxBatchTime: cfg.MaxBatchTime,
		onSync:       cfg.OnSync,
		real:         real,
	}
	if g.maxBatch <= 0 {
		g.maxBatch = defaultMaxBatch
	}
	if g.maxBatchTime <= 0 {
		g.maxBatchTime = defaultMaxBatchTime
	}
	db := sql.OpenDB(connector{g})
	db.SetMaxOpenConns(0)
	db.SetMaxIdleConns(maxIdle)
	return db, g, nil
}

// Stats returns the counts so far. The two are read one after the other, so a
// batch that ends meanwhile may be in one of them only.
func (g *Group) Stats() Stats {
	return Stats{Batches: g.batches.Load(), Members: g.members.Load()}
}

// close ends the group as the last holder of the baton. Whoever waited gets
// ErrClosed; members already in the batch get their COMMIT first.
func (g *Group) close() error {
	g.closeOnce.Do(func() {
		g.baton.retire()
		if g.batch != nil {
			g.finish()
		}
		g.closeErr = g.real.close()
	})
	return g.closeErr
}

// connector hands out virtual connections; sql.DB.Close closes the group
// through it.
type connector struct{ g *Group }

// Connect makes a virtual connection. It never waits.
func (c connector) Connect(context.Context) (driver.Conn, error) { return &conn{g: c.g}, nil }

// Driver returns a driver that opens nothing: a Group has no name to open it
// by.
func (c connector) Driver() driver.Driver { return unnamed{} }

// Close implements io.Closer for sql.DB.Close.
func (c connector) Close() error { return c.g.close() }

type unnamed struct{}

// Open refuses: connections come from Open of this package only.
func (unnamed) Open(string) (driver.Conn, error) {
	return nil, errors.New("sqlitegroup: a connection is opened by sqlitegroup.Open, not by name")
}
