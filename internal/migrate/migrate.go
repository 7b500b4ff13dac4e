// Package migrate brings a database to the schema a program was built with.
//
// A set is one package's migrations: files "0001_name.sql" in a folder per database, applied in order, each in a
// transaction that also records it. Migrations only go forward and are never edited once landed: the recorded checksum
// of every applied file is compared, and a difference stops the program. Nodes that start together wait for one another.
//
// Migration libraries at hand record a migration outside its transaction or keep no checksum; this is the hundred lines
// where that matters.
package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda/internal/dialect"
)

// Set is the migrations of one package. Files holds the folders "postgres" and "sqlite".
type Set struct {
	Name  string
	Files fs.FS
}

// Step is one migration.
type Step struct {
	Set      string
	Number   int
	Name     string
	Checksum string
	SQL      string
}

func (s Step) String() string { return fmt.Sprintf("%s/%04d_%s", s.Set, s.Number, s.Name) }

// Steps reads the sets' migrations for one database in the order they are applied.
func Steps(kind dialect.Kind, sets []Set) ([]Step, error) {
	var steps []Step
	for _, set := range sets {
		names, err := fs.Glob(set.Files, path.Join(kind.String(), "*.sql"))
		if err != nil {
			return nil, fmt.Errorf("veranda: migrations of %s: %w", set.Name, err)
		}
		slices.Sort(names)
		for i, name := range names {
			base := strings.TrimSuffix(path.Base(name), ".sql")
			digits, title, ok := strings.Cut(base, "_")
			number, err := strconv.Atoi(digits)
			if !ok || err != nil || number != i+1 {
				return nil, fmt.Errorf("veranda: migration %s of %s: want %04d_name.sql", name, set.Name, i+1)
			}
			text, err := fs.ReadFile(set.Files, name)
			if err != nil {
				return nil, fmt.Errorf("veranda: migrations of %s: %w", set.Name, err)
			}
			sum := sha256.Sum256(text)
			steps = append(steps, Step{Set: set.Name, Number: number, Name: title, Checksum: hex.EncodeToString(sum[:]), SQL: string(text)})
		}
	}
	return steps, nil
}

const createLedger = `CREATE TABLE IF NOT EXISTS veranda_migrations (
	package TEXT NOT NULL,
	number BIGINT NOT NULL,
	name TEXT NOT NULL,
	checksum TEXT NOT NULL,
	PRIMARY KEY (package, number))`

// lockNumber is the advisory lock held while migrating: "veranda" as digits of a telephone keypad.
const lockNumber = 8372632

// Apply brings the database up to date and returns what it applied.
func Apply(ctx context.Context, db *bun.DB, sets []Set) (applied []Step, err error) {
	kind, err := dialect.Of(db)
	if err != nil {
		return nil, err
	}
	steps, err := Steps(kind, sets)
	if err != nil {
		return nil, err
	}
	for {
		step, err := applyNext(ctx, db, kind, steps)
		if err != nil {
			return applied, err
		}
		if step == nil {
			return applied, nil
		}
		applied = append(applied, *step)
	}
}

// applyNext applies the first migration that is missing, under the lock, in one transaction with its record.
func applyNext(ctx context.Context, db *bun.DB, kind dialect.Kind, steps []Step) (*Step, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("veranda: migrate: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if kind == dialect.Postgres {
		if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?)", lockNumber).Exec(ctx); err != nil {
			return nil, fmt.Errorf("veranda: migrate: lock: %w", err)
		}
	}
	if _, err := tx.NewRaw(createLedger).Exec(ctx); err != nil {
		return nil, fmt.Errorf("veranda: migrate: ledger: %w", err)
	}
	missing, err := pending(ctx, tx, steps)
	if err != nil {
		return nil, err
	}
	if len(missing) == 0 {
		return nil, tx.Commit()
	}
	step := missing[0]
	// The file's text goes to the driver as it stands: bun would take a question mark for a placeholder.
	if _, err := tx.Tx.ExecContext(ctx, step.SQL); err != nil {
		return nil, fmt.Errorf("veranda: migration %s: %w", step, err)
	}
	if _, err := tx.NewRaw("INSERT INTO veranda_migrations (package, number, name, checksum) VALUES (?, ?, ?, ?)",
		step.Set, step.Number, step.Name, step.Checksum).Exec(ctx); err != nil {
		return nil, fmt.Errorf("veranda: migration %s: record: %w", step, err)
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("veranda: migration %s: %w", step, err)
	}
	return &step, nil
}

// ErrEdited says that a migration was changed after it had been applied.
var ErrEdited = errors.New("veranda: an applied migration was edited")

// ErrNewer says that the database was migrated by a newer program.
var ErrNewer = errors.New("veranda: the database is newer than this program")

type record struct {
	Package  string
	Number   int
	Name     string
	Checksum string
}

func pending(ctx context.Context, db bun.IDB, steps []Step) ([]Step, error) {
	var records []record
	if err := db.NewRaw("SELECT package, number, name, checksum FROM veranda_migrations").Scan(ctx, &records); err != nil {
		return nil, fmt.Errorf("veranda: migrate: read ledger: %w", err)
	}
	last := map[string]int{}
	for _, step := range steps {
		last[step.Set] = max(last[step.Set], step.Number)
	}
	done := map[string]string{}
	for _, r := range records {
		if highest, ours := last[r.Package]; ours && r.Number > highest {
			return nil, fmt.Errorf("%w: %s/%04d_%s is applied but not known here", ErrNewer, r.Package, r.Number, r.Name)
		}
		done[key(r.Package, r.Number)] = r.Checksum
	}
	var missing []Step
	for _, step := range steps {
		checksum, ok := done[key(step.Set, step.Number)]
		switch {
		case !ok:
			missing = append(missing, step)
		case checksum != step.Checksum:
			return nil, fmt.Errorf("%w: %s", ErrEdited, step)
		}
	}
	return missing, nil
}

func key(set string, number int) string { return set + "/" + strconv.Itoa(number) }

// Pending names what Apply would still do; a program is ready to serve when nothing is left.
func Pending(ctx context.Context, db *bun.DB, sets []Set) ([]Step, error) {
	kind, err := dialect.Of(db)
	if err != nil {
		return nil, err
	}
	steps, err := Steps(kind, sets)
	if err != nil {
		return nil, err
	}
	return pending(ctx, db, steps)
}
