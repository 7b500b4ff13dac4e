package stream

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
)

// drawnID is the id of the n-th event of a log.
func drawnID(n int) veranda.EventID {
	var id veranda.EventID
	if err := id.UnmarshalText(fmt.Appendf(nil, "%08x-0000-7000-8000-000000000000", n)); err != nil {
		panic(err)
	}
	return id
}

// naive is the whole stream at once: runs from the newest event down, each what follows its newest as long as it joins and
// is among the streamWindow events from it on.
func naive(log []scanned, want selection) (out []group) {
	for i := 0; i < len(log); {
		if !want.takes(log[i]) {
			i++
			continue
		}
		g := newGroup(log[i])
		next := i + 1
		for j := i + 1; want.collapse && j < min(len(log), i+streamWindow); j++ {
			if !want.takes(log[j]) {
				continue
			}
			if !g.joins(log[j]) {
				break
			}
			g.add(log[j])
			next = j + 1
		}
		out = append(out, *g)
		i = next
	}
	return out
}

// from is a log as a source that gives it in any portions, as bounds of merges and heads without events do.
func from(log []scanned, portion func() int) source {
	return func(_ context.Context, below veranda.EventID, n int) ([]scanned, veranda.EventID, error) {
		begin := 0
		for begin < len(log) && log[begin].ID.String() >= below.String() {
			begin++
		}
		end := min(len(log), begin+min(n, portion()))
		if end == len(log) {
			return log[begin:end], veranda.EventID{}, nil
		}
		return log[begin:end], log[end-1].ID, nil
	}
}

// brief is what a test compares of an item.
func (g group) brief() string {
	return fmt.Sprintf("%s %d to %s, %s to %s", g.newest.ID, g.count, g.oldest.ID, g.first.Format(time.TimeOnly), g.last.Format(time.TimeOnly))
}

// read puts a stream together page by page.
func read(t interface{ Fatal(...any) }, log source, want selection) (out []string) {
	for range 100_000 {
		p, err := scan(context.Background(), log, want)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.groups) > want.size {
			t.Fatal(len(p.groups), "items on a page of", want.size)
		}
		for _, g := range p.groups {
			out = append(out, g.brief())
		}
		if p.next.IsZero() {
			return out
		}
		if p.next.String() >= want.before.String() {
			t.Fatal("the next page does not lie below")
		}
		want.before = p.next
	}
	t.Fatal("the stream does not end")
	return nil
}

// However large the pages are, and however the log is read, a stream is the same: every event once, every run whole.
func TestPagesAreTheStream(t *testing.T) {
	t.Parallel()
	people := []veranda.AccountID{veranda.NewAccountID(), veranda.NewAccountID()}
	places := []veranda.WorkspaceID{veranda.NewWorkspaceID(), veranda.NewWorkspaceID()}
	kinds := []string{"tasks.task_created", "tasks.task_created", "tasks.task_finished", EventStatusPosted, "hidden.thing_done"}
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var log []scanned
		when := at
		for range rapid.IntRange(0, 40).Draw(t, "stretches") {
			e := scanned{
				Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), By: rapid.SampledFrom(people).Draw(t, "by"), Workspace: rapid.SampledFrom(places).Draw(t, "workspace"),
				Gone: rapid.IntRange(0, 9).Draw(t, "gone") == 0, Muted: rapid.IntRange(0, 9).Draw(t, "muted") == 0,
			}
			for range rapid.SampledFrom([]int{1, 1, 1, 2, 5, 30, 1300}).Draw(t, "alike") {
				e.ID, e.At = drawnID(1_000_000-len(log)), when
				log = append(log, e)
				when = when.Add(-time.Second)
			}
			when = when.Add(-time.Duration(rapid.SampledFrom([]int{-1, 1, 20, 59, 61}).Draw(t, "pause")) * time.Minute)
			if len(log) > 5000 {
				break
			}
		}
		want := selection{
			size: rapid.SampledFrom([]int{1, 2, 7, 50, 200}).Draw(t, "size"), before: lastEvent,
			kinds: shown{"stream.status_posted", "tasks.*"}, collapse: rapid.Bool().Draw(t, "collapse"),
		}
		if rapid.Bool().Draw(t, "of one") {
			want.by = people[0]
		}
		if !want.collapse && len(log) > 3000 { // every event a page is slow to test
			want.size = 200
		}
		// Portions too small for scanRounds of them to hold a window are for logs that are small themselves.
		least := 400
		if len(log) < scanRounds {
			least = 1
		}
		whole := from(log, func() int { return rapid.IntRange(least, 500).Draw(t, "portion") })
		var model []string
		for _, g := range naive(log, want) {
			model = append(model, g.brief())
		}
		if diff := cmp.Diff(model, read(t, whole, want)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// A run is what happened within an hour and at most a thousand items, and statuses are no run.
func TestRunsEnd(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for what, c := range map[string]struct {
		kind  string
		count int
		step  time.Duration
		want  []int64
	}{
		"an hour":            {"tasks.task_created", 8, 10 * time.Minute, []int64{7, 1}},
		"a thousand":         {"tasks.task_created", 1500, time.Millisecond, []int64{1000, 500}},
		"statuses":           {EventStatusPosted, 3, time.Second, []int64{1, 1, 1}},
		"one":                {"tasks.task_created", 1, 0, []int64{1}},
		"a clock that slept": {"tasks.task_created", 3, -2 * time.Hour, []int64{1, 1, 1}},
	} {
		var log []scanned
		for i := range c.count {
			log = append(log, scanned{ID: drawnID(10_000 - i), Kind: c.kind, At: at.Add(-time.Duration(i) * c.step)})
		}
		p, err := scan(context.Background(), from(log, func() int { return 1000 }), selection{size: 50, before: lastEvent, kinds: shown{"stream.*", "tasks.*"}, collapse: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, g := range p.groups {
			got = append(got, g.count)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || !p.next.IsZero() {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

// A page looks at a bounded number of events, and says where to go on.
func TestPageIsBounded(t *testing.T) {
	t.Parallel()
	looked := 0
	endless := func(_ context.Context, below veranda.EventID, n int) ([]scanned, veranda.EventID, error) {
		var out []scanned
		for range n {
			looked++
			out = append(out, scanned{ID: drawnID(1<<30 - looked), Kind: "hidden.thing_done"})
		}
		return out, out[n-1].ID, nil
	}
	p, err := scan(context.Background(), endless, selection{size: 50, before: lastEvent, kinds: shown{"tasks.*"}, collapse: true})
	if err != nil || len(p.groups) != 0 || p.next != drawnID(1<<30-streamWindow) || looked > streamWindow+scanBatch {
		t.Errorf("%d items, next %s after %d events, %v", len(p.groups), p.next, looked, err)
	}
	// Bounds without events between them end too.
	empty := 0
	heads := func(context.Context, veranda.EventID, int) ([]scanned, veranda.EventID, error) {
		empty++
		return nil, drawnID(1000 - empty), nil
	}
	if p, err = scan(context.Background(), heads, selection{size: 50, before: lastEvent}); err != nil || p.next != drawnID(1000-scanRounds) || empty != scanRounds {
		t.Errorf("next %s after %d reads, %v", p.next, empty, err)
	}
}

// The next id up is greater by one.
func TestAbove(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"00000000-0000-0000-0000-000000000000": "00000000-0000-0000-0000-000000000001",
		"01890a5d-ac96-774b-bcce-b302099a8059": "01890a5d-ac96-774b-bcce-b302099a805a",
		"01890a5d-ac96-774b-bcce-b302099affff": "01890a5d-ac96-774b-bcce-b302099b0000",
		"01890a5d-ffff-ffff-ffff-ffffffffffff": "01890a5e-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff": "ffffffff-ffff-ffff-ffff-ffffffffffff",
	} {
		parsed, err := veranda.ParseID[statusKind](id)
		if err != nil {
			t.Fatal(err)
		}
		if got := above(veranda.EventID(parsed)).String(); got != want {
			t.Errorf("above %s is %s, want %s", id, got, want)
		}
	}
}
