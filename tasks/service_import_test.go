package tasks_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// book is what the fixture's actors know of addresses: all of the world's.
type book struct{ *world.World }

func (b book) people() []world.Person { return append(b.Members(), b.Stranger, b.Outsider) }

// ByAddress finds by exact address.
func (b book) ByAddress(_ context.Context, _ veranda.Actor, _ veranda.OrgID, addresses []string) (map[string]veranda.AccountID, error) {
	found := map[string]veranda.AccountID{}
	for _, address := range addresses {
		for _, p := range b.people() {
			if p.Address == address {
				found[address] = p.Account
			}
		}
	}
	return found, nil
}

// AddressesOf leaves the guest out, as a directory may.
func (b book) AddressesOf(_ context.Context, _ veranda.Actor, _ veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]string, error) {
	found := map[veranda.AccountID]string{}
	for _, account := range accounts {
		for _, p := range b.people() {
			if p.Account == account && account != b.Guest.Account {
				found[account] = p.Address
			}
		}
	}
	return found, nil
}

func (f *fixture) importText(by veranda.Actor, text string, dry bool) (*tasks.ImportResult, error) {
	in := tasks.ImportInput{Org: f.World.Org, Workspace: f.World.Open, DryRun: dry, TimeZone: "Europe/Berlin"}
	return f.tasks.Import(context.Background(), by, in, strings.NewReader(text))
}

func (f *fixture) exportText(t testing.TB, by veranda.Actor, in tasks.ListInput) string {
	t.Helper()
	in.Org = f.World.Org
	export, err := f.tasks.Export(context.Background(), by, in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n, err := export.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d: %v", n, b.Len(), err)
	}
	return b.String()
}

func TestImport(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		text := "\ufeffTitle;Due;Priority;Assignees;Labels;Checklist;State;External ID;Description\r\n" +
			"Paint;2026-03-29;high;" + f.External.Address + " " + f.Guest.Account.String() + ";red, Blue;\"[x] buy\n- [ ] paint\nclean\";open;a-1;\"two\nlines; one \"\"quoted\"\"\"\r\n" +
			"\r\n" +
			"Done;2026-03-02T10:00:00Z;2;;;;finished;a-2;'=1+1\r\n"
		for _, dry := range []bool{true, false} {
			result, err := f.importText(f.Employee.Actor, text, dry)
			if err != nil {
				t.Fatal(err)
			}
			want := &tasks.ImportResult{DryRun: dry, Rows: 2, Created: 2, BadRows: []tasks.BadRow{}}
			if d := diff(want, result); d != "" {
				t.Errorf("result (-want +got):\n%s", d)
			}
			if got := f.titles(t, f.Employee.Actor, tasks.ListInput{}); dry && len(got) > 0 {
				t.Errorf("a dry run made %v", got)
			}
		}
		page, err := f.tasks.List(context.Background(), f.Guest.Actor, tasks.ListInput{Org: f.World.Org, Sort: tasks.SortCreated})
		if err != nil || len(page.Items) != 2 {
			t.Fatalf("imported %+v, %v", page, err)
		}
		one, two := page.Items[0], page.Items[1]
		for i := range one.Checklist {
			one.Checklist[i].ID = tasks.ItemID{}
		}
		if d := diff([]tasks.ChecklistItem{{Text: "buy", Done: true}, {Text: "paint"}, {Text: "clean"}}, one.Checklist); d != "" {
			t.Errorf("checklist (-want +got):\n%s", d)
		}
		// The last second of the day on which clocks were put forward in Berlin.
		if one.DueAt.Format("2006-01-02T15:04:05Z07:00") != "2026-03-29T21:59:59Z" || one.Priority != 3 || one.Description != "two\nlines; one \"quoted\"" {
			t.Errorf("imported %+v", one)
		}
		if d := diff([]any{accounts(f.External, f.Guest), []string{"red", "Blue"}, accounts(f.Employee, f.External, f.Guest)}, []any{one.Assignees, one.Labels, one.Followers}); d != "" {
			t.Errorf("lists (-want +got):\n%s", d)
		}
		if two.State != tasks.Finished || two.FinishedBy != f.Employee.Account || two.Description != "=1+1" || two.Priority != 2 {
			t.Errorf("imported %+v", two)
		}
		f.WantEvents(t, "tasks.task*", tasks.EventTaskCreated, tasks.EventTaskCreated, tasks.EventTaskFinished)
		if d := diff([]string{"Blue grey 1", "red grey 1"}, f.catalogue(t)); d != "" {
			t.Errorf("catalogue (-want +got):\n%s", d)
		}
		// The same text again makes nothing; a deleted task is imported anew.
		for _, want := range []int{0, 1} {
			result, err := f.importText(f.Employee.Actor, text, false)
			if err != nil || result.Created != want || result.Skipped != 2-want {
				t.Errorf("again: %+v, %v", result, err)
			}
			if want == 0 {
				f.delete(t, f.Employee.Actor, one.ID)
			}
		}
	})
}

func TestBadImport(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		text := "title,due_at,priority,assignees,labels,state,checklist,external_id,description\n" +
			",tomorrow,9," + f.Outsider.Address + ",\"a,A\",half,,x,\n" +
			"Fine,,,,,,,y,\n" +
			"Short,row\n" +
			"Quote,\"a\"b,,,,,,,\n" +
			"Same,1700-01-01,,nobody@works.example " + f.Employee.Address + " " + f.Employee.Address + ",,,,x," + mention(f.Outsider) + "\n" +
			strings.Repeat("x", 201) + ",,,,,,\"[ ] ok\n" + strings.Repeat("y", 501) + "\",,\n"
		want := []string{
			"2 due_at format", "2 priority one_of", "2 state one_of", "2 title required", "2 labels duplicate", "2 assignees not_found", "4  cells", "5  csv",
			"6 due_at date", "6 external_id duplicate", "6 assignees not_found", "6 assignees duplicate", "6 description mention", "7 title too_long", "7 checklist too_long",
		}
		result, err := f.importText(f.Employee.Actor, text, true)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range result.BadRows {
			got = append(got, fmt.Sprintf("%d %s %s", b.Row, b.Column, b.Rule))
		}
		if d := diff(want, got); d != "" || result.Created != 0 {
			t.Errorf("bad rows (-want +got):\n%s", d)
		}
		_, err = f.importText(f.Employee.Actor, text, false)
		verandatest.WantCode(t, err, veranda.CodeInvalid)
		if fields := verandatest.Fields(err); len(fields) != len(want) || fields[0].Pointer != "/rows/2/due_at" || fields[6].Pointer != "/rows/4" {
			t.Errorf("fields %+v", fields)
		}
		if got := f.titles(t, f.Employee.Actor, tasks.ListInput{}); len(got) > 0 {
			t.Errorf("half imported: %v", got)
		}
		for text, want := range map[string]string{
			"": "/body required", "  \n": "/body required", "title\n\xff\xfe": "/body unicode", "t\x00": "/body unicode", strings.Repeat("x", tasks.MaxImportBytes+1): "/body too_long",
			"titel\nx\n": "/rows/1/titel unknown_column", "title,Title\nx,y\n": "/rows/1/title duplicate", "due\n\n": "/rows/1/title required", "\"title\nx": "/rows/1 csv",
			"title\n" + strings.Repeat("x\n", tasks.MaxImportRows+1): "/rows/5002 too_many",
		} {
			_, err := f.importText(f.Employee.Actor, text, false)
			verandatest.WantFields(t, err, want)
		}
		for who, code := range map[*world.Person]veranda.Code{&f.Guest: veranda.CodeForbidden, &f.Outsider: veranda.CodeNotFound} {
			_, err := f.importText(who.Actor, "title\nx\n", true)
			verandatest.WantCode(t, err, code)
		}
	})
}

// limited allows a number of tasks.
type limited struct{ left int64 }

// Allow refuses what is more.
func (l *limited) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, add int64) error {
	if resource != "tasks" {
		return nil
	}
	if add > l.left {
		return veranda.LimitError("tasks", "No more.")
	}
	return nil
}

func TestImportLimit(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		f := newFixture(t, e, &limited{left: 2})
		_, err := f.importText(f.Employee.Actor, "title\na\nb\nc\n", false)
		verandatest.WantCode(t, err, veranda.CodeLimit)
		if got := f.titles(t, f.Employee.Actor, tasks.ListInput{}); len(got) > 0 {
			t.Errorf("half imported: %v", got)
		}
		if result, err := f.importText(f.Employee.Actor, "title\na\nb\n", false); err != nil || result.Created != 2 {
			t.Errorf("within the limit: %+v, %v", result, err)
		}
	})
}

// What is exported can be imported into another workspace and is the same there; no cell is a formula.
func TestExportImport(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		for _, title := range []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1", "'quoted", "''=x", "plain, with \"quotes\"", "two; three"} {
			f.create(t, f.Employee.Actor, tasks.CreateInput{
				Title: title, Description: title + "\nsecond line", Labels: []string{"+plus", "b"}, Assignees: accounts(f.Owner, f.Guest), DueAt: day(4), Priority: 2,
				Checklist: []tasks.ChecklistItem{{Text: "=1", Done: true}, {Text: "two"}},
			})
		}
		f.finish(t, f.Employee.Actor, f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Finished"}).ID)
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Elsewhere", Workspace: f.Private})
		text := f.exportText(t, f.Employee.Actor, tasks.ListInput{Workspaces: []veranda.WorkspaceID{f.World.Open}, Sort: tasks.SortCreated})
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) != 11 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		for _, record := range records {
			for _, cell := range record {
				if cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(cell)[0]) {
					t.Errorf("a spreadsheet computes %q", cell)
				}
			}
		}
		if people := records[1][5]; people != f.Owner.Address+" "+f.Guest.Account.String() {
			t.Errorf("assignees %q", people)
		}
		// Into the same workspace it brings nothing, into another all of it.
		again, err := f.importText(f.Employee.Actor, text, false)
		if err != nil || again.Created != 0 || again.Skipped != 10 {
			t.Errorf("again %+v, %v", again, err)
		}
		in := tasks.ImportInput{Org: f.World.Org, Workspace: f.Private}
		if result, err := f.tasks.Import(ctx, f.Employee.Actor, in, strings.NewReader(text)); err != nil || result.Created != 10 {
			t.Fatalf("imported %+v, %v", result, err)
		}
		copied := f.exportText(t, f.Employee.Actor, tasks.ListInput{Workspaces: []veranda.WorkspaceID{f.Private}, Sort: tasks.SortCreated, Search: ""})
		lines := strings.SplitAfterN(copied, "\r\n", 3) // the titles, the task that was there, the others
		if d := diff(strings.SplitAfterN(text, "\r\n", 2)[1], lines[2]); d != "" {
			t.Errorf("exported again (-want +got):\n%s", d)
		}
	})
}

// An export of more than a page ends with the reader's right, and leaves nothing out.
func TestLongExport(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		var b strings.Builder
		b.WriteString("title\n")
		for i := range 450 {
			fmt.Fprintf(&b, "Task %d\n", i)
		}
		if _, err := f.importText(f.Employee.Actor, b.String(), false); err != nil {
			t.Fatal(err)
		}
		text := f.exportText(t, f.Guest.Actor, tasks.ListInput{Sort: tasks.SortCreated})
		for i := range 450 {
			if !strings.Contains(text, fmt.Sprintf("\"Task %d\",", i)) {
				t.Errorf("task %d is missing", i)
			}
		}
		export, err := f.tasks.Export(context.Background(), f.Guest.Actor, tasks.ListInput{Org: f.World.Org})
		if err != nil {
			t.Fatal(err)
		}
		err = f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE veranda_memberships SET disabled_at = $1 WHERE account_id = $2`, f.DB.Time(f.DB.Now()), f.Guest.Account)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := export.WriteTo(&bytes.Buffer{}); err == nil {
			t.Error("the export went on when the right was gone")
		}
	})
}
