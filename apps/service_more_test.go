package apps_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/verandatest"
)

func TestHistoryAndBack(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		r := f.add(t, f.Employee.Actor, a, `{"name": "One", "price": "1"}`)
		for _, change := range []string{`{"name": "Two"}`, `{"name": "Three", "state": "o1"}`, `{"price": null}`} {
			var err error
			if r, err = f.update(f.External.Actor, r, values(t, change)); err != nil {
				t.Fatal(explain(err))
			}
		}
		told := func(page veranda.List[apps.HistoryEntry]) (lines []string) {
			for _, e := range page.Items {
				line := fmt.Sprint(e.Version, " ", e.Kind)
				for _, c := range e.Changes {
					line += fmt.Sprintf(" %s %s>%s", c.Field, c.Old, c.New)
				}
				lines = append(lines, line)
			}
			return lines
		}
		in := apps.HistoryInput{Org: a.Org, App: a.ID, Record: r.ID}
		_, err := f.apps.History(ctx, f.Guest.Actor, in)
		refused(t, err, veranda.ErrNotFound)
		page, err := f.apps.History(ctx, f.Owner.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			`4 changed price "1.00">null`,
			`3 changed name "Two">"Three" state null>"o1"`,
			`2 changed name "One">"Two"`,
			`1 created name null>"One" price null>"1.00" number null>1`,
		}
		if diff := cmp.Diff(want, told(page)); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		in.Field = "name"
		in.Limit = 2
		if page, err = f.apps.History(ctx, f.Owner.Actor, in); err != nil || page.Next == "" {
			t.Fatal(err, page)
		}
		in.Cursor = page.Next
		rest, err := f.apps.History(ctx, f.Owner.Actor, in)
		if err != nil || rest.Next != "" {
			t.Fatal(err)
		}
		want = []string{`3 changed name "Two">"Three"`, `2 changed name "One">"Two"`, `1 created name null>"One"`}
		if diff := cmp.Diff(want, told(veranda.List[apps.HistoryEntry]{Items: append(page.Items, rest.Items...)})); diff != "" {
			t.Errorf("history of a field (-want +got):\n%s", diff)
		}
		back := apps.RestoreVersionInput{Org: a.Org, App: a.ID, Record: r.ID, Restore: 2}
		again, err := f.apps.RestoreVersion(ctx, f.External.Actor, back)
		if err != nil || again.Version != 5 || value(t, again, "name") != `"Two"` || value(t, again, "price") != `"1.00"` || value(t, again, "state") != "null" {
			t.Errorf("as in version 2: %s %v", again.Values, explain(err))
		}
		back.Restore = 9
		_, err = f.apps.RestoreVersion(ctx, f.External.Actor, back)
		refused(t, err, veranda.ErrNotFound)
	})
}

func TestComments(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		r := f.add(t, f.Employee.Actor, a, `{"name": "One"}`)
		in := apps.AddCommentInput{Org: a.Org, App: a.ID, Record: r.ID, Text: "Ask [@Ex](account:" + f.External.Account.String() + ")"}
		c, err := f.apps.AddComment(ctx, f.Employee.Actor, in)
		if err != nil {
			t.Fatal(explain(err))
		}
		in.Text = "Ask [@Out](account:" + f.Outsider.Account.String() + ")"
		_, err = f.apps.AddComment(ctx, f.Employee.Actor, in)
		invalid(t, err, "/text mention")
		in.Text = " "
		_, err = f.apps.AddComment(ctx, f.Employee.Actor, in)
		invalid(t, err, "/text required")
		in.Text = "Second"
		if _, err := f.apps.AddComment(ctx, f.External.Actor, in); err != nil {
			t.Fatal(explain(err))
		}
		edit := apps.EditCommentInput{Org: a.Org, App: a.ID, Record: r.ID, Comment: c.ID, Text: "Never mind", Version: 7}
		_, err = f.apps.EditComment(ctx, f.External.Actor, edit)
		refused(t, err, veranda.ErrForbidden)
		_, err = f.apps.EditComment(ctx, f.Employee.Actor, edit)
		refused(t, err, veranda.ErrVersion)
		edit.Version = 1
		if c, err = f.apps.EditComment(ctx, f.Employee.Actor, edit); err != nil || c.Version != 2 || c.EditedAt == nil {
			t.Errorf("%+v %v", c, err)
		}
		page, err := f.apps.Comments(ctx, f.Owner.Actor, apps.CommentsInput{Org: a.Org, App: a.ID, Record: r.ID, Page: veranda.Page{Limit: 1}})
		if err != nil || len(page.Items) != 1 || page.Items[0].Text != "Never mind" || page.Next == "" {
			t.Errorf("%+v %v", page, err)
		}
		other := f.app(t)
		strange := apps.DeleteCommentInput{Org: a.Org, App: other.ID, Record: r.ID, Comment: c.ID}
		refused(t, f.apps.DeleteComment(ctx, f.Owner.Actor, strange), veranda.ErrNotFound)
		strange.App = a.ID
		refused(t, f.apps.DeleteComment(ctx, f.External.Actor, strange), veranda.ErrForbidden)
		if err := f.apps.DeleteComment(ctx, f.Owner.Actor, strange); err != nil {
			t.Error(err)
		}
	})
}

func TestAppsInTheTrash(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		r := f.add(t, f.Employee.Actor, a, `{"name": "One", "article": "1"}`)
		gone := f.add(t, f.Employee.Actor, a, `{"name": "Gone"}`)
		if _, err := f.apps.AddComment(ctx, f.Employee.Actor, apps.AddCommentInput{Org: a.Org, App: a.ID, Record: gone.ID, Text: "x"}); err != nil {
			t.Fatal(err)
		}
		if err := f.apps.DeleteRecord(ctx, f.Employee.Actor, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: gone.ID}); err != nil {
			t.Fatal(err)
		}
		refused(t, f.apps.Delete(ctx, f.Employee.Actor, apps.DeleteInput{Org: a.Org, App: a.ID}), veranda.ErrForbidden)
		if err := f.apps.Delete(ctx, f.Owner.Actor, apps.DeleteInput{Org: a.Org, App: a.ID, Version: a.Version}); err != nil {
			t.Fatal(err)
		}
		_, err := f.apps.Record(ctx, f.Owner.Actor, apps.RecordInput{Org: a.Org, App: a.ID, Record: r.ID})
		refused(t, err, veranda.ErrNotFound)
		list, err := f.apps.Deleted(ctx, f.Owner.Actor, apps.DeletedInput{Org: a.Org, Workspace: f.World.Open})
		if err != nil || len(list.Items) != 1 || list.Items[0].Name != "Goods" {
			t.Fatalf("%+v %v", list, err)
		}
		if list, err := f.apps.Deleted(ctx, f.Employee.Actor, apps.DeletedInput{Org: a.Org, Workspace: f.World.Open}); err != nil || len(list.Items) != 0 {
			t.Errorf("%+v %v", list, err)
		}
		_, err = f.apps.Restore(ctx, f.Employee.Actor, apps.RestoreInput{Org: a.Org, App: a.ID})
		refused(t, err, veranda.ErrForbidden)
		if _, err := f.apps.Restore(ctx, f.Owner.Actor, apps.RestoreInput{Org: a.Org, App: a.ID}); err != nil {
			t.Fatal(err)
		}
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{}, "name"); len(got) != 1 {
			t.Errorf("%v", got)
		}
		count := func(table string) (n int) {
			//sql:built the table is one of those named below
			if err := f.DB.Reader().NewRaw(`SELECT count(*) FROM `+table).Scan(ctx, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		f.Clock.Advance(apps.DeletedFor + time.Hour)
		if err := f.apps.PurgeJob().Run(ctx, f.DB.Now()); err != nil {
			t.Fatal(err)
		}
		if count("veranda_record_trash") != 0 || count("veranda_record_comments") != 0 || count("veranda_records") != 1 {
			t.Error("the record is not purged, or too much is")
		}
		if err := f.apps.Delete(ctx, f.Owner.Actor, apps.DeleteInput{Org: a.Org, App: a.ID}); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(apps.DeletedFor + time.Hour)
		if err := f.apps.PurgeJob().Run(ctx, f.DB.Now()); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"veranda_apps", "veranda_records", "veranda_record_keys", "veranda_record_history", "veranda_app_counters"} {
			if n := count(table); n != 0 {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
		if got := len(f.Events(t, apps.EventTrashPurged)); got != 2 {
			t.Errorf("%d events of purging", got)
		}
	})
}

func TestUniqueWhereRestored(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		r := f.add(t, f.Owner.Actor, a, `{"name": "One", "article": "1"}`)
		named := apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: r.ID}
		if err := f.apps.DeleteRecord(ctx, f.Owner.Actor, named); err != nil {
			t.Fatal(err)
		}
		f.add(t, f.Owner.Actor, a, `{"name": "Two", "article": "1"}`)
		_, err := f.apps.RestoreRecord(ctx, f.Owner.Actor, named)
		refused(t, err, apps.ErrNotUnique)
	})
}

// limits lets nothing of one resource through.
type limits struct{ resource string }

func (l *limits) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, _ int64) error {
	if resource == l.resource {
		return veranda.LimitError(resource, "Enough.")
	}
	return nil
}

func TestLimits(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		limit := &limits{}
		f := newFixture(t, e, limit)
		a := f.app(t)
		r := f.add(t, f.Owner.Actor, a, `{"name": "One"}`)
		for _, resource := range []string{"apps", "records", "record_comments"} {
			limit.resource = resource
			var err error
			switch resource {
			case "apps":
				_, err = f.apps.Create(ctx, f.Owner.Actor, apps.CreateInput{Org: a.Org, Workspace: a.Workspace, Name: "More"})
			case "records":
				_, err = f.apps.CreateRecord(ctx, f.Owner.Actor, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: values(t, `{"name": "Two"}`)})
			case "record_comments":
				_, err = f.apps.AddComment(ctx, f.Owner.Actor, apps.AddCommentInput{Org: a.Org, App: a.ID, Record: r.ID, Text: "x"})
			}
			if veranda.CodeOf(err) != veranda.LimitError(resource, "").Code {
				t.Errorf("%s: %v", resource, err)
			}
		}
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{}, "name"); len(got) != 1 {
			t.Errorf("a refused record is there: %v", got)
		}
	})
}

func TestVetoUndoesAll(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		f := newFixture(t, e, nil)
		a := f.app(t)
		no := veranda.NewError(veranda.CodeConflict, "test.no", "No.")
		e.DB.Veto(veranda.Hook{Name: "test", Kinds: []string{apps.EventRecordCreated, apps.EventFieldAdded}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return no }})
		_, err := f.apps.CreateRecord(context.Background(), f.Owner.Actor, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: values(t, `{"name": "Two", "article": "x"}`)})
		refused(t, err, no)
		_, err = f.apps.AddField(context.Background(), f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: apps.FieldInput{Name: "More", Kind: field.Text}})
		refused(t, err, no)
		var n int
		if err := e.DB.Reader().NewRaw(`SELECT (SELECT count(*) FROM veranda_records) + (SELECT count(*) FROM veranda_record_keys) + (SELECT count(*) FROM veranda_app_counters)`).Scan(context.Background(), &n); err != nil || n != 0 {
			t.Errorf("%d rows are left: %v", n, err)
		}
		if got, err := f.apps.Get(context.Background(), f.Owner.Actor, apps.GetInput{Org: a.Org, App: a.ID}); err != nil || len(got.Fields) != len(a.Fields) || got.Version != a.Version {
			t.Errorf("the design changed: %+v %v", got, err)
		}
	})
}

// What a transaction that is undone has seen of a design is not what others see.
func TestDesignInATransactionThatIsUndone(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		undone := fmt.Errorf("undone")
		err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			bound := f.apps.WithTx(tx)
			b, err := bound.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: apps.FieldInput{Name: "Ghost", Kind: field.Text}})
			if err != nil {
				return err
			}
			if _, err := bound.CreateRecord(ctx, f.Owner.Actor, apps.CreateRecordInput{Org: a.Org, App: b.ID, Values: values(t, `{"name": "x", "ghost": "boo"}`)}); err != nil {
				return err
			}
			return undone
		})
		if err != undone {
			t.Fatal(explain(err))
		}
		if _, err := f.apps.AddField(context.Background(), f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: apps.FieldInput{Name: "Real", Kind: field.Number}}); err != nil {
			t.Fatal(explain(err))
		}
		r := f.add(t, f.Owner.Actor, a, `{"name": "x", "real": 5}`)
		if got := value(t, r, "real"); got != "5" {
			t.Errorf("got %s", r.Values)
		}
	})
}
