package chart_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda/apps/chart"
)

func Example() {
	var svg bytes.Buffer
	err := chart.Draw(&svg, chart.Data{
		Kind:       chart.Line,
		Title:      "Invoiced <2026>",
		Unit:       "EUR",
		Categories: []string{"January", "February", "March"},
		Series:     []chart.Series{{Name: "Berlin", Values: []string{"1200.50", "", "980"}}},
	}, chart.Size{Width: 800, Height: 400}, chart.Light)
	if err != nil {
		fmt.Println(err)
		return
	}
	lines := strings.Split(svg.String(), "\n")
	for _, line := range lines[1:3] {
		_, text, _ := strings.Cut(line, ">")
		fmt.Println(text)
	}
	// Output:
	// Invoiced &lt;2026&gt;</title>
	// Berlin (EUR): January 1,200.50; March 980.</desc>
}
