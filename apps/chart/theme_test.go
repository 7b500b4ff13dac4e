package chart

import (
	"math"
	"testing"

	"github.com/go-analyze/charts"
)

type triple [3]float64

// sights turn linear sRGB into what an eye without one kind of cone sees of it
// (Machado, Oliveira and Fernandes, 2009, severity 1.0).
var sights = map[string][3]triple{
	"all":          {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

func linear(c charts.Color) (rgb triple) {
	for i, v := range []uint8{c.R, c.G, c.B} {
		if rgb[i] = float64(v) / 255; rgb[i] <= 0.04045 {
			rgb[i] /= 12.92
		} else {
			rgb[i] = math.Pow((rgb[i]+0.055)/1.055, 2.4)
		}
	}
	return rgb
}

func luminance(c charts.Color) float64 {
	l := linear(c)
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// contrast is that of WCAG 2.2.
func contrast(a, b charts.Color) float64 {
	low, high := luminance(a), luminance(b)
	return (max(low, high) + 0.05) / (min(low, high) + 0.05)
}

// lab is CIELAB under D65.
func lab(sight [3]triple, c charts.Color) triple {
	in, rgb := linear(c), triple{}
	for i, row := range sight {
		rgb[i] = min(1, max(0, row[0]*in[0]+row[1]*in[1]+row[2]*in[2]))
	}
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	x := f((0.4124*rgb[0] + 0.3576*rgb[1] + 0.1805*rgb[2]) / 0.95047)
	y := f(0.2126*rgb[0] + 0.7152*rgb[1] + 0.0722*rgb[2])
	z := f((0.0193*rgb[0] + 0.1192*rgb[1] + 0.9505*rgb[2]) / 1.08883)
	return triple{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func TestColoursAreReadableAndDistinct(t *testing.T) {
	t.Parallel()
	for theme, p := range palettes {
		if len(p.series) != MaxSeries {
			t.Errorf("%s: %d colours for %d series", theme, len(p.series), MaxSeries)
		}
		if c := min(contrast(p.text, p.background), contrast(p.quiet, p.background)); c < 4.5 {
			t.Errorf("%s: texts have a contrast of %.2f", theme, c)
		}
		for i, a := range p.series {
			if c := contrast(a, p.background); c < 3 {
				t.Errorf("%s: colour %d has a contrast of %.2f", theme, i, c)
			}
			for j, b := range p.series[:i] {
				for name, sight := range sights {
					u, v := lab(sight, a), lab(sight, b)
					// 2.3 is the least that an eye notices; ten times that is told at a glance.
					if d := math.Hypot(math.Hypot(u[0]-v[0], u[1]-v[1]), u[2]-v[2]); d < 23 {
						t.Errorf("%s, %s: colours %d and %d differ by %.1f", theme, name, i, j, d)
					}
				}
			}
		}
	}
}
