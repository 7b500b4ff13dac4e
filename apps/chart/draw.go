package chart

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"github.com/go-analyze/charts"
)

// Draw writes the data as an SVG document of the size.
//
// Its errors wrap ErrSize, ErrTheme or what Data.Check gives, or are those of w; nothing
// was written then but in the last case: the drawing is made in memory first.
func Draw(w io.Writer, d Data, size Size, theme Theme) error {
	if min(size.Width, size.Height) < MinSide || max(size.Width, size.Height) > MaxSide {
		return fmt.Errorf("%w: %d × %d", ErrSize, size.Width, size.Height)
	}
	colors, err := paletteOf(theme)
	if err != nil {
		return err
	}
	values, err := d.parse()
	if err != nil {
		return err
	}
	d.Words = d.Words.orEnglish()
	drawing := &sheet{
		data: d, values: values, size: size, palette: colors, dark: theme == Dark,
		numbers: newNumbers(d.Locale),
		painter: charts.NewPainter(charts.PainterOptions{
			OutputFormat: charts.ChartOutputSVG, Width: size.Width, Height: size.Height,
		}),
	}
	if err := drawing.draw(); err != nil {
		return fmt.Errorf("chart: draw a %s: %w", d.Kind, err)
	}
	raw, err := drawing.painter.Bytes()
	if err != nil {
		return fmt.Errorf("chart: take the drawing: %w", err)
	}
	var out bytes.Buffer
	out.Grow(len(raw))
	if err := dress(&out, raw, size, drawing.title(), drawing.description()); err != nil {
		return err
	}
	_, err = out.WriteTo(w)
	return err
}

// sheet is a drawing under way.
type sheet struct {
	data    Data
	values  [][]float64
	size    Size
	palette palette
	dark    bool
	numbers numbers
	painter *charts.Painter
}

func (s *sheet) draw() error {
	s.painter.FilledRect(0, 0, s.size.Width, s.size.Height, s.palette.background, charts.ColorTransparent, 0)
	margin := s.margin()
	top := s.drawTitle(margin)
	if !s.anything() {
		s.drawNoData(top)
		return nil
	}
	if s.data.round() {
		return s.drawRound(top)
	}
	top = s.drawLegend(top, s.seriesNames(), s.palette.series)
	plot := s.painter.Child(charts.PainterPaddingOption(charts.NewBox(margin, top, margin, margin/2)))
	switch s.data.Kind {
	case Line, Area:
		return s.drawLines(plot)
	default:
		return s.drawBars(plot)
	}
}

// anything tells whether there is something to draw.
func (s *sheet) anything() bool {
	for i, series := range s.values {
		if i > 0 && s.data.round() {
			return false
		}
		for _, value := range series {
			if !math.IsNaN(value) && (!s.data.round() || value > 0) {
				return true
			}
		}
	}
	return false
}

// margin keeps marks off the edge, more of it where there is space.
func (s *sheet) margin() int { return max(4, min(s.size.Width, s.size.Height, 800)/40) }

// fontSize grows a little with the drawing, in pixels.
func (s *sheet) fontSize() float64 {
	return math.Round(math.Max(9, math.Min(16, 8+float64(min(s.size.Width, s.size.Height))/80)))
}

// style is that of a text of so many pixels.
func (s *sheet) style(size float64, color charts.Color) charts.FontStyle {
	return charts.FontStyle{FontSize: size * pointsPerPixel, FontColor: color}
}

func (s *sheet) seriesNames() []string {
	names := make([]string, len(s.data.Series))
	for i, series := range s.data.Series {
		names[i] = s.name(series.Name)
	}
	return names
}

// name is what is shown for a name.
func (s *sheet) name(name string) string {
	if name = plain(name); name == "" {
		return s.data.Words.Empty
	}
	return name
}
