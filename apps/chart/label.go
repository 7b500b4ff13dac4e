package chart

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// plain makes one line of a name: white space and control characters become one space
// each, format characters that turn the direction of what follows are dropped (Unicode
// TR 9, 3.1), as are those that are no characters.
func plain(name string) string {
	if len(name) > maxNameLength {
		name = name[:maxNameLength]
	}
	var b strings.Builder
	space := false
	for _, r := range name {
		switch {
		case r == utf8.RuneError, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r&0xfffe == 0xfffe:
		case unicode.IsSpace(r), unicode.IsControl(r):
			space = b.Len() > 0
		default:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ems estimates how wide a rune is set, in thousandths of the font's size. It errs on the wide
// side: whose eyes it meets chooses the font.
func ems(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 1000
	}
	switch {
	case strings.ContainsRune("iljtfrI.,;:'|!()[] ", r):
		return 360
	case strings.ContainsRune("mwMW@%&", r):
		return 950
	case unicode.IsUpper(r):
		return 720
	case r >= 0x1f000:
		return 1250
	default:
		return 600
	}
}

// textWidth estimates the width of a text in pixels.
func textWidth(text string, size float64) float64 {
	sum := 0
	for _, r := range text {
		sum += ems(r)
	}
	return float64(sum) * size / 1000
}

// cut shortens a text to so many pixels, with an ellipsis in place of what it lost.
func cut(text string, size, room float64) string {
	if textWidth(text, size) <= room {
		return text
	}
	const ellipsis = "…"
	room -= textWidth(ellipsis, size)
	used := 0.0
	for i, r := range text {
		used += float64(ems(r)) * size / 1000
		if used > room {
			return strings.TrimRight(text[:i], " ") + ellipsis
		}
	}
	return text
}
