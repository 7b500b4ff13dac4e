package sqlitegroup

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// note is a bun model with the column types Veranda uses.
type note struct {
	bun.BaseModel `bun:"table:note"`

	ID      int64 `bun:",pk,autoincrement"`
	Org     string
	Body    sql.NullString
	Done    bool
	Raw     []byte
	At      time.Time `bun:",type:TIMESTAMP"`
	Version int64
}

// The driver does what bun asks of one.
func TestBun(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	db := bun.NewDB(f.DB, sqlitedialect.New())
	ctx := context.Background()
	if _, err := db.NewCreateTable().Model((*note)(nil)).Exec(ctx); err != nil {
		t.Fatal(err)
	}

	at := time.Date(2026, 5, 6, 7, 8, 9, 123456000, time.UTC)
	one := &note{Org: "o", Body: sql.NullString{String: "it's -1 ?", Valid: true}, Done: true, Raw: []byte{1, 0, 2}, At: at, Version: -1}
	if _, err := db.NewInsert().Model(one).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if one.ID == 0 {
		t.Error("insert did not give the row id back")
	}
	var got note
	if err := db.NewSelect().Model(&got).Where("id = ?", one.ID).Scan(ctx); err != nil {
		t.Fatal(err)
	}
	got.At = got.At.UTC()
	if diff := cmp.Diff(*one, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	many := []*note{{Org: "p", At: at}, {Org: "p", At: at}}
	if _, err := db.NewInsert().Model(&many).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	rowsAsMaps := []map[string]any{}
	if err := db.NewSelect().Model((*note)(nil)).Column("id", "org").Order("id").Scan(ctx, &rowsAsMaps); err != nil {
		t.Fatal(err)
	}
	if len(rowsAsMaps) != 3 || rowsAsMaps[2]["org"] != "p" {
		t.Errorf("scanned into maps: %v", rowsAsMaps)
	}

	// Statements with placeholders, scanned by bun, as hot queries are. They go
	// to the sql.Tx beneath, because bun itself would drop the arguments.
	err := db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		rows, err := tx.Tx.QueryContext(ctx, "SELECT * FROM note WHERE org = $1 AND id > $2", "p", 0)
		if err != nil {
			return err
		}
		var scanned []note
		if err := errors.Join(db.ScanRows(ctx, rows, &scanned), rows.Close()); err != nil {
			return err
		}
		if len(scanned) != 2 {
			t.Errorf("scanned %d, want 2", len(scanned))
		}
		_, err = tx.NewUpdate().Model(one).Set("version = version + 2").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	errFail := errors.New("fail")
	err = db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewDelete().Model((*note)(nil)).Where("1 = 1").Exec(ctx); err != nil {
			return err
		}
		return errFail
	})
	if !errors.Is(err, errFail) {
		t.Errorf("failed transaction: %v", err)
	}

	// Nested transactions of bun are savepoints.
	err = db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		nested := tx.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.NewDelete().Model((*note)(nil)).Where("1 = 1").Exec(ctx); err != nil {
				return err
			}
			return errFail
		})
		if !errors.Is(nested, errFail) {
			t.Errorf("nested: %v", nested)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				err := db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
					if _, err := tx.NewInsert().Model(&note{Org: "q", At: at}).Exec(ctx); err != nil {
						return err
					}
					_, err := tx.NewUpdate().Model(one).Set("version = version + 1").WherePK().Exec(ctx)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	count, err := db.NewSelect().Model((*note)(nil)).Count(ctx)
	if err != nil || count != 83 {
		t.Errorf("%d notes, %v; want 83", count, err)
	}
	if err := db.NewSelect().Model(&got).Where("id = ?", one.ID).Scan(ctx); err != nil || got.Version != 81 {
		t.Errorf("version %d, %v; want 81", got.Version, err)
	}
}
