package veranda

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/veranda-go/veranda/internal/dialect"
)

// Logged is an event with its position in the log: the order of commits. See DB.EventsAfter.
type Logged struct {
	Event
	Position int64
}

// LogAfter reads the log as EventsAfter does, each event with its own position.
func (db *DB) LogAfter(ctx context.Context, position int64, limit int) ([]Logged, error) {
	return db.readLog(ctx, logAfter, position, limit)
}

const logAfter = `SELECT ` + eventColumns + `, e.pos FROM veranda_events e WHERE e.pos > $1 ORDER BY e.pos LIMIT $2`

func (db *DB) readLog(ctx context.Context, text string, args ...any) ([]Logged, error) {
	rows, err := db.Conn().query(ctx, text, args)
	if err != nil {
		return nil, translate(fmt.Errorf("veranda: read the log: %w", err))
	}
	defer func() { _ = rows.Close() }()
	var logged []Logged
	for rows.Next() {
		var l Logged
		if l.Event, err = scanEvent(rows, &l.Position); err != nil {
			return nil, err
		}
		logged = append(logged, l)
	}
	return logged, rows.Err()
}

// LogEnd is the position of the log's last event, 0 where there is none.
func (db *DB) LogEnd(ctx context.Context) (int64, error) {
	var end int64
	err := db.reader.DB.QueryRowContext(ctx, `SELECT pos FROM veranda_events WHERE pos IS NOT NULL ORDER BY pos DESC LIMIT 1`).Scan(&end)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, translate(fmt.Errorf("veranda: read the log's end: %w", err))
	}
	return end, nil
}

// announcements tell those who follow the log that it has grown. They carry nothing: whoever is told reads.
type announcements struct {
	mu        sync.Mutex
	followers map[chan struct{}]bool
	outward   chan struct{} // what this node adds is to be told to the others
}

// Follow gives a channel that is signalled when the log has grown: by this program at once, by other nodes where
// background work runs (Start) and Redis or PostgreSQL carries the signal. Signals are lost when a connection breaks, and
// where a host's own SQLite handle is shared by processes: whoever follows also looks from time to time. stop ends it.
func (db *DB) Follow() (grown <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	db.announced.mu.Lock()
	defer db.announced.mu.Unlock()
	if db.announced.followers == nil {
		db.announced.followers = map[chan struct{}]bool{}
	}
	db.announced.followers[c] = true
	return c, func() {
		db.announced.mu.Lock()
		defer db.announced.mu.Unlock()
		delete(db.announced.followers, c)
	}
}

// tell signals those who follow in this program.
func (a *announcements) tell() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := range a.followers {
		nudge(c)
	}
}

// grew says that events of this node have their positions now.
func (db *DB) grew() {
	db.announced.tell()
	nudge(db.announced.outward)
}

// committed says that events were committed. On SQLite they have their positions already.
func (db *DB) committed() {
	if db.kind == dialect.SQLite {
		db.grew()
	}
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// The log between two positions, as far as it is of some organizations or addressed to an account.
const (
	logOfPostgres = `SELECT ` + eventColumns + `, e.pos FROM veranda_events e WHERE e.pos > $1 AND e.pos <= $2
	AND (e.org_id IN (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb)) OR e.to_ids <> '' AND e.id IN (SELECT r.event_id FROM veranda_event_recipients r WHERE r.account_id = $4))
ORDER BY e.pos LIMIT $5`
	logOfSQLite = `SELECT ` + eventColumns + `, e.pos FROM veranda_events e WHERE e.pos > $1 AND e.pos <= $2
	AND (e.org_id IN (SELECT value FROM json_each($3)) OR e.to_ids <> '' AND EXISTS (SELECT 1 FROM veranda_event_recipients r WHERE r.account_id = $4 AND r.event_id = e.id))
ORDER BY e.pos LIMIT $5`
)

// LogOf reads of the log after one position and up to another what happened in some organizations or is addressed to an
// account, at most limit events. It reads every row between the positions: keep them close.
func (db *DB) LogOf(ctx context.Context, after, through int64, orgs []OrgID, account AccountID, limit int) ([]Logged, error) {
	list, err := json.Marshal(append([]OrgID{}, orgs...))
	if err != nil {
		return nil, fmt.Errorf("veranda: read the log: %w", err)
	}
	return db.readLog(ctx, db.Pick(logOfPostgres, logOfSQLite), after, through, string(list), account, limit)
}
