package tasks_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
)

// badRows are "row column rule" of what is wrong with a text, and of the fields of the error of importing it.
func (f *fixture) badRows(t *testing.T, text string) (list []string) {
	t.Helper()
	result, err := f.importText(f.Employee.Actor, text, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range result.BadRows {
		list = append(list, fmt.Sprintf("%d %s %s", b.Row, b.Column, b.Rule))
	}
	if _, err := f.importText(f.Employee.Actor, text, false); veranda.CodeOf(err) != veranda.CodeInvalid {
		t.Errorf("imported in spite of %v: %v", list, err)
	}
	return list
}

// Days, zones, recurrences, parents and stages go out to a spreadsheet and come back from it.
func TestStructureInSpreadsheets(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		todo, done := f.stages(t)
		root := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Root", Stage: todo, ScheduleInput: tasks.ScheduleInput{StartOn: "2026-03-02", DueOn: "2026-03-29", TimeZone: "Europe/Berlin"}})
		child := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Child", Parent: root.ID, ScheduleInput: tasks.ScheduleInput{StartAt: day(3)}, DueAt: day(4)})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Grandchild", Parent: child.ID})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "After", DueAt: day(2), Recurrence: &tasks.RecurrenceInput{Every: 3, Unit: tasks.Days}})
		first := f.create(t, f.Employee.Actor, tasks.CreateInput{
			Title: "Series", ScheduleInput: tasks.ScheduleInput{DueOn: "2090-01-01", TimeZone: "Asia/Tokyo"}, Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY;COUNT=5"}, Stage: todo,
		})
		f.finish(t, f.Employee.Actor, first.ID)
		in := tasks.ListInput{Workspaces: []veranda.WorkspaceID{f.World.Open}, Sort: tasks.SortCreated}
		text := f.exportText(t, f.Employee.Actor, in)
		// Another board with stages of the same names.
		if _, err := f.tasks.SetStages(ctx, f.Employee.Actor, tasks.SetStagesInput{
			Org: org, Workspace: f.Private, Stages: []tasks.Stage{{Name: "Done", Finished: true}, {Name: "To do"}},
		}); err != nil {
			t.Fatal(err)
		}
		into := tasks.ImportInput{Org: org, Workspace: f.Private}
		if result, err := f.tasks.Import(ctx, f.Employee.Actor, into, strings.NewReader(text)); err != nil || result.Created != 6 {
			t.Fatalf("imported %+v, %v", result, err)
		}
		in.Workspaces, in.Sort = []veranda.WorkspaceID{f.Private}, tasks.SortRank
		if d := diff(text, f.exportText(t, f.Employee.Actor, in)); d != "" {
			t.Errorf("exported again (-want +got):\n%s", d)
		}
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		column := map[string]int{}
		for i, title := range records[0] {
			column[title] = i
		}
		var rules []string
		for _, record := range records[1:] {
			rules = append(rules, record[column["recurrence"]])
		}
		// What a count has used up is used up, and the finished instance repeats no more.
		if d := diff([]string{"", "", "", "3 day after completion", "", "FREQ=DAILY;COUNT=4"}, rules); d != "" {
			t.Errorf("recurrences (-want +got):\n%s", d)
		}
		page, err := f.tasks.List(ctx, f.Employee.Actor, tasks.ListInput{Org: org, Workspaces: in.Workspaces, Sort: tasks.SortRank})
		if err != nil {
			t.Fatal(err)
		}
		got := page.Items
		if got[1].Parent != got[0].ID || got[2].Parent != got[1].ID || got[0].Subtasks == nil || got[0].Subtasks.Total != 1 || got[0].DueOn != "2026-03-29" || !got[0].DueAt.Equal(*root.DueAt) {
			t.Errorf("imported %+v", got[:3])
		}
		if got[4].State != tasks.Finished || got[4].Stage == done || got[4].Stage.IsZero() || got[5].Series.IsZero() || got[5].Series == first.Series {
			t.Errorf("imported %+v", got[4:])
		}
		for _, title := range []string{"Root", "Child"} { // the parent is found whether it is a row or was imported before
			again, err := f.tasks.Import(ctx, f.Employee.Actor, into, strings.NewReader("title,parent\nMore,"+map[string]string{"Root": root.ID.String(), "Child": got[1].ID.String()}[title]+"\n"))
			if err != nil || again.Created != 1 {
				t.Errorf("beneath %s: %+v, %v", title, again, err)
			}
		}
		if again := f.get(t, f.Employee.Actor, got[0].ID); again.Subtasks.Total != 2 {
			t.Errorf("beneath what was imported before: %+v", again.Subtasks)
		}
	})
}

// Every row that stands nowhere is named, and nothing is imported.
func TestBadPlacesInSpreadsheets(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.stages(t)
		foreign := f.create(t, f.Employee.Actor, tasks.CreateInput{Workspace: f.Private})
		gone := f.create(t, f.Employee.Actor, tasks.CreateInput{})
		f.delete(t, f.Employee.Actor, gone.ID)
		header := "title,external_id,parent,stage,start_at,due_at,time_zone,recurrence,state\n"
		for text, want := range map[string][]string{
			"a,a,b,,,,,,\nb,b,c,,,,,,\nc,c,a,,,,,,\nd,d,d,,,,,,\ne,e,a,,,,,,\n": {"2 parent cycle", "3 parent cycle", "4 parent cycle", "5 parent cycle", "6 parent cycle"},
			"a,,nowhere,,,,,,\nb,," + foreign.ID.String() + ",,,,,,\nc,," + gone.ID.String() + ",,,,,,\nd,,#99,,,,,,\ne,,#6,,,,,,\n": {
				"2 parent not_found", "3 parent not_found", "4 parent not_found", "5 parent not_found", "6 parent cycle",
			},
			"a,a,,,,,,,\nb,b,a,,,,,,\nc,c,b,,,,,,\nd,d,c,,,,,,\ne,e,d,,,,,,\nf,f,e,,,,,,\ng,g,f,,,,,,\n": {"8 parent depth"},
			"a,,,Nowhere,,,,,\n": {"2 stage not_found"},
			"a,,,,2026-03-05,2026-03-04,,,\nb,,,,soon,2026-02-30,Mars/Olympus,SOMETIMES,\nc,,,,,,,FREQ=DAILY,\n": {
				"2 start_at order", "3 start_at format", "3 due_at format", "3 time_zone time_zone", "4 recurrence moment",
			},
			"a,a,,,,2026-03-04,,FREQ=DAILY,finished\nb,,a,,,2026-03-04,,FREQ=DAILY,\nc,,,done,,2026-03-04,,3 days after completion,\nd,,,,,2026-03-04,,FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30,\n": {
				"2 recurrence exclusive", "3 recurrence exclusive", "4 recurrence exclusive", "5 recurrence rrule_never",
			},
		} {
			if d := diff(want, f.badRows(t, header+text)); d != "" {
				t.Errorf("%s (-want +got):\n%s", text, d)
			}
		}
		if got := f.titles(t, f.Employee.Actor, tasks.ListInput{Workspaces: []veranda.WorkspaceID{f.World.Open}}); len(got) > 0 {
			t.Errorf("half imported: %v", got)
		}
		// A task can have so many beneath it and no more, those that are there and those of the text together.
		root := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Root"})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Parent: root.ID})
		many := "title,parent\n" + strings.Repeat("x,"+root.ID.String()+"\n", tasks.MaxSubtasks)
		if d := diff([]string{fmt.Sprintf("%d parent too_many", tasks.MaxSubtasks+1)}, f.badRows(t, many)); d != "" {
			t.Errorf("too many (-want +got):\n%s", d)
		}
		// A stage says the state where the row does not; where they disagree the state is right.
		result, err := f.importText(f.Employee.Actor, "title,stage,state,parent,start_at\nA,DONE,,,\nB,done,open,,2026-03-01 09:30\nC,,,#3,\n", false)
		if err != nil || result.Created != 3 {
			t.Fatalf("%+v, %v", result, err)
		}
		page, err := f.tasks.List(context.Background(), f.Employee.Actor, tasks.ListInput{Org: f.World.Org, Workspaces: []veranda.WorkspaceID{f.World.Open}, Sort: tasks.SortRank})
		if err != nil {
			t.Fatal(err)
		}
		got := page.Items[len(page.Items)-3:]
		if got[0].State != tasks.Finished || got[1].State != tasks.Open || got[1].Stage.IsZero() || got[1].Stage == got[0].Stage || got[2].Parent != got[1].ID ||
			got[1].StartAt.Format("15:04Z07:00") != "08:30Z" || got[1].TimeZone != "Europe/Berlin" {
			t.Errorf("imported %+v", got)
		}
	})
}
