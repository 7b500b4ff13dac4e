package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// report prints figures, one a line.
type report struct{ out io.Writer }

// atLeast prints a ratio that should reach its goal.
func (r report) atLeast(name string, value, goal float64) { r.ratio(name, value, goal, value >= goal) }

// atMost prints a ratio that should stay within its goal.
func (r report) atMost(name string, value, goal float64) { r.ratio(name, value, goal, value <= goal) }

func (r report) ratio(name string, value, goal float64, reached bool) {
	verdict := "short"
	if reached {
		verdict = "ok"
	}
	_, _ = fmt.Fprintf(r.out, "RATIO %s %s %s %s\n", name, number(value), number(goal), verdict)
}

// info prints a figure without a goal.
func (r report) info(name string, value float64, unit string) {
	_, _ = fmt.Fprintf(r.out, "INFO %s %s %s\n", name, number(value), unit)
}

// missing says why something was not measured.
func (r report) missing(name, why string) {
	_, _ = fmt.Fprintf(r.out, "INFO %s - not measured: %s\n", name, strings.ReplaceAll(why, "\n", "; "))
}

// number has three digits that matter, and no exponent.
func number(value float64) string {
	switch size := math.Abs(value); {
	case size >= 100 || value == math.Trunc(value):
		return fmt.Sprintf("%.0f", value)
	case size >= 10:
		return fmt.Sprintf("%.1f", value)
	case size >= 0.1:
		return fmt.Sprintf("%.2f", value)
	default:
		return fmt.Sprintf("%.4f", value)
	}
}

// wanted tells whether one of the names was asked for.
func (b *bench) wanted(names ...string) bool {
	if b.only == "" {
		return true
	}
	for part := range strings.SplitSeq(b.only, ",") {
		for _, name := range names {
			if part != "" && strings.Contains(name, part) {
				return true
			}
		}
	}
	return false
}

// median is the middle value; of an even number, the mean of the middle two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// medianRatio is the median of the ratios of what was measured in the same round.
func medianRatio(these, those []float64) float64 {
	ratios := make([]float64, len(these))
	for i := range these {
		ratios[i] = these[i] / those[i]
	}
	return median(ratios)
}

// percentile is the value that the given part of the times does not exceed; the times get sorted.
func percentile(times []time.Duration, part float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(int(part*float64(len(times))), len(times)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
