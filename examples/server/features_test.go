package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// feature is a row of the README's feature table: an id and its clauses, each a subtest that drives the real program.
type feature struct {
	id      string
	clauses []clause
}

type clause struct {
	name string
	run  func(t *testing.T, s *stack)
	// alone gives the clause a prepared program of its own, not yet started: it moves the clock, restarts, or needs another
	// environment, and calls start itself.
	alone bool
}

// features are all rows that are tested, in the order of the table.
func features() []feature {
	all := slices.Concat(
		accountFeatures(),
		directoryFeatures(),
		slices.Insert(organizationFeatures(), 1, joiningFeatures()...),
		invitingFeatures(),
		roleFeatures(),
		deliveryFeatures(),
		languageFeatures(),
		structureFeatures(),
		leavingFeatures(),
		relationFeatures(),
		assignFeatures(),
		factorFeatures(),
		auditFeatures(),
		supportFeatures(),
		workspaceFeatures(),
		taskFeatures(),
		taskStructureFeatures(),
		taskMoreFeatures(),
		appFeatures(),
		viewFeatures(),
		streamFeatures(),
		calendarFeatures(),
		streamPostFeatures(),
		messageFeatures(),
		liveFeatures(),
		statisticsFeatures(),
		notificationFeatures(),
		embedderFeatures(),
	)
	const letters = "TWCKPRMNSE" // accounts and tenancy first, those who embed it last
	number := func(f feature) int {
		n, err := strconv.Atoi(f.id[1:])
		if err != nil {
			panic(err)
		}
		return strings.Index(letters, f.id[:1])*100 + n
	}
	slices.SortStableFunc(all, func(a, b feature) int { return number(a) - number(b) })
	return all
}

// TestFeatures drives the real program over HTTP: TestFeatures/embedded/T1/confirm.
func TestFeatures(t *testing.T) {
	for _, name := range stackNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shared := startStack(t, name)
			for _, f := range features() {
				t.Run(f.id, func(t *testing.T) {
					t.Parallel()
					for _, c := range f.clauses {
						t.Run(c.name, func(t *testing.T) {
							t.Parallel()
							s := shared
							if c.alone {
								s = newStack(t, name)
							}
							c.run(t, s)
						})
					}
				})
			}
		})
	}
}

var featureRow = regexp.MustCompile(`(?m)^\| ([A-Z][0-9]+) \| ([^|]*) \|`)

// The README's feature table names exactly the features and clauses that are tested.
func TestReadmeTableNamesWhatIsTested(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, f := range features() {
		for _, c := range f.clauses {
			want = append(want, f.id+"/"+c.name)
		}
	}
	for _, row := range featureRow.FindAllStringSubmatch(string(readme), -1) {
		for name := range strings.SplitSeq(row[2], ",") {
			if name = strings.Trim(name, " `"); name != "" {
				got = append(got, fmt.Sprintf("%s/%s", row[1], name))
			}
		}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("README's table (-) and the subtests (+) differ:\n%s", diff)
	}
}
