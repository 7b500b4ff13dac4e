package messaging_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func TestStartDirect(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		start := func(by, to world.Person, subject, text string) *messaging.Conversation {
			s.Helper()
			return must[*messaging.Conversation](s)(s.s.Start(s.ctx, by.Actor, messaging.StartInput{
				Org: w.Org, Recipients: []veranda.AccountID{to.Account, by.Account}, Subject: subject, Content: messaging.Content{Text: text},
			}))
		}
		first := start(w.Employee, w.Stranger, "", "Hello.")
		if first.Kind != messaging.KindDirect || first.LastNumber != 1 || first.PeopleCount != 2 || len(first.People) != 2 || first.Last == nil ||
			first.Last.Text != "Hello." || first.Last.Author.Name != "Emil Employee" || first.Unread != 0 {
			t.Errorf("started: %+v", first)
		}
		// The other goes on where the two were; with a subject there is another.
		again := start(w.Stranger, w.Employee, " \u200b ", "Hello yourself.")
		if again.ID != first.ID || again.LastNumber != 2 {
			t.Errorf("found again: %+v", again)
		}
		about := start(w.Stranger, w.Employee, "Lunch", "")
		if about.ID == first.ID || about.Kind != messaging.KindGroup || about.Last == nil || about.Last.Text != "" {
			t.Errorf("with a subject: %+v", about)
		}
		s.wantTexts(w.Employee, first.ID, "Hello yourself.", "Hello.")
		s.wantUnread(w.Employee, first.ID, 1)
		s.e.WantEvents(t, "messaging.*", messaging.EventConversationStarted, messaging.EventMessageSent, messaging.EventMessageSent,
			messaging.EventConversationStarted, messaging.EventMessageSent)
		for _, e := range s.e.Events(t) {
			if len(e.To) != 2 || !e.Workspace.IsZero() || strings.Contains(string(e.Data), "ello") || strings.Contains(string(e.Data), "Lunch") {
				t.Errorf("event: %+v %s", e, e.Data)
			}
		}
		// A conversation of two stays one.
		at := messaging.GetConversationInput{Org: w.Org, Conversation: first.ID}
		_, err := s.s.Rename(s.ctx, w.Employee.Actor, messaging.RenameInput{Org: w.Org, Conversation: first.ID, Subject: "Us"})
		s.wantReason(err, "messaging.direct")
		s.wantReason(s.s.Leave(s.ctx, w.Employee.Actor, at), "messaging.direct")
		_, err = s.s.Add(s.ctx, w.Employee.Actor, messaging.AddPeopleInput{Org: w.Org, Conversation: first.ID, Accounts: []veranda.AccountID{w.Owner.Account}})
		s.wantReason(err, "messaging.direct")
	})
}

// Two who start the same conversation at once are in one.
func TestStartAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		people := []world.Person{s.w.Employee, s.w.Owner}
		found := make([]messaging.ID, 8)
		failed := make([]error, len(found))
		var group sync.WaitGroup
		for i := range found {
			group.Go(func() {
				c, err := s.s.Start(s.ctx, people[i%2].Actor, messaging.StartInput{
					Org: s.w.Org, Recipients: []veranda.AccountID{people[(i+1)%2].Account}, Content: messaging.Content{Text: numbered(i)},
				})
				if failed[i] = err; err == nil {
					found[i] = c.ID
				}
			})
		}
		group.Wait()
		s.ok(errors.Join(failed...))
		for _, id := range found {
			if id != found[0] {
				t.Errorf("%v and %v", id, found[0])
			}
		}
		if c := s.get(people[0], found[0]); c.LastNumber != 8 || c.PeopleCount != 2 {
			t.Errorf("%+v", c)
		}
	})
}

// Who can be written to is who the directory shows.
func TestRecipients(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		start := func(by world.Person, to ...veranda.AccountID) error {
			_, err := s.s.Start(s.ctx, by.Actor, messaging.StartInput{Org: w.Org, Recipients: to, Content: messaging.Content{Text: "Hm."}})
			return err
		}
		s.ok(start(w.Employee, w.Stranger.Account, w.External.Account))
		s.ok(start(w.External, w.Employee.Account, w.Guest.Account))
		s.ok(start(w.Owner, w.Guest.Account))
		verandatest.WantFields(t, start(w.External, w.Stranger.Account), "/recipients/0 not_found")
		verandatest.WantFields(t, start(w.Stranger, w.Employee.Account, w.Guest.Account, w.Outsider.Account, veranda.NewAccountID()),
			"/recipients/1 not_found", "/recipients/2 not_found", "/recipients/3 not_found")
		verandatest.WantFields(t, start(w.Employee, w.Employee.Account), "/recipients required")
		verandatest.WantCode(t, start(w.Guest, w.Employee.Account), veranda.CodeForbidden)
		s.wantNotFound("support", start(w.Support, w.Employee.Account))
		s.wantNotFound("outsider", start(w.Outsider, w.Employee.Account))
		verandatest.WantCode(t, start(world.Person{Actor: veranda.Anonymous()}, w.Employee.Account), veranda.CodeUnauthenticated)
		s.exec(`UPDATE veranda_memberships SET disabled_at = $1 WHERE org_id = $2 AND account_id = $3`, s.e.DB.Time(s.e.DB.Now()), w.Org, w.Stranger.Account)
		verandatest.WantFields(t, start(w.Employee, w.Stranger.Account), "/recipients/0 not_found")
	})
}

func TestStartWithWorkspace(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		start := func(by world.Person, workspace veranda.WorkspaceID) (*messaging.Conversation, error) {
			return s.s.Start(s.ctx, by.Actor, messaging.StartInput{Org: w.Org, Workspace: workspace, Content: messaging.Content{Text: "All of you."}})
		}
		c := must[*messaging.Conversation](s)(start(w.External, w.Private))
		if c.PeopleCount != 6 || c.Kind != messaging.KindGroup {
			t.Errorf("%+v", c)
		}
		s.wantUnread(w.Guest, c.ID, 1)
		_, err := start(w.External, w.Sibling)
		s.wantNotFound("a workspace one does not see", err)
		_, err = start(w.Employee, w.OtherWorkspace)
		s.wantNotFound("a workspace of another tenant", err)
		_, err = start(w.Employee, w.Sibling)
		verandatest.WantFields(t, err, "/workspace_id required")
	})
}

func TestNothingIsSaid(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Owner)
		for _, empty := range []string{"", " \n\t", "\u200b\u200d", "\u2800", "\u3164\u115f", "\ufeff \u00ad", "\U000e0020", "\u2028"} {
			_, err := s.s.Send(s.ctx, w.Employee.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Content: messaging.Content{Text: empty}})
			verandatest.WantFields(t, err, "/text required")
			_, err = s.s.Start(s.ctx, w.Employee.Actor, messaging.StartInput{Org: w.Org, Recipients: []veranda.AccountID{w.Owner.Account}, Subject: strings.Trim(empty, "\n\t\u2028"), Content: messaging.Content{Text: empty}})
			verandatest.WantFields(t, err, "/text required")
		}
		_, err := s.s.Start(s.ctx, w.Employee.Actor, messaging.StartInput{
			Org: w.Org, Subject: strings.Repeat("x", 201), Content: messaging.Content{Text: strings.Repeat("x", 10001), Links: []string{"javascript:alert(1)", "https://ok.example/x", "https://a:b@c.example", "http:///x"}},
		})
		verandatest.WantFields(t, err, "/recipients required", "/subject too_long", "/text too_long", "/links/0 link", "/links/2 link", "/links/3 link")
		m := must[*messaging.Message](s)(s.s.Send(s.ctx, w.Employee.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Content: messaging.Content{Text: "\u200b", Links: []string{" https://ok.example/x "}}}))
		if m.Text != "" || len(m.Links) != 1 || m.Links[0] != "https://ok.example/x" {
			t.Errorf("%+v", m)
		}
		_, err = s.s.Edit(s.ctx, w.Employee.Actor, messaging.EditInput{Org: w.Org, Conversation: id, Number: m.Number, Links: &[]string{}})
		verandatest.WantFields(t, err, "/text required")
		mention := "[@Gustav](account:" + w.Guest.Account.String() + ")"
		_, err = s.s.Send(s.ctx, w.Employee.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Content: messaging.Content{Text: mention}})
		verandatest.WantFields(t, err, "/text mention")
		_, err = s.s.Edit(s.ctx, w.Employee.Actor, messaging.EditInput{Org: w.Org, Conversation: id, Number: m.Number, Text: mention})
		verandatest.WantFields(t, err, "/text mention")
	})
}

func TestPeopleComeAndGo(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Owner)
		at := messaging.GetConversationInput{Org: w.Org, Conversation: id}
		s.send(w.Employee, id, "before")
		add := func(by world.Person, who ...veranda.AccountID) error {
			_, err := s.s.Add(s.ctx, by.Actor, messaging.AddPeopleInput{Org: w.Org, Conversation: id, Accounts: who})
			return err
		}
		s.ok(add(w.Owner, w.Guest.Account, w.External.Account, w.Employee.Account))
		s.wantTexts(w.Guest, id)
		s.wantUnread(w.Guest, id, 0)
		s.send(w.Employee, id, "after")
		s.wantTexts(w.Guest, id, "after")
		s.wantUnread(w.Guest, id, 1)
		_, err := s.s.GetMessage(s.ctx, w.Guest.Actor, s.message(id, 2))
		s.wantNotFound("what was said before", err)
		// Guests answer, and manage nothing.
		s.send(w.Guest, id, "from a guest")
		verandatest.WantCode(t, add(w.Guest, w.Administrator.Account), veranda.CodeForbidden)
		_, err = s.s.Rename(s.ctx, w.Guest.Actor, messaging.RenameInput{Org: w.Org, Conversation: id, Subject: "x"})
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		verandatest.WantFields(t, add(w.External, w.Stranger.Account), "/accounts/0 not_found")
		if c := s.get(w.Owner, id); c.PeopleCount != 4 {
			t.Errorf("people: %+v", c)
		}
		version := s.get(w.Owner, id).Version
		_, err = s.s.Rename(s.ctx, w.External.Actor, messaging.RenameInput{Org: w.Org, Conversation: id, Subject: "Other plans", Version: version - 1})
		if !errors.Is(err, veranda.ErrVersion) {
			t.Errorf("an old version: %v", err)
		}
		renamed := must[*messaging.Conversation](s)(s.s.Rename(s.ctx, w.External.Actor, messaging.RenameInput{Org: w.Org, Conversation: id, Subject: "Other plans", Version: version}))
		if renamed.Subject != "Other plans" || renamed.Version != version+1 {
			t.Errorf("renamed: %+v", renamed)
		}
		s.ok(s.s.Leave(s.ctx, w.External.Actor, at))
		_, err = s.s.Get(s.ctx, w.External.Actor, at)
		s.wantNotFound("left", err)
		_, err = s.s.Send(s.ctx, w.External.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Content: messaging.Content{Text: "x"}})
		s.wantNotFound("left", err)
		s.wantNotFound("left", s.s.Leave(s.ctx, w.External.Actor, at))
		// Who is disabled neither reads nor hears; the others go on; back, they read what they missed.
		s.exec(`UPDATE veranda_memberships SET disabled_at = $1 WHERE org_id = $2 AND account_id = $3`, s.e.DB.Time(s.e.DB.Now()), w.Org, w.Owner.Account)
		m := s.send(w.Employee, id, "missed")
		_, err = s.s.Get(s.ctx, w.Owner.Actor, at)
		s.wantNotFound("disabled", err)
		events := s.e.Events(t, messaging.EventMessageSent)
		if last := events[len(events)-1]; last.Subject != m.ID.String() || len(last.To) != 2 {
			t.Errorf("to: %+v", last)
		}
		s.ok(s.s.Leave(s.ctx, w.Guest.Actor, at))
		_, err = s.s.Send(s.ctx, w.Employee.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Content: messaging.Content{Text: "anybody?"}})
		s.wantReason(err, "messaging.nobody")
		s.exec(`UPDATE veranda_memberships SET disabled_at = NULL WHERE org_id = $1 AND account_id = $2`, w.Org, w.Owner.Account)
		s.wantTexts(w.Owner, id, "missed", "from a guest", "after", "before", "")
	})
}

// Nobody but who takes part sees anything of a conversation, whatever they are.
func TestNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Stranger)
		s.send(w.Employee, id, "secret words")
		for _, p := range []world.Person{w.Owner, w.Administrator, w.AccessManager, w.External, w.Guest, w.Support, w.Outsider, w.Nobody} {
			for _, c := range []messaging.ID{id, messaging.ID(veranda.NewAccountID())} {
				at := messaging.GetConversationInput{Org: w.Org, Conversation: c}
				_, err := s.s.Get(s.ctx, p.Actor, at)
				s.wantNotFound(p.Role, err)
				_, err = s.s.ListMessages(s.ctx, p.Actor, messaging.ListMessagesInput{Org: w.Org, Conversation: c})
				s.wantNotFound(p.Role, err)
				_, err = s.s.History(s.ctx, p.Actor, messaging.HistoryInput{Org: w.Org, Conversation: c, Number: 2})
				s.wantNotFound(p.Role, err)
				_, err = s.s.Send(s.ctx, p.Actor, messaging.SendInput{Org: w.Org, Conversation: c, Content: messaging.Content{Text: "x"}})
				s.wantNotFound(p.Role, err)
				s.wantNotFound(p.Role, s.s.Delete(s.ctx, p.Actor, messaging.DeleteInput{Org: w.Org, Conversation: c, Number: 2}))
				s.wantNotFound(p.Role, s.s.Hide(s.ctx, p.Actor, at))
				_, err = s.s.MarkRead(s.ctx, p.Actor, messaging.MarkReadInput{Org: w.Org, Conversation: c, Number: 1})
				s.wantNotFound(p.Role, err)
			}
			if found, err := s.s.Search(s.ctx, p.Actor, messaging.SearchInput{Org: w.Org, Query: "secret"}); err == nil && len(found.Items) > 0 {
				t.Errorf("%s found %+v", p.Role, found)
			}
		}
		_, err := s.s.Get(s.ctx, w.Employee.Actor, messaging.GetConversationInput{Org: w.Other, Conversation: id})
		s.wantNotFound("by another tenant", err)
		_, err = s.s.Get(s.ctx, veranda.SystemActor("statistics"), messaging.GetConversationInput{Org: w.Org, Conversation: id})
		s.wantNotFound("a background job", err)
	})
}

func TestListAndArrange(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		var ids []messaging.ID
		for i := range 5 {
			ids = append(ids, s.group(w.Owner, numbered(i), w.Employee))
			s.e.Clock.Advance(1e9)
		}
		list := func(by world.Person, in messaging.ListInput) string {
			s.Helper()
			in.Org, in.Limit = w.Org, 2
			var got []string
			for range 9 {
				page := must[veranda.List[messaging.Conversation]](s)(s.s.List(s.ctx, by.Actor, in))
				for _, c := range page.Items {
					got = append(got, c.Subject)
				}
				if in.Cursor = page.Next; in.Cursor == "" {
					return strings.Join(got, " ")
				}
			}
			s.Fatal("the list does not end")
			return ""
		}
		want := func(in messaging.ListInput, subjects string) {
			s.Helper()
			if got := list(w.Employee, in); got != subjects {
				s.Errorf("%+v: %q, want %q", in, got, subjects)
			}
		}
		want(messaging.ListInput{}, "4 3 2 1 0")
		yes, no := true, false
		arrange := func(i int, in messaging.ArrangeInput) *messaging.Conversation {
			s.Helper()
			in.Org, in.Conversation = w.Org, ids[i]
			return must[*messaging.Conversation](s)(s.s.Arrange(s.ctx, w.Employee.Actor, in))
		}
		if c := arrange(3, messaging.ArrangeInput{Pinned: &yes, Muted: &yes}); !c.Pinned || !c.Muted || c.Archived {
			t.Errorf("%+v", c)
		}
		arrange(1, messaging.ArrangeInput{Archived: &yes})
		arrange(3, messaging.ArrangeInput{Archived: &yes})
		want(messaging.ListInput{}, "4 2 0")
		want(messaging.ListInput{Archived: true}, "3 1")
		want(messaging.ListInput{Archived: true, Pinned: true}, "3")
		// A message brings back what is put away, unless it is muted.
		s.send(w.Owner, ids[1], "look")
		s.send(w.Owner, ids[3], "look")
		want(messaging.ListInput{}, "1 4 2 0")
		want(messaging.ListInput{Archived: true}, "3")
		if unread := must[*messaging.UnreadCounts](s)(s.s.Unread(s.ctx, w.Employee.Actor, messaging.UnreadInput{Org: w.Org})); unread.Messages != 5 || unread.Conversations != 4 || len(unread.Items) != 5 {
			t.Errorf("%+v", unread) // what is muted is not in the sum
		}
		arrange(3, messaging.ArrangeInput{Archived: &no, Muted: &no})
		must[*messaging.ReadState](s)(s.s.MarkRead(s.ctx, w.Employee.Actor, messaging.MarkReadInput{Org: w.Org, Conversation: ids[4], Number: 1}))
		s.e.Clock.Advance(1e9)
		s.send(w.Owner, ids[3], "look")
		want(messaging.ListInput{Unread: true}, "3 1 2 0")
		// Deleted for oneself, until there is something new.
		s.ok(s.s.Hide(s.ctx, w.Employee.Actor, messaging.HideConversationInput{Org: w.Org, Conversation: ids[1]}))
		want(messaging.ListInput{}, "3 4 2 0")
		s.wantTexts(w.Owner, ids[1], "look", "")
		s.wantTexts(w.Employee, ids[1])
		s.e.Clock.Advance(1e9)
		s.send(w.Owner, ids[1], "again")
		want(messaging.ListInput{}, "1 3 4 2 0")
		s.wantTexts(w.Employee, ids[1], "again")
		s.wantUnread(w.Employee, ids[1], 1)
		_, err := s.s.List(s.ctx, w.Employee.Actor, messaging.ListInput{Org: w.Org, Page: veranda.Page{Limit: 500, Cursor: veranda.EncodeCursor("messaging.people", "x")}})
		verandatest.WantFields(t, err, "/limit range", "/cursor cursor")
		for _, kind := range []string{messaging.EventConversationArranged, messaging.EventConversationHidden} {
			for _, e := range s.e.Events(t, kind) {
				if len(e.To) != 1 || e.To[0] != w.Employee.Account {
					t.Errorf("%s to %v", kind, e.To)
				}
			}
		}
	})
}

// A limit or a host's veto undoes all of it.
func TestRefusedIsUndone(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Owner)
		before := len(s.e.Events(t))
		full := s.service(messaging.Deps{Limits: refusing("messages")})
		_, err := full.Send(s.ctx, w.Employee.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Content: messaging.Content{Text: "x"}})
		verandatest.WantCode(t, err, veranda.CodeLimit)
		_, err = full.Start(s.ctx, w.Employee.Actor, messaging.StartInput{Org: w.Org, Recipients: []veranda.AccountID{w.Owner.Account}, Content: messaging.Content{Text: "x"}})
		verandatest.WantCode(t, err, veranda.CodeLimit)
		_, err = s.service(messaging.Deps{Limits: refusing("conversations")}).Start(s.ctx, w.Employee.Actor, messaging.StartInput{Org: w.Org, Recipients: []veranda.AccountID{w.Owner.Account}, Content: messaging.Content{Text: "x"}})
		verandatest.WantCode(t, err, veranda.CodeLimit)
		s.e.DB.Veto(veranda.Hook{Name: "no", Kinds: []string{messaging.EventMessageSent}, Before: func(context.Context, *veranda.Tx, veranda.Event) error {
			return veranda.NewError(veranda.CodeConflict, "host.no", "No.")
		}})
		_, err = s.s.Send(s.ctx, w.Owner.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Content: messaging.Content{Text: "x"}})
		s.wantReason(err, "host.no")
		if c := s.get(w.Employee, id); c.LastNumber != 1 || c.Unread != 0 || len(s.e.Events(t)) != before {
			t.Errorf("left behind: %+v, %d events", c, len(s.e.Events(t))-before)
		}
		if list := must[veranda.List[messaging.Conversation]](s)(s.s.List(s.ctx, w.Owner.Actor, messaging.ListInput{Org: w.Org})); len(list.Items) != 1 {
			t.Errorf("left behind: %+v", list)
		}
	})
}

type refusing string

func (r refusing) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, _ int64) error {
	if resource == string(r) {
		return veranda.LimitError(resource, "No more.")
	}
	return nil
}
