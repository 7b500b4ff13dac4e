package chart

import (
	"cmp"
	"math"
	"slices"

	"github.com/go-analyze/charts"
)

// share is a slice of a pie.
type share struct {
	name  string
	value float64
	color charts.Color
}

// shares are the slices in the order of the categories: the greatest MaxSeries of them, and
// the others taken together. A pie of noughts and gaps has none.
func (s *sheet) shares() (all []share, sum float64) {
	var kept []int
	for i, value := range s.values[0] {
		if value > 0 {
			kept = append(kept, i)
			sum += value
		}
	}
	rest := 0.0
	if len(kept) > MaxSeries {
		slices.SortStableFunc(kept, func(a, b int) int { return cmp.Compare(s.values[0][b], s.values[0][a]) })
		for _, i := range kept[MaxSeries:] {
			rest += s.values[0][i]
		}
		kept = kept[:MaxSeries]
		slices.Sort(kept)
	}
	for n, i := range kept {
		all = append(all, share{s.name(s.data.Categories[i]), s.values[0][i], s.palette.series[n]})
	}
	if rest > 0 {
		all = append(all, share{s.data.Words.Other, rest, s.palette.rest})
	}
	return all, sum
}

// drawRound draws a pie or a ring with the names above and the shares beside the slices.
func (s *sheet) drawRound(top int) error {
	shares, sum := s.shares()
	names := make([]string, len(shares))
	colors := make([]charts.Color, len(shares))
	values := make([]float64, len(shares))
	for i, part := range shares {
		names[i], colors[i], values[i] = part.name, part.color, part.value/sum*1000
	}
	top = s.drawLegend(top, names, colors)
	margin := s.margin()
	size := s.fontSize()
	plot := s.painter.Child(charts.PainterPaddingOption(charts.NewBox(margin, top, margin, margin)))
	// Slices too small for a label have it in the description alone.
	label := charts.SeriesLabel{
		Show:      charts.Ptr(plot.Height() > int(size*14) && plot.Width() > int(size*24)),
		FontStyle: s.style(size, s.palette.text),
		LabelFormatter: func(_ int, _ string, value float64) (string, *charts.LabelStyle) {
			if value < 30 {
				return "", nil
			}
			return s.numbers.share(value / 1000), nil
		},
	}
	theme := s.palette.colors(colors, s.dark)
	if s.data.Kind == Pie {
		option := charts.NewPieChartOptionWithData(values)
		option.Theme, option.Padding, option.Radius = theme, charts.NewBoxEqual(0), "40%"
		option.Legend.Show = charts.Ptr(false)
		for i := range option.SeriesList {
			option.SeriesList[i].Label = label
		}
		return plot.PieChart(option)
	}
	option := charts.NewDoughnutChartOptionWithData(values)
	option.Theme, option.Padding, option.RadiusRing, option.RadiusCenter = theme, charts.NewBoxEqual(0), "40%", "24%"
	option.Legend.Show = charts.Ptr(false)
	for i := range option.SeriesList {
		option.SeriesList[i].Label = label
	}
	if err := plot.DoughnutChart(option); err != nil {
		return err
	}
	s.drawSum(plot, sum, size)
	return nil
}

// drawSum writes the whole into the hole of a ring, where it fits.
func (s *sheet) drawSum(plot *charts.Painter, sum, size float64) {
	hole := 0.24 * math.Min(float64(plot.Width()), float64(plot.Height())) * 2
	text := s.numbers.float(sum, 2)
	if unit := plain(s.data.Unit); unit != "" {
		text += " " + cut(unit, size, hole/2)
	}
	style := s.style(size*1.2, s.palette.text)
	box := plot.MeasureText(text, 0, style)
	if float64(box.Width()) > hole*0.85 || float64(box.Height()) > hole*0.6 {
		return
	}
	plot.Text(text, (plot.Width()-box.Width())/2, (plot.Height()+box.Height()*7/10)/2, 0, style)
}
