package stream

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/veranda-go/veranda"
)

const (
	// maxKinds and maxWorkspaces are how many a reader may choose.
	maxKinds      = 20
	maxWorkspaces = 100
	// maxSearch is how long a search in statuses may be, in characters.
	maxSearch = 200
)

// selection is a checked request for a page of a stream.
type selection struct {
	list     string
	size     int
	before   veranda.EventID // the page lies below this event
	kinds    shown
	by       veranda.AccountID
	since    time.Time // zero for none
	until    time.Time // zero for none
	words    []string  // of the search, folded
	collapse bool
	run      *scanned // where those like one event are asked for
	// plain tells that every event shown is asked for, one by one.
	plain bool
}

// newSelection checks what both lists ask for.
func (s *Service) newSelection(c *veranda.Checks, list string, f Filter, page veranda.Page) selection {
	want := selection{list: list, size: page.Size(c), before: position(c, page, list), by: f.By, since: f.Since, until: f.Until, collapse: f.Collapse}
	c.Count("/kind", len(f.Kinds), 0, maxKinds)
	for _, kind := range f.Kinds {
		if !kindFilter.MatchString(kind) {
			c.Add("/kind", "kind", "must be a group such as tasks or a kind such as tasks.task_finished")
			break
		}
	}
	if !f.Since.IsZero() {
		want.since = c.Moment("/since", f.Since)
	}
	if !f.Until.IsZero() {
		want.until = c.Moment("/until", f.Until)
	}
	if f.Text != "" {
		want.words = strings.Fields(folded(c.Line("/text", f.Text, 1, maxSearch)))
	}
	want.kinds = s.shown.narrowed(f.Kinds)
	if f.Statuses || len(want.words) > 0 {
		want.kinds = want.kinds.narrowed([]string{EventStatusPosted})
	}
	want.plain = len(f.Kinds) == 0 && f.By.IsZero() && f.Since.IsZero() && f.Until.IsZero() && !f.Statuses && f.Text == "" && !f.Collapse
	return want
}

// statusesAlone tells that nothing else is asked for, so that it is read from the statuses.
func (s selection) statusesAlone() bool { return slices.Equal(s.kinds, shown{EventStatusPosted}) }

// takes tells whether an event is one that is asked for.
func (s selection) takes(e scanned) bool {
	if s.run != nil {
		return !e.Gone && e.Kind == s.run.Kind && e.By == s.run.By && e.System == s.run.System
	}
	return !e.Gone && !e.Muted && s.kinds.match(e.Kind) &&
		(s.by.IsZero() || s.by == e.By) &&
		(s.since.IsZero() || !e.At.Before(s.since)) && (s.until.IsZero() || e.At.Before(s.until)) &&
		(len(s.words) == 0 || found(s.words, e.Body))
}

// found tells whether a text has all the words in it.
func found(words []string, text string) bool {
	text = folded(text)
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// folded is a text as searches compare it: in Unicode's NFKC, without capitals (cases.Fold).
func folded(text string) string { return cases.Fold().String(norm.NFKC.String(text)) }
