package stream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func mention(p world.Person) string { return "[@" + p.Name + "](account:" + p.Account.String() + ")" }

func TestMentions(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "Ask "+mention(s.w.Guest))
		if !strings.Contains(status.HTML, `<span class="mention" data-account="`+s.w.Guest.Account.String()+`">@Gustav Guest</span>`) {
			s.Errorf("html: %s", status.HTML)
		}
		// Who does not see the place, and who is nobody, is refused alike.
		var texts []string
		for _, account := range []veranda.AccountID{s.w.Outsider.Account, s.w.Nobody.Account, s.w.Support.Account, veranda.NewAccountID()} {
			text := mention(world.Person{Name: "x", Account: account})
			_, err := s.s.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: text})
			verandatest.WantFields(s, err, "/text mention")
			texts = append(texts, err.Error())
			_, err = s.s.AddComment(s.ctx, s.w.Guest.Actor, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: text})
			verandatest.WantFields(s, err, "/text mention")
			_, err = s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: text})
			verandatest.WantFields(s, err, "/text mention")
		}
		if texts[0] != texts[3] {
			s.Errorf("%q differs from %q", texts[0], texts[3])
		}
		_, err := s.s.Post(s.ctx, s.w.Owner.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Sibling, Text: mention(s.w.External)})
		verandatest.WantFields(s, err, "/text mention")
		// After an edit only those are news whom the former text did not mention.
		if _, err := s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: mention(s.w.Guest) + mention(s.w.External)}); err != nil {
			s.Fatal(err)
		}
		comment := s.comment(s.w.Guest, status.ID, mention(s.w.Owner))
		want := fmt.Sprintf(`{"author_id":"%s","version":2,"mentions":["%s"]}`, s.w.Employee.Account, s.w.External.Account)
		if got := string(s.e.Events(s, stream.EventStatusEdited)[0].Data); string(compact(s, []byte(got))) != string(compact(s, []byte(want))) {
			s.Errorf("edited: %s, want %s", got, want)
		}
		if got := string(s.e.Events(s, stream.EventCommentAdded)[0].Data); !strings.Contains(got, s.w.Owner.Account.String()) || !strings.Contains(comment.HTML, "data-account") {
			s.Errorf("comment: %s, %s", got, comment.HTML)
		}
	})
}

func TestPins(t *testing.T) {
	each(t, func(s *suite) {
		pin := func(by world.Person, id stream.ID) error {
			_, err := s.s.Pin(s.ctx, by.Actor, stream.PinInput{Org: s.w.Org, Status: id})
			return err
		}
		theirs := s.post(s.w.Owner, s.w.Open, "theirs")
		for _, person := range []world.Person{s.w.AccessManager, s.w.Employee, s.w.External, s.w.Guest} {
			verandatest.WantCode(s, pin(person, theirs.ID), veranda.CodeForbidden)
		}
		private := s.post(s.w.Owner, s.w.Private, "managed by the employee")
		if err := errors.Join(pin(s.w.Employee, private.ID), pin(s.w.Administrator, theirs.ID)); err != nil {
			s.Error(err)
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		pinned := 1
		for i := range 14 {
			mine := s.post(s.w.External, s.w.Open, fmt.Sprint(i))
			group.Go(func() {
				err := pin(s.w.External, mine.ID)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					pinned++
				} else if !errors.Is(err, stream.ErrTooManyPins) {
					s.Errorf("pin: %v", err)
				}
			})
		}
		group.Wait()
		list := func() []*stream.Status {
			s.Helper()
			l, err := s.s.ListPinned(s.ctx, s.w.Guest.Actor, stream.ListPinnedInput{Org: s.w.Org, Workspace: s.w.Open})
			if err != nil {
				s.Fatal(err)
			}
			return l.Items
		}
		if got := list(); pinned != 10 || len(got) != 10 || got[0].PinnedAt == nil || got[9].ID != theirs.ID {
			s.Fatalf("%d pinned, %d listed", pinned, len(got))
		}
		if err := pin(s.w.Owner, theirs.ID); err != nil { // it is already
			s.Error(err)
		}
		for range 2 {
			if _, err := s.s.Unpin(s.ctx, s.w.Owner.Actor, stream.PinInput{Org: s.w.Org, Status: theirs.ID}); err != nil {
				s.Error(err)
			}
		}
		if got := list(); len(got) != 9 {
			s.Errorf("%d listed", len(got))
		}
		s.e.WantEvents(s, stream.EventStatusUnpinned, stream.EventStatusUnpinned)
		if got := len(s.e.Events(s, stream.EventStatusPinned)); got != 11 {
			s.Errorf("%d pinned in the log", got)
		}
	})
}

func TestCommentHistory(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		comment := s.comment(s.w.Guest, status.ID, "one")
		for _, text := range []string{"two", "two", "*three*"} {
			if _, err := s.s.EditComment(s.ctx, s.w.Guest.Actor, stream.EditCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Text: text}); err != nil {
				s.Fatal(err)
			}
		}
		in := stream.CommentHistoryInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Page: veranda.Page{Limit: 1}}
		for _, person := range []world.Person{s.w.Guest, s.w.Owner} {
			in.Cursor = ""
			var got []string
			for {
				list, err := s.s.CommentHistory(s.ctx, person.Actor, in)
				if err != nil {
					s.Fatal(err)
				}
				for _, r := range list.Items {
					got = append(got, fmt.Sprintf("%d %s", r.Version, r.Text))
				}
				if in.Cursor = list.Next; in.Cursor == "" {
					break
				}
			}
			if diff := cmp.Diff([]string{"2 two", "1 one"}, got); diff != "" {
				s.Errorf("%s (-want +got):\n%s", person.Role, diff)
			}
		}
		_, err := s.s.CommentHistory(s.ctx, s.w.Employee.Actor, in)
		verandatest.WantCode(s, err, veranda.CodeForbidden)
		list, err := s.s.ListComments(s.ctx, s.w.Owner.Actor, stream.ListCommentsInput{Org: s.w.Org, Status: status.ID})
		if err != nil || list.Items[0].HTML != "<p><em>three</em></p>" || list.Items[0].Version != 3 {
			s.Errorf("%+v, %v", list, err)
		}
	})
}

func TestMustRead(t *testing.T) {
	each(t, func(s *suite) {
		announce := func(by world.Person, workspace veranda.WorkspaceID) (*stream.Status, error) {
			return s.s.Post(s.ctx, by.Actor, stream.PostInput{Org: s.w.Org, Workspace: workspace, Text: "Read this.", MustRead: true})
		}
		for _, person := range []world.Person{s.w.AccessManager, s.w.Employee, s.w.External, s.w.Guest} {
			_, err := announce(person, s.w.Open)
			verandatest.WantCode(s, err, veranda.CodeForbidden)
		}
		private, err := announce(s.w.Employee, s.w.Private) // whose manager they are
		if err != nil {
			s.Fatal(err)
		}
		open, err := announce(s.w.Owner, s.w.Open)
		if err != nil || open.MustRead == nil {
			s.Fatalf("%+v, %v", open, err)
		}
		confirm := func(by world.Person, id stream.ID) {
			s.Helper()
			if _, err := s.s.ConfirmReading(s.ctx, by.Actor, stream.ReadingInput{Org: s.w.Org, Status: id}); err != nil {
				s.Errorf("%s: %v", by.Role, err)
			}
		}
		var group sync.WaitGroup
		for range 3 {
			for _, person := range []world.Person{s.w.Guest, s.w.Employee, s.w.Owner} { // the owner wrote it
				group.Go(func() { confirm(person, open.ID) })
			}
		}
		group.Wait()
		s.e.WantEvents(s, stream.EventReadingConfirmed, stream.EventReadingConfirmed, stream.EventReadingConfirmed)
		// Everybody who sees the workspace now, its author aside: three roles by the organization, the stranger, two members.
		if m := s.get(s.w.Guest, open.ID).MustRead; m.Reads != 2 || !m.Read || *m.Audience != 6 {
			s.Errorf("%+v of %d", m, *m.Audience)
		}
		readers := func(by world.Person, state stream.ReaderState) []string {
			s.Helper()
			var got []string
			in := stream.ListReadersInput{Org: s.w.Org, Status: open.ID, State: state, Page: veranda.Page{Limit: 2}}
			for {
				list, err := s.s.ListReaders(s.ctx, by.Actor, in)
				if err != nil {
					s.Fatal(err)
				}
				for _, r := range list.Items {
					if (r.ReadAt != nil) != (state == stream.ReaderRead) {
						s.Errorf("%+v", r)
					}
					got = append(got, r.Person.Name)
				}
				if in.Cursor = list.Next; in.Cursor == "" {
					return got
				}
			}
		}
		if diff := cmp.Diff([]string{"Emil Employee", "Gustav Guest"}, readers(s.w.Administrator, stream.ReaderRead)); diff != "" {
			s.Errorf("read (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Adam Administrator", "Agnes Access", "Stella Stranger", "Xenia External"}, readers(s.w.Owner, "")); diff != "" {
			s.Errorf("unread (-want +got):\n%s", diff)
		}
		_, err = s.s.ListReaders(s.ctx, s.w.Employee.Actor, stream.ListReadersInput{Org: s.w.Org, Status: open.ID})
		verandatest.WantCode(s, err, veranda.CodeForbidden)
		unread := func(by world.Person) (got []stream.ID) {
			s.Helper()
			in := stream.ListMustReadsInput{Org: s.w.Org, Page: veranda.Page{Limit: 1}}
			for {
				list, err := s.s.ListMustReads(s.ctx, by.Actor, in)
				if err != nil {
					s.Fatal(err)
				}
				for _, status := range list.Items {
					got = append(got, status.ID)
				}
				if in.Cursor = list.Next; in.Cursor == "" {
					return got
				}
			}
		}
		for _, one := range []struct {
			who  world.Person
			want []stream.ID
		}{{s.w.External, []stream.ID{open.ID, private.ID}}, {s.w.Stranger, []stream.ID{open.ID}}, {s.w.Guest, []stream.ID{private.ID}}, {s.w.Owner, []stream.ID{private.ID}}, {s.w.Employee, nil}} {
			if got := unread(one.who); fmt.Sprint(got) != fmt.Sprint(one.want) {
				s.Errorf("%s is to read %v, want %v", one.who.Name, got, one.want)
			}
		}
		remind := func(by world.Person) error {
			return s.s.RemindReaders(s.ctx, by.Actor, stream.ReadingInput{Org: s.w.Org, Status: open.ID})
		}
		verandatest.WantCode(s, remind(s.w.Employee), veranda.CodeForbidden)
		if err := remind(s.w.Owner); err != nil {
			s.Fatal(err)
		}
		s.wantReason("reminded twice", remind(s.w.Administrator), "stream.reminded")
		s.e.Clock.Advance(24 * time.Hour)
		if err := remind(s.w.Administrator); err != nil {
			s.Error(err)
		}
		plain := s.post(s.w.Owner, s.w.Open, "plain")
		_, err = s.s.ConfirmReading(s.ctx, s.w.Guest.Actor, stream.ReadingInput{Org: s.w.Org, Status: plain.ID})
		s.wantReason("plain", err, "stream.not_must_read")
	})
}

func TestNotices(t *testing.T) {
	each(t, func(s *suite) {
		status, err := s.s.Post(s.ctx, s.w.Owner.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "**Read** this, " + mention(s.w.Employee), MustRead: true, Poll: &stream.PollInput{Options: []string{"a", "b"}}})
		if err != nil {
			s.Fatal(err)
		}
		s.comment(s.w.Guest, status.ID, "one")
		s.comment(s.w.External, status.ID, "two")
		s.react(s.w.Guest, status.ID, stream.ReactionLike)
		if _, err := s.vote(s.w.External, status.ID, 1); err != nil {
			s.Fatal(err)
		}
		if err := s.s.RemindReaders(s.ctx, s.w.Owner.Actor, stream.ReadingInput{Org: s.w.Org, Status: status.ID}); err != nil {
			s.Fatal(err)
		}
		if _, err := s.s.ClosePoll(s.ctx, s.w.Owner.Actor, stream.PollStatusInput{Org: s.w.Org, Status: status.ID}); err != nil {
			s.Fatal(err)
		}
		source := s.s.Notices()
		names := map[veranda.AccountID]string{}
		for _, p := range append(s.w.Members(), s.w.Stranger) {
			names[p.Account] = p.Name[:strings.IndexByte(p.Name, ' ')]
		}
		var got []string
		err = s.e.DB.InTx(s.ctx, func(ctx context.Context, tx *veranda.Tx) error {
			for _, e := range s.e.Events(s, source.Events...) {
				found, err := source.Notices(ctx, tx, e)
				if err != nil {
					return err
				}
				for _, n := range found {
					got = append(got, n.Kind+" "+names[n.To])
					if n.Title != "Read this, @Emil Employee" || n.Path != status.Location() {
						s.Errorf("%+v", n)
					}
				}
			}
			return nil
		})
		if err != nil {
			s.Fatal(err)
		}
		want := []string{
			"stream.mentioned Emil", "stream.must_read Adam", "stream.must_read Agnes", "stream.must_read Xenia", "stream.must_read Gustav", "stream.must_read Stella",
			"stream.commented Olga", "stream.commented Olga", "stream.commented Gustav", "stream.reacted Olga",
			"stream.must_read_reminder Adam", "stream.must_read_reminder Agnes", "stream.must_read_reminder Emil", "stream.must_read_reminder Xenia",
			"stream.must_read_reminder Gustav", "stream.must_read_reminder Stella", "stream.poll_closed Xenia",
		}
		if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
			s.Errorf("notices (-want +got):\n%s", diff)
		}
		for _, k := range source.Kinds {
			if k.Sentences["en"] == "" || k.Sentences["ru"] == "" || k.Sentences["tr"] == "" || k.Meaning == "" {
				s.Errorf("%s has no words in some language", k.Name)
			}
		}
	})
}

func sorted(texts []string) []string {
	out := append([]string{}, texts...)
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}
