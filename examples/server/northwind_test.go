package main

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

// northwindFolder is where the Northwind sample data may lie beside the repository; the test does without as well.
const northwindFolder = "../../../shared/data/northwind"

// person is somebody who is invited.
type person struct{ name, address string }

// cast are the people of the week: an organization's nine employees, and twenty of its customers' people.
type cast struct{ employees, contacts []person }

// readCSV gives the rows of a file by the names of its columns.
func readCSV(path string) ([]map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil || len(records) == 0 {
		return nil, errors.Join(err, errors.New("no rows"))
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// asciiName is a name as it can stand in a mail address: accents dropped, all else a hyphen.
func asciiName(name string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'':
			return -1
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFD.String(name))
	return strings.Join(strings.Fields(kept), "-")
}

// newCast reads the people: those of Northwind where its files are present, else made-up ones of the same shape. It says
// which.
func newCast(t *testing.T) cast {
	t.Helper()
	var c cast
	employ := func(name string) {
		c.employees = append(c.employees, person{name, asciiName(name) + "@northwind.example"})
	}
	contact := func(name, company string) {
		c.contacts = append(c.contacts, person{name, asciiName(name) + "@" + asciiName(company) + ".example"})
	}
	employees, err := readCSV(filepath.Join(northwindFolder, "employees.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Logf("%s is not present: the week is lived by the made-up people of testdata/people.csv", northwindFolder)
		rows, err := readCSV("testdata/people.csv")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row["kind"] == "employee" {
				employ(row["name"])
			} else {
				contact(row["name"], row["company"])
			}
		}
	} else {
		t.Logf("the week is lived by the people of %s", northwindFolder)
		customers, customersErr := readCSV(filepath.Join(northwindFolder, "customers.csv"))
		if err := errors.Join(err, customersErr); err != nil {
			t.Fatal(err)
		}
		for _, row := range employees {
			employ(row["firstName"] + " " + row["lastName"])
		}
		for _, row := range customers[:20] {
			contact(row["contactName"], row["companyName"])
		}
	}
	if len(c.employees) != 9 || len(c.contacts) != 20 {
		t.Fatalf("%d employees and %d contacts, want 9 and 20", len(c.employees), len(c.contacts))
	}
	return c
}

// inviteAll invites people in one call and accepts for each by the mailed link.
func (l *ledger) inviteAll(t *testing.T, by *caller, workspace, kind string, people []person) []*caller {
	t.Helper()
	list := []any{}
	for _, p := range people {
		list = append(list, map[string]any{"address": p.address, "kind": kind})
	}
	body := map[string]any{"people": list}
	if workspace != "" {
		body["workspace_id"] = workspace
	}
	for i, result := range by.post(t, l.at("/invitations"), body).want(http.StatusOK).column("result") {
		if result != "sent" {
			t.Fatalf("inviting %s: %s", people[i].address, result)
		}
	}
	l.acted(by, workspace)
	callers := make([]*caller, len(people))
	for i, p := range people {
		token := by.stack.inbox.last(t, p.address, "/invitation?token=").token(t)
		by.stack.anonymous().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": p.name, "password": password}).want(http.StatusOK)
		callers[i] = by.stack.signIn(t, p.name, p.address)
		l.joined(callers[i], workspace)
	}
	return callers
}

// addAll makes people members of a workspace, in one call.
func (l *ledger) addAll(t *testing.T, by *caller, workspace string, people ...*caller) {
	t.Helper()
	by.add(t, l.house, workspace, people...)
	for _, c := range people {
		l.week.add(workspace, "people_joined", c.account)
	}
	l.acted(by, workspace)
}

// TestNorthwindWeek lives through a week with nine employees and twenty people of customers, on each stack, and holds what
// arrives by mail on the Monday after against a ledger of what was done.
func TestNorthwindWeek(t *testing.T) {
	t.Parallel()
	people := newCast(t)
	for _, name := range stackNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &northwind{stack: startStack(t, name)}
			before := n.nextMonday(t)
			n.moveIn(t, people)
			n.endWeek(t, before)
			n.closes(before.AddDate(0, 0, 7))
			n.digest(t, n.owner, before.Format(time.DateOnly))
			n.turn()

			n.monday = before.AddDate(0, 0, 7)
			for day := range 5 {
				n.advanceTo(t, n.monday.AddDate(0, 0, day).Add(9*time.Hour+30*time.Minute))
				n.work(t, day)
			}
			n.running(t)
			n.endWeek(t, n.monday)
			n.closes(n.monday.AddDate(0, 0, 7))
			n.mails(t)
			n.totals(t)
			n.leftOver(t)
		})
	}
}

// northwind is the organization during its week.
type northwind struct {
	*stack
	*ledger
	monday time.Time
	// sales is open, with all employees and half of the contacts; deliveries is private, with the first four employees,
	// the second of whom made it, and the other contacts.
	sales, deliveries string
	employees, buyers []*caller // the buyers' first half is in sales
	done              []string  // tasks of the day before, not finished yet
}

// moveIn founds the organization and brings everybody in.
func (n *northwind) moveIn(t *testing.T, people cast) {
	t.Helper()
	h := &house{owner: n.registerAt(t, "Flora Founder", "flora.founder@northwind.example")}
	h.org = h.owner.found(t, "Northwind")
	n.ledger = newLedger(h)
	n.acted(h.owner, "")
	n.sales = h.owner.workspace(t, h.org, "Sales", true)
	n.acted(h.owner, n.sales)
	n.employees = n.inviteAll(t, h.owner, "", "internal", people.employees)
	n.addAll(t, h.owner, n.sales, n.employees...)
	second := n.employees[1]
	n.deliveries = second.workspace(t, h.org, "Deliveries", false)
	n.acted(second, n.deliveries)
	n.addAll(t, second, n.deliveries, n.employees[0], n.employees[2], n.employees[3])
	n.buyers = append(n.inviteAll(t, h.owner, n.sales, "external", people.contacts[:10]), n.inviteAll(t, second, n.deliveries, "external", people.contacts[10:])...)
	for i, c := range n.buyers {
		own := []string{n.sales, n.deliveries}[i/10]
		c.get(t, n.at("/workspaces")).wantColumn("id", own)
	}
	if got := len(h.owner.pages(t, n.at("/members"), "account_id", "7")); got != 30 {
		t.Errorf("the directory has %d people, want 30", got)
	}
}

// work is a day: tasks are made and given to others, half of yesterday's are finished, customers comment and react.
func (n *northwind) work(t *testing.T, day int) {
	t.Helper()
	end := n.monday.AddDate(0, 0, day+1).Add(-time.Hour)
	for i, id := range n.done {
		task := n.tasks[id]
		if (i+day)%2 == 0 {
			n.finish(t, task.assignees[0], id)
		}
		if (i+day)%6 == 0 {
			n.reopen(t, n.employees[1], id)
		}
	}
	n.done = nil
	for i, c := range n.employees {
		workspace, assignee := n.sales, n.employees[(i+day+1)%len(n.employees)]
		if i < 4 && day%2 == 1 {
			workspace, assignee = n.deliveries, n.employees[(i+1)%4]
		}
		due := end
		if i%3 == 2 {
			due = end.AddDate(0, 0, 14) // not in this week
		}
		assignees := []*caller{assignee}
		if i == 8 {
			assignees = append(assignees, n.buyers[day]) // a customer has a part in it
		}
		id := n.create(t, c, workspace, "Order "+string(rune('A'+i))+" of day "+string(rune('1'+day)), due, assignees...)
		n.done = append(n.done, id)
	}
	status := n.post(t, n.employees[day], n.sales, "Day "+string(rune('1'+day))+" at Northwind.")
	secret := n.post(t, n.employees[day%4], n.deliveries, "On the road.")
	for i, c := range n.buyers {
		workspace, on := n.sales, status
		if i >= 10 {
			workspace, on = n.deliveries, secret
		}
		switch (i + day) % 4 {
		case 0:
			n.reply(t, c, workspace, on, "Thank you.")
		case 1:
			n.like(t, c, workspace, on)
		case 2:
			for _, id := range n.done {
				if n.tasks[id].workspace == workspace {
					n.comment(t, c, id, "When will it be?")
					break
				}
			}
		}
	}
	if day == 2 {
		for _, c := range n.buyers[:3] {
			c.put(t, n.at("/statistics/preferences"), map[string]any{"digest": true}).want(http.StatusOK)
			n.acted(c, "")
		}
		n.employees[7].put(t, n.at("/statistics/preferences"), map[string]any{"digest": false}).want(http.StatusOK)
		n.acted(n.employees[7], "")
	}
}

// running holds the week so far, as it is shown before it ends.
func (n *northwind) running(t *testing.T) {
	t.Helper()
	n.owner.get(t, n.at("/statistics/current?scope=organization")).wantFigures("figures", n.week.figures(n.org, false))
	n.employees[0].get(t, n.at("/statistics/current?scope=workspace&workspace="+n.deliveries)).wantFigures("figures", n.week.figures(n.deliveries, false))
	alike(t, n.deliveries, func(id string) *reply {
		return n.owner.get(t, n.at("/statistics/current?scope=workspace&workspace="+id))
	})
}

// mails holds every weekly mail against the ledger.
func (n *northwind) mails(t *testing.T) {
	t.Helper()
	week := n.monday.Format(time.DateOnly)
	n.digest(t, n.owner, week).wantSections(t, map[string]map[string]string{
		"You": n.section(n.owner.account, personFigures), "Northwind": n.section(n.org, sharedFigures),
	})
	for i, c := range n.employees {
		if i == 7 {
			continue
		}
		want := map[string]map[string]string{"You": n.section(c.account, personFigures), "Sales": n.section(n.sales, sharedFigures)}
		if i < 4 {
			want["Deliveries"] = n.section(n.deliveries, sharedFigures)
		}
		n.digest(t, c, week).wantSections(t, want)
	}
	for _, c := range n.buyers[:3] {
		n.digest(t, c, week).wantSections(t, map[string]map[string]string{"You": n.section(c.account, personFigures)})
	}
	for _, c := range append(slices.Clone(n.buyers[3:]), n.employees[7]) {
		if got := n.digests(c, week); len(got) > 0 {
			t.Errorf("%s got %d weekly mails without asking for any", c.name, len(got))
		}
	}
}

// totals holds the stored figures against the ledger: the organization's, the workspaces', everybody's.
func (n *northwind) totals(t *testing.T) {
	t.Helper()
	n.owner.weeks(t, n.house, "organization", n.monday).wantFigures("items.0.figures", n.week.figures(n.org, true))
	n.owner.weeks(t, n.house, "workspace&workspace="+n.sales, n.monday).wantFigures("items.0.figures", n.week.figures(n.sales, true))
	n.employees[1].weeks(t, n.house, "workspace&workspace="+n.deliveries, n.monday).wantFigures("items.0.figures", n.week.figures(n.deliveries, true))
	for _, c := range append(slices.Clone(n.employees), n.buyers...) {
		n.owner.weeks(t, n.house, "person&account="+c.account, n.monday).wantFigures("items.0.figures", n.week.figures(c.account, true))
	}
	if n.week.figures(n.org, true)["tasks_overdue"] == 0.0 || n.week.figures(n.org, true)["tasks_finished"] == 0.0 {
		t.Errorf("the week has nothing to tell: %v", n.week.figures(n.org, true))
	}
}

// leftOver holds everybody's list of overdue tasks against the ledger.
func (n *northwind) leftOver(t *testing.T) {
	t.Helper()
	for _, c := range append(slices.Clone(n.employees), n.buyers[:5]...) {
		want := []string{}
		for id := range n.week[c.account]["tasks_overdue"] {
			want = append(want, id)
		}
		got := c.get(t, n.at("/tasks?mine=assigned&overdue=true&limit=200")).want(http.StatusOK).column("id")
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s's overdue tasks (-want +got):\n%s", c.name, diff)
		}
	}
}
