package chart

import (
	"math"
	"slices"

	"github.com/go-analyze/charts"
)

// drawBars draws upright, lying and stacked bars.
func (s *sheet) drawBars(plot *charts.Painter) error {
	option := charts.NewBarChartOptionWithData(s.points())
	option.Theme = s.palette.colors(s.palette.series, s.dark)
	option.Horizontal = s.data.Kind == HorizontalBar
	option.Padding = charts.NewBoxEqual(0)
	option.Legend.Show = charts.Ptr(false)
	option.StackSeries = charts.Ptr(s.data.Kind == StackedBar)
	least, most := s.span()
	option.CategoryAxis = s.categoryAxis(plot, option.Horizontal)
	option.ValueAxis = []charts.ValueAxisOption{s.valueAxis(plot, least, most, option.Horizontal)}
	return plot.BarChart(option)
}

// drawLines draws curves with or without the space beneath them.
func (s *sheet) drawLines(plot *charts.Painter) error {
	option := charts.NewLineChartOptionWithData(s.points())
	option.Theme = s.palette.colors(s.palette.series, s.dark)
	option.Padding = charts.NewBoxEqual(0)
	option.Legend.Show = charts.Ptr(false)
	option.LineStrokeWidth = 2
	option.FillArea = charts.Ptr(s.data.Kind == Area && s.whole())
	option.FillOpacity = 56
	least, most := s.span()
	option.XAxis = s.categoryAxis(plot, false)
	option.YAxis = []charts.ValueAxisOption{s.valueAxis(plot, least, most, false)}
	// Shapes besides colours, as far as there is room for them; a value between two gaps
	// is no line and would not be seen without.
	shapes := []charts.SymbolShape{charts.SymbolDot, charts.SymbolSquare, charts.SymbolDiamond, charts.SymbolCircle}
	for i := range option.SeriesList {
		shape := charts.SymbolNone
		if len(s.data.Categories)*12 <= plot.Width() || s.lonely(i) {
			shape = shapes[i%len(shapes)]
		}
		option.SeriesList[i].Symbol = charts.Symbol{Shape: shape, Size: 4}
	}
	return plot.LineChart(option)
}

// whole tells whether there are neither gaps nor values below nought: the library would tint
// across the one, and from the lower edge up to the other, which says what is not so.
func (s *sheet) whole() bool {
	for _, series := range s.values {
		for _, value := range series {
			if math.IsNaN(value) || value < 0 {
				return false
			}
		}
	}
	return true
}

// lonely tells whether a value of the series has a gap on both sides.
func (s *sheet) lonely(series int) bool {
	values := s.values[series]
	gap := func(i int) bool { return i < 0 || i >= len(values) || math.IsNaN(values[i]) }
	for i := range values {
		if !gap(i) && gap(i-1) && gap(i+1) {
			return true
		}
	}
	return false
}

// points are the values as the library takes them.
func (s *sheet) points() [][]float64 {
	all := make([][]float64, len(s.values))
	for i, series := range s.values {
		all[i] = make([]float64, len(series))
		for j, value := range series {
			if math.IsNaN(value) {
				value = charts.GetNullValue()
			}
			all[i][j] = value
		}
		if s.data.Kind == HorizontalBar {
			slices.Reverse(all[i])
		}
	}
	return all
}

// span is the least and the greatest that the value axis must show. Nought is always on it:
// bars that start elsewhere lie about proportions, and so do curves over a cut axis.
func (s *sheet) span() (least, most float64) {
	for j := range s.data.Categories {
		below, above := 0.0, 0.0
		for i := range s.values {
			switch value := s.values[i][j]; {
			case math.IsNaN(value):
			case s.data.Kind != StackedBar:
				below, above = math.Min(below, value), math.Max(above, value)
			case value < 0:
				below += value
			default:
				above += value
			}
		}
		least, most = math.Min(least, below), math.Max(most, above)
	}
	return least, most
}

func (s *sheet) categoryAxis(plot *charts.Painter, upright bool) charts.CategoryAxisOption {
	size := s.fontSize()
	count := len(s.data.Categories)
	fitting, room := 0, 0.0
	if upright {
		fitting = int(float64(plot.Height()) / (size * 1.6))
		room = float64(plot.Width()) * 0.35
	} else {
		// Short labels below all of them, or longer ones below some.
		width := float64(plot.Width()) * 0.9
		if fitting = int(width / (size * 4)); fitting < count {
			fitting = int(width / (size * 8))
		}
		room = width/float64(min(count, max(1, fitting))) - size*0.5
	}
	labels := make([]string, count)
	for i, name := range s.data.Categories {
		labels[i] = s.padded(cut(s.name(name), size, math.Max(room, size*2)), size, upright)
	}
	if fitting < count && count > 1 {
		labels[count-1] = "" // the library would set it on top of the one before
	}
	if upright {
		slices.Reverse(labels) // which counts from below; people read from above
	}
	return charts.CategoryAxisOption{
		Labels:         labels,
		LabelCount:     max(1, min(count, fitting)),
		LabelFontStyle: s.style(size, s.palette.quiet),
		BoundaryGap:    charts.Ptr(true),
	}
}

func (s *sheet) valueAxis(plot *charts.Painter, least, most float64, lying bool) charts.ValueAxisOption {
	size := s.fontSize()
	digits := digitsFor(least, most)
	axis := charts.ValueAxisOption{
		LabelFontStyle: s.style(size, s.palette.quiet),
		SplitLineShow:  charts.Ptr(true),
		ValueFormatter: func(value float64) string { return s.numbers.float(value, digits) },
	}
	if unit := plain(s.data.Unit); unit != "" {
		room := float64(plot.Height())
		if lying {
			room = float64(plot.Width())
		}
		axis.Title = cut(unit, size, room*0.6)
		axis.TitleFontStyle = s.style(size, s.palette.quiet)
	}
	ticks := int(float64(plot.Height()) / (size * 2.6))
	if lying {
		widest := textWidth(s.numbers.float(most, digits), size) + size*2
		ticks = int(float64(plot.Width()) * 0.65 / widest)
	}
	low, high, labels := niceAxis(least, most, max(2, min(ticks, 8)))
	axis.Min, axis.Max, axis.LabelCount = charts.Ptr(low), charts.Ptr(high), labels
	axis.PreferNiceIntervals = charts.Ptr(false)
	axis.RangeValuePaddingScale = charts.Ptr(0.0)
	return axis
}

// niceAxis gives ends that are multiples of 1, 2, 2.5 or 5 times a power of ten, with at most
// so many steps between them, and how many marks that makes.
func niceAxis(least, most float64, steps int) (low, high float64, marks int) {
	if least == most {
		return 0, 1, 2
	}
	power := math.Pow(10, math.Floor(math.Log10((most-least)/float64(steps))))
	for {
		for _, multiple := range []float64{1, 2, 2.5, 5} {
			step := multiple * power
			down, up := math.Floor(least/step), math.Ceil(most/step)
			if up-down <= float64(steps) {
				return down * step, up * step, int(up-down) + 1
			}
		}
		power *= 10
	}
}
