// Package chart draws report data as SVG, on the server and without a browser: bars,
// lines, areas, pies and rings.
//
//	err := chart.Draw(w, chart.Data{
//		Kind:       chart.Bar,
//		Title:      "Invoiced",
//		Unit:       "EUR",
//		Categories: []string{"January", "February"},
//		Series:     []chart.Series{{Name: "Berlin", Values: []string{"1200.50", "980"}}},
//	}, chart.Size{Width: 800, Height: 400}, chart.Light)
//
// A drawing is a picture for people who see and a text for those who do not: the root
// element has role "img" and is labelled by its title and desc elements, the latter with
// the numbers themselves (SVG 2, section 5.8; WAI-ARIA Graphics). The same input gives
// the same bytes.
//
// Axes, bars and curves are placed by github.com/go-analyze/charts. What it writes is
// read again, element by element, and only four harmless elements with known attributes
// pass; texts are escaped on the way out. So a name in the data can be any text at all
// and stays a text. There is no style element or style attribute either: drawings
// can be served under a Content-Security-Policy that allows nothing, and hold no
// reference to anything outside of themselves. Fonts come from whoever looks at it.
//
// Colours keep a contrast of 3:1 to the background (WCAG 2.2, 1.4.11) and differ from
// each other for the colour-blind too; the tests hold the palettes to it.
//
// The package knows nothing of applications or databases.
package chart
