package policy_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/veranda-go/veranda/internal/policy"
)

func version(t *testing.T, number int64) *policy.Snapshot {
	t.Helper()
	s, err := policy.Compile(number, []policy.Rule{{Type: "p", Values: []string{"owner", "*", "*"}}}, options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTable(t *testing.T) {
	t.Parallel()
	var table policy.Table
	if table.Load() != nil || table.Load().Allows([]string{"owner"}, "task.read") {
		t.Fatal("the zero table holds a policy")
	}
	two, twoAgain, three := version(t, 2), version(t, 2), version(t, 3)
	steps := []struct {
		name string
		next *policy.Snapshot
		took bool
		then *policy.Snapshot
	}{
		{"first", two, true, two},
		{"same version", twoAgain, false, two},
		{"newer", three, true, three},
		{"older", two, false, three},
		{"none", nil, false, three},
	}
	for _, step := range steps {
		if took := table.Advance(step.next); took != step.took || table.Load() != step.then {
			t.Errorf("%s: Advance = %t, version %d in force; want %t, %d",
				step.name, took, table.Load().Version(), step.took, step.then.Version())
		}
	}
	if before := table.Swap(two); before != three || table.Load() != two {
		t.Errorf("Swap returned version %d, version %d in force", before.Version(), table.Load().Version())
	}
}

// Reloads that end in any order leave the newest in force, and a reader never
// sees the version go down.
func TestTableSideBySide(t *testing.T) {
	t.Parallel()
	const versions = 200
	var table policy.Table
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for last := int64(0); ; {
				now := table.Load().Version()
				if now < last {
					t.Errorf("version %d after %d", now, last)
					return
				}
				last = now
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	snapshots := make([]*policy.Snapshot, versions)
	for i := range snapshots {
		snapshots[i] = version(t, int64(i+1))
	}
	rand.Shuffle(versions, func(i, j int) { snapshots[i], snapshots[j] = snapshots[j], snapshots[i] })
	for i := range 4 {
		writers.Go(func() {
			for _, s := range snapshots[i*versions/4 : (i+1)*versions/4] {
				table.Advance(s)
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if got := table.Load().Version(); got != versions {
		t.Errorf("version %d in force, want %d", got, versions)
	}
}
