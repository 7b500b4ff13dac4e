package apps

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/chart"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// Report is what a chart's view tells: totals by groups, with names for people.
type Report struct {
	query.Totals
	// Names has for each group one for each of its keys: a choice's name, the text itself, a period. People are named by
	// their ids.
	Names [][]string `json:"names"`
}

// Report computes the totals of a view that has groups.
//
// Permission: record.read. Errors: invalid where the view has no groups, or fits no more; apps.too_many_groups.
func (s *Service) Report(ctx context.Context, by veranda.Actor, in ViewInput) (*Report, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	_, _, report, err := s.report(ctx, by, in)
	return report, err
}

func (s *Service) report(ctx context.Context, by veranda.Actor, in ViewInput) (*sight, *View, *Report, error) {
	g, v, err := s.openView(ctx, by, in.Org, in.App, in.View)
	if err != nil {
		return nil, nil, nil, err
	}
	shown := g.presentView(v)
	for _, part := range []string{"/filter", "/groups", "/aggregates"} {
		if slices.Contains(shown.Void, part) {
			return nil, nil, nil, void(part)
		}
	}
	if len(shown.Groups) == 0 {
		return nil, nil, nil, invalid("/view_id", "groups", "must be a view with groups")
	}
	aggregates := shown.Aggregates
	if len(aggregates) == 0 {
		aggregates = []query.Aggregate{{Function: query.Count}}
	}
	totals, err := s.summarize(ctx, g, shown.Filter, "", shown.Groups, aggregates)
	if err != nil {
		return nil, nil, nil, err
	}
	report := &Report{Totals: *totals, Names: make([][]string, len(totals.Groups))}
	for i, group := range totals.Groups {
		for level, key := range group.Keys {
			report.Names[i] = append(report.Names[i], nameOf(g.schema.set.Field(shown.Groups[level].Field), key))
		}
	}
	shown.Aggregates = aggregates
	return g, shown, report, nil
}

// nameOf is a group's key for people, "" where it is empty.
func nameOf(f *field.Field, key json.RawMessage) string {
	if null(key) {
		return ""
	}
	var text string
	if json.Unmarshal(key, &text) != nil {
		text = string(key)
	}
	if f.Kind == field.Select || f.Kind == field.MultiSelect {
		if names := f.ChoiceNames(text); len(names) > 0 {
			return names[0]
		}
	}
	return text
}

// ChartInput asks for the drawing of a chart's view.
type ChartInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	View   ViewID        `path:"view" json:"-"`
	Width  int           `query:"width" json:"-" minimum:"0" maximum:"4000" doc:"In pixels; 800 where absent."`
	Height int           `query:"height" json:"-" minimum:"0" maximum:"4000" doc:"In pixels; 400 where absent."`
	Theme  chart.Theme   `query:"theme" json:"-" enum:"light,dark" doc:"light where absent."`
}

// Drawing is a chart that can be written as SVG.
type Drawing struct {
	data  chart.Data
	size  chart.Size
	theme chart.Theme
}

// Draw writes the chart as an SVG document.
func (d *Drawing) Draw(w io.Writer) error { return chart.Draw(w, d.data, d.size, d.theme) }

// Chart makes the drawing of a view with groups: the first groups are the categories, the second ones the series; without
// second ones each of the view's totals is a series.
//
// Permission: record.read. Errors: as of Report; invalid where there are more categories or series than can be drawn, or
// where a pie would have shares below nought.
func (s *Service) Chart(ctx context.Context, by veranda.Actor, in ChartInput) (*Drawing, error) {
	var c veranda.Checks
	checkView(&c, in.Org, in.App, in.View)
	d := &Drawing{size: chart.Size{Width: in.Width, Height: in.Height}, theme: in.Theme}
	for _, side := range []struct {
		name string
		at   *int
		none int
	}{{"/width", &d.size.Width, 800}, {"/height", &d.size.Height, 400}} {
		if *side.at == 0 {
			*side.at = side.none
		}
		c.Range(side.name, int64(*side.at), chart.MinSide, chart.MaxSide)
	}
	if d.theme == "" {
		d.theme = chart.Light
	}
	veranda.OneOf(&c, "/theme", d.theme, chart.Light, chart.Dark)
	if err := c.Err(); err != nil {
		return nil, err
	}
	g, v, report, err := s.report(ctx, by, ViewInput{Org: in.Org, App: in.App, View: in.View})
	if err != nil {
		return nil, err
	}
	d.data = g.chart(v, report)
	if err := d.data.Check(); err != nil {
		return nil, invalid("/view_id", "chart", strings.TrimPrefix(err.Error(), "chart: "))
	}
	return d, nil
}

// chart is a report as it is drawn.
func (g *sight) chart(v *View, report *Report) chart.Data {
	data := chart.Data{Kind: chart.Kind(v.Chart), Title: v.Name, Unit: g.unit(v.Aggregates)}
	if data.Kind == "" {
		data.Kind = chart.Bar
	}
	place := map[string]int{}
	category := func(name string) int {
		i, known := place[name]
		if !known {
			i = len(data.Categories)
			place[name] = i
			data.Categories = append(data.Categories, name)
		}
		return i
	}
	for _, names := range report.Names {
		category(names[0])
	}
	series := map[string]int{}
	put := func(name string, at int, value json.RawMessage) {
		i, known := series[name]
		if !known {
			i = len(data.Series)
			series[name] = i
			data.Series = append(data.Series, chart.Series{Name: name, Values: make([]string, len(data.Categories))})
		}
		if !null(value) {
			data.Series[i].Values[at] = strings.Trim(string(value), `"`)
		}
	}
	for i, group := range report.Groups {
		names := report.Names[i]
		if len(names) > 1 {
			put(names[1], category(names[0]), group.Values[0])
			continue
		}
		for n, aggregate := range v.Aggregates {
			put(g.aggregateName(aggregate), category(names[0]), group.Values[n])
		}
	}
	return data
}

// aggregateName is what a series is called.
func (g *sight) aggregateName(a query.Aggregate) string {
	if f := g.schema.set.Field(a.Field); f != nil {
		return strings.ReplaceAll(string(a.Function), "_", " ") + ": " + f.Name
	}
	return string(a.Function)
}

// unit is what the first of the totals is measured in.
func (g *sight) unit(aggregates []query.Aggregate) string {
	f := g.schema.set.Field(aggregates[0].Field)
	switch {
	case f == nil || aggregates[0].Function == query.CountFilled:
		return ""
	case f.Kind == field.Currency:
		return f.Currency
	case f.Kind == field.Percent:
		return "%"
	}
	return ""
}
