package apps

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/tabular"
)

// ExportInput asks for the records of a list as a file: all of them, whatever a page would hold.
type ExportInput struct {
	Org    veranda.OrgID  `path:"org" json:"-"`
	App    ID             `path:"app" json:"-"`
	Format tabular.Format `query:"format" json:"-" enum:"csv,xlsx,json,jsonl" doc:"csv where absent."`
	Filter string         `query:"filter" json:"-" maxLength:"4000" doc:"A filter as JSON."`
	Sort   string         `query:"sort" json:"-" maxLength:"250" doc:"Keys of fields, separated by commas; with a minus for the greatest first."`
	Search string         `query:"search" json:"-" maxLength:"200" doc:"Words that the records' texts have."`
	View   ViewID         `query:"view" json:"-" doc:"A view, whose filter holds besides, and whose sort and columns stand in for what is absent."`
	Fields string         `query:"fields" json:"-" maxLength:"4000" doc:"Keys of the fields, separated by commas; all where absent."`
}

// Export is records that can be written as a file. The list was checked; it is read while it is written.
type Export struct {
	Format tabular.Format
	// Name is what the file may be called.
	Name string

	ctx     context.Context
	service *Service
	sight   *sight
	list    *listing
	fields  []*field.Field
}

// Export makes a file of a list. Its columns are named by the fields' names. Choices are written by their names, people and
// linked records by their ids, numbers exactly; in CSV a text that a spreadsheet would compute has an apostrophe before it.
// The context must live as long as the file is written.
//
// Permission: record.read. Errors: invalid, as of Records.
func (s *Service) Export(ctx context.Context, by veranda.Actor, in ExportInput) (*Export, error) {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	if in.Format == "" {
		in.Format = tabular.CSV
	}
	veranda.OneOf(&c, "/format", in.Format, tabular.CSV, tabular.XLSX, tabular.JSON, tabular.Lines)
	q := (&RecordsInput{Org: in.Org, App: in.App, Filter: in.Filter, Sort: in.Sort, Search: in.Search, View: in.View, Fields: in.Fields}).query(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermReadRecord)
	if err != nil {
		return nil, err
	}
	if err := s.through(ctx, g, q.View, q); err != nil {
		return nil, err
	}
	e := &Export{Format: in.Format, Name: fileName(g.app.Name) + "." + string(in.Format), ctx: ctx, service: s, sight: g, list: g.list(&c, q)}
	if err := c.Err(); err != nil {
		return nil, err
	}
	if len(q.Fields) == 0 {
		for _, f := range g.schema.set.Fields() {
			if !e.list.without[f.Key] {
				e.fields = append(e.fields, f)
			}
		}
	}
	for _, key := range q.Fields {
		e.fields = append(e.fields, g.schema.set.Field(key))
	}
	return e, nil
}

// fileName is a name that every system takes.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, field.Fold(name))
	if name = strings.Trim(name, "-"); name == "" {
		return "records"
	}
	return name
}

// WriteTo writes the file.
func (e *Export) WriteTo(to io.Writer) (int64, error) {
	counted := &counter{w: to}
	titles := make([]string, len(e.fields))
	for i, f := range e.fields {
		titles[i] = f.Name
	}
	w, err := tabular.NewWriter(counted, e.Format, titles)
	if err != nil {
		return counted.n, err
	}
	err = e.each(func(r *record) error {
		cells := make([]tabular.Cell, len(e.fields))
		for i, f := range e.fields {
			cells[i] = cellOf(f, r)
		}
		return w.Write(cells)
	})
	if err != nil {
		return counted.n, err
	}
	return counted.n, w.Close()
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// each reads the list page by page.
func (e *Export) each(do func(r *record) error) error {
	var position []string
	for {
		found, err := e.service.read(e.ctx, e.sight, e.list, position, veranda.MaxPageLimit)
		if err != nil {
			return err
		}
		if err := e.service.fill(e.ctx, e.sight, found, e.list.without); err != nil {
			return err
		}
		for _, r := range found {
			if err := do(r); err != nil {
				return err
			}
		}
		if len(found) < veranda.MaxPageLimit {
			return nil
		}
		position = e.list.sorting.Position(found[len(found)-1].found())
	}
}

// cellOf is a record's value as a cell.
func cellOf(f *field.Field, r *record) tabular.Cell {
	switch f.Kind {
	case field.CreatedBy:
		return tabular.Cell{Text: r.stamp.CreatedBy}
	case field.ChangedBy:
		return tabular.Cell{Text: r.stamp.ChangedBy}
	case field.CreatedAt:
		return tabular.Cell{Text: momentOf(r.stamp.CreatedAt).Format(time.RFC3339)}
	case field.ChangedAt:
		return tabular.Cell{Text: momentOf(r.stamp.ChangedAt).Format(time.RFC3339)}
	case field.Number, field.Currency, field.Percent, field.Rating:
		return tabular.Cell{Text: strings.TrimSuffix(f.Text(r.doc), "%"), Kind: tabular.NumberCell}
	case field.Checkbox:
		if r.doc.IsEmpty(f) {
			return tabular.Cell{Text: "false", Kind: tabular.BoolCell}
		}
		return tabular.Cell{Text: "true", Kind: tabular.BoolCell}
	}
	return tabular.Cell{Text: f.Text(r.doc)}
}
