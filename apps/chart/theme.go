package chart

import (
	"fmt"

	"github.com/go-analyze/charts"
)

// palette are the colours of a theme.
type palette struct {
	background, text, quiet, grid, axis charts.Color
	series                              []charts.Color // MaxSeries of them
	rest                                charts.Color   // a pie's other shares
}

// The colours of the series were sought by a program: as far from each other as can be
// for normal sight and for the three colour blindnesses (simulated after Machado,
// Oliveira and Fernandes, 2009), with 3:1 to the background, starting from Okabe and
// Ito's. A test measures them.
var palettes = map[Theme]palette{
	Light: {
		background: rgb(0xffffff), text: rgb(0x1f2328), quiet: rgb(0x57606a), grid: rgb(0xe4e7eb), axis: rgb(0x8c959f), rest: rgb(0x8a8f98),
		series: rgbs(0x6300fc, 0x39a198, 0xd67616, 0xa32000, 0xc666d2, 0x1e5c4a, 0xa055ff, 0x7b965d, 0x57497d, 0x080808),
	},
	Dark: {
		background: rgb(0x1b1e24), text: rgb(0xe6e8eb), quiet: rgb(0xa9b1ba), grid: rgb(0x343941), axis: rgb(0x7d8590), rest: rgb(0x8a8f98),
		series: rgbs(0x4fa4ff, 0xdddc3e, 0x30f0ba, 0xe7155a, 0xe7ad68, 0x8456fd, 0xb432b0, 0xacbbd5, 0x9c6d00, 0xc4217c),
	},
}

func paletteOf(theme Theme) (palette, error) {
	p, known := palettes[theme]
	if !known {
		return palette{}, fmt.Errorf("%w: %q", ErrTheme, theme)
	}
	return p, nil
}

// colors gives the library the colours, the series' in the order given.
func (p palette) colors(series []charts.Color, dark bool) charts.ColorPalette {
	return charts.MakeTheme(charts.ThemeOption{
		IsDarkMode:         dark,
		AxisStrokeColor:    p.axis,
		AxisSplitLineColor: p.grid,
		BackgroundColor:    p.background,
		TextColor:          p.text,
		TextColorLabel:     p.text,
		TextColorXAxis:     p.quiet,
		TextColorYAxis:     p.quiet,
		SeriesColors:       series,
	})
}

func rgb(hex uint32) charts.Color {
	return charts.ColorRGB(uint8(hex>>16), uint8(hex>>8), uint8(hex))
}

func rgbs(hex ...uint32) []charts.Color {
	colors := make([]charts.Color, len(hex))
	for i, h := range hex {
		colors[i] = rgb(h)
	}
	return colors
}
