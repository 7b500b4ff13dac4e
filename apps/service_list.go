package apps

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/query"
)

// Records is QueryRecords with what fits into an address.
//
// Permission: record.read.
func (s *Service) Records(ctx context.Context, by veranda.Actor, in RecordsInput) (veranda.List[Record], error) {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	in.page().Size(&c)
	q := in.query(&c)
	if err := c.Err(); err != nil {
		return veranda.List[Record]{}, err
	}
	return s.QueryRecords(ctx, by, *q)
}

// QueryRecords reads records of an application that meet a filter and have the words of a search, in an order, a page at a
// time.
//
// Permission: record.read. Errors: invalid; a field that is hidden from the actor is unknown.
func (s *Service) QueryRecords(ctx context.Context, by veranda.Actor, in QueryInput) (veranda.List[Record], error) {
	none := veranda.List[Record]{}
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	in.page().Size(&c)
	if c.Failed("/organization_id") || c.Failed("/app_id") {
		return none, c.Err()
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermReadRecord)
	if err != nil {
		return none, err
	}
	if err := s.through(ctx, g, in.View, &in); err != nil {
		return none, err
	}
	var ignored veranda.Checks // it was looked at, or is the view's
	size := in.page().Size(&ignored)
	l := g.list(&c, &in)
	if err := c.Err(); err != nil {
		return none, err
	}
	after, err := s.position(ctx, &c, g, l.sorting, in.page())
	if err != nil {
		return none, err
	}
	if err := c.Err(); err != nil {
		return none, err
	}
	return s.page(ctx, g, l, after, size)
}

// listing is a list that fits an application.
type listing struct {
	filter  *query.Checked
	search  *query.Search
	sorting *query.Sorting
	without map[string]bool // fields not to be shown
}

// list checks what is asked for.
func (g *sight) list(c *veranda.Checks, in *QueryInput) *listing {
	set := g.schema.set
	l := &listing{
		filter:  query.Check(c, "/filter", in.Filter, set, g.asking),
		search:  query.CheckSearch(c, "/search", in.Search, set, g.asking),
		sorting: query.CheckSort(c, "/sort", in.Sort, set, g.asking),
		without: g.asking.Hidden,
	}
	if len(in.Fields) == 0 {
		return l
	}
	l.without = make(map[string]bool, len(set.Fields()))
	for _, f := range set.Fields() {
		l.without[f.Key] = true
	}
	for i, key := range in.Fields {
		if set.Field(key) == nil || g.hidden(key) {
			c.Add(at("/fields", i), "unknown", "is no field of this application")
		}
		delete(l.without, key)
	}
	return l
}

// maxCursor is how long a cursor may be: one that would be longer names the record instead of its place.
const maxCursor = 1000

// cursor is the cursor of the page after a record.
func (g *sight) cursor(sorting *query.Sorting, r *record) string {
	if cursor := veranda.EncodeCursor(g.listName(sorting), sorting.Position(r.found())...); len(cursor) <= maxCursor {
		return cursor
	}
	return veranda.EncodeCursor(g.listName(sorting)+"!", r.id.String())
}

func (g *sight) listName(sorting *query.Sorting) string {
	return "apps.records:" + g.app.ID.String() + sorting.Name()
}

// position is where a page begins; nil for the first.
func (s *Service) position(ctx context.Context, c *veranda.Checks, g *sight, sorting *query.Sorting, page veranda.Page) ([]string, error) {
	if page.Cursor == "" {
		return nil, nil
	}
	var wrong veranda.Checks
	if position := page.Position(&wrong, g.listName(sorting), sorting.Parts()); wrong.Err() == nil {
		return position, nil
	}
	named := page.Position(c, g.listName(sorting)+"!", 1)
	if named == nil {
		return nil, nil
	}
	id, err := veranda.ParseID[recordKind](named[0])
	if err != nil {
		badCursor(c)
		return nil, nil
	}
	var position []string
	rows, err := s.conn.QueryBuilt(ctx, g.place.texts.cursor, g.app.Org, g.app.ID, id)
	err = scanRecords(rows, err, func(r *record) error {
		position = sorting.Position(r.found())
		return nil
	})
	if err == nil && position == nil {
		c.Add("/cursor", "gone", "stands at a record that is gone: begin anew")
	}
	return position, err
}

// narrowed is the text of the conditions of a list, beginning with AND.
func (g *sight) narrowed(b *query.Builder, filter *query.Checked, search *query.Search) string {
	var text strings.Builder
	text.WriteString(g.narrow(b))
	text.WriteString(" AND " + b.Where(filter))
	if !search.IsZero() {
		text.WriteString(" AND " + b.Search(search))
	}
	return text.String()
}

// pageText is the text that reads a page, and its arguments. The limit is no argument: PostgreSQL would
// keep a plan that is made for any limit, in which indexes seem to be worth little.
func (g *sight) pageText(l *listing, after []string, limit int) (string, []any, error) {
	b := query.NewBuilder(g.place.Place, 3)
	text := g.narrowed(b, l.filter, l.search)
	if after != nil {
		behind, err := b.After(l.sorting, after)
		if err != nil {
			return "", nil, invalid("/cursor", "cursor", "is no cursor of this list")
		}
		text += " AND " + behind
	}
	text = `SELECT ` + recordColumns + g.place.texts.from + ` WHERE ` + g.place.texts.where + text + " ORDER BY " + b.OrderBy(l.sorting) + " LIMIT " + strconv.Itoa(limit)
	return text, append([]any{g.app.Org, g.app.ID}, b.Args()...), nil
}

// page reads the records of a page.
func (s *Service) page(ctx context.Context, g *sight, l *listing, after []string, size int) (veranda.List[Record], error) {
	page := veranda.List[Record]{Items: make([]Record, 0, size)}
	found, err := s.read(ctx, g, l, after, size+1)
	if err != nil {
		return page, err
	}
	if len(found) > size {
		found = found[:size]
		page.Next = g.cursor(l.sorting, found[size-1])
	}
	if err := s.fill(ctx, g, found, l.without); err != nil {
		return page, err
	}
	for _, r := range found {
		page.Items = append(page.Items, g.show(r, l.without))
	}
	return page, nil
}

// read reads the records of a list that come after a position.
func (s *Service) read(ctx context.Context, g *sight, l *listing, after []string, limit int) ([]*record, error) {
	text, args, err := g.pageText(l, after, limit)
	if err != nil {
		return nil, err
	}
	rows, err := s.conn.QueryBuilt(ctx, text, args...)
	found := make([]*record, 0, limit)
	err = scanRecords(rows, err, func(r *record) error {
		found = append(found, r)
		return nil
	})
	return found, err
}

// Summarize counts records, and tells sums, averages, least and greatest of their values, perhaps by groups.
//
// Permission: record.read. Errors: invalid, apps.too_many_groups; a field that is hidden from the actor is unknown.
func (s *Service) Summarize(ctx context.Context, by veranda.Actor, in SummaryInput) (*query.Totals, error) {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	if err := c.Err(); err != nil {
		return nil, err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermReadRecord)
	if err != nil {
		return nil, err
	}
	if len(in.Aggregates) == 0 {
		in.Aggregates = []query.Aggregate{{Function: query.Count}}
	}
	return s.summarize(ctx, g, in.Filter, in.Search, in.Groups, in.Aggregates)
}

// summarize computes totals of what the actor sees.
func (s *Service) summarize(ctx context.Context, g *sight, filtered *query.Filter, words string, groups []query.Group, aggregates []query.Aggregate) (*query.Totals, error) {
	var c veranda.Checks
	set := g.schema.set
	filter := query.Check(&c, "/filter", filtered, set, g.asking)
	search := query.CheckSearch(&c, "/search", words, set, g.asking)
	summary := query.CheckSummary(&c, "", groups, aggregates, set, g.asking)
	if err := c.Err(); err != nil {
		return nil, err
	}
	b := query.NewBuilder(g.place.Place, 3)
	columns, join, tail := b.Summarize(summary)
	where := g.narrowed(b, filter, search)
	text := "SELECT " + columns + g.place.texts.from + " " + join + " WHERE " + g.place.texts.where + where + " " + tail
	rows, err := s.conn.QueryBuilt(ctx, text, append([]any{g.app.Org, g.app.ID}, b.Args()...)...)
	if err != nil {
		return nil, fmt.Errorf("apps: summarize: %w", err)
	}
	defer func() { _ = rows.Close() }()
	totals, err := summary.Read(rows)
	if err != nil {
		return nil, fmt.Errorf("apps: summarize: %w", err)
	}
	return totals, nil
}
