package chart

import (
	"strings"

	"github.com/go-analyze/charts"
)

// pointsPerPixel: the library takes points and writes pixels at its 96 dots per inch.
const pointsPerPixel = 72.0 / 96

// padded makes a text measure in the library what it will be wide on the screen. The library
// measures with a font that has no ideographs and takes the width of its empty box; spaces
// behind the text, which SVG does not draw, make good what is missing.
// Labels left of an axis must not run into it whatever the font: all are measured so.
func (s *sheet) padded(text string, size float64, all bool) string {
	style := s.style(size, s.palette.text)
	width := 0.0
	if all || strings.ContainsFunc(text, func(r rune) bool { return ems(r) >= 1000 }) {
		width = textWidth(text, size)
	}
	missing := width - float64(s.painter.MeasureText(text, 0, style).Width())
	if missing < 2 {
		return text
	}
	const sample = "          "
	space := float64(s.painter.MeasureText(sample, 0, style).Width()) / float64(len(sample))
	if space <= 0 {
		return text
	}
	return text + strings.Repeat(" ", int(missing/space))
}

// drawTitle writes the title and gives the height that is used up.
func (s *sheet) drawTitle(margin int) int {
	title := plain(s.data.Title)
	if title == "" || s.size.Height < 140 {
		return margin
	}
	size := s.fontSize() * 1.25
	baseline := margin + int(size)
	s.painter.Text(cut(title, size, float64(s.size.Width-2*margin)), margin, baseline, 0, s.style(size, s.palette.text))
	return baseline + int(size*0.7)
}

// drawLegend writes names with their colours in at most three lines, and gives the height
// that is used up. One series alone needs no key when the title can tell what it is.
func (s *sheet) drawLegend(top int, names []string, colors []charts.Color) int {
	if len(names) == 0 || s.size.Height < 160 || s.size.Width < 160 || len(names) == 1 && names[0] == s.data.Words.Empty {
		return top
	}
	margin, size := s.margin(), s.fontSize()
	key, space, line := int(size*0.8), int(size*0.45), int(size*1.7)
	room := s.size.Width - 2*margin
	lines := max(1, min(3, s.size.Height/6/line))
	// As wide as needed, but never so wide that not all of them find a place.
	perLine := (len(names) + lines - 1) / lines
	widest := float64(room/perLine - key - 3*space)
	if widest < size*2 {
		return top
	}
	x, y := margin, top+int(size)
	for i, name := range names {
		name = cut(name, size, widest)
		width := key + space + int(textWidth(name, size)+0.5)
		if x > margin && x+width > margin+room {
			x, y = margin, y+line
		}
		s.painter.FilledRect(x, y-key, x+key, y, colors[i], charts.ColorTransparent, 0)
		s.painter.Text(name, x+key+space, y, 0, s.style(size, s.palette.text))
		x += width + 2*space
	}
	return y + int(size*1.1)
}

// drawNoData says that there is nothing to draw.
func (s *sheet) drawNoData(top int) {
	size := s.fontSize()
	text := cut(plain(s.data.Words.NoData), size, float64(s.size.Width-2*s.margin()))
	x := (float64(s.size.Width) - textWidth(text, size)) / 2
	s.painter.Text(text, int(x), (top+s.size.Height)/2, 0, s.style(size, s.palette.quiet))
}
