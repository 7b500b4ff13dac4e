package apps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/query"
)

const (
	// What a table of an application's own has besides its generated columns. They stand before the document, as what
	// is searched does: SQLite reads them without it then.
	tableHeadPG = ` (id UUID PRIMARY KEY, version BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT COLLATE "C" NOT NULL,
changed_at BIGINT NOT NULL, changed_by TEXT COLLATE "C" NOT NULL, `
	tableTailPG = `search TEXT COLLATE "C" NOT NULL, doc JSONB NOT NULL)`
	tableHead   = ` (id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
changed_at INTEGER NOT NULL, changed_by TEXT NOT NULL, `
	tableTail = `search TEXT NOT NULL, doc TEXT NOT NULL) STRICT`

	// Where nothing else is known of the texts of documents, PostgreSQL guesses how many records a condition leaves.
	trigramReady = `CREATE EXTENSION IF NOT EXISTS pg_trgm`
)

// makeTable makes a table, on SQLite with its indexes: there an index made afterwards holds all writers up.
func (s *Service) makeTable(ctx context.Context, tx *veranda.Tx, app ID, sch *schema, h *home) error {
	embedded := tx.DB().Embedded()
	place := query.Place{Postgres: !embedded}
	var text strings.Builder
	table := tableOf(app, h)
	text.WriteString("CREATE TABLE " + table + tx.DB().Pick(tableHeadPG, tableHead))
	for _, f := range sch.set.Fields() {
		if slices.Contains(h.Columns, f.Slot) {
			text.WriteString(place.Generated(f) + ", ")
		}
	}
	text.WriteString(tx.DB().Pick(tableTailPG, tableTail))
	//sql:built the table's name is made of an id, the columns by the query compiler
	if _, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
		return fmt.Errorf("apps: make table: %w", err)
	}
	if _, err := tx.Exec(ctx, text.String()); err != nil {
		return fmt.Errorf("apps: make table: %w", err)
	}
	if !embedded {
		return nil
	}
	for _, name := range h.Indexes {
		if over := sch.indexed(place, h, name); over != "" {
			//sql:built as the table
			if _, err := tx.Exec(ctx, "CREATE INDEX "+table+"_"+name+" ON "+table+" ("+over+", id)"); err != nil {
				return fmt.Errorf("apps: make index: %w", err)
			}
		}
	}
	return nil
}

// makeIndexes makes the indexes of a table of PostgreSQL that was filled and that nobody reads yet.
func (s *Service) makeIndexes(ctx context.Context, k appKey, lies *place) error {
	h := lies.tier.To
	if h == nil {
		return nil
	}
	sch, err := s.related(ctx, k.Org, k.App)
	if err != nil || sch == nil {
		return err
	}
	db, table := s.conn.DB().Writer().DB, tableOf(k.App, h)
	for _, name := range h.Indexes {
		over := sch.indexed(lies.Place, h, name)
		if over == "" {
			continue
		}
		//sql:built the names are made of ids and slots, the expression by the query compiler
		if _, err := db.ExecContext(ctx, "CREATE INDEX IF NOT EXISTS "+table+"_"+name+" ON "+table+" ("+over+", id)"); err != nil {
			return fmt.Errorf("apps: make index: %w", err)
		}
	}
	// Every search reads what is pending in such an index: 256 kB of it at most, in the place of 4 MB.
	// Without the extension, or the right to create it, searching reads all records.
	_, err = db.ExecContext(ctx, trigramReady)
	if err == nil {
		//sql:built the name is made of an id
		_, err = db.ExecContext(ctx, "CREATE INDEX IF NOT EXISTS "+table+"_search ON "+table+" USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256)")
	}
	if err != nil {
		s.conn.DB().Log().Warn("searching in a large application is slow without the extension pg_trgm", "application", k.App.String(), "error", err)
	}
	return nil
}

// settleTable gathers what PostgreSQL plans by, and brings what was written meanwhile from the trigrams' list of what is
// pending, which every search reads, into the index.
func (s *Service) settleTable(ctx context.Context, k appKey, lies *place) error {
	if lies.tier.To == nil {
		return nil
	}
	//sql:built the name is made of an id
	if _, err := s.conn.DB().Writer().DB.ExecContext(ctx, "VACUUM (ANALYZE) "+tableOf(k.App, lies.tier.To)); err != nil {
		return fmt.Errorf("apps: analyze table: %w", err)
	}
	return nil
}

// clean takes records away where they were before, when nobody can still be reading them.
func (s *Service) clean(ctx context.Context, k appKey, m *moving) error {
	if s.conn.DB().Now().UnixMicro()-m.at < leaveFor.Microseconds() {
		return nil
	}
	was, err := decodeTier(m.was)
	if err != nil {
		return err
	}
	lies, err := s.placeAt(ctx, k.Org, k.App)
	if err != nil {
		return err
	}
	postgres := lies.Postgres
	if (lies.tier.At == nil) == (was.At == nil) && (was.At == nil || was.At.Second == lies.tier.At.Second) {
		return fmt.Errorf("the records lie where they were")
	}
	if was.At == nil || !postgres {
		with := strings.NewReplacer(wordsOf(postgres, k.App, was.At, "")...)
		text := with.Replace(purgeSomeText)
		if err := s.batches(ctx, func(ctx context.Context, tx *veranda.Tx, size int) (bool, error) {
			n, err := tx.Exec(ctx, text, k.Org, k.App, min(size, copyBatch))
			return n == 0, err
		}); err != nil {
			return fmt.Errorf("apps: clean up: %w", err)
		}
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if was.At != nil {
			if postgres {
				if _, err := tx.Exec(ctx, lockFor); err != nil {
					return err
				}
			}
			//sql:built the table's name is made of an id
			if _, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+tableOf(k.App, was.At)); err != nil {
				return fmt.Errorf("apps: drop table: %w", err)
			}
		}
		return tx.Defer(ctx, deleteMove, k.Org, k.App)
	})
}

const (
	// What a table lacks columns for is moved to a new one when so many fields came, or after a while; on SQLite after a
	// shorter one, for there an index for a field that came late is only made while the table is small.
	lateColumns    = 4
	lateFor        = 24 * time.Hour
	lateForSQLite  = 10 * time.Minute
	lateSizeSQLite = 50_000
)

// renew brings a table to the fields that came after it: first by indexes, later by a new table.
func (s *Service) renew(ctx context.Context, k appKey, lies *place) error {
	sch, err := s.related(ctx, k.Org, k.App)
	if err != nil || sch == nil {
		return err
	}
	h := lies.tier.At
	columns := missing(sch.columnsOf(lies.Place), h.Columns)
	now := s.conn.DB().Now()
	since := now.Sub(time.UnixMicro(h.LateSince))
	if h.LateSince != 0 && (len(columns) >= lateColumns || since >= lateFor || !lies.Postgres && since >= lateForSQLite) {
		return s.begin(ctx, k, lies, func(sch *schema) *home { return sch.newHome(lies.Place, !h.Second) })
	}
	next, lacks := *h, len(columns) > 0
	for _, name := range missing(sch.indexesOf(lies.Place), h.Indexes, h.Late) {
		made, err := s.makeLateIndex(ctx, k, lies, sch, name)
		if err != nil {
			return err
		}
		switch {
		case !made:
			lacks = true
		case sch.indexed(lies.Place, h, name) == lies.columnNamed(sch, name):
			next.Indexes = append(slices.Clone(next.Indexes), name)
		default:
			next.Late = append(slices.Clone(next.Late), name)
		}
	}
	if !lacks {
		next.LateSince = 0
	} else if h.LateSince == 0 {
		next.LateSince = now.UnixMicro()
	}
	after := tier{At: &next}
	if after.encode() == lies.state {
		return nil
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		sch, state, err := s.holdTier(ctx, tx, k)
		if err != nil || sch == nil || state != lies.state {
			return err
		}
		return tx.Defer(ctx, setTier, k.Org, k.App, after.encode())
	})
}

// columnNamed is the column of a slot or stamp, "" where there is none.
func (p *place) columnNamed(sch *schema, name string) string {
	for _, f := range sch.set.Fields() {
		if column := p.Column(f); column != "" && (f.Slot == name || column == name) {
			return column
		}
	}
	return ""
}

// makeLateIndex makes an index in a table that people read and write, without holding them up.
func (s *Service) makeLateIndex(ctx context.Context, k appKey, lies *place, sch *schema, name string) (made bool, err error) {
	over := sch.indexed(lies.Place, lies.tier.At, name)
	if over == "" {
		return false, nil
	}
	index := lies.table + "_" + name
	db := s.conn.DB().Writer().DB
	if lies.Postgres {
		// One whose making was interrupted is there, and useless.
		//sql:built the names are made of ids and slots, the expression by the query compiler
		if _, err := db.ExecContext(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+index); err != nil {
			return false, fmt.Errorf("apps: make index: %w", err)
		}
		//sql:built as above
		if _, err := db.ExecContext(ctx, "CREATE INDEX CONCURRENTLY "+index+" ON "+lies.table+" ("+over+", id)"); err != nil {
			return false, fmt.Errorf("apps: make index: %w", err)
		}
		//sql:built as above
		if _, err := db.ExecContext(ctx, "ANALYZE "+lies.table); err != nil {
			return false, fmt.Errorf("apps: analyze table: %w", err)
		}
		return true, nil
	}
	n, err := scanCount(ctx, s.conn, lies.texts.count, k.Org, k.App, lateSizeSQLite)
	if err != nil || n >= lateSizeSQLite {
		return false, err
	}
	return true, s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		//sql:built the names are made of ids and slots, the expression by the query compiler
		if _, err := tx.Exec(ctx, "CREATE INDEX IF NOT EXISTS "+index+" ON "+lies.table+" ("+over+", id)"); err != nil {
			return fmt.Errorf("apps: make index: %w", err)
		}
		return nil
	})
}

// purgeSome takes some records of an application away for good, wherever they lie: those that were being moved lie in two
// tables.
func (s *Service) purgeSome(ctx context.Context, tx *veranda.Tx, g *grave, row *appRow) (int64, error) {
	lies, err := s.places.of(g.app, row.tier)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, lies.texts.purgeSome, g.org, g.app, purgeBatch)
	if err != nil || n == purgeBatch || !lies.own() {
		return n, err
	}
	shared, err := s.places.of(g.app, "")
	if err != nil {
		return 0, err
	}
	left, err := tx.Exec(ctx, shared.texts.purgeSome, g.org, g.app, purgeBatch)
	return max(n, left), err
}

// dropTables drops the tables that an application has or had.
func (s *Service) dropTables(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, app ID) error {
	for _, second := range []bool{false, true} {
		//sql:built the table's name is made of an id
		if _, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+tableOf(app, &home{Second: second})); err != nil {
			return fmt.Errorf("apps: drop table: %w", err)
		}
	}
	if tx.DB().Embedded() {
		return nil
	}
	return tx.Defer(ctx, deleteLog, org, app)
}
