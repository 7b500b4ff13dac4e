package calendar_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/calendar"
)

// What each role may do, by hand from the table "Who may do what", in the open workspace, which owner and administrator
// manage, and in a private one.
//
//	r read, c create, e edit another's, d delete another's, D delete one's own, a answer, f have a feed
var may = map[string]struct{ open, private string }{
	"owner":          {"rcedDaf", "rceDaf"},
	"administrator":  {"rcedDaf", "rceDaf"},
	"access_manager": {"rceDaf", "rceDaf"},
	"employee":       {"rceDaf", "rceDaf"},
	"external":       {"rceDaf", "rceDaf"},
	"guest":          {"raf", "raf"},
}

func TestWhoMayDoWhat(t *testing.T) {
	each(t, func(s *suite) {
		for _, person := range s.w.Members() {
			for workspace, want := range map[veranda.WorkspaceID]string{s.w.Open: may[person.Role].open, s.w.Private: may[person.Role].private} {
				maker := s.w.Owner
				if person.Account == maker.Account {
					maker = s.w.Administrator
				}
				theirs := s.event(maker, calendar.CreateInput{Workspace: workspace, Guests: []veranda.AccountID{person.Account}})
				got := ""
				try := func(action string, err error) {
					switch {
					case err == nil:
						got += action
					case err.Error() != veranda.ErrForbidden.Error():
						s.Errorf("%s %s: %v", person.Role, action, err)
					}
				}
				_, err := s.s.Get(s.ctx, person.Actor, calendar.GetInput{Org: s.w.Org, Event: theirs.ID})
				try("r", err)
				mine, err := s.s.Create(s.ctx, person.Actor, calendar.CreateInput{Org: s.w.Org, Workspace: workspace, Title: "Mine", StartDate: "2026-05-01"})
				try("c", err)
				_, err = s.s.Update(s.ctx, person.Actor, calendar.UpdateInput{Org: s.w.Org, Event: theirs.ID, Title: pointer("Other")})
				try("e", err)
				err = s.s.Delete(s.ctx, person.Actor, calendar.DeleteInput{Org: s.w.Org, Event: theirs.ID})
				try("d", err)
				if err == nil {
					theirs = s.event(maker, calendar.CreateInput{Workspace: workspace, Guests: []veranda.AccountID{person.Account}})
				}
				if mine != nil {
					try("D", s.s.Delete(s.ctx, person.Actor, calendar.DeleteInput{Org: s.w.Org, Event: mine.ID}))
				}
				_, err = s.s.Respond(s.ctx, person.Actor, calendar.AnswerInput{Org: s.w.Org, Event: theirs.ID, Answer: calendar.Accepted})
				try("a", err)
				_, err = s.s.CreateFeed(s.ctx, person.Actor, calendar.CreateFeedInput{Org: s.w.Org, Workspace: &workspace})
				try("f", err)
				if got != want {
					s.Errorf("%s may %s, want %s", person.Role, got, want)
				}
			}
		}
	})
}

func TestUnseen(t *testing.T) {
	each(t, func(s *suite) {
		hidden := s.event(s.w.Stranger, calendar.CreateInput{Workspace: s.w.Closed, StartsAt: at("2026-05-01 09:00"), EndsAt: at("2026-05-01 10:00"), Recurrence: "FREQ=DAILY"})
		for _, p := range []world.Person{s.w.Owner, s.w.Guest, s.w.Outsider, s.w.Support, s.w.Nobody} {
			for _, id := range []calendar.ID{hidden.ID, calendar.ID(veranda.NewID[struct{}]())} {
				_, err := s.s.Get(s.ctx, p.Actor, calendar.GetInput{Org: s.w.Org, Event: id})
				s.wantNotFound("get", err)
				_, err = s.s.Update(s.ctx, p.Actor, calendar.UpdateInput{Org: s.w.Org, Event: id, Title: pointer("x")})
				s.wantNotFound("update", err)
				s.wantNotFound("delete", s.s.Delete(s.ctx, p.Actor, calendar.DeleteInput{Org: s.w.Org, Event: id}))
				_, err = s.s.Respond(s.ctx, p.Actor, calendar.AnswerInput{Org: s.w.Org, Event: id, Answer: calendar.Accepted})
				s.wantNotFound("answer", err)
				_, err = s.s.ChangeOccurrence(s.ctx, p.Actor, calendar.OccurrenceInput{Org: s.w.Org, Event: id, Occurrence: "2026-05-01T09:00:00"})
				s.wantNotFound("change", err)
				_, err = s.s.CancelOccurrence(s.ctx, p.Actor, calendar.CancelInput{Org: s.w.Org, Event: id, Occurrence: "2026-05-01T09:00:00"})
				s.wantNotFound("cancel", err)
			}
			for _, workspace := range []veranda.WorkspaceID{s.w.Closed, s.w.OtherWorkspace, veranda.NewWorkspaceID()} {
				_, err := s.s.List(s.ctx, p.Actor, calendar.RangeInput{Org: s.w.Org, Workspace: workspace, From: *at("2026-05-01 00:00"), To: *at("2026-06-01 00:00")})
				s.wantNotFound("list", err)
				_, err = s.s.Create(s.ctx, p.Actor, calendar.CreateInput{Org: s.w.Org, Workspace: workspace, Title: "x", StartDate: "2026-05-01"})
				s.wantNotFound("create", err)
				_, err = s.s.CreateFeed(s.ctx, p.Actor, calendar.CreateFeedInput{Org: s.w.Org, Workspace: &workspace})
				s.wantNotFound("feed", err)
			}
		}
		if got := s.listAll(s.w.Owner, "2026-05-01 00:00", "2026-06-01 00:00", false); len(got) != 0 {
			s.Errorf("the owner reads %v", got)
		}
		if got := s.listAll(s.w.Stranger, "2026-05-01 00:00", "2026-05-03 00:00", false); len(got) != 2 {
			s.Errorf("the stranger reads %v", got)
		}
		_, err := s.s.Get(s.ctx, veranda.Actor{}, calendar.GetInput{Org: s.w.Org, Event: hidden.ID})
		s.wantReason("nobody at all", err, "unauthenticated")
	})
}

func TestBadInput(t *testing.T) {
	each(t, func(s *suite) {
		for name, c := range map[string]struct {
			in   calendar.CreateInput
			want []string
		}{
			"all at once": {
				calendar.CreateInput{Title: "\u200b", StartsAt: at("2026-05-01 10:00"), EndsAt: at("2026-05-01 09:00"), TimeZone: "Mars/Olympus", Recurrence: "FREQ=SECONDLY", Reminders: []int{-1, 50_000}},
				[]string{"/title required", "/time_zone time_zone", "/ends_at before_start", "/recurrence rrule_frequency", "/reminders/0 range", "/reminders/1 range"},
			},
			"ten years":          {calendar.CreateInput{Title: "x", StartDate: "2026-05-01", EndDate: "2036-05-01"}, []string{"/end_date too_long"}},
			"no time":            {calendar.CreateInput{Title: "x"}, []string{"/starts_at required", "/ends_at required"}},
			"two times":          {calendar.CreateInput{Title: "x", StartDate: "2026-05-01", StartsAt: at("2026-05-01 10:00")}, []string{"/start_date exclusive"}},
			"no date":            {calendar.CreateInput{Title: "x", StartDate: "2026-02-30"}, []string{"/start_date date"}},
			"dates backwards":    {calendar.CreateInput{Title: "x", StartDate: "2026-05-02", EndDate: "2026-05-01"}, []string{"/end_date before_start"}},
			"never":              {calendar.CreateInput{Title: "x", StartDate: "2026-05-02", Recurrence: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, []string{"/recurrence rrule_never"}},
			"ended before":       {calendar.CreateInput{Title: "x", StartDate: "2026-05-02", Recurrence: "FREQ=DAILY;UNTIL=20200101"}, []string{"/recurrence rrule_never"}},
			"long and repeated":  {calendar.CreateInput{Title: "x", StartDate: "2026-05-02", EndDate: "2026-07-02", Recurrence: "FREQ=YEARLY"}, []string{"/end_date too_long"}},
			"unseeing guest":     {calendar.CreateInput{Title: "x", StartDate: "2026-05-02", Guests: []veranda.AccountID{s.w.Guest.Account, s.w.Outsider.Account, veranda.NewAccountID()}}, []string{"/guests/1 not_found", "/guests/2 not_found"}},
			"guests named twice": {calendar.CreateInput{Title: "x", StartDate: "2026-05-02", Guests: []veranda.AccountID{s.w.Guest.Account, s.w.Guest.Account}}, []string{"/guests/1 duplicate"}},
		} {
			c.in.Org, c.in.Workspace = s.w.Org, s.w.Open
			_, err := s.s.Create(s.ctx, s.w.Employee.Actor, c.in)
			if diff := cmp.Diff(c.want, fields(err)); diff != "" {
				s.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
		for name, in := range map[string]calendar.RangeInput{
			"401 days":  {From: *at("2026-01-01 00:00"), To: *at("2027-02-06 00:00")},
			"backwards": {From: *at("2026-01-02 00:00"), To: *at("2026-01-01 00:00")},
			"nothing":   {},
		} {
			in.Org, in.Workspace = s.w.Org, s.w.Open
			_, err := s.s.List(s.ctx, s.w.Employee.Actor, in)
			s.wantReason(name, err, "invalid")
		}
		if got := s.list(s.w.Employee, "2026-01-01 00:00", "2026-12-31 00:00", false); len(got) != 0 {
			s.Errorf("what was refused is there: %v", got)
		}
		if got := s.e.Events(s.T); len(got) != 0 {
			s.Errorf("what was refused was emitted: %v", got)
		}
	})
}

func TestUpdate(t *testing.T) {
	each(t, func(s *suite) {
		made := s.event(s.w.Employee, calendar.CreateInput{
			TimeZone: "Europe/Berlin", Guests: []veranda.AccountID{s.w.Guest.Account, s.w.External.Account}, Reminders: []int{60, 10, 60},
		})
		if made.StartsAt != *at("2026-05-01 09:00") || made.Version != 1 || !cmp.Equal(made.Reminders, []int{10, 60}) || made.CreatedBy != s.w.Employee.Account {
			s.Errorf("made %+v", made)
		}
		answered, err := s.s.Respond(s.ctx, s.w.Guest.Actor, calendar.AnswerInput{Org: s.w.Org, Event: made.ID, Answer: calendar.Tentative})
		if err != nil || answered.Version != 1 || answered.Guests[0].Answer != calendar.Tentative {
			s.Errorf("answered %+v, %v", answered, err)
		}
		_, err = s.s.Respond(s.ctx, s.w.Owner.Actor, calendar.AnswerInput{Org: s.w.Org, Event: made.ID, Answer: calendar.Accepted})
		s.wantReason("who is not invited", err, "calendar.not_guest")
		changed, err := s.s.Update(s.ctx, s.w.Owner.Actor, calendar.UpdateInput{
			Org: s.w.Org, Event: made.ID, Version: 1, TimeZone: "America/New_York", Guests: []veranda.AccountID{s.w.Owner.Account, s.w.Guest.Account}, Place: pointer("Room 1"),
		})
		if err != nil {
			s.Fatal(err)
		}
		want := []calendar.Guest{{Account: s.w.Owner.Account, Answer: calendar.Unanswered}, {Account: s.w.Guest.Account, Answer: calendar.Tentative}}
		if changed.StartsAt != *at("2026-05-01 15:00") || changed.Version != 2 || !slices.Equal(changed.Guests, want) {
			s.Errorf("on another wall at the same hour: %+v", changed)
		}
		_, err = s.s.Update(s.ctx, s.w.Owner.Actor, calendar.UpdateInput{Org: s.w.Org, Event: made.ID, Version: 1, Place: pointer("Room 2")})
		s.wantReason("an old version", err, "version")
		same, err := s.s.Update(s.ctx, s.w.Owner.Actor, calendar.UpdateInput{Org: s.w.Org, Event: made.ID, Place: pointer("Room 1")})
		if err != nil || same.Version != 2 {
			s.Errorf("no change made version %d, %v", same.Version, err)
		}
		days, err := s.s.Update(s.ctx, s.w.Owner.Actor, calendar.UpdateInput{Org: s.w.Org, Event: made.ID, StartDate: "2026-06-01", EndDate: "2026-06-02", Recurrence: pointer("FREQ=WEEKLY;BYDAY=WE")})
		if err != nil || !days.AllDay || days.StartDate != "2026-06-03" || days.EndDate != "2026-06-04" {
			s.Errorf("the first Wednesday: %+v, %v", days, err)
		}
		again, err := s.s.Get(s.ctx, s.w.Guest.Actor, calendar.GetInput{Org: s.w.Org, Event: made.ID})
		if diff := cmp.Diff(days, again, cmpopts.EquateComparable(calendar.ID{}, veranda.OrgID{}, veranda.WorkspaceID{}, veranda.AccountID{})); err != nil || diff != "" {
			s.Errorf("read back: %v\n%s", err, diff)
		}
		s.wantReason("delete an old version", s.s.Delete(s.ctx, s.w.Employee.Actor, calendar.DeleteInput{Org: s.w.Org, Event: made.ID, Version: 1}), "version")
		if err := s.s.Delete(s.ctx, s.w.Employee.Actor, calendar.DeleteInput{Org: s.w.Org, Event: made.ID, Version: 3}); err != nil {
			s.Error(err)
		}
		var kinds []string
		for _, e := range s.e.Events(s.T) {
			kinds = append(kinds, e.Kind)
			if e.Workspace != s.w.Open || e.Subject != made.ID.String() {
				s.Errorf("an event is %+v", e)
			}
		}
		if diff := cmp.Diff([]string{calendar.EventCreated, calendar.EventAnswered, calendar.EventUpdated, calendar.EventUpdated, calendar.EventCancelled}, kinds); diff != "" {
			s.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestLimitsAndVeto(t *testing.T) {
	each(t, func(s *suite) {
		s.s = s.service(calendar.Deps{Limits: refusing{}})
		_, err := s.s.Create(s.ctx, s.w.Employee.Actor, calendar.CreateInput{Org: s.w.Org, Workspace: s.w.Open, Title: "x", StartDate: "2026-05-01"})
		s.wantReason("create", err, "limit.calendar_events")
		_, err = s.s.CreateFeed(s.ctx, s.w.Employee.Actor, calendar.CreateFeedInput{Org: s.w.Org})
		s.wantReason("feed", err, "limit.calendar_feeds")
		s.s = s.service(calendar.Deps{})
		s.e.DB.Veto(veranda.Hook{Name: "no", Kinds: []string{calendar.EventCreated}, Before: func(context.Context, *veranda.Tx, veranda.Event) error {
			return veranda.NewError(veranda.CodeForbidden, "house.no", "No.")
		}})
		_, err = s.s.Create(s.ctx, s.w.Employee.Actor, calendar.CreateInput{Org: s.w.Org, Workspace: s.w.Open, Title: "x", StartDate: "2026-05-01"})
		s.wantReason("veto", err, "house.no")
		if got := s.list(s.w.Employee, "2026-01-01 00:00", "2026-12-31 00:00", false); len(got) != 0 || len(s.e.Events(s.T)) != 0 {
			s.Errorf("what was refused is there: %v", got)
		}
	})
}

type refusing struct{}

func (refusing) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, _ int64) error {
	return veranda.LimitError(resource, "No more.")
}

// TestAnswersAtOnce: answers given at the same time are all kept.
func TestAnswersAtOnce(t *testing.T) {
	each(t, func(s *suite) {
		people := s.w.Members()
		var accounts []veranda.AccountID
		for _, p := range people {
			accounts = append(accounts, p.Account)
		}
		made := s.event(s.w.Employee, calendar.CreateInput{Guests: accounts})
		done := make(chan error)
		for _, p := range people {
			go func() {
				_, err := s.s.Respond(s.ctx, p.Actor, calendar.AnswerInput{Org: s.w.Org, Event: made.ID, Answer: calendar.Accepted})
				done <- err
			}()
		}
		for range people {
			if err := <-done; err != nil {
				s.Error(err)
			}
		}
		got, err := s.s.Get(s.ctx, s.w.Employee.Actor, calendar.GetInput{Org: s.w.Org, Event: made.ID})
		if err != nil {
			s.Fatal(err)
		}
		for _, g := range got.Guests {
			if g.Answer != calendar.Accepted {
				s.Errorf("an answer was lost: %v", got.Guests)
			}
		}
	})
}
