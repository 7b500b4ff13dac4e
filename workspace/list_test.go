package workspace_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace"
)

func TestListIsNarrowed(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		employees := []string{"Open", "Private", "Sibling"}
		for _, test := range []struct {
			who        string
			by         veranda.Actor
			want, mine []string
		}{
			{"owner", f.Owner.Actor, employees, []string{"Private"}},
			{"administrator", f.Administrator.Actor, employees, []string{"Private"}},
			{"access manager", f.AccessManager.Actor, employees, []string{"Private"}},
			{"employee", f.Employee.Actor, employees, []string{"Open", "Private"}},
			{"stranger", f.Stranger.Actor, []string{"Closed", "Open", "Sibling"}, []string{"Closed"}},
			{"external", f.External.Actor, []string{"Open", "Private"}, []string{"Open", "Private"}},
			{"guest", f.Guest.Actor, []string{"Open", "Private"}, []string{"Open", "Private"}},
		} {
			list := must(f.ws.List(ctx, test.by, workspace.ListInput{Org: f.Org}))(t)
			if diff := diffOf(test.want, names(list)); diff != "" {
				t.Errorf("%s sees (-want +got):\n%s", test.who, diff)
			}
			for _, w := range list.Items {
				if w.Member != slices.Contains(test.mine, w.Name) {
					t.Errorf("%s: member of %s is %v", test.who, w.Name, w.Member)
				}
			}
			mine := must(f.ws.List(ctx, test.by, workspace.ListInput{Org: f.Org, Mine: true}))(t)
			if diff := diffOf(test.mine, names(mine)); diff != "" {
				t.Errorf("%s is a member of (-want +got):\n%s", test.who, diff)
			}
		}
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": ok, "employee": ok, "stranger": ok, "external": ok, "guest": ok, "support": forbidden,
		}, func(by veranda.Actor) error {
			_, err := f.ws.List(ctx, by, workspace.ListInput{Org: f.Org})
			return err
		})
	})
}

func TestListNamesRoles(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		list := must(f.ws.List(context.Background(), f.Employee.Actor, workspace.ListInput{Org: f.Org}))(t)
		got := map[string]workspace.Role{}
		for _, w := range list.Items {
			got[w.Name] = w.Role
		}
		want := map[string]workspace.Role{"Open": workspace.RolePlain, "Private": workspace.RoleManager, "Sibling": ""}
		if diff := diffOf(want, got); diff != "" {
			t.Errorf("roles (-want +got):\n%s", diff)
		}
	})
}

// The names are ordered alike on both databases: letters of ASCII without regard to case, all else by code point.
var unordered = []string{"zebra", "Äpfel", "apple", "Zürich", "Banana", "banana", "50 % of it", "_under", "émile", "Ω", "зима", "100"}

func TestListPages(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		for _, name := range unordered {
			must(f.ws.Create(ctx, f.Outsider.Actor, workspace.CreateInput{Org: f.Other, Name: name, Open: len(name)%2 == 0}))(t)
		}
		byName := []string{"100", "50 % of it", "_under", "apple", "Banana", "banana", "Elsewhere", "zebra", "Zürich", "Äpfel", "émile", "Ω", "зима"}
		byCreated := append(slices.Clone(unordered), "")
		slices.Reverse(byCreated)
		byCreated = append(byCreated[1:], "Elsewhere")
		for sort, want := range map[workspace.Sort][]string{workspace.SortName: byName, workspace.SortCreated: byCreated, "": byName} {
			for _, limit := range []int{1, 4, 13, 50} {
				in := workspace.ListInput{Org: f.Other, Sort: sort, Page: veranda.Page{Limit: limit}}
				var got []string
				for range 20 {
					list := must(f.ws.List(ctx, f.Outsider.Actor, in))(t)
					got = append(got, names(list)...)
					if in.Cursor = list.Next; in.Cursor == "" {
						break
					}
				}
				if diff := diffOf(want, got); diff != "" {
					t.Errorf("by %q in pages of %d (-want +got):\n%s", sort, limit, diff)
				}
			}
		}
	})
}

func TestListRefusesForeignCursors(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		next := must(f.ws.List(ctx, f.Owner.Actor, workspace.ListInput{Org: f.Org, Page: veranda.Page{Limit: 1}}))(t).Next
		for _, cursor := range []string{
			next, "nonsense", veranda.EncodeCursor("workspaces:created", "not a time", f.World.Open.String()),
			veranda.EncodeCursor("workspaces:created", "2026-03-04T09:30:00Z", "not an id"),
		} {
			_, err := f.ws.List(ctx, f.Owner.Actor, workspace.ListInput{Org: f.Org, Sort: workspace.SortCreated, Page: veranda.Page{Cursor: cursor}})
			verandatest.WantFields(t, err, "/cursor cursor")
		}
		_, err := f.ws.List(ctx, f.Owner.Actor, workspace.ListInput{Org: f.Org, Sort: "size", Query: strings.Repeat("x", 101), Page: veranda.Page{Limit: 201}})
		verandatest.WantFields(t, err, "/sort one_of", "/q too_long", "/limit range")
	})
}

func TestListSearches(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		for _, name := range unordered {
			must(f.ws.Create(ctx, f.Outsider.Actor, workspace.CreateInput{Org: f.Other, Name: name}))(t)
		}
		for query, want := range map[string][]string{
			"ban": {"Banana", "banana"}, "EBR": {"zebra"}, "äpf": {"Äpfel"}, "Ä": {"Äpfel"}, "%": {"50 % of it"}, "_": {"_under"},
			"züri": {"Zürich"}, "ИМА": {"зима"}, "има": {"зима"}, "nothing": {}, "!": {},
		} {
			list := must(f.ws.List(ctx, f.Outsider.Actor, workspace.ListInput{Org: f.Other, Query: query}))(t)
			if diff := diffOf(want, names(list)); diff != "" {
				t.Errorf("search %q (-want +got):\n%s", query, diff)
			}
		}
	})
}
