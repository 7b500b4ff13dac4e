package calendar_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/calendar"
)

func (s *suite) want(what string, got []string, want ...string) {
	s.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestRange(t *testing.T) {
	each(t, func(s *suite) {
		s.standup(s.w.Employee, "FREQ=DAILY")
		s.event(s.w.Owner, calendar.CreateInput{Title: "Lunch", StartsAt: at("2026-03-08 12:00"), EndsAt: at("2026-03-08 13:00"), Guests: []veranda.AccountID{s.w.Employee.Account}})
		s.event(s.w.Owner, calendar.CreateInput{Title: "Fair", StartDate: "2026-02-20", EndDate: "2026-03-08"})
		s.event(s.w.Owner, calendar.CreateInput{Title: "Night", StartsAt: at("2026-03-07 23:00"), EndsAt: at("2026-03-08 00:00")})
		s.event(s.w.Owner, calendar.CreateInput{Title: "Instant", StartsAt: at("2026-03-08 00:00"), EndsAt: at("2026-03-08 00:00")})
		s.event(s.w.Owner, calendar.CreateInput{Title: "After", StartsAt: at("2026-03-10 00:00"), EndsAt: at("2026-03-10 01:00")})
		s.event(s.w.Owner, calendar.CreateInput{Workspace: s.w.Sibling, Title: "Elsewhere", StartsAt: at("2026-03-08 09:00"), EndsAt: at("2026-03-08 10:00"), Recurrence: "FREQ=WEEKLY"})
		for range 2 { // the second time what repeats is kept
			s.want("two days", s.list(s.w.Guest, "2026-03-08 00:00", "2026-03-10 00:00", false),
				"2026-02-20..2026-03-08 Fair", "03-08 00:00 Instant", "03-08 12:00 Lunch", "03-08 13:30 Standup", "03-09 13:30 Standup")
			s.want("in the middle", s.list(s.w.Guest, "2026-03-08 13:35", "2026-03-08 13:40", false), "2026-02-20..2026-03-08 Fair", "03-08 13:30 Standup")
			s.want("a guest's own", s.listAll(s.w.Guest, "2026-03-08 00:00", "2026-03-10 00:00", true))
			s.want("the employee's own", s.listAll(s.w.Employee, "2026-03-08 00:00", "2026-03-09 00:00", true), "03-08 12:00 Lunch", "03-08 13:30 Standup")
			s.want("all of the employee", s.listAll(s.w.Employee, "2026-03-08 00:00", "2026-03-09 00:00", false),
				"2026-02-20..2026-03-08 Fair", "03-08 00:00 Instant", "03-08 09:00 Elsewhere", "03-08 12:00 Lunch", "03-08 13:30 Standup")
			s.want("all of the guest", s.listAll(s.w.Guest, "2026-03-08 00:00", "2026-03-08 11:00", false), "2026-02-20..2026-03-08 Fair", "03-08 00:00 Instant")
		}
		s.want("more than a year later", s.list(s.w.Guest, "2030-07-01 00:00", "2030-07-02 00:00", false), "07-01 13:30 Standup")
	})
}

// TestRangeFollowsChanges: what is kept is never older than the last change.
func TestRangeFollowsChanges(t *testing.T) {
	each(t, func(s *suite) {
		made := s.standup(s.w.Employee, "FREQ=DAILY;COUNT=4")
		read := func() []string { return s.list(s.w.Guest, "2026-03-01 00:00", "2026-04-01 00:00", false) }
		s.want("as made", read(), "03-06 14:30 Standup", "03-07 14:30 Standup", "03-08 13:30 Standup", "03-09 13:30 Standup")
		if _, err := s.s.Update(s.ctx, s.w.Employee.Actor, calendar.UpdateInput{Org: s.w.Org, Event: made.ID, Title: pointer("Huddle"), Recurrence: pointer("FREQ=DAILY;COUNT=2")}); err != nil {
			s.Fatal(err)
		}
		s.want("changed", read(), "03-06 14:30 Huddle", "03-07 14:30 Huddle")
		if _, err := s.s.Update(s.ctx, s.w.Employee.Actor, calendar.UpdateInput{Org: s.w.Org, Event: made.ID, Recurrence: pointer("")}); err != nil {
			s.Fatal(err)
		}
		s.want("once", read(), "03-06 14:30 Huddle")
		if err := s.s.Delete(s.ctx, s.w.Employee.Actor, calendar.DeleteInput{Org: s.w.Org, Event: made.ID}); err != nil {
			s.Fatal(err)
		}
		s.want("deleted", read())
	})
}

func TestOccurrences(t *testing.T) {
	each(t, func(s *suite) {
		made := s.standup(s.w.Employee, "FREQ=DAILY;COUNT=6")
		read := func() []string { return s.list(s.w.Guest, "2026-03-01 00:00", "2026-05-01 00:00", false) }
		change := func(in calendar.OccurrenceInput) (*calendar.Event, error) {
			in.Org = s.w.Org
			if in.Event.IsZero() {
				in.Event = made.ID
			}
			return s.s.ChangeOccurrence(s.ctx, s.w.Owner.Actor, in)
		}
		changed, err := change(calendar.OccurrenceInput{Occurrence: "2026-03-08T09:30:00", Version: 1, Title: pointer("Moved"), StartsAt: at("2026-04-20 08:00"), EndsAt: at("2026-04-20 09:00")})
		if err != nil || len(changed.Changed) != 1 || changed.Version != 2 {
			s.Fatalf("changed %+v, %v", changed, err)
		}
		if _, err := s.s.CancelOccurrence(s.ctx, s.w.Owner.Actor, calendar.CancelInput{Org: s.w.Org, Event: made.ID, Occurrence: "2026-03-07T09:30:00"}); err != nil {
			s.Fatal(err)
		}
		s.want("one moved, one cancelled", read(), "03-06 14:30 Standup", "03-09 13:30 Standup", "03-10 13:30 Standup", "03-11 13:30 Standup", "04-20 08:00 Moved")
		if _, err := change(calendar.OccurrenceInput{Occurrence: "2026-03-08T09:30:00", Place: pointer("Roof")}); err != nil {
			s.Fatal(err)
		}
		s.want("changed again, it stays where it is", s.list(s.w.Guest, "2026-04-20 00:00", "2026-04-21 00:00", false), "04-20 08:00 Moved")

		for what, name := range map[string]string{
			"another hour": "2026-03-09T09:31:00", "before the first": "2026-03-05T09:30:00", "after the last": "2026-03-12T09:30:00",
			"a date": "2026-03-09", "a cancelled one": "2026-03-07T09:30:00", "nothing": "", "not a time": "tomorrow",
		} {
			_, err := change(calendar.OccurrenceInput{Occurrence: name, Title: pointer("x")})
			s.wantNotFound(what, err)
			_, err = s.s.CancelOccurrence(s.ctx, s.w.Owner.Actor, calendar.CancelInput{Org: s.w.Org, Event: made.ID, Occurrence: name})
			s.wantNotFound("cancel "+what, err)
		}
		_, err = change(calendar.OccurrenceInput{Occurrence: "2026-03-09T09:30:00", StartDate: "2026-03-09"})
		s.wantReason("a day for an hour", err, "invalid")
		_, err = change(calendar.OccurrenceInput{Occurrence: "2026-03-06T09:30:00", Following: true, Title: pointer("x")})
		s.wantReason("all following the first", err, "calendar.first")
		_, err = change(calendar.OccurrenceInput{Occurrence: "2026-03-09T09:30:00", Version: 1, Title: pointer("x")})
		s.wantReason("an old version", err, "version")
		once := s.event(s.w.Owner, calendar.CreateInput{})
		_, err = change(calendar.OccurrenceInput{Event: once.ID, Occurrence: "2026-05-01T09:00:00"})
		s.wantReason("what happens once", err, "calendar.not_recurring")

		rest, err := change(calendar.OccurrenceInput{Occurrence: "2026-03-10T09:30:00", Following: true, Title: pointer("Late"), StartsAt: at("2026-03-10 15:00"), EndsAt: at("2026-03-10 15:30")})
		if err != nil || rest.ID == made.ID || rest.Recurrence != "FREQ=DAILY;COUNT=2" || rest.Version != 1 {
			s.Fatalf("the rest is %+v, %v", rest, err)
		}
		s.want("this and all following", read(), "03-06 14:30 Standup", "03-09 13:30 Standup", "03-10 15:00 Late", "03-11 15:00 Late", "04-20 08:00 Moved")
		left, err := s.s.CancelOccurrence(s.ctx, s.w.Owner.Actor, calendar.CancelInput{Org: s.w.Org, Event: made.ID, Occurrence: "2026-03-08T09:30:00", Following: true})
		if err != nil || len(left.Changed) != 0 {
			s.Fatalf("left is %+v, %v", left, err)
		}
		s.want("all following cancelled", read(), "03-06 14:30 Standup", "03-10 15:00 Late", "03-11 15:00 Late")
		var kinds []string
		for _, e := range s.e.Events(s.T) {
			kinds = append(kinds, e.Kind)
		}
		s.want("events", kinds, calendar.EventCreated, calendar.EventOccurrenceUpdated, calendar.EventOccurrenceCancelled, calendar.EventOccurrenceUpdated,
			calendar.EventCreated, calendar.EventCreated, calendar.EventUpdated, calendar.EventOccurrenceCancelled)
	})
}

// tooMany is a source with more than a range may have.
type tooMany struct{ n int }

func (t tooMany) Dated(_ context.Context, _ veranda.Actor, q calendar.Query) ([]*calendar.Entry, error) {
	out := make([]*calendar.Entry, min(t.n, q.Limit))
	for i := range out {
		out[i] = &calendar.Entry{Kind: "record", ID: fmt.Sprint(i), Title: "Record", StartsAt: q.From, EndsAt: q.From, Path: "/v1/records"}
	}
	return out, nil
}

func TestSources(t *testing.T) {
	each(t, func(s *suite) {
		s.event(s.w.Owner, calendar.CreateInput{Title: "Lunch", StartsAt: at("2026-03-08 12:00"), EndsAt: at("2026-03-08 13:00")})
		s.s = s.service(calendar.Deps{Sources: []calendar.Source{tooMany{1}}})
		s.want("with a source", s.list(s.w.Guest, "2026-03-08 00:00", "2026-03-09 00:00", false), "03-08 00:00 Record", "03-08 12:00 Lunch")
		for _, n := range []int{calendar.MaxEntries, calendar.MaxEntries + 1} { // together with the event, and alone
			s.s = s.service(calendar.Deps{Sources: []calendar.Source{tooMany{n}}})
			_, err := s.s.ListAll(s.ctx, s.w.Guest.Actor, calendar.RangeAllInput{Org: s.w.Org, From: *at("2026-03-08 00:00"), To: *at("2026-03-09 00:00")})
			s.wantReason("too many", err, "calendar.too_many")
		}
	})
}

// records are a source as an application with dates would be one; it notes what it is asked.
type records struct {
	entries []calendar.Entry
	asked   *[]calendar.Query
}

func (r records) Dated(_ context.Context, _ veranda.Actor, q calendar.Query) (list []*calendar.Entry, err error) {
	*r.asked = append(*r.asked, q)
	for i := range r.entries {
		entry := r.entries[i]
		list = append(list, &entry)
	}
	return list, nil
}

// What a source has lies in ranges and feeds with its days, its times and its address; what does not touch is left out.
func TestSourcesOfRecords(t *testing.T) {
	khal := verandatest.Program(t, "khal", "khal")
	each(t, func(s *suite) {
		s.e.Clock.Set(*at("2026-03-01 00:00"))
		record := func(id, title string, starts, ends *time.Time, days ...string) calendar.Entry {
			e := calendar.Entry{Kind: "record", ID: id, Workspace: s.w.Open, Title: title, StartsAt: *starts, EndsAt: *ends, Path: "/v1/records/" + id, UpdatedAt: *at("2026-02-01 00:00")}
			if len(days) == 2 {
				e.AllDay, e.StartDate, e.EndDate = true, days[0], days[1]
			}
			return e
		}
		var asked []calendar.Query
		s.s = s.service(calendar.Deps{Sources: []calendar.Source{records{asked: &asked, entries: []calendar.Entry{
			record("contract-7", "Contract", at("2026-03-05 05:00"), at("2026-03-08 05:00"), "2026-03-05", "2026-03-07"), // days of New York
			record("visit-1", "Visit", at("2026-03-06 22:00"), at("2026-03-07 02:00")),
			record("call-2", "Call", at("2026-03-07 00:00"), at("2026-03-07 00:00")),
			record("late-3", "Delivery", at("2026-03-09 00:00"), at("2026-03-10 00:00"), "2026-03-09", "2026-03-09"),
		}}}})
		s.want("a range", s.list(s.w.Guest, "2026-03-07 00:00", "2026-03-09 00:00", true), "2026-03-05..2026-03-07 Contract", "03-06 22:00 Visit", "03-07 00:00 Call")
		want := calendar.Query{Org: s.w.Org, Workspace: s.w.Open, Mine: true, From: *at("2026-03-07 00:00"), To: *at("2026-03-09 00:00"), Limit: calendar.MaxEntries + 1}
		if len(asked) != 1 || asked[0] != want {
			s.Errorf("the source was asked %+v", asked)
		}
		_, secret := s.feed(s.w.Employee, &s.w.Open)
		body, err := s.fetch(secret)
		if err != nil {
			s.Fatal(err)
		}
		for _, lines := range []string{
			"SUMMARY:Contract\r\nURL:https://veranda.example/v1/records/contract-7\r\nDTSTART;VALUE=DATE:20260305\r\nDTEND;VALUE=DATE:20260308\r\n",
			"DTSTART:20260306T220000Z\r\nDTEND:20260307T020000Z\r\n",
			"DTSTART:20260307T000000Z\r\nTRANSP:TRANSPARENT\r\n", // an end must lie after the start
			"UID:call-2-record@veranda\r\n",
		} {
			if !strings.Contains(body, lines) {
				s.Errorf("the feed lacks %q:\n%s", lines, body)
			}
		}
		s.want("khal", khalShows(s, khal, body), "2026-03-05  Contract", "2026-03-05  Contract", "2026-03-06 22:00 Visit", "2026-03-05  Contract",
			"2026-03-06 22:00 Visit", "2026-03-07 00:00 Call", "2026-03-09  Delivery")
	})
}

func TestReminders(t *testing.T) {
	each(t, func(s *suite) {
		start := s.e.DB.Now().Truncate(60_000_000_000).Add(24 * 3600_000_000_000) // tomorrow
		end := start
		made, err := s.s.Create(s.ctx, s.w.Employee.Actor, calendar.CreateInput{
			Org: s.w.Org, Workspace: s.w.Private, Title: "Call", StartsAt: &start, EndsAt: &end, Recurrence: "FREQ=DAILY;COUNT=3",
			Guests: accounts(s.w.Guest, s.w.External, s.w.Owner), Reminders: []int{30, 10},
		})
		if err != nil {
			s.Fatal(err)
		}
		if _, err := s.s.Respond(s.ctx, s.w.External.Actor, calendar.AnswerInput{Org: s.w.Org, Event: made.ID, Answer: calendar.Declined}); err != nil {
			s.Fatal(err)
		}
		due := func() (found []string) {
			for _, e := range s.e.Events(s.T) {
				if e.Kind == calendar.EventReminderDue {
					found = append(found, fmt.Sprintf("%s %d", e.Data, len(e.To)))
				}
			}
			return found
		}
		run := func() {
			if err := s.s.RemindersJob().Run(s.ctx, s.e.DB.Now()); err != nil {
				s.Fatal(err)
			}
		}
		run()
		if found := due(); len(found) != 0 {
			s.Errorf("reminded a day before: %v", found)
		}
		s.e.Clock.Advance(24*3600_000_000_000 - 25*60_000_000_000) // 25 minutes before
		run()
		run()
		if found := due(); len(found) != 1 {
			s.Errorf("half an hour before: %v", found)
		}
		s.e.Clock.Advance(24 * 3600_000_000_000) // a standstill: what is a day old is left out
		run()
		if found := due(); len(found) != 2 {
			s.Errorf("a day later: %v", found)
		}
		for _, e := range s.e.Events(s.T) {
			if e.Kind == calendar.EventReminderDue && (len(e.To) != 3 || e.To[0] != s.w.Guest.Account || e.To[1] != s.w.Owner.Account || e.To[2] != s.w.Employee.Account) {
				s.Errorf("reminded were %v", e.To)
			}
		}
	})
}

func accounts(people ...world.Person) (out []veranda.AccountID) {
	for _, p := range people {
		out = append(out, p.Account)
	}
	return out
}

// What reaches from one month into the next is in both, and once in a time that has both.
func TestRangeAcrossMonths(t *testing.T) {
	each(t, func(s *suite) {
		made := s.event(s.w.Owner, calendar.CreateInput{Title: "Camp", StartDate: "2026-03-31", EndDate: "2026-04-02", Recurrence: "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3"})
		for range 2 {
			s.want("both", s.list(s.w.Guest, "2026-03-01 00:00", "2026-06-01 00:00", false), "2026-03-31..2026-04-02 Camp", "2026-04-30..2026-05-02 Camp", "2026-05-31..2026-06-02 Camp")
			s.want("the later", s.list(s.w.Guest, "2026-04-01 00:00", "2026-05-01 00:00", false), "2026-03-31..2026-04-02 Camp", "2026-04-30..2026-05-02 Camp")
			s.want("a day of it", s.list(s.w.Guest, "2026-04-02 00:00", "2026-04-03 00:00", false), "2026-03-31..2026-04-02 Camp")
			s.want("the day after", s.list(s.w.Guest, "2026-04-03 00:00", "2026-04-04 00:00", false))
		}
		if _, err := s.s.ChangeOccurrence(s.ctx, s.w.Owner.Actor, calendar.OccurrenceInput{Org: s.w.Org, Event: made.ID, Occurrence: "2026-05-31", EndDate: "2026-06-20", StartDate: "2026-05-31"}); err != nil {
			s.Fatal(err)
		}
		s.want("one that takes longer", s.list(s.w.Guest, "2026-06-19 00:00", "2026-06-20 00:00", false), "2026-05-31..2026-06-20 Camp")
	})
}
