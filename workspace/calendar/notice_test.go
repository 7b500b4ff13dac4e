package calendar_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/calendar"
)

// told are the notices of the events since the last time, as "kind to" in order; each has the title and address of what it
// is about, or no title where that is gone.
func (s *suite) told(seen *int, title string) []string {
	s.Helper()
	names := map[veranda.AccountID]string{}
	for _, p := range append(s.w.Members(), s.w.Stranger) {
		names[p.Account] = p.Role
		if p.Account == s.w.Stranger.Account {
			names[p.Account] = "stranger"
		}
	}
	source := calendar.Notices()
	out := []string{}
	events := s.e.Events(s.T)
	err := s.e.DB.InTx(s.ctx, func(ctx context.Context, tx *veranda.Tx) error {
		for _, e := range events[*seen:] {
			if !slices.Contains(source.Events, e.Kind) {
				continue
			}
			found, err := source.Notices(ctx, tx, e)
			if err != nil {
				return err
			}
			for _, n := range found {
				if !slices.ContainsFunc(source.Kinds, func(k veranda.NoticeKind) bool { return k.Name == n.Kind }) {
					s.Errorf("a notice of a kind that is not named: %+v", n)
				}
				if n.Title != title || n.Subject != e.Subject || n.Path != "/v1/organizations/"+s.w.Org.String()+"/events/"+e.Subject || n.Own != (n.Kind == calendar.NoticeReminder) {
					s.Errorf("%s: %+v", e.Kind, n)
				}
				if e.Addressed() && !slices.Contains(e.To, n.To) {
					s.Errorf("%s tells %s, to whom it is not addressed", e.Kind, names[n.To])
				}
				if e.Workspace != s.w.Private { // by this the host leaves out who sees it no more
					s.Errorf("%s is not of the workspace: %+v", e.Kind, e)
				}
				out = append(out, strings.TrimPrefix(n.Kind, "calendar.")+" "+names[n.To])
			}
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	*seen = len(events)
	slices.Sort(out)
	return out
}

// TestNotices: guests are told of invitations, changes and cancellations, organizers of answers, both of what begins soon,
// and nobody else of anything.
func TestNotices(t *testing.T) {
	each(t, func(s *suite) {
		seen := len(s.e.Events(s.T))
		start := s.e.DB.Now().Truncate(time.Minute).Add(24 * time.Hour)
		end := start.Add(time.Hour)
		made, err := s.s.Create(s.ctx, s.w.Employee.Actor, calendar.CreateInput{
			Org: s.w.Org, Workspace: s.w.Private, Title: "Call", Place: "Roof", StartsAt: &start, EndsAt: &end, Recurrence: "FREQ=DAILY;COUNT=5",
			Guests: accounts(s.w.Guest, s.w.External), Reminders: []int{30},
		})
		if err != nil {
			s.Fatal(err)
		}
		s.want("invited", s.told(&seen, "Call"), "invited external", "invited guest")
		one := calendar.AnswerInput{Org: s.w.Org, Event: made.ID, Answer: calendar.Declined}
		if _, err := s.s.Respond(s.ctx, s.w.External.Actor, one); err != nil {
			s.Fatal(err)
		}
		s.want("an answer", s.told(&seen, "Call"), "answered employee")
		guests := accounts(s.w.Guest, s.w.External, s.w.Owner)
		if _, err := s.s.Update(s.ctx, s.w.Employee.Actor, calendar.UpdateInput{Org: s.w.Org, Event: made.ID, Title: pointer("Talk"), Guests: guests}); err != nil {
			s.Fatal(err)
		}
		s.want("changed", s.told(&seen, "Talk"), "changed external", "changed guest", "invited owner")
		if _, err := s.s.Update(s.ctx, s.w.Employee.Actor, calendar.UpdateInput{Org: s.w.Org, Event: made.ID, Guests: append(slices.Clone(guests), s.w.Stranger.Account)}); err == nil {
			s.Error("somebody who does not see the workspace was invited")
		}
		s.want("nobody who may not see it", s.told(&seen, "Talk"))
		s.e.Clock.Advance(24*time.Hour - 20*time.Minute)
		if err := s.s.RemindersJob().Run(s.ctx, s.e.DB.Now()); err != nil {
			s.Fatal(err)
		}
		s.want("it begins soon, but not for who declined", s.told(&seen, "Talk"), "reminder employee", "reminder guest", "reminder owner")
		name := made.StartsAt.AddDate(0, 0, 2).Format("2006-01-02T15:04:05")
		if _, err := s.s.CancelOccurrence(s.ctx, s.w.Owner.Actor, calendar.CancelInput{Org: s.w.Org, Event: made.ID, Occurrence: name}); err != nil {
			s.Fatal(err)
		}
		s.want("one time of it is cancelled", s.told(&seen, "Talk"), "cancelled external", "cancelled guest", "cancelled owner")
		if err := s.s.Delete(s.ctx, s.w.Employee.Actor, calendar.DeleteInput{Org: s.w.Org, Event: made.ID}); err != nil {
			s.Fatal(err)
		}
		s.want("cancelled", s.told(&seen, ""), "cancelled external", "cancelled guest", "cancelled owner")
	})
}

// TestNoticeSentences: each notice is a sentence in each language, whoever did it and wherever it is.
func TestNoticeSentences(t *testing.T) {
	type words struct {
		By, Title, Place string
		Count            int
	}
	for _, kind := range calendar.Notices().Kinds {
		if kind.Meaning == "" {
			t.Errorf("%s has no meaning", kind.Name)
		}
		for _, language := range []string{"en", "ru", "tr"} {
			text, err := template.New(kind.Name).Option("missingkey=error").Parse(kind.Sentences[language])
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range []words{{"Emil", "Call", "Roof", 1}, {"", "Call", "Roof", 1}, {"Emil", "Call", "", 2}} {
				var b strings.Builder
				if err := text.Execute(&b, w); err != nil {
					t.Fatal(err)
				}
				if said := b.String(); !strings.HasSuffix(said, ".") || strings.Contains(said, "  ") || strings.Contains(said, "“”") || strings.Contains(said, "«»") ||
					!strings.Contains(said, w.Title) && kind.Name != calendar.NoticeCancelled {
					t.Errorf("%s in %s: %q", kind.Name, language, said)
				}
			}
		}
	}
}
