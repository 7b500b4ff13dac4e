package apps_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

func pointer[T any](v T) *T { return &v }

func (f *fixture) named(a *apps.App, key string, t testing.TB) apps.FieldNamed {
	return apps.FieldNamed{Org: a.Org, App: a.ID, Field: fieldOf(t, a, key).ID}
}

func keysOf(a *apps.App) (keys []string) {
	for _, f := range a.Fields {
		keys = append(keys, f.Key)
	}
	return keys
}

func TestDesigner(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		r := f.add(t, f.Employee.Actor, a, `{"name": "Chair", "article": "C", "price": "5"}`)
		a, err := f.apps.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, Version: a.Version,
			FieldInput: apps.FieldInput{Name: "Größe in cm", Kind: field.Number, Options: field.Options{Decimals: 1}}, Before: fieldOf(t, a, "price").ID})
		if err != nil {
			t.Fatal(explain(err))
		}
		if diff := cmp.Diff([]string{"name", "article", "grosse_in_cm", "price", "state", "owner", "number"}, keysOf(a)); diff != "" {
			t.Fatalf("keys (-want +got):\n%s", diff)
		}
		_, err = f.apps.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, Version: 1, FieldInput: apps.FieldInput{Name: "x", Kind: field.Text}})
		refused(t, err, veranda.ErrVersion)
		_, err = f.apps.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: apps.FieldInput{Name: "PRICE", Kind: field.Text}})
		refused(t, err, apps.ErrFieldExists)
		_, err = f.apps.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: apps.FieldInput{
			Name: "", Kind: "colour", Rules: field.Rules{RequiredWhen: []byte(`{"feld": "x"}`)}}})
		invalid(t, err, "/name required", "/kind one_of", "/required_when filter")
		a, err = f.apps.UpdateField(ctx, f.Owner.Actor, apps.UpdateFieldInput{Org: a.Org, App: a.ID, Field: fieldOf(t, a, "price").ID, Name: pointer("Amount"), Max: pointer("4")})
		if err != nil || fieldOf(t, a, "price").Name != "Amount" {
			t.Fatal(explain(err))
		}
		_, err = f.update(f.Employee.Actor, r, values(t, `{"price": "6"}`))
		invalid(t, err, "/values/price range")
		a, err = f.apps.MoveField(ctx, f.Owner.Actor, apps.MoveFieldInput{Org: a.Org, App: a.ID, Field: fieldOf(t, a, "name").ID})
		if err != nil || keysOf(a)[6] != "name" {
			t.Errorf("moved: %v %v", keysOf(a), explain(err))
		}
		price := f.named(a, "price", t)
		if a, err = f.apps.RemoveField(ctx, f.Owner.Actor, price); err != nil {
			t.Fatal(explain(err))
		}
		if len(a.RemovedFields) != 1 || len(a.Fields) != 6 || value(t, f.record(t, f.Owner.Actor, r), "price") != "" {
			t.Errorf("removed: %v", keysOf(a))
		}
		_, err = f.apps.UpdateField(ctx, f.Owner.Actor, apps.UpdateFieldInput{Org: a.Org, App: a.ID, Field: price.Field, Name: pointer("B")})
		refused(t, err, apps.ErrFieldRemoved)
		if a, err = f.apps.RestoreField(ctx, f.Owner.Actor, price); err != nil {
			t.Fatal(explain(err))
		}
		_, err = f.apps.RestoreField(ctx, f.Owner.Actor, price)
		refused(t, err, apps.ErrFieldPresent)
		if got := value(t, f.record(t, f.Owner.Actor, r), "price"); got != `"5.00"` {
			t.Errorf("restored: %s", got)
		}
		a, err = f.apps.Update(ctx, f.Owner.Actor, apps.UpdateInput{Org: a.Org, App: a.ID, Name: pointer("Stock"), TimeZone: pointer("Europe/Berlin"), Title: pointer("article")})
		if err != nil || a.Name != "Stock" || a.Title != "article" {
			t.Errorf("updated: %+v %v", a, explain(err))
		}
		_, err = f.apps.Update(ctx, f.Owner.Actor, apps.UpdateInput{Org: a.Org, App: a.ID, TimeZone: pointer("Mars"), Name: pointer(" ")})
		invalid(t, err, "/name required", "/time_zone time_zone")
		for _, who := range []veranda.Actor{f.External.Actor, f.Guest.Actor} {
			_, err := f.apps.Update(ctx, who, apps.UpdateInput{Org: a.Org, App: a.ID, Name: pointer("Mine")})
			if !errors.Is(err, veranda.ErrForbidden) && !errors.Is(err, veranda.ErrNotFound) {
				t.Errorf("somebody without the right designed: %v", err)
			}
		}
	})
}

func TestUniqueLater(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		f.add(t, f.Owner.Actor, a, `{"name": "Same"}`)
		two := f.add(t, f.Owner.Actor, a, `{"name": "SAME"}`)
		unique := apps.UpdateFieldInput{Org: a.Org, App: a.ID, Field: fieldOf(t, a, "name").ID, Unique: pointer(true)}
		_, err := f.apps.UpdateField(ctx, f.Owner.Actor, unique)
		refused(t, err, apps.ErrNotUnique)
		if _, err := f.update(f.Owner.Actor, two, values(t, `{"name": "Other"}`)); err != nil {
			t.Fatal(explain(err))
		}
		if _, err := f.apps.UpdateField(ctx, f.Owner.Actor, unique); err != nil {
			t.Fatal(explain(err))
		}
		_, err = f.update(f.Owner.Actor, two, values(t, `{"name": "same"}`))
		invalid(t, err, "/values/name unique")
	})
}

func TestChoicesThatAreUsedStay(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		r := f.add(t, f.Owner.Actor, a, `{"name": "A", "state": "o2"}`)
		state := fieldOf(t, a, "state")
		change := func(choices ...field.Choice) (*apps.App, error) {
			return f.apps.UpdateField(ctx, f.Owner.Actor, apps.UpdateFieldInput{Org: a.Org, App: a.ID, Field: state.ID, Choices: &choices})
		}
		_, err := change(field.Choice{ID: "o1", Name: "New"})
		invalid(t, err, "/choices used")
		_, err = change(field.Choice{ID: "o1", Name: "New"}, field.Choice{ID: "o2", Name: "Sold"}, field.Choice{ID: "o1", Name: "Lost"})
		invalid(t, err, "/choices/2/id duplicate")
		b, err := change(field.Choice{Name: "Lost"}, field.Choice{ID: "o2", Name: "Given"})
		if err != nil {
			t.Fatal(explain(err))
		}
		if got := fieldOf(t, b, "state").Choices[0].ID; got != "o3" {
			t.Errorf("an id was given again: %s", got)
		}
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{Search: "given"}, "name"); len(got) != 1 {
			t.Errorf("a renamed choice is not found: %v", got)
		}
		if value(t, f.record(t, f.Owner.Actor, r), "state") != `"o2"` {
			t.Error("the choice is lost")
		}
	})
}

func TestRetypeThereAndBack(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t, apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "Size", Kind: field.Text})
		sizes := []string{"10", "12.5", "large", "", "7"}
		var records []*apps.Record
		for i, size := range sizes {
			records = append(records, f.add(t, f.Owner.Actor, a, fmt.Sprintf(`{"name": "N%d", "size": %q}`, i, size)))
		}
		id := fieldOf(t, a, "size").ID
		if err := f.apps.DeleteRecord(ctx, f.Owner.Actor, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: records[4].ID}); err != nil {
			t.Fatal(err)
		}
		number := apps.RetypeInput{Org: a.Org, App: a.ID, Field: id, Kind: field.Number, Options: field.Options{Decimals: 1}}
		preview, err := f.apps.PreviewRetype(ctx, f.Owner.Actor, number)
		if err != nil {
			t.Fatal(explain(err))
		}
		if preview.Records != 4 || preview.Converted != 2 || preview.Empty != 1 || preview.Failed != 1 || preview.Examples[0].Value != "large" || preview.Examples[0].Record != records[2].ID {
			t.Errorf("preview: %+v", preview)
		}
		if a, err = f.apps.RetypeField(ctx, f.Owner.Actor, number); err != nil {
			t.Fatal(explain(err))
		}
		got := func() (all []string) {
			for _, r := range records[:4] {
				all = append(all, value(t, f.record(t, f.Owner.Actor, r), "size"))
			}
			return all
		}
		if diff := cmp.Diff([]string{"10", "12.5", "null", "null"}, got()); diff != "" {
			t.Errorf("numbers (-want +got):\n%s", diff)
		}
		if found := f.list(t, f.Owner.Actor, a, apps.QueryInput{Search: "large"}, "name"); len(found) != 0 {
			t.Errorf("what the field says no more is found: %v", found)
		}
		if _, err := f.apps.RestoreRecord(ctx, f.Owner.Actor, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: records[4].ID}); err != nil {
			t.Fatal(explain(err))
		}
		if got := value(t, f.record(t, f.Owner.Actor, records[4]), "size"); got != "7" {
			t.Errorf("a record in the trash was not converted: %s", got)
		}
		if _, err := f.update(f.Owner.Actor, records[0], values(t, `{"size": 11}`)); err != nil {
			t.Fatal(explain(err))
		}
		back := apps.RetypeInput{Org: a.Org, App: a.ID, Field: id, Kind: field.Text}
		if preview, err = f.apps.PreviewRetype(ctx, f.Owner.Actor, back); err != nil || !preview.Returns || preview.Failed != 0 {
			t.Errorf("preview of the way back: %+v %v", preview, explain(err))
		}
		if a, err = f.apps.RetypeField(ctx, f.Owner.Actor, back); err != nil {
			t.Fatal(explain(err))
		}
		if diff := cmp.Diff([]string{`"11"`, `"12.5"`, `"large"`, "null"}, got()); diff != "" {
			t.Errorf("texts again (-want +got):\n%s", diff)
		}
		_, err = f.apps.RetypeField(ctx, f.Owner.Actor, back)
		invalid(t, err, "/kind same")
		_, err = f.apps.RetypeField(ctx, f.Owner.Actor, apps.RetypeInput{Org: a.Org, App: a.ID, Field: id, Kind: field.Person})
		invalid(t, err, "/kind conversion")
		a, err = f.apps.RetypeField(ctx, f.Owner.Actor, apps.RetypeInput{Org: a.Org, App: a.ID, Field: id, Kind: field.Select})
		if err != nil {
			t.Fatal(explain(err))
		}
		if got := len(fieldOf(t, a, "size").Choices); got != 4 {
			t.Errorf("%d choices were made of the values", got)
		}
	})
}

// Two people retype one field at once: one of them is told.
func TestRetypeAtOnce(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t, apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "Size", Kind: field.Text})
		for i := range 300 {
			f.add(t, f.Owner.Actor, a, fmt.Sprintf(`{"name": "N", "size": "%d"}`, i))
		}
		var wg sync.WaitGroup
		errs := make([]error, 6)
		kinds := []field.Kind{field.Number, field.LongText, field.Percent}
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = f.apps.RetypeField(context.Background(), f.Owner.Actor, apps.RetypeInput{
					Org: a.Org, App: a.ID, Version: a.Version, Field: fieldOf(t, a, "size").ID, Kind: kinds[i%3]})
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !errors.Is(err, veranda.ErrVersion) {
				t.Errorf("want a conflict, got %v", explain(err))
			}
		}
		if done != 1 {
			t.Errorf("%d retyped", done)
		}
	})
}

// Records are written while a field is retyped: each of them ends as the field now is.
func TestWritesWhileRetyping(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t, apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "Size", Kind: field.Text})
		id := fieldOf(t, a, "size").ID
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 30 {
					if _, err := f.apps.CreateRecord(context.Background(), f.Owner.Actor, apps.CreateRecordInput{Org: a.Org, App: a.ID,
						Values: apps.Values{"name": []byte(fmt.Sprintf(`"%d-%d"`, w, i)), "size": []byte(fmt.Sprintf(`"%d"`, w*100+i))}}); err != nil {
						t.Errorf("write: %v", explain(err))
					}
				}
			})
		}
		for i := range 8 {
			kind := []field.Kind{field.Number, field.Text}[i%2]
			if _, err := f.apps.RetypeField(context.Background(), f.Owner.Actor, apps.RetypeInput{Org: a.Org, App: a.ID, Field: id, Kind: kind}); err != nil {
				t.Errorf("retype: %v", explain(err))
			}
		}
		wg.Wait()
		page, err := f.apps.QueryRecords(context.Background(), f.Owner.Actor, apps.QueryInput{Org: a.Org, App: a.ID, Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != 120 {
			t.Errorf("%d records", len(page.Items))
		}
		for i := range page.Items {
			if got := value(t, &page.Items[i], "size"); got == "null" {
				t.Errorf("%s lost its size", page.Items[i].Title)
			}
		}
	})
}

func TestFieldsThatAreNeededStay(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		a, err := f.apps.Update(ctx, f.Owner.Actor, apps.UpdateInput{Org: a.Org, App: a.ID, Lock: filter(t, `{"field": "state", "is": "equal", "value": "o2"}`)})
		if err != nil {
			t.Fatal(explain(err))
		}
		_, err = f.apps.RemoveField(ctx, f.Owner.Actor, f.named(a, "state", t))
		refused(t, err, apps.ErrFieldUsed)
		_, err = f.apps.RetypeField(ctx, f.Owner.Actor, apps.RetypeInput{Org: a.Org, App: a.ID, Field: fieldOf(t, a, "state").ID, Kind: field.Checkbox})
		refused(t, err, apps.ErrFieldUsed)
		if _, err = f.apps.Update(ctx, f.Owner.Actor, apps.UpdateInput{Org: a.Org, App: a.ID, Lock: &query.Filter{}}); err != nil {
			t.Fatal(explain(err))
		}
		if _, err = f.apps.RemoveField(ctx, f.Owner.Actor, f.named(a, "state", t)); err != nil {
			t.Error(explain(err))
		}
	})
}

func TestAutoNumberCountsWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t, apps.FieldInput{Name: "Name", Kind: field.Text})
		for i := range 3 {
			f.add(t, f.Owner.Actor, a, fmt.Sprintf(`{"name": "N%d"}`, i))
		}
		a, err := f.apps.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: apps.FieldInput{Name: "No", Kind: field.AutoNumber}})
		if err != nil {
			t.Fatal(explain(err))
		}
		f.add(t, f.Owner.Actor, a, `{"name": "N3"}`)
		if diff := cmp.Diff([]string{"1", "2", "3", "4"}, f.list(t, f.Owner.Actor, a, apps.QueryInput{Sort: []query.Sort{{Field: "name"}}}, "no")); diff != "" {
			t.Errorf("numbers (-want +got):\n%s", diff)
		}
	})
}
