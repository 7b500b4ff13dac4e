package stream

import (
	"context"
	"time"

	"github.com/veranda-go/veranda"
)

// What bounds a page that has to pass over events to find those it shows.
const (
	// streamWindow is how many events a page looks at before it ends with what it has.
	streamWindow = 2000
	// scanRounds is how often it asks for more of them.
	scanRounds = 40
	// scanBatch is how many it asks for at once, at most.
	scanBatch = 400

	// A run holds what happened within runSpan before its newest, and runMost items at most; it shows runSample of them.
	runSpan   = time.Hour
	runMost   = 1000
	runSample = 5
)

// scanned is an event as a page looks at it before it knows whether to show it.
type scanned struct {
	ID        veranda.EventID
	Workspace veranda.WorkspaceID
	Kind      string
	By        veranda.AccountID
	System    string
	At        time.Time
	// Gone tells that it posted a status that is deleted, Muted that the reader does not want to see it.
	Gone, Muted bool
	// Body is the status's text, where statuses alone are read.
	Body string
}

// source gives events below one, newest first: at most n, all there are down to floor, which is zero when there are none
// further down. There may be none between two others.
type source func(ctx context.Context, below veranda.EventID, n int) (events []scanned, floor veranda.EventID, err error)

// group is what a page shows as one item.
type group struct {
	newest, oldest scanned
	first, last    time.Time
	count          int64
	sample         []veranda.EventID // the newest
}

func newGroup(e scanned) *group {
	return &group{newest: e, oldest: e, first: e.At, last: e.At, count: 1, sample: []veranda.EventID{e.ID}}
}

// joins tells whether the next event down is one more of the same.
func (g *group) joins(e scanned) bool {
	n := g.newest
	return n.Kind == e.Kind && n.Kind != EventStatusPosted && n.Workspace == e.Workspace && n.By == e.By && n.System == e.System &&
		g.count < runMost && n.At.Sub(e.At).Abs() <= runSpan
}

func (g *group) add(e scanned) {
	g.oldest = e
	g.count++
	if e.At.Before(g.first) {
		g.first = e.At
	}
	if e.At.After(g.last) {
		g.last = e.At
	}
	if len(g.sample) < runSample {
		g.sample = append(g.sample, e.ID)
	}
}

// page is a page being put together from events that come newest first.
//
// Runs are the same wherever a page ends: a run begins at the first event below the run above it, takes the events shown
// that follow one upon the other as long as they join, and ends at the latest streamWindow events below its newest, shown
// or not. A page ends between two runs: one that is not complete when the page has looked at enough is left to the next
// page, which begins with it. Only the first run of a page is cut, for the next page could see no more of it.
type page struct {
	want   selection
	groups []*group
	next   veranda.EventID // the next page lies below; zero when there is none

	open    *group          // not known to be complete
	above   veranda.EventID // the event above the newest of open
	looked  int             // events since the beginning of the page, or since the newest of open where that is the first run
	before  veranda.EventID // the last event looked at
	settled bool
}

// take looks at the next event. It tells whether the page is complete.
func (p *page) take(e scanned) bool {
	p.looked++
	if p.want.takes(e) {
		switch {
		case p.open != nil && p.want.collapse && p.open.joins(e):
			p.open.add(e)
		default:
			p.complete()
			if len(p.groups) == p.want.size {
				return p.end(p.before)
			}
			p.open, p.above = newGroup(e), p.before
			if len(p.groups) == 0 {
				p.looked = 1
			}
		}
	}
	p.before = e.ID
	if p.looked < streamWindow {
		return false
	}
	return p.stop()
}

// stop ends the page where it has looked at enough.
func (p *page) stop() bool {
	if p.open != nil && p.want.collapse && len(p.groups) > 0 {
		p.open = nil
		return p.end(p.above)
	}
	p.complete()
	return p.end(p.before)
}

// end ends the page at a position.
func (p *page) end(next veranda.EventID) bool {
	p.next, p.settled = next, true
	return true
}

// complete counts the open run to the page.
func (p *page) complete() {
	if p.open != nil {
		p.groups = append(p.groups, p.open)
		p.open = nil
	}
}

// scan puts a page together. Where the reader asks for a time, what lies an hour and more beyond it ends the page.
func scan(ctx context.Context, from source, want selection) (*page, error) {
	p := &page{want: want, before: want.before}
	below, n := want.before, want.size+1
	for range scanRounds {
		events, floor, err := from(ctx, below, n)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if !want.since.IsZero() && e.At.Before(want.since.Add(-timeSlack)) {
				p.complete()
				return p, nil
			}
			if p.take(e) {
				return p, nil
			}
		}
		if floor.IsZero() {
			p.complete()
			return p, nil
		}
		below, p.before = floor, floor
		n = min(2*n, max(scanBatch, want.size+1))
	}
	p.stop()
	return p, nil
}

// timeSlack is by how much the order of events may differ from that of their times: a transaction takes that long at most.
const timeSlack = time.Hour
