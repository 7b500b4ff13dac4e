package dialect

import (
	"fmt"
	"strconv"
	"time"

	bundialect "github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/schema"
)

// Time is a moment in a row: a timestamptz on PostgreSQL, integer microseconds since 1970 on SQLite. Text would cost
// SQLite a fifth of a list in parsing, sort wrongly when fractions differ in length, and depend on who wrote it.
// The zero Time is NULL.
type Time struct{ time.Time }

var _ schema.QueryAppender = Time{}

// At makes a row's Time of a moment, cut to the microseconds both databases keep.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Microsecond)}
}

// AtPtr is At for an optional moment.
func AtPtr(t *time.Time) Time {
	if t == nil {
		return Time{}
	}
	return At(*t)
}

// Ptr is the optional moment of a row that may be NULL.
func (t Time) Ptr() *time.Time {
	if t.IsZero() {
		return nil
	}
	moment := t.Time
	return &moment
}

// AppendQuery writes the moment as bun inlines it.
func (t Time) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	if t.IsZero() {
		return append(b, "NULL"...), nil
	}
	if gen.Dialect().Name() == bundialect.SQLite {
		return strconv.AppendInt(b, t.UnixMicro(), 10), nil
	}
	b = append(b, '\'')
	b = t.UTC().AppendFormat(b, "2006-01-02 15:04:05.999999-07:00")
	return append(b, '\''), nil
}

// Scan reads what either database gives.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		t.Time = time.Time{}
	case int64:
		t.Time = time.UnixMicro(v).UTC()
	case time.Time:
		t.Time = v.UTC()
	default:
		return fmt.Errorf("veranda: cannot read a time from %T", src)
	}
	return nil
}

// Argument is the moment as a placeholder's argument for this database.
func (k Kind) Argument(t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case k == SQLite:
		return t.UnixMicro()
	default:
		return t.UTC().Truncate(time.Microsecond)
	}
}
