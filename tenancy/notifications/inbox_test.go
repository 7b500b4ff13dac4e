package notifications

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func assigned(to world.Person, title string) veranda.Notice {
	return veranda.Notice{To: to.Account, Kind: "test.assigned", Title: title, Subject: "s", Path: "/v1/things/s"}
}

func TestWhoIsTold(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		own := assigned(f.Owner, "Own reminder")
		own.Own = true
		f.say(t, f.Owner, f.Private, assigned(f.Owner, "A deed of one's own"), own, assigned(f.Employee, "Fern"), assigned(f.Guest, "Fern"),
			assigned(f.Stranger, "Fern"), assigned(f.Outsider, "Fern"), assigned(f.Nobody, "Fern"), assigned(f.Support, "Fern"),
			veranda.Notice{To: f.External.Account, Kind: "test.unknown"})
		f.wantSays(t, f.Owner, "Olga Owner assigned Own reminder to you")
		f.wantSays(t, f.Employee, "Olga Owner assigned Fern to you")
		f.wantSays(t, f.Guest, "Olga Owner assigned Fern to you")
		for _, p := range []world.Person{f.Stranger, f.Outsider, f.Nobody, f.Support, f.External} {
			f.wantSays(t, p)
		}
		// An open workspace is seen by employees who are no members of it, and by no external or guest who is none.
		f.say(t, f.Owner, f.Sibling, assigned(f.Stranger, "Open"), assigned(f.External, "Open"), assigned(f.Guest, "Open"))
		f.wantSays(t, f.Stranger, "Olga Owner assigned Open to you")
		f.wantSays(t, f.External)
		// What concerns an account alone, an event for some alone, and somebody who is disabled.
		f.sayIn(t, veranda.OrgID{}, f.Owner, veranda.WorkspaceID{}, assigned(f.Nobody, "Alone"))
		f.wantSays(t, f.Nobody, "Olga Owner assigned Alone to you")
		f.emit(t, veranda.Event{Org: f.Org, Kind: "test.happened", Subject: "x", By: f.Owner.Account, To: []veranda.AccountID{f.External.Account},
			Data: veranda.MarshalData(said{[]veranda.Notice{assigned(f.External, "Addressed"), assigned(f.Administrator, "Addressed")}})})
		f.wantSays(t, f.External, "Olga Owner assigned Addressed to you")
		f.wantSays(t, f.Administrator)
		f.exec(t, `UPDATE veranda_memberships SET disabled_at = joined_at WHERE account_id = $1`, f.AccessManager.Account)
		f.exec(t, `UPDATE veranda_accounts SET state = 'disabled' WHERE id = $1`, f.Administrator.Account)
		f.say(t, f.Owner, f.World.Open, assigned(f.AccessManager, "Gone"), assigned(f.Administrator, "Gone"))
		f.wantSays(t, f.AccessManager)
		f.wantSays(t, f.Administrator)
		// Who muted the place is told of what is urgent, and of what they asked for, alone.
		f.muted = []veranda.AccountID{f.Stranger.Account}
		f.say(t, f.Owner, f.World.Open, assigned(f.Stranger, "Muted"), veranda.Notice{To: f.Stranger.Account, Kind: "test.reminder", Title: "Bus"})
		f.wantSays(t, f.Stranger, "Reminder: Bus", "Olga Owner assigned Open to you")
	})
}

func TestEachEventOnceAndGrouped(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		comment := veranda.Notice{To: f.Employee.Account, Kind: "test.commented", Title: "Fern", Subject: "s", Group: "task/s"}
		f.say(t, f.Owner, f.World.Open, comment, comment)
		events := f.Events(t, "test.happened")
		// The work may come again after a crash of what enqueued it.
		for range 2 {
			err := f.DB.InTx(f.ctx, func(ctx context.Context, tx *veranda.Tx) error { return f.s.consume(ctx, tx, events) })
			if err != nil {
				t.Fatal(err)
			}
		}
		f.wantSays(t, f.Employee, "1 comment on Fern, the newest by Olga Owner, in Open")
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Between"))
		f.say(t, f.Guest, f.World.Open, comment)
		f.wantSays(t, f.Employee, "2 comments on Fern, the newest by Gustav Guest, in Open", "Olga Owner assigned Between to you")
		f.WantEvents(t, EventAdded, EventAdded, EventAdded, EventAdded)
		added := f.Events(t, EventAdded)
		if e := added[len(added)-1]; len(e.To) != 1 || e.To[0] != f.Employee.Account || strings.Contains(string(e.Data), "Fern") {
			t.Errorf("the event is %+v", e)
		}
		// A read one does not grow, and one that is unread again beside another of its group stands alone.
		first := f.inbox(t, f.Employee)[0].ID
		if _, err := f.s.Read(f.ctx, f.Employee.Actor, NoticeInput{first}); err != nil {
			t.Fatal(err)
		}
		f.say(t, f.Owner, f.World.Open, comment)
		if _, err := f.s.MarkUnread(f.ctx, f.Employee.Actor, NoticeInput{first}); err != nil {
			t.Fatal(err)
		}
		f.say(t, f.Owner, f.World.Open, comment)
		f.wantSays(t, f.Employee, "2 comments on Fern, the newest by Olga Owner, in Open", "2 comments on Fern, the newest by Gustav Guest, in Open", "Olga Owner assigned Between to you")
	})
}

func TestInbox(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		for i := range 5 {
			f.say(t, f.Owner, f.World.Open, assigned(f.Employee, fmt.Sprint("Open ", i)))
		}
		f.say(t, f.Owner, f.Private, assigned(f.Employee, "Private"), veranda.Notice{To: f.Employee.Account, Kind: "other.news", Title: "Rain"})
		// In another organization, too.
		f.exec(t, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) SELECT $1, account_id, kind, roles, address_key, joined_at, 1 FROM veranda_memberships WHERE org_id = $2 AND account_id = $3`, f.Other, f.Org, f.Employee.Account)
		f.exec(t, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, f.Employee.Account, f.Other)
		f.sayIn(t, f.Other, f.Outsider, f.OtherWorkspace, assigned(f.Employee, "Elsewhere"))
		if got := f.sentences(t, f.Employee, ListInput{}); len(got) != 8 || got[0] != "Oscar Outsider assigned Elsewhere to you" {
			t.Errorf("the inbox says %q", got)
		}
		for _, row := range []struct {
			in   ListInput
			want int
		}{{ListInput{Org: f.Org}, 7}, {ListInput{Org: f.Other}, 1}, {ListInput{Workspace: f.Private}, 2}, {ListInput{Kind: "other.news"}, 1}, {ListInput{Org: f.Other, Kind: "other.news"}, 0}, {ListInput{Unread: true, Org: f.Org}, 7}, {ListInput{Org: veranda.NewOrgID()}, 0}} {
			if got := f.sentences(t, f.Employee, row.in); len(got) != row.want {
				t.Errorf("%+v gives %q", row.in, got)
			}
		}
		var pages []string
		in := ListInput{Page: veranda.Page{Limit: 3}}
		for {
			list, err := f.s.List(f.ctx, f.Employee.Actor, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range list.Items {
				pages = append(pages, n.Sentence)
			}
			if in.Cursor = list.Next; in.Cursor == "" {
				break
			}
		}
		if all := f.sentences(t, f.Employee, ListInput{}); !slices.Equal(all, pages) {
			t.Errorf("in pages it is %q, at once %q", pages, all)
		}
		u, err := f.s.Unread(f.ctx, f.Employee.Actor)
		if err != nil || u.Unread != 8 || len(u.Organizations) != 2 {
			t.Errorf("unread is %+v, %v", u, err)
		}
		// Up to one, in one organization.
		third := f.inbox(t, f.Employee)[5]
		if m, err := f.s.ReadAll(f.ctx, f.Employee.Actor, ReadAllInput{UpTo: third.ID, Org: f.Org}); err != nil || m.Marked != 3 {
			t.Errorf("marked %+v, %v", m, err)
		}
		if n := f.unread(t, f.Employee); n != 5 || len(f.sentences(t, f.Employee, ListInput{Unread: true})) != 5 {
			t.Errorf("%d unread", n)
		}
		last := f.inbox(t, f.Employee)[0]
		n, err := f.s.Read(f.ctx, f.Employee.Actor, NoticeInput{last.ID})
		if err != nil || n.ReadAt == nil || f.unread(t, f.Employee) != 4 {
			t.Errorf("read gave %+v, %v", n, err)
		}
		if _, err := f.s.Read(f.ctx, f.Employee.Actor, NoticeInput{last.ID}); err != nil {
			t.Error(err)
		}
		if n, err = f.s.MarkUnread(f.ctx, f.Employee.Actor, NoticeInput{last.ID}); err != nil || n.ReadAt != nil || f.unread(t, f.Employee) != 5 {
			t.Errorf("unread gave %+v, %v", n, err)
		}
		if err := f.s.Delete(f.ctx, f.Employee.Actor, NoticeInput{last.ID}); err != nil {
			t.Error(err)
		}
		verandatest.WantCode(t, f.s.Delete(f.ctx, f.Employee.Actor, NoticeInput{last.ID}), veranda.CodeNotFound)
		f.WantEvents(t, "notifications.notice*", append(slices.Repeat([]string{EventAdded}, 8), EventRead, EventRead, EventUnread, EventDeleted)...)
		// Somebody else's is not there.
		for _, p := range []world.Person{f.Owner, f.Outsider, f.Nobody} {
			_, err := f.s.Read(f.ctx, p.Actor, NoticeInput{third.ID})
			verandatest.WantCode(t, err, veranda.CodeNotFound)
			_, err = f.s.ReadAll(f.ctx, p.Actor, ReadAllInput{UpTo: third.ID})
			verandatest.WantFields(t, err, "/up_to not_found")
		}
		_, err = f.s.List(f.ctx, f.Employee.Actor, ListInput{Page: veranda.Page{Limit: 900, Cursor: "x"}})
		verandatest.WantFields(t, err, "/limit range", "/cursor cursor")
		if m, err := f.s.ReadAll(f.ctx, f.Employee.Actor, ReadAllInput{}); err != nil || m.Marked != 4 || f.unread(t, f.Employee) != 0 {
			t.Errorf("marked %+v, %v", m, err)
		}
	})
}

func TestWhatIsSeenNoLonger(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		f.say(t, f.Owner, f.Private, assigned(f.External, "Private"))
		f.say(t, f.Owner, f.World.Open, assigned(f.External, "Open"))
		f.say(t, f.Owner, f.World.Open, assigned(f.Stranger, "Open"))
		hidden := f.inbox(t, f.External)[1]
		f.exec(t, `DELETE FROM veranda_workspace_members WHERE account_id = $1 AND workspace_id = $2`, f.External.Account, f.Private)
		f.wantSays(t, f.External, "Olga Owner assigned Open to you")
		if f.unread(t, f.External) != 1 {
			t.Error("what is hidden is counted")
		}
		_, err := f.s.Read(f.ctx, f.External.Actor, NoticeInput{hidden.ID})
		verandatest.WantCode(t, err, veranda.CodeNotFound)
		if sent := f.send(t, time.Hour); len(sent) != 2 || strings.Contains(sent[0].text+sent[1].text, "Private") {
			t.Errorf("sent %+v", sent)
		}
		// An open workspace that is closed, and one that is deleted.
		f.exec(t, `UPDATE veranda_workspaces SET open = $2 WHERE id = $1`, f.World.Open, false)
		f.wantSays(t, f.Stranger)
		f.wantSays(t, f.External, "Olga Owner assigned Open to you")
		f.exec(t, `UPDATE veranda_workspaces SET deleted_at = created_at WHERE id = $1`, f.World.Open)
		f.wantSays(t, f.External)
		f.exec(t, `UPDATE veranda_workspaces SET deleted_at = NULL WHERE id = $1`, f.World.Open)
		f.exec(t, `UPDATE veranda_memberships SET disabled_at = joined_at WHERE account_id = $1`, f.External.Account)
		f.wantSays(t, f.External)
	})
}

func TestEveryMethodAsks(t *testing.T) {
	e := verandatest.New(t, verandatest.SQLite, modules())
	f := newFixture(t, e)
	denier := verandatest.NewDenier(f.authz)
	s, err := New(Deps{DB: e.Node(t), Authz: denier})
	if err != nil {
		t.Fatal(err)
	}
	verandatest.AskEveryMethod(t, s, denier, map[string]any{"SetPreferences": settings(func(*Settings) {})}, map[string]string{
		"WithTx": "binds", "SendJob": "is the system's", "PurgeJob": "is the system's", "UnsubscribeURL": "makes a link for the program's own mails",
	})
}
