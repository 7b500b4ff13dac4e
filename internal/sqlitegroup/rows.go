package sqlitegroup

import (
	"database/sql/driver"
	"io"
	"math"
	"reflect"
)

// rows are read from SQLite one by one, as long as nothing else wants the
// connection. From then on they come from memory.
type rows struct {
	tx      *tx
	source  driver.Rows // nil once nothing more comes from SQLite
	stmt    *cached
	columns []string

	types []columnType // of rows read into memory
	kept  [][]driver.Value
	after error // follows the kept rows
}

// columnType is what driver.Rows' optional interfaces tell of a column.
type columnType struct {
	databaseName string
	scan         reflect.Type
	variable     bool
}

var (
	_ driver.Rows                           = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
)

// Columns returns the names of the columns.
func (r *rows) Columns() []string { return r.columns }

// Next gives the next row, or io.EOF.
func (r *rows) Next(dest []driver.Value) error {
	if r.source != nil {
		return r.step(dest)
	}
	if len(r.kept) == 0 {
		return r.after
	}
	copy(dest, r.kept[0])
	r.kept[0] = nil
	r.kept = r.kept[1:]
	return nil
}

func (r *rows) step(dest []driver.Value) error {
	g := r.tx.c.g
	g.real.guard.begin(false, r.tx.readOnly)
	err := r.source.Next(dest)
	if err != nil && err != io.EOF {
		return r.tx.note(err)
	}
	return err
}

// Close ends the reading.
func (r *rows) Close() error {
	r.kept = nil
	if r.source == nil {
		if r.after == nil {
			r.after = io.EOF
		}
		return nil
	}
	return r.release(io.EOF)
}

// abort ends the reading, and err is what Next gives from now on.
func (r *rows) abort(err error) {
	// The transaction ends with this, and SQLite's complaint about the rows, if
	// it is grave, has already been noted in the batch.
	_ = r.release(err)
}

// detach reads the rest into memory, so that the connection is free.
func (r *rows) detach() {
	r.types = make([]columnType, len(r.columns))
	for i := range r.types {
		r.types[i] = r.describe(i)
	}
	var err error
	for err == nil {
		row := make([]driver.Value, len(r.columns))
		if err = r.step(row); err == nil {
			r.kept = append(r.kept, row)
		}
	}
	if closeErr := r.release(err); closeErr != nil && err == io.EOF {
		r.after = closeErr
	}
}

// release gives the statement back.
func (r *rows) release(after error) error {
	g := r.tx.c.g
	g.real.guard.begin(false, r.tx.readOnly)
	err := r.source.Close()
	if err == nil {
		err = g.real.cache.give(r.stmt)
	} else {
		_ = g.real.cache.give(r.stmt)
	}
	r.source, r.stmt, r.after = nil, nil, after
	if r.tx.open == r {
		r.tx.open = nil
	}
	if err != nil {
		return r.tx.note(err)
	}
	return nil
}

// describe asks the source about a column; modernc answers from the current row
// where SQLite has no declared type.
func (r *rows) describe(i int) columnType {
	t := columnType{scan: reflect.TypeFor[any]()}
	if s, ok := r.source.(driver.RowsColumnTypeDatabaseTypeName); ok {
		t.databaseName = s.ColumnTypeDatabaseTypeName(i)
	}
	if s, ok := r.source.(driver.RowsColumnTypeScanType); ok {
		// nil for a NULL, which database/sql would hand on as it is.
		if scan := s.ColumnTypeScanType(i); scan != nil {
			t.scan = scan
		}
	}
	if s, ok := r.source.(driver.RowsColumnTypeLength); ok {
		_, t.variable = s.ColumnTypeLength(i)
	}
	return t
}

func (r *rows) column(i int) columnType {
	switch {
	case r.source != nil:
		return r.describe(i)
	case r.types != nil:
		return r.types[i]
	}
	return columnType{scan: reflect.TypeFor[any]()}
}

// ColumnTypeDatabaseTypeName is the declared type in upper case, empty for an
// expression.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return r.column(i).databaseName }

// ColumnTypeScanType is a Go type that takes the column's value.
func (r *rows) ColumnTypeScanType(i int) reflect.Type { return r.column(i).scan }

// ColumnTypeLength is unlimited for text and blobs, and unknown otherwise.
func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	if !r.column(i).variable {
		return 0, false
	}
	return math.MaxInt64, true
}

// ColumnTypeNullable is always true: SQLite does not say.
func (r *rows) ColumnTypeNullable(int) (nullable, ok bool) { return true, true }
