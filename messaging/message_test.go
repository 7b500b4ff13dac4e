package messaging_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/files"
)

func TestThreads(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Owner, w.Guest)
		answer := func(by world.Person, to int64, text string) (*messaging.Message, error) {
			return s.s.Send(s.ctx, by.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Thread: to, Content: messaging.Content{Text: text}})
		}
		s.send(w.Employee, id, "root")
		first := must[*messaging.Message](s)(answer(w.Guest, 2, "one"))
		second := must[*messaging.Message](s)(answer(w.Owner, first.Number, "two")) // an answer to an answer
		if first.Thread != 2 || second.Thread != 2 {
			t.Errorf("%+v %+v", first, second)
		}
		root := must[*messaging.Message](s)(s.s.GetMessage(s.ctx, w.Owner.Actor, s.message(id, 2)))
		if root.Replies != 2 || root.LastReply != 4 || root.Version != 1 {
			t.Errorf("%+v", root)
		}
		in := messaging.ListThreadInput{Org: w.Org, Conversation: id, Number: 2, Page: veranda.Page{Limit: 1}}
		var got []string
		for {
			page := must[veranda.List[messaging.Message]](s)(s.s.ListThread(s.ctx, w.Guest.Actor, in))
			got = append(got, page.Items[0].Text)
			if in.Cursor = page.Next; in.Cursor == "" {
				break
			}
		}
		if strings.Join(got, " ") != "one two" {
			t.Errorf("%v", got)
		}
		for _, to := range []int64{9, 1 << 60} {
			_, err := answer(w.Owner, to, "x")
			if veranda.CodeOf(err) != veranda.CodeInvalid {
				t.Errorf("%d: %v", to, err)
			}
		}
		// What one does not see cannot be answered: it was said before.
		must[*messaging.Conversation](s)(s.s.Add(s.ctx, w.Owner.Actor, messaging.AddPeopleInput{Org: w.Org, Conversation: id, Accounts: []veranda.AccountID{w.External.Account}}))
		_, err := answer(w.External, 2, "x")
		verandatest.WantFields(t, err, "/thread not_found")
	})
}

func TestEditAndDelete(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Owner)
		s.send(w.Employee, id, "one")
		edit := func(by world.Person, version int64, text string) (*messaging.Message, error) {
			return s.s.Edit(s.ctx, by.Actor, messaging.EditInput{Org: w.Org, Conversation: id, Number: 2, Version: version, Text: text})
		}
		two := must[*messaging.Message](s)(edit(w.Employee, 1, "two"))
		if two.Text != "two" || two.Version != 2 || two.EditedAt == nil || two.ETag() != `"2"` {
			t.Errorf("%+v", two)
		}
		if _, err := edit(w.Employee, 1, "late"); !errors.Is(err, veranda.ErrVersion) {
			t.Errorf("an old version: %v", err)
		}
		_, err := edit(w.Owner, 0, "not mine")
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		must[*messaging.Message](s)(edit(w.Employee, 0, "two")) // nothing new
		must[*messaging.Message](s)(edit(w.Employee, 0, "three"))
		history := must[veranda.List[messaging.Revision]](s)(s.s.History(s.ctx, w.Owner.Actor, messaging.HistoryInput{Org: w.Org, Conversation: id, Number: 2}))
		if len(history.Items) != 2 || history.Items[0].Text != "two" || history.Items[1].Text != "one" {
			t.Errorf("%+v", history)
		}
		search := func(word string) int {
			s.Helper()
			return len(must[*messaging.Matches](s)(s.s.Search(s.ctx, w.Owner.Actor, messaging.SearchInput{Org: w.Org, Query: word})).Items)
		}
		if search("one") != 0 || search("three") != 1 {
			t.Error("the search finds what was said before")
		}
		remove := messaging.DeleteInput{Org: w.Org, Conversation: id, Number: 2}
		verandatest.WantCode(t, s.s.Delete(s.ctx, w.Owner.Actor, remove), veranda.CodeForbidden)
		remove.Version = 1
		if err := s.s.Delete(s.ctx, w.Employee.Actor, remove); !errors.Is(err, veranda.ErrVersion) {
			t.Errorf("an old version: %v", err)
		}
		remove.Version = 0
		s.ok(s.s.Delete(s.ctx, w.Employee.Actor, remove))
		s.wantReason(s.s.Delete(s.ctx, w.Employee.Actor, remove), "messaging.deleted")
		_, err = edit(w.Employee, 0, "back")
		s.wantReason(err, "messaging.deleted")
		s.wantTexts(w.Owner, id, "-", "")
		s.wantUnread(w.Owner, id, 1)
		if search("three") != 0 {
			t.Error("the search finds what is deleted")
		}
		history = must[veranda.List[messaging.Revision]](s)(s.s.History(s.ctx, w.Owner.Actor, messaging.HistoryInput{Org: w.Org, Conversation: id, Number: 2}))
		if len(history.Items) != 0 {
			t.Errorf("left of a deleted message: %+v", history)
		}
		s.e.WantEvents(t, "messaging.message_*", messaging.EventMessageSent, messaging.EventMessageSent, messaging.EventMessageEdited, messaging.EventMessageEdited, messaging.EventMessageDeleted)
		// Hidden from oneself, and from nobody else.
		s.ok(s.s.HideMessage(s.ctx, w.Owner.Actor, s.message(id, 1)))
		s.wantNotFound("hidden", s.s.HideMessage(s.ctx, w.Owner.Actor, s.message(id, 1)))
		s.wantTexts(w.Owner, id, "-")
		s.wantTexts(w.Employee, id, "-", "")
	})
}

func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		garden, roof := s.group(w.Employee, "Garden", w.Owner), s.group(w.Employee, "Roof", w.Owner, w.Guest)
		s.group(w.Stranger, "Elsewhere", w.Administrator)
		s.send(w.Employee, garden, "Die Gärten der Stadt")
		s.send(w.Employee, garden, "İSTANBUL ve Ёлка")
		s.send(w.Owner, roof, "The gardener climbs, said [@Emil](account:"+w.Employee.Account.String()+")")
		search := func(by world.Person, in messaging.SearchInput) string {
			s.Helper()
			in.Org = w.Org
			var got []string
			for range 9 {
				page := must[*messaging.Matches](s)(s.s.Search(s.ctx, by.Actor, in))
				for _, m := range page.Items {
					got = append(got, strings.Fields(m.Text)[1])
				}
				if in.Cursor = page.Next; in.Cursor == "" {
					break
				}
			}
			return strings.Join(got, " ")
		}
		for query, want := range map[string]string{
			"gar": "gardener Gärten", "GARTEN": "Gärten", "stadt gart": "Gärten", "gardener garten": "", "istanbul": "ve", "елка": "ve",
			"account": "", w.Employee.Account.String()[:8]: "", "the climbs gardener said emil": "gardener",
		} {
			if got := search(w.Owner, messaging.SearchInput{Query: query}); got != want {
				t.Errorf("%q: %q, want %q", query, got, want)
			}
		}
		if got := search(w.Owner, messaging.SearchInput{Query: "gar", Page: veranda.Page{Limit: 1}}); got != "gardener Gärten" {
			t.Errorf("page by page: %q", got)
		}
		if got := search(w.Owner, messaging.SearchInput{Query: "gar", Conversation: garden}); got != "Gärten" {
			t.Errorf("in one: %q", got)
		}
		if got := search(w.Guest, messaging.SearchInput{Query: "gar"}); got != "gardener" {
			t.Errorf("a guest: %q", got)
		}
		if got := search(w.Administrator, messaging.SearchInput{Query: "gar"}); got != "" {
			t.Errorf("somebody else: %q", got)
		}
		_, err := s.s.Search(s.ctx, w.Guest.Actor, messaging.SearchInput{Org: w.Org, Query: "gar", Conversation: garden})
		s.wantNotFound("another's conversation", err)
		s.ok(s.s.Hide(s.ctx, w.Owner.Actor, messaging.HideConversationInput{Org: w.Org, Conversation: garden}))
		if got := search(w.Owner, messaging.SearchInput{Query: "gar"}); got != "gardener" {
			t.Errorf("after deleting one: %q", got)
		}
		for query, want := range map[string]string{"": "/q required", "!?": "/q required", "a b c d e f": "/q too_many"} {
			_, err := s.s.Search(s.ctx, w.Owner.Actor, messaging.SearchInput{Org: w.Org, Query: query})
			verandatest.WantFields(t, err, want)
		}
	})
}

func TestDrafts(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Owner, w.Guest)
		save := func(by world.Person, version int64, text string) (*messaging.Draft, error) {
			return s.s.SaveDraft(s.ctx, by.Actor, messaging.SaveDraftInput{Org: w.Org, Conversation: id, Version: version, DraftContent: messaging.DraftContent{Text: text}})
		}
		if _, err := save(w.Owner, 3, "x"); !errors.Is(err, veranda.ErrVersion) {
			t.Errorf("a version of nothing: %v", err)
		}
		first := must[*messaging.Draft](s)(save(w.Owner, 0, "Dear"))
		again := must[*messaging.Draft](s)(save(w.Owner, first.Version, "Dear all"))
		if again.ID != first.ID || again.Version != 2 || again.Text != "Dear all" || *again.Conversation != id {
			t.Errorf("%+v", again)
		}
		if _, err := save(w.Owner, 1, "late"); !errors.Is(err, veranda.ErrVersion) {
			t.Errorf("an old version: %v", err)
		}
		_, err := save(w.Stranger, 0, "x")
		s.wantNotFound("who takes no part", err)
		s.e.Clock.Advance(1e9)
		begin := messaging.CreateDraftInput{Org: w.Org, NewDraftContent: messaging.NewDraftContent{Recipients: []veranda.AccountID{w.Guest.Account}, Workspace: w.Open, Subject: "Hm"}}
		begun := must[*messaging.Draft](s)(s.s.CreateDraft(s.ctx, w.Owner.Actor, begin))
		if begun.Conversation != nil || len(begun.Recipients) != 1 || *begun.Workspace != w.Open || begun.Subject != "Hm" {
			t.Errorf("%+v", begun)
		}
		_, err = s.s.CreateDraft(s.ctx, w.Guest.Actor, begin)
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		changed := must[*messaging.Draft](s)(s.s.UpdateDraft(s.ctx, w.Owner.Actor, messaging.UpdateDraftInput{Org: w.Org, Draft: begun.ID, Version: 1, NewDraftContent: messaging.NewDraftContent{Subject: "Hm?"}}))
		if changed.Version != 2 || changed.Subject != "Hm?" || changed.Workspace != nil {
			t.Errorf("%+v", changed)
		}
		if _, err := s.s.UpdateDraft(s.ctx, w.Owner.Actor, messaging.UpdateDraftInput{Org: w.Org, Draft: begun.ID, Version: 1}); !errors.Is(err, veranda.ErrVersion) {
			t.Errorf("an old version: %v", err)
		}
		list := func(by world.Person) string {
			s.Helper()
			in, got := messaging.ListDraftsInput{Org: w.Org, Page: veranda.Page{Limit: 1}}, []string{}
			for range 5 {
				page := must[veranda.List[messaging.Draft]](s)(s.s.ListDrafts(s.ctx, by.Actor, in))
				for _, d := range page.Items {
					got = append(got, d.Subject+d.Text)
				}
				if in.Cursor = page.Next; in.Cursor == "" {
					break
				}
			}
			return strings.Join(got, "|")
		}
		if list(w.Owner) != "Hm?|Dear all" || list(w.Employee) != "" {
			t.Errorf("%q %q", list(w.Owner), list(w.Employee))
		}
		one := messaging.DraftInput{Org: w.Org, Draft: begun.ID}
		_, err = s.s.GetDraft(s.ctx, w.Employee.Actor, one)
		s.wantNotFound("another's draft", err)
		s.wantNotFound("another's draft", s.s.DeleteDraft(s.ctx, w.Employee.Actor, one))
		s.send(w.Owner, id, "Dear all!") // what was begun is said
		if list(w.Owner) != "Hm?" {
			t.Errorf("%q", list(w.Owner))
		}
		s.ok(s.s.DeleteDraft(s.ctx, w.Owner.Actor, one))
		_, err = s.s.GetDraft(s.ctx, w.Owner.Actor, one)
		s.wantNotFound("deleted", err)
		must[*messaging.Draft](s)(save(w.Guest, 0, "Well"))
		s.ok(s.s.Leave(s.ctx, w.Guest.Actor, messaging.LeaveInput{Org: w.Org, Conversation: id}))
		if list(w.Guest) != "" {
			t.Error("a draft is left where somebody left")
		}
		s.e.WantEvents(t, "messaging.draft*")
	})
}

func TestAttachments(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		attachments := must[*files.Service](s)(files.New(files.Deps{DB: s.e.DB, Authz: s.authz, Blobs: memory{}}))
		s.s = s.service(messaging.Deps{Files: attachments})
		id := s.group(w.Employee, "Plans", w.Owner)
		if m := s.send(w.Employee, id, "without a file"); m.Files == nil {
			t.Error("the files of a message without any are null, not an empty list")
		}
		upload := func(by world.Person) files.ID {
			s.Helper()
			return must[*files.Attachment](s)(attachments.Upload(s.ctx, by.Actor, files.UploadInput{Org: w.Org, Name: "plan.txt"}, strings.NewReader("the plan"))).ID
		}
		send := func(ids ...files.ID) (*messaging.Message, error) {
			return s.s.Send(s.ctx, w.Employee.Actor, messaging.SendInput{Org: w.Org, Conversation: id, Content: messaging.Content{Files: ids}})
		}
		mine, theirs := upload(w.Employee), upload(w.Owner)
		_, err := send(mine, theirs, files.ID(veranda.NewAccountID()))
		verandatest.WantFields(t, err, "/files/1 not_found", "/files/2 not_found")
		m := must[*messaging.Message](s)(send(mine)) // a file is enough
		if len(m.Files) != 1 || m.Files[0].Name != "plan.txt" {
			t.Errorf("%+v", m)
		}
		if last := s.get(w.Owner, id).Last; last == nil || len(last.Files) != 1 {
			t.Errorf("%+v", last)
		}
		in := messaging.AttachmentInput{Org: w.Org, Conversation: id, Number: m.Number, Attachment: mine}
		_, content, err := s.s.OpenAttachment(s.ctx, w.Owner.Actor, in)
		s.ok(err)
		if text, err := io.ReadAll(content); err != nil || string(text) != "the plan" {
			t.Errorf("%q %v", text, err)
		}
		_, _, err = s.s.OpenAttachment(s.ctx, w.Stranger.Actor, in)
		s.wantNotFound("who takes no part", err)
		elsewhere := in
		elsewhere.Number = 1
		_, _, err = s.s.OpenAttachment(s.ctx, w.Owner.Actor, elsewhere)
		s.wantNotFound("of another message", err)
		s.ok(s.s.Delete(s.ctx, w.Employee.Actor, messaging.DeleteInput{Org: w.Org, Conversation: id, Number: m.Number}))
		_, _, err = s.s.OpenAttachment(s.ctx, w.Owner.Actor, in)
		s.wantNotFound("of a deleted message", err)
		s.s = s.service(messaging.Deps{})
		_, err = send(theirs)
		verandatest.WantFields(t, err, "/files unsupported")
	})
}

// memory keeps blobs for a test.
type memory map[string]string

func (m memory) Write(_ context.Context, key string, r io.Reader) error {
	text, err := io.ReadAll(r)
	m[key] = string(text)
	return err
}

func (m memory) Read(_ context.Context, key string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(m[key])), nil
}

func (m memory) Delete(_ context.Context, key string) error {
	delete(m, key)
	return nil
}

func TestNotices(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		source := s.s.Notices()
		told := func() string {
			s.Helper()
			events := s.e.Events(t, source.Events...)
			var got []string
			s.ok(s.e.DB.InTx(s.ctx, func(ctx context.Context, tx *veranda.Tx) error {
				notices, err := source.Notices(ctx, tx, events[len(events)-1])
				for _, n := range notices {
					for _, p := range append(w.Members(), w.Stranger) {
						if p.Account == n.To {
							got = append(got, p.Role+" "+strings.TrimPrefix(n.Kind, "messaging.")+" "+n.Title)
						}
					}
					if !strings.HasPrefix(n.Group, "conversation/") || !strings.HasSuffix(n.Path, n.Subject) {
						t.Errorf("%+v", n)
					}
				}
				return err
			}))
			return strings.Join(got, ", ")
		}
		want := func(notices string) {
			s.Helper()
			if got := told(); got != notices {
				s.Errorf("told %q, want %q", got, notices)
			}
		}
		id := s.group(w.Employee, "Plans", w.Owner, w.Guest)
		want("owner message_received Plans, guest message_received Plans")
		yes := true
		must[*messaging.Conversation](s)(s.s.Arrange(s.ctx, w.Guest.Actor, messaging.ArrangeInput{Org: w.Org, Conversation: id, Muted: &yes}))
		s.send(w.Employee, id, "secret")
		want("owner message_received Plans")
		must[*messaging.ReadState](s)(s.s.MarkRead(s.ctx, w.Owner.Actor, messaging.MarkReadInput{Org: w.Org, Conversation: id, Number: 2}))
		want("")
		mention := "[@Gustav](account:" + w.Guest.Account.String() + ")"
		m := s.send(w.Employee, id, "Look, "+mention)
		want("owner message_received Plans, guest mentioned Plans")
		edit := func(text string) {
			must[*messaging.Message](s)(s.s.Edit(s.ctx, w.Employee.Actor, messaging.EditInput{Org: w.Org, Conversation: id, Number: m.Number, Text: text}))
		}
		edit("See, " + mention)
		want("")
		edit(mention + " and [@Olga](account:" + w.Owner.Account.String() + ")")
		want("owner mentioned Plans")
		s.ok(s.s.Delete(s.ctx, w.Employee.Actor, messaging.DeleteInput{Org: w.Org, Conversation: id, Number: m.Number}))
		want("")
		must[*messaging.Conversation](s)(s.s.Add(s.ctx, w.Employee.Actor, messaging.AddPeopleInput{Org: w.Org, Conversation: id, Accounts: []veranda.AccountID{w.External.Account}}))
		want("external participant_added Plans")
		must[*messaging.Conversation](s)(s.s.Start(s.ctx, w.Owner.Actor, messaging.StartInput{Org: w.Org, Recipients: []veranda.AccountID{w.Stranger.Account}, Content: messaging.Content{Text: "secret"}}))
		want("employee message_received Olga Owner")
		for _, kind := range source.Kinds {
			if kind.Meaning == "" || len(kind.Sentences) != 3 {
				t.Errorf("%+v", kind)
			}
		}
	})
}
