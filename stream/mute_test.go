package stream_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func (s *suite) muteWorkspace(by world.Person, workspace veranda.WorkspaceID, kind string) {
	s.Helper()
	if err := s.s.MuteWorkspace(s.ctx, by.Actor, stream.MuteWorkspaceInput{Org: s.w.Org, Workspace: workspace, Kind: kind}); err != nil {
		s.Fatalf("mute as %s: %v", by.Role, err)
	}
}

func (s *suite) mutePerson(by, person world.Person) {
	s.Helper()
	if err := s.s.MutePerson(s.ctx, by.Actor, stream.MutePersonInput{Org: s.w.Org, Person: person.Account}); err != nil {
		s.Fatalf("mute as %s: %v", by.Role, err)
	}
}

// What is muted leaves everything one may see, for who muted it alone; mentions pass, and undoing brings it back.
func TestMutedIsLeftOut(t *testing.T) {
	each(t, func(s *suite) {
		mention := "[@Gustav](account:" + s.w.Guest.Account.String() + ")"
		s.post(s.w.Owner, s.w.Private, "noise")
		s.post(s.w.Owner, s.w.Private, "for you, "+mention)
		changed := s.post(s.w.Owner, s.w.Private, "no longer for you, "+mention)
		s.emit(veranda.Event{Workspace: s.w.Private, Kind: "tasks.task_created", By: s.w.Owner.Account})
		s.emit(veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_created", By: s.w.Owner.Account}, veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_finished", By: s.w.Owner.Account})
		s.post(s.w.External, s.w.Open, "from outside")
		s.post(s.w.External, s.w.Open, "from outside for you, "+mention)
		if _, err := s.s.Edit(s.ctx, s.w.Owner.Actor, stream.EditInput{Org: s.w.Org, Status: changed.ID, Text: "no longer for you"}); err != nil {
			s.Fatal(err)
		}
		s.e.Drain(s) // some with positions, some without
		s.post(s.w.Owner, s.w.Private, "later")
		s.post(s.w.Owner, s.w.Private, "later for you, "+mention)
		short := func(items []stream.Item) []string {
			out := []string{}
			for _, i := range items {
				if i.Status != nil {
					text, _, _ := strings.Cut(i.Status.Text, ",")
					out = append(out, text)
				} else {
					out = append(out, i.Kind)
				}
			}
			return out
		}
		all := []string{"later for you", "later", "from outside for you", "from outside", "tasks.task_finished", "tasks.task_created", "tasks.task_created", "no longer for you", "for you", "noise"}
		want := func(what string, expected ...string) {
			s.Helper()
			for _, page := range []veranda.Page{{}, {Limit: 1}, {Limit: 3}} {
				if diff := cmp.Diff(expected, short(s.listAll(s.w.Guest, stream.ListAllInput{Page: page}))); diff != "" {
					s.Errorf("%s, %d a page (-want +got):\n%s", what, page.Limit, diff)
				}
			}
		}
		want("nothing muted", all...)
		s.muteWorkspace(s.w.Guest, s.w.Private, "")
		s.muteWorkspace(s.w.Guest, s.w.Private, "")
		want("a workspace muted", "later for you", "from outside for you", "from outside", "tasks.task_finished", "tasks.task_created", "for you")
		if got := short(s.listAll(s.w.Guest, stream.ListAllInput{Filter: stream.Filter{Statuses: true}})); !slices.Equal(got, []string{"later for you", "from outside for you", "from outside", "for you"}) {
			s.Errorf("statuses with a workspace muted: %v", got)
		}
		s.muteWorkspace(s.w.Guest, s.w.Open, "tasks.task_created")
		want("a kind muted", "later for you", "from outside for you", "from outside", "tasks.task_finished", "for you")
		s.mutePerson(s.w.Guest, s.w.External)
		want("a person muted", "later for you", "from outside for you", "tasks.task_finished", "for you")
		if got := short(s.list(s.w.Guest, stream.ListInput{Workspace: s.w.Private})); len(got) != 6 {
			s.Errorf("the muted workspace by itself: %v", got)
		}
		if got := s.listAll(s.w.Employee, stream.ListAllInput{}); len(got) != len(all) {
			s.Errorf("somebody else sees %v", short(got))
		}
		mutes, err := s.s.ListMutes(s.ctx, s.w.Guest.Actor, stream.ListMutesInput{Org: s.w.Org})
		if err != nil || len(mutes.Items) != 3 {
			s.Errorf("%d mutes, %v", len(mutes.Items), err)
		}
		in := stream.MuteWorkspaceInput{Org: s.w.Org, Workspace: s.w.Private}
		for range 2 {
			if err := s.s.UnmuteWorkspace(s.ctx, s.w.Guest.Actor, in); err != nil {
				s.Fatal(err)
			}
		}
		in.Workspace, in.Kind = s.w.Open, "tasks.task_created"
		if err := s.s.UnmuteWorkspace(s.ctx, s.w.Guest.Actor, in); err != nil {
			s.Fatal(err)
		}
		if err := s.s.UnmutePerson(s.ctx, s.w.Guest.Actor, stream.MutePersonInput{Org: s.w.Org, Person: s.w.External.Account}); err != nil {
			s.Fatal(err)
		}
		want("nothing muted any more", all...)
		s.e.WantEvents(s, "stream.muted", "stream.muted", "stream.muted", "stream.muted")
		s.e.WantEvents(s, "stream.unmuted", "stream.unmuted", "stream.unmuted", "stream.unmuted")
		for _, event := range s.e.Events(s, "stream.muted", "stream.unmuted") {
			if !slices.Equal(event.To, []veranda.AccountID{s.w.Guest.Account}) || !event.Workspace.IsZero() {
				s.Errorf("%s is for %v in %v", event.Kind, event.To, event.Workspace)
			}
		}
	})
}

// Who tells people of events asks who does not want to hear of one.
func TestMuting(t *testing.T) {
	each(t, func(s *suite) {
		s.muteWorkspace(s.w.Guest, s.w.Open, "tasks.task_created")
		s.muteWorkspace(s.w.External, s.w.Open, "")
		s.mutePerson(s.w.Employee, s.w.Owner)
		status := s.post(s.w.Owner, s.w.Open, "[@Xenia](account:"+s.w.External.Account.String()+")")
		for what, c := range map[string]struct {
			event veranda.Event
			want  []veranda.AccountID
		}{
			"kind, workspace and person": {veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_created", By: s.w.Owner.Account}, []veranda.AccountID{s.w.Guest.Account, s.w.External.Account, s.w.Employee.Account}},
			"elsewhere":                  {veranda.Event{Workspace: s.w.Private, Kind: "tasks.task_created", By: s.w.Administrator.Account}, nil},
			"nowhere, by nobody":         {veranda.Event{Kind: "tasks.task_created", System: "job"}, nil},
			"a mention":                  {veranda.Event{ID: veranda.EventID(status.ID), Workspace: s.w.Open, Kind: stream.EventStatusPosted, By: s.w.Owner.Account}, []veranda.AccountID{s.w.Employee.Account}},
		} {
			c.event.Org = s.w.Org
			err := s.e.DB.InTx(s.ctx, func(ctx context.Context, tx *veranda.Tx) error {
				got, err := stream.Muting(ctx, tx, c.event, []veranda.AccountID{s.w.Guest.Account, s.w.External.Account, s.w.Employee.Account})
				if diff := cmp.Diff(c.want, got, cmp.Comparer(func(a, b veranda.AccountID) bool { return a == b })); diff != "" {
					s.Errorf("%s (-want +got):\n%s", what, diff)
				}
				return err
			})
			if err != nil {
				s.Fatal(err)
			}
		}
	})
}

// Who may mute, and what is refused.
func TestMuteRefused(t *testing.T) {
	each(t, func(s *suite) {
		for _, person := range s.w.Members() {
			s.muteWorkspace(person, s.w.Open, "")
		}
		for what, workspace := range map[string]veranda.WorkspaceID{"sibling": s.w.Sibling, "closed": s.w.Closed, "another tenant's": s.w.OtherWorkspace, "none": veranda.NewWorkspaceID()} {
			s.wantNotFound(what, s.s.MuteWorkspace(s.ctx, s.w.Guest.Actor, stream.MuteWorkspaceInput{Org: s.w.Org, Workspace: workspace}))
		}
		for _, person := range []world.Person{s.w.Outsider, s.w.Nobody, s.w.Support} {
			s.wantNotFound("a workspace", s.s.MuteWorkspace(s.ctx, person.Actor, stream.MuteWorkspaceInput{Org: s.w.Org, Workspace: s.w.Open}))
			s.wantNotFound("a person", s.s.MutePerson(s.ctx, person.Actor, stream.MutePersonInput{Org: s.w.Org, Person: s.w.Owner.Account}))
			s.wantNotFound("unmute", s.s.UnmutePerson(s.ctx, person.Actor, stream.MutePersonInput{Org: s.w.Org, Person: s.w.Owner.Account}))
			_, err := s.s.ListMutes(s.ctx, person.Actor, stream.ListMutesInput{Org: s.w.Org})
			s.wantNotFound("list", err)
		}
		for _, bad := range []string{"tasks", "tasks.*", "*", "a.b.c", "tasks.\x00", strings.Repeat("x", 99) + ".y"} {
			verandatest.WantFields(s, s.s.MuteWorkspace(s.ctx, s.w.Guest.Actor, stream.MuteWorkspaceInput{Org: s.w.Org, Workspace: s.w.Open, Kind: bad}), "/kind kind")
		}
		// Somebody else's people are not told of: the answer is the same for whoever there is and is not.
		for _, id := range []veranda.AccountID{s.w.Outsider.Account, veranda.NewAccountID()} {
			if err := s.s.MutePerson(s.ctx, s.w.Guest.Actor, stream.MutePersonInput{Org: s.w.Org, Person: id}); err != nil {
				s.Errorf("muting %s: %v", id, err)
			}
		}
		full := s.service(stream.Deps{Limits: &refusing{}})
		err := full.MutePerson(s.ctx, s.w.Employee.Actor, stream.MutePersonInput{Org: s.w.Org, Person: s.w.Guest.Account})
		s.wantReason("past the limit", err, "limit.stream_mutes")
		if mutes, err := s.s.ListMutes(s.ctx, s.w.Employee.Actor, stream.ListMutesInput{Org: s.w.Org}); err != nil || len(mutes.Items) != 1 {
			s.Errorf("refused and kept: %v, %v", mutes.Items, err)
		}
		s.e.DB.Veto(veranda.Hook{Name: "no", Kinds: []string{"stream.muted"}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return errors.New("no") }})
		if err := s.s.MutePerson(s.ctx, s.w.Employee.Actor, stream.MutePersonInput{Org: s.w.Org, Person: s.w.Guest.Account}); err == nil {
			s.Error("a veto is passed over")
		}
		if mutes, err := s.s.ListMutes(s.ctx, s.w.Employee.Actor, stream.ListMutesInput{Org: s.w.Org}); err != nil || len(mutes.Items) != 1 {
			s.Errorf("vetoed and kept: %v, %v", mutes.Items, err)
		}
	})
}
