package apps_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// longText has a beginning that an order takes for all of it, and an end that only what compares it whole sees.
func longText(end string) string {
	text := make([]rune, query.KeyLength+20)
	for i := range text {
		text[i] = '中'
	}
	return string(text) + end
}

// question is a list and a summary that are asked for in both tiers.
type question struct {
	List    apps.QueryInput
	Summary apps.SummaryInput
}

func (f *fixture) ask(t interface{ Fatal(args ...any) }, a *apps.App, q question) (answers []string) {
	ctx := context.Background()
	q.List.Org, q.List.App, q.List.Limit, q.List.Cursor = a.Org, a.ID, 7, ""
	q.Summary.Org, q.Summary.App = a.Org, a.ID
	for {
		page, err := f.apps.QueryRecords(ctx, f.Owner.Actor, q.List)
		if err != nil {
			t.Fatal(explain(err))
		}
		for _, r := range page.Items {
			answers = append(answers, r.ID.String()+string(r.Values))
		}
		if q.List.Cursor = page.Next; q.List.Cursor == "" {
			break
		}
	}
	totals, err := f.apps.Summarize(ctx, f.Owner.Actor, q.Summary)
	if err != nil {
		t.Fatal(explain(err))
	}
	text, err := json.Marshal(totals)
	if err != nil {
		t.Fatal(err)
	}
	return append(answers, string(text))
}

// What lists and summaries answer does not depend on the tier.
func TestTiersAnswerAlike(t *testing.T) {
	large(t, 100, func(t *testing.T, f *fixture) {
		a := f.app(t,
			apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "Price", Kind: field.Currency, Options: field.Options{Currency: "EUR"}},
			apps.FieldInput{Name: "State", Kind: field.Select, Options: field.Options{Choices: []field.Choice{{Name: "New"}, {Name: "Won"}, {Name: "Lost"}}}},
			apps.FieldInput{Name: "Due", Kind: field.Date}, apps.FieldInput{Name: "Done", Kind: field.Checkbox},
			apps.FieldInput{Name: "Tags", Kind: field.MultiSelect, Options: field.Options{Choices: []field.Choice{{Name: "Red"}, {Name: "Blue"}}}},
			apps.FieldInput{Name: "Made", Kind: field.CreatedAt})
		names := []string{"Ärger", "Strasse", "straße", "zebra", "Zebra 10", "中文", longText("a"), longText("b"), longText("")}
		f.fill(t, a, 120, func(i int) string {
			v := map[string]any{}
			put := func(key string, n int, value any) {
				if i%n != 0 {
					v[key] = value
				}
			}
			put("name", 7, names[i*31%len(names)])
			put("price", 5, fmt.Sprintf("%d.25", i*13%20-5))
			put("state", 4, fmt.Sprintf("o%d", i%3+1))
			put("due", 6, fmt.Sprintf("2026-%02d-11", i%12+1))
			put("done", 2, true)
			put("tags", 3, []string{"o1", "o2"}[:i%2+1])
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		})
		var questions []question
		var shared [][]string
		rapid.Check(t, func(t *rapid.T) {
			if len(questions) >= 60 {
				return
			}
			q := question{}
			q.List.Filter = randomFilter(t, 2, names)
			q.Summary.Filter = q.List.Filter
			for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"name", "price", "state", "due", "done", "made"}), 0, 3, rapid.ID).Draw(t, "sorts") {
				q.List.Sort = append(q.List.Sort, query.Sort{Field: key, Descending: rapid.Bool().Draw(t, "descending")})
			}
			if rapid.IntRange(0, 3).Draw(t, "search") == 0 {
				q.List.Search = rapid.SampledFrom([]string{"strasse", "zebra 1", "new", "中b"}).Draw(t, "words")
				q.Summary.Search = q.List.Search
			}
			for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"name", "state", "due", "done", "tags"}), 0, 2, rapid.ID).Draw(t, "groups") {
				q.Summary.Groups = append(q.Summary.Groups, query.Group{Field: key})
			}
			q.Summary.Aggregates = []query.Aggregate{{Function: query.Count}, {Function: query.Sum, Field: "price"}, {Function: query.Max, Field: "due"}}
			questions = append(questions, q)
			shared = append(shared, f.ask(t, a, q))
		})
		f.tiers(t)
		f.wantTier(t, a, "own")
		f.later(t)
		some := 0
		for i, q := range questions {
			got := f.ask(t, a, q)
			some += len(got) - 1
			if !slices.Equal(shared[i], got) {
				text, _ := json.Marshal(q)
				t.Fatalf("%s\nanswers of the shared table, of the application's own:\n%s", text, cmp.Diff(shared[i], got))
			}
		}
		if some == 0 {
			t.Error("no question was answered by any record")
		}
	})
}

func randomFilter(t *rapid.T, deep int, names []string) *query.Filter {
	if deep > 0 && rapid.IntRange(0, 1).Draw(t, "nested") == 0 {
		kids := []query.Filter{*randomFilter(t, deep-1, names), *randomFilter(t, deep-1, names)}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return &query.Filter{And: kids}
		case 1:
			return &query.Filter{Or: kids}
		}
		return &query.Filter{Not: &kids[0]}
	}
	text := func(v any) json.RawMessage {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	order := []query.Operator{query.Equal, query.Less, query.AtMost, query.Greater, query.AtLeast}
	switch rapid.IntRange(0, 4).Draw(t, "field") {
	case 0:
		return &query.Filter{Field: "name", Is: rapid.SampledFrom([]query.Operator{query.Equal, query.NotEqual, query.Contains, query.StartsWith}).Draw(t, "op"), Value: text(rapid.SampledFrom(append(names, "a", "文", "str")).Draw(t, "name"))}
	case 1:
		return &query.Filter{Field: "price", Is: rapid.SampledFrom(order).Draw(t, "op"), Value: text(fmt.Sprintf("%d.25", rapid.IntRange(-6, 16).Draw(t, "price")))}
	case 2:
		return &query.Filter{Field: "due", Is: rapid.SampledFrom(order).Draw(t, "op"), Value: text(fmt.Sprintf("2026-%02d-11", rapid.IntRange(1, 12).Draw(t, "month")))}
	case 3:
		return &query.Filter{Field: "state", Is: query.AnyOf, Value: text([]string{"o1", "o3"}[:rapid.IntRange(1, 2).Draw(t, "choices")])}
	}
	return &query.Filter{Field: "tags", Is: query.AnyOf, Value: text([]string{rapid.SampledFrom([]string{"o1", "o2"}).Draw(t, "tag")})}
}
