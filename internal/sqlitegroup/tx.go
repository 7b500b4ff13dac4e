package sqlitegroup

import "database/sql/driver"

// tx is a member of a batch and, until it ends, the holder of the baton.
type tx struct {
	c        *conn
	batch    *batch
	readOnly bool
	open     *rows // the rows still being read from SQLite, at most one
}

var _ driver.Tx = (*tx)(nil)

// Commit returns nil once the batch is durable, or its *BatchError.
func (t *tx) Commit() error { return t.end(true) }

// Rollback undoes the member's changes and returns once the batch has ended.
// An error is the batch's: nothing is stored either way, but what the member
// read from the batch never came to be.
func (t *tx) Rollback() error { return t.end(false) }

func (t *tx) end(commit bool) error {
	if t.c.tx != t {
		return errTxDone
	}
	t.c.tx = nil
	if t.open != nil {
		t.open.abort(errRowsEnded)
	}
	return t.c.g.leave(t.batch, commit)
}

func (t *tx) exec(s statement) (driver.Result, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	s.readOnly = t.readOnly
	result, err := t.c.g.real.exec(s)
	if err = t.note(err); err != nil {
		return nil, err
	}
	return result, nil
}

func (t *tx) query(s statement) (*rows, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	s.readOnly = t.readOnly
	source, stmt, err := t.c.g.real.query(s)
	if err != nil {
		return nil, t.note(err)
	}
	r := &rows{tx: t, source: source, stmt: stmt, columns: source.Columns()}
	t.open = r
	if err := t.note(nil); err != nil {
		r.abort(err)
		return nil, err
	}
	return r, nil
}

// ready makes the connection free for another statement. Rows still open are
// read into memory first: a statement that is read while others write gives
// what nobody promised, an open INSERT … RETURNING keeps savepoints from being
// released, and the same text may be wanted again.
func (t *tx) ready() error {
	if t.batch.dead == nil && t.open != nil {
		t.open.detach()
	}
	if t.batch.dead != nil {
		return &BatchError{Cause: t.batch.dead}
	}
	return nil
}

// note sees whether a statement, successful or not, ended the batch, and
// returns its error.
func (t *tx) note(err error) error {
	if t.batch.dead != nil {
		return err
	}
	rolledBack := t.c.g.real.guard.rolledBack
	if err == nil && rolledBack {
		err = errRolledBack
	}
	if rolledBack || endsBatch(err) {
		t.batch.dead = err
	}
	return err
}
