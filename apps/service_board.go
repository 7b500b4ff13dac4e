package apps

import (
	"context"
	"encoding/json"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// MaxBoardColumns is how many columns a board shows; BoardCards how many records of each are given at once.
const (
	MaxBoardColumns = 50
	BoardCards      = 20
)

// Board is a view's records by the values of a field.
type Board struct {
	Columns []BoardColumn `json:"columns"`
	// More tells that there are more columns than are shown.
	More bool `json:"more,omitempty"`
}

// BoardColumn is the records with one value. More of them are read by a query with the view and Filter.
type BoardColumn struct {
	// Value is the value in the form of the API, null where it is empty; Name is it for people.
	Value json.RawMessage `json:"value"`
	Name  string          `json:"name"`
	Color string          `json:"color,omitempty"`
	// Totals are those of the view, first of all how many records there are.
	Count  json.RawMessage   `json:"count"`
	Totals []json.RawMessage `json:"totals"`
	Filter query.Filter      `json:"filter"`
	Cards  []Record          `json:"cards"`
	More   bool              `json:"more,omitempty"`
}

// Board reads the first records of each column of a board.
//
// Permission: record.read. Errors: invalid where the view is no board, or fits no more.
func (s *Service) Board(ctx context.Context, by veranda.Actor, in ViewInput) (*Board, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, v, err := s.openView(ctx, by, in.Org, in.App, in.View)
	if err != nil {
		return nil, err
	}
	if v.Kind != BoardView {
		return nil, invalid("/view_id", "kind", "must be a board")
	}
	shown := g.presentView(v)
	for _, part := range shown.Void {
		if part != "/columns" {
			return nil, void(part)
		}
	}
	f := g.schema.set.Field(shown.Board)
	aggregates := append([]query.Aggregate{{Function: query.Count}}, shown.Aggregates...)
	totals, err := s.summarize(ctx, g, shown.Filter, "", []query.Group{{Field: f.Key}}, aggregates)
	if err != nil {
		return nil, err
	}
	board := &Board{Columns: []BoardColumn{}}
	columns := g.boardColumns(f, totals, len(shown.Aggregates))
	if len(columns) > MaxBoardColumns {
		columns, board.More = columns[:MaxBoardColumns], true
	}
	for _, col := range columns {
		col.Cards = []Record{}
		if string(col.Count) != "0" {
			page, err := s.QueryRecords(ctx, by, QueryInput{Org: in.Org, App: in.App, View: in.View, Filter: &col.Filter, Limit: BoardCards})
			if err != nil {
				return nil, err
			}
			col.Cards, col.More = page.Items, page.Next != ""
		}
		board.Columns = append(board.Columns, col)
	}
	return board, nil
}

// boardColumns are the columns of a board: of a choice each, in their order; of people those that records name.
func (g *sight) boardColumns(f *field.Field, totals *query.Totals, aggregates int) []BoardColumn {
	byValue := map[string]query.GroupTotals{}
	var order []string
	for _, group := range totals.Groups {
		key := string(group.Keys[0])
		byValue[key] = group
		order = append(order, key)
	}
	add := func(list []BoardColumn, value json.RawMessage, name, color string) []BoardColumn {
		col := BoardColumn{Value: value, Name: name, Color: color, Count: json.RawMessage("0"), Totals: make([]json.RawMessage, aggregates)}
		for i := range col.Totals {
			col.Totals[i] = json.RawMessage("null")
		}
		if group, there := byValue[string(value)]; there {
			col.Count, col.Totals = group.Values[0], group.Values[1:]
		}
		col.Filter = query.Filter{Field: f.Key, Is: query.Equal, Value: value}
		if string(value) == "null" {
			col.Filter = query.Filter{Field: f.Key, Is: query.IsEmpty}
		}
		return append(list, col)
	}
	var list []BoardColumn
	switch f.Kind {
	case field.Checkbox:
		list = add(list, json.RawMessage("false"), "", "")
		return add(list, json.RawMessage("true"), f.Name, "")
	case field.Select:
		list = add(list, json.RawMessage("null"), "", "")
		for _, choice := range f.Choices {
			list = add(list, json.RawMessage(marshal(choice.ID)), choice.Name, choice.Color)
		}
		return list
	}
	for _, key := range order {
		list = add(list, json.RawMessage(key), "", "")
	}
	return list
}
