package sqlitegroup

import (
	"container/list"
	"database/sql/driver"
	"errors"
)

// maxCached bounds the statements kept compiled. Veranda's hot statements are
// some dozens; a compiled one takes a few kilobytes.
const maxCached = 256

// rawStmt is what modernc's statements implement of database/sql/driver.
type rawStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// cached is a compiled statement on loan from a stmtCache.
type cached struct {
	rawStmt
	query string
	lent  bool
	place *list.Element // nil for one that lives for a single use
}

// stmtCache keeps compiled statements by their text, and drops the one unused
// for longest. A statement is lent to one user at a time: a second run of the
// same text while the first is still being read gets a statement of its own.
type stmtCache struct {
	prepare func(query string) (rawStmt, error)
	max     int
	byQuery map[string]*cached
	recent  *list.List // of *cached, most recently used in front
}

func newStmtCache(max int, prepare func(string) (rawStmt, error)) *stmtCache {
	return &stmtCache{prepare: prepare, max: max, byQuery: map[string]*cached{}, recent: list.New()}
}

// take lends a statement for query, to be given back with give. With keep it
// may come from the cache and stays there afterwards.
func (s *stmtCache) take(query string, keep bool) (*cached, error) {
	known := s.byQuery[query]
	if keep && known != nil && !known.lent {
		s.recent.MoveToFront(known.place)
		known.lent = true
		return known, nil
	}
	stmt, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	c := &cached{rawStmt: stmt, query: query, lent: true}
	if keep && known == nil {
		c.place = s.recent.PushFront(c)
		s.byQuery[query] = c
		s.evict()
	}
	return c, nil
}

// give takes a statement back.
func (s *stmtCache) give(c *cached) error {
	c.lent = false
	if c.place == nil {
		return c.Close()
	}
	s.evict()
	return nil
}

// evict closes the statements unused for longest until the bound holds, except
// lent ones: give comes back for those.
func (s *stmtCache) evict() {
	for at := s.recent.Back(); at != nil && s.recent.Len() > s.max; {
		c := at.Value.(*cached)
		before := at.Prev()
		if !c.lent {
			s.recent.Remove(at)
			delete(s.byQuery, c.query)
			// Closing repeats the error of the statement's last run, which was
			// answered then.
			_ = c.Close()
		}
		at = before
	}
}

// close closes all statements.
func (s *stmtCache) close() error {
	var errs []error
	for at := s.recent.Front(); at != nil; at = at.Next() {
		errs = append(errs, at.Value.(*cached).Close())
	}
	s.recent.Init()
	clear(s.byQuery)
	return errors.Join(errs...)
}
