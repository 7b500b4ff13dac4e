package stream_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// rooms makes workspaces that the guest is a member of.
func (s *suite) rooms(count int) []veranda.WorkspaceID {
	s.Helper()
	var out []veranda.WorkspaceID
	err := s.e.DB.InTx(s.ctx, func(ctx context.Context, tx *veranda.Tx) error {
		for range count {
			id := veranda.NewWorkspaceID()
			out = append(out, id)
			if _, err := tx.Exec(ctx, `INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, version)
				VALUES ($1, $2, 'Room', '', $3, 1, $4, $5, $5, 1)`, s.w.Org, id, false, s.w.Owner.Account, s.e.DB.Time(s.e.DB.Now())); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at) VALUES ($1, $2, $3, '', $4)`,
				s.w.Org, id, s.w.Guest.Account, s.e.DB.Time(s.e.DB.Now())); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return out
}

// Everything one may see is the workspaces' events in the order of their ids, whatever their number, whether or not they have
// positions yet, and though some are committed later than others that are newer.
func TestEverythingIsMerged(t *testing.T) {
	each(t, func(s *suite) {
		rooms := append(s.rooms(70), s.w.Open, s.w.Private)
		hidden := []veranda.WorkspaceID{s.w.Sibling, s.w.Closed, s.w.OtherWorkspace}
		var want []string
		next := 0
		busy := func(count int) (events []veranda.Event) {
			for range count {
				next++
				e := veranda.Event{ID: veranda.EventID(veranda.NewID[eventID]()), Subject: fmt.Sprint(next), Kind: "tasks.task_created", By: s.w.Owner.Account}
				switch {
				case next%11 == 0:
					e.Workspace = hidden[next%3]
				case next%13 == 0:
					e.Workspace, e.Kind = rooms[next%len(rooms)], "other.kind_hidden"
				case next%17 == 0:
					e.Workspace, e.To = rooms[next%len(rooms)], []veranda.AccountID{s.w.Guest.Account}
				case next%3 == 0:
					e.Workspace = rooms[next*7%len(rooms)]
				default:
					e.Workspace = rooms[next%4] // most happens in few
				}
				if slices.Contains(rooms, e.Workspace) && e.Kind == "tasks.task_created" && e.To == nil {
					want = append([]string{e.Subject}, want...)
				}
				events = append(events, e)
			}
			return events
		}
		check := func(what string) {
			s.Helper()
			for _, limit := range []int{23, 200} {
				var got []string
				for _, item := range s.listAll(s.w.Guest, stream.ListAllInput{Page: veranda.Page{Limit: limit}}) {
					got = append(got, item.Subject)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					s.Fatalf("%s, %d a page (-want +got):\n%s", what, limit, diff)
				}
			}
		}
		check("nothing")
		s.emit(busy(300)...)
		check("without positions")
		s.e.Drain(s)
		check("with positions")
		late := busy(1)
		older := len(want) - 1
		want = want[1:]
		s.emit(busy(150)...)
		check("some without positions")
		s.e.Drain(s)
		check("all with positions")
		s.emit(late...)
		want = slices.Insert(want, len(want)-older, late[0].Subject)
		check("one committed late")
		s.e.Drain(s)
		check("all with positions again")
		// Some workspaces of these, and one that is not seen.
		some := []veranda.WorkspaceID{rooms[0], rooms[20], s.w.Closed}
		for _, item := range s.listAll(s.w.Guest, stream.ListAllInput{Workspaces: some}) {
			if !slices.Contains(some[:2], item.Workspace) {
				s.Errorf("an item of another workspace: %+v", item)
			}
		}
		if got := s.listAll(s.w.Guest, stream.ListAllInput{Workspaces: some[2:]}); len(got) != 0 {
			s.Errorf("of a workspace that is not seen: %v", got)
		}
	})
}

// What happened at a time is found by it, and statuses by their words.
func TestTimesAndWords(t *testing.T) {
	each(t, func(s *suite) {
		begin := s.e.Clock.Now()
		for i := range 10 {
			s.post(s.w.Owner, s.w.Open, fmt.Sprintf("Day %d: ÄRGER in der Straße %s", i, strings.Repeat("x", i)))
			s.emit(veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_created", By: s.w.Owner.Account, Subject: fmt.Sprint(i)})
			s.e.Clock.Advance(24 * 60 * 60 * 1e9)
		}
		for what, c := range map[string]struct {
			filter stream.Filter
			want   int
		}{
			"since":         {stream.Filter{Since: begin.AddDate(0, 0, 7)}, 6},
			"until":         {stream.Filter{Until: begin.AddDate(0, 0, 3)}, 6},
			"between":       {stream.Filter{Since: begin.AddDate(0, 0, 3), Until: begin.AddDate(0, 0, 5)}, 4},
			"before it all": {stream.Filter{Until: begin}, 0},
			"statuses":      {stream.Filter{Since: begin.AddDate(0, 0, 3), Until: begin.AddDate(0, 0, 5), Statuses: true}, 2},
			"words":         {stream.Filter{Text: "strasse ärger"}, 10},
			"other words":   {stream.Filter{Text: "strasse xxxxxxxxx"}, 1},
			"no words":      {stream.Filter{Text: "%_\\"}, 0},
			"no statuses":   {stream.Filter{Text: "strasse", Kinds: []string{"tasks"}}, 0},
		} {
			for _, page := range []veranda.Page{{Limit: 1}, {}} {
				if got := s.list(s.w.Guest, stream.ListInput{Workspace: s.w.Open, Filter: c.filter, Page: page}); len(got) != c.want {
					s.Errorf("%s: %v", what, brief(got))
				}
				if got := s.listAll(s.w.Guest, stream.ListAllInput{Filter: c.filter, Page: page}); len(got) != c.want {
					s.Errorf("%s, everywhere: %v", what, brief(got))
				}
			}
		}
		_, err := s.s.ListAll(s.ctx, s.w.Guest.Actor, stream.ListAllInput{
			Org: s.w.Org, Workspaces: make([]veranda.WorkspaceID, 101),
			Filter: stream.Filter{Kinds: slices.Repeat([]string{"tasks"}, 21), Since: begin.AddDate(-1000, 0, 0), Text: "\u200b"},
			Page:   veranda.Page{Limit: 201, Cursor: "!"},
		})
		verandatest.WantFields(s, err, "/limit range", "/cursor cursor", "/kind too_many", "/since range", "/text required", "/workspace too_many")
	})
}

// A run is listed to who sees the workspace; ends that lie elsewhere are nothing.
func TestListRun(t *testing.T) {
	each(t, func(s *suite) {
		var events []veranda.Event
		for i := range 12 {
			events = append(events, veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_created", By: s.w.Owner.Account, Subject: fmt.Sprint(i), Data: veranda.MarshalData(map[string]int{"n": i})})
			events = append(events, veranda.Event{Workspace: s.w.Sibling, Kind: "tasks.task_created", By: s.w.Owner.Account})
			events = append(events, veranda.Event{Workspace: s.w.Open, Kind: "tasks.comment_added", By: s.w.Owner.Account})
		}
		s.emit(events...)
		page, err := s.s.List(s.ctx, s.w.Guest.Actor, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open, Filter: stream.Filter{Collapse: true}})
		if err != nil || len(page.Items) != 1 {
			s.Fatalf("%d items, %v", len(page.Items), err)
		}
		item := page.Items[0]
		if item.Run == nil || item.Run.Count != 12 || len(item.Run.Sample) != 5 || item.Run.Sample[4].Subject != "7" || compact(s, item.Run.Sample[4].Data) != `{"n":7}` || item.Run.FirstAt.After(item.Run.LastAt) {
			s.Fatalf("the run is %+v", item.Run)
		}
		in := stream.ListRunInput{Org: s.w.Org, Workspace: s.w.Open, Newest: item.ID, Oldest: item.Run.Oldest}
		for _, limit := range []int{1, 5, 50} {
			in.Limit = limit
			got := s.pages(func(cursor string) (veranda.List[stream.Item], error) {
				in := in
				in.Cursor = cursor
				return s.s.ListRun(s.ctx, s.w.Guest.Actor, in)
			})
			if len(got) != 12 || got[0].Subject != "11" || got[11].Subject != "0" {
				s.Errorf("%d a page: %v", limit, brief(got))
			}
		}
		other := s.list(s.w.Owner, stream.ListInput{Workspace: s.w.Sibling})[0].ID
		hidden := s.e.Events(s, "tasks.comment_added")[0].ID
		for what, ends := range map[string][2]veranda.EventID{
			"elsewhere": {other, in.Oldest}, "ending elsewhere": {in.Newest, other}, "not shown": {hidden, hidden}, "nothing": {},
		} {
			bad := in
			bad.Newest, bad.Oldest = ends[0], ends[1]
			_, err := s.s.ListRun(s.ctx, s.w.Guest.Actor, bad)
			s.wantNotFound(what, err)
		}
		bad := in
		bad.Workspace = s.w.Sibling
		_, err = s.s.ListRun(s.ctx, s.w.Guest.Actor, bad)
		s.wantNotFound("a workspace that is not seen", err)
		if got, err := s.s.ListRun(s.ctx, s.w.Guest.Actor, stream.ListRunInput{Org: s.w.Org, Workspace: s.w.Open, Newest: in.Oldest, Oldest: in.Newest}); err != nil || len(got.Items) > 1 {
			s.Errorf("the ends the wrong way round: %d items, %v", len(got.Items), err)
		}
	})
}

type eventID struct{}

// FuzzCursor: whatever a cursor says, the answer is a clear error or a page of what its bearer may see.
func FuzzCursor(f *testing.F) {
	e := verandatest.New(f, verandatest.SQLite, modules())
	w := world.New(f, e)
	ctx := context.Background()
	authz, err := tenancy.NewAuthorizer(ctx, e.DB, e.Modules...)
	if err != nil {
		f.Fatal(err)
	}
	s, err := stream.New(stream.Deps{DB: e.DB, Authz: authz, Kinds: []string{"tasks.*"}})
	if err != nil {
		f.Fatal(err)
	}
	seen := []veranda.WorkspaceID{w.Open, w.Private}
	err = e.DB.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
		for i := range 30 {
			for _, workspace := range append(seen, w.Sibling, w.Closed) {
				tx.Emit(veranda.Event{Org: w.Org, Workspace: workspace, Kind: "tasks.task_created", Subject: fmt.Sprint(i), By: w.Owner.Account})
			}
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, person := range []world.Person{w.Owner, w.Guest, w.Stranger} { // the places of others in the stream, too
		page, err := s.ListAll(ctx, person.Actor, stream.ListAllInput{Org: w.Org, Page: veranda.Page{Limit: 7}})
		if err != nil || page.Next == "" {
			f.Fatal("no second page: ", err)
		}
		f.Add(page.Next)
	}
	for _, text := range []string{`["stream.organization","x"]`, `["stream.workspace","00000000-0000-0000-0000-000000000000"]`, `["stream.organization"]`, `{}`, `["stream.organization","ffffffff-ffff-ffff-ffff-ffffffffffff"]`} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	f.Add("!")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, collapse := range []bool{false, true} {
			in := stream.ListAllInput{Org: w.Org, Filter: stream.Filter{Collapse: collapse}, Page: veranda.Page{Limit: 7, Cursor: cursor}}
			page, err := s.ListAll(ctx, w.Guest.Actor, in)
			if err != nil {
				verandatest.WantFields(t, err, "/cursor cursor")
				continue
			}
			for _, item := range page.Items {
				if !slices.Contains(seen, item.Workspace) {
					t.Fatalf("%q shows an event of a workspace that is not seen", cursor)
				}
			}
		}
	})
}
