package calendar_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/calendar"
)

func (s *suite) feed(by world.Person, workspace *veranda.WorkspaceID) (*calendar.Feed, string) {
	s.Helper()
	feed, err := s.s.CreateFeed(s.ctx, by.Actor, calendar.CreateFeedInput{Org: s.w.Org, Workspace: workspace})
	if err != nil {
		s.Fatalf("feed as %s: %v", by.Role, err)
	}
	return feed, secretOf(feed)
}

func secretOf(feed *calendar.Feed) string {
	return strings.TrimSuffix(strings.TrimPrefix(feed.Address, "https://veranda.example/calendar/"), ".ics")
}

func (s *suite) fetch(secret string) (string, error) {
	document, err := s.s.Fetch(s.ctx, veranda.Anonymous(), calendar.FetchInput{Token: secret})
	if err != nil {
		return "", err
	}
	return string(document.Body), nil
}

func TestFeeds(t *testing.T) {
	each(t, func(s *suite) {
		s.event(s.w.Owner, calendar.CreateInput{Title: "Theirs", StartsAt: pointer(s.e.DB.Now()), EndsAt: pointer(s.e.DB.Now())})
		s.event(s.w.Employee, calendar.CreateInput{Title: "Mine", StartsAt: pointer(s.e.DB.Now()), EndsAt: pointer(s.e.DB.Now()), Recurrence: "FREQ=DAILY"})
		ofOpen, open := s.feed(s.w.Employee, &s.w.Open)
		_, mine := s.feed(s.w.Employee, nil)
		if len(open) != 43 || open == mine {
			s.Errorf("secrets are %q and %q", open, mine)
		}
		body, err := s.fetch(open)
		if err != nil || !strings.Contains(body, "SUMMARY:Theirs") || !strings.Contains(body, "SUMMARY:Mine") {
			s.Errorf("the workspace's: %v\n%s", err, body)
		}
		body, err = s.fetch(mine)
		if err != nil || strings.Contains(body, "SUMMARY:Theirs") || !strings.Contains(body, "SUMMARY:Mine") {
			s.Errorf("one's own: %v\n%s", err, body)
		}
		if again, err := s.fetch(mine); err != nil || again != body {
			s.Error("the same twice is not the same")
		}
		list, err := s.s.ListFeeds(s.ctx, s.w.Employee.Actor, calendar.ListFeedsInput{Org: s.w.Org})
		if err != nil || len(list.Items) != 2 || list.Items[0].LastUsedAt == nil || list.Items[0].Address != "" || *list.Items[0].Workspace != s.w.Open {
			s.Errorf("listed %+v, %v", list, err)
		}
		if others, err := s.s.ListFeeds(s.ctx, s.w.Owner.Actor, calendar.ListFeedsInput{Org: s.w.Org}); err != nil || len(others.Items) != 0 {
			s.Errorf("others list %+v, %v", others, err)
		}
		one := calendar.FeedInput{Org: s.w.Org, Feed: ofOpen.ID}
		_, err = s.s.RotateFeed(s.ctx, s.w.Owner.Actor, one)
		s.wantNotFound("rotate another's", err)
		s.wantNotFound("revoke another's", s.s.RevokeFeed(s.ctx, s.w.Owner.Actor, one))
		rotated, err := s.s.RotateFeed(s.ctx, s.w.Employee.Actor, one)
		if err != nil || rotated.ID != ofOpen.ID || rotated.Address == ofOpen.Address {
			s.Fatalf("rotated %+v, %v", rotated, err)
		}
		_, err = s.fetch(open)
		s.wantNotFound("the former secret", err)
		if _, err := s.fetch(secretOf(rotated)); err != nil {
			s.Errorf("the new secret: %v", err)
		}
		if err := s.s.RevokeFeed(s.ctx, s.w.Employee.Actor, one); err != nil {
			s.Error(err)
		}
		for _, secret := range []string{secretOf(rotated), "", "x", strings.Repeat("A", 43), ofOpen.ID.String()} {
			_, err = s.fetch(secret)
			s.wantNotFound("a secret that is none", err)
		}
		s.wantNotFound("revoke twice", s.s.RevokeFeed(s.ctx, s.w.Employee.Actor, one))
		for range calendar.MaxFeeds - 1 {
			s.feed(s.w.Employee, nil)
		}
		_, err = s.s.CreateFeed(s.ctx, s.w.Employee.Actor, calendar.CreateFeedInput{Org: s.w.Org})
		s.wantReason("one more", err, "calendar.feeds")
		for _, e := range s.e.Events(s.T) {
			if strings.HasPrefix(e.Kind, "calendar.feed_") && (len(e.To) != 1 || e.To[0] != s.w.Employee.Account || !e.Workspace.IsZero()) {
				s.Errorf("an event is %+v", e)
			}
			for _, secret := range []string{open, mine} {
				if strings.Contains(string(e.Data), secret) {
					s.Errorf("an event tells a secret: %s", e.Data)
				}
			}
		}
	})
}

// TestFeedEnds: a feed gives what its owner may see at the moment of each fetch.
func TestFeedEnds(t *testing.T) {
	each(t, func(s *suite) {
		s.event(s.w.Owner, calendar.CreateInput{Workspace: s.w.Private, Title: "Secret"})
		_, secret := s.feed(s.w.Guest, &s.w.Private)
		_, own := s.feed(s.w.Guest, nil)
		if _, err := s.fetch(secret); err != nil {
			s.Fatal(err)
		}
		exec := func(text string, args ...any) {
			s.Helper()
			if err := s.e.DB.InTx(s.ctx, func(ctx context.Context, tx *veranda.Tx) error {
				_, err := tx.Exec(ctx, text, args...)
				return err
			}); err != nil {
				s.Fatal(err)
			}
		}
		exec(`DELETE FROM veranda_workspace_members WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, s.w.Org, s.w.Private, s.w.Guest.Account)
		_, err := s.fetch(secret)
		s.wantNotFound("out of the workspace", err)
		if _, err := s.fetch(own); err != nil {
			s.Errorf("still in the organization: %v", err)
		}
		exec(`DELETE FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`, s.w.Org, s.w.Guest.Account)
		exec(`DELETE FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, s.w.Org, s.w.Guest.Account)
		_, err = s.fetch(own)
		s.wantNotFound("out of the organization", err)
	})
}

// TestKhalReadsFeeds gives a feed to a stock calendar program, which expands what repeats by itself: what it shows is what
// the calendar shows.
func TestKhalReadsFeeds(t *testing.T) {
	khal := verandatest.Program(t, "khal", "khal")
	each(t, func(s *suite) {
		s.e.Clock.Set(*at("2026-03-01 00:00"))
		long := "Ğüzel uzun bir başlık; with commas, semicolons; backslash \\ and many ğğğğğğğğğğğğğğğğğğğğğğğğğ ends here"
		s.event(s.w.Employee, calendar.CreateInput{Title: long, Description: "Two\nlines; and, more", Place: "Room 1, left", StartsAt: at("2026-03-05 09:00"), EndsAt: at("2026-03-05 10:00")})
		made := s.standup(s.w.Employee, "FREQ=DAILY;COUNT=6")
		s.event(s.w.Employee, calendar.CreateInput{Title: "Gap", StartsAt: at("2026-03-07 07:30"), EndsAt: at("2026-03-07 07:45"), TimeZone: "America/New_York", Recurrence: "FREQ=DAILY;UNTIL=20260309"})
		s.event(s.w.Employee, calendar.CreateInput{Title: "Holiday", StartDate: "2026-03-19", EndDate: "2026-03-20"})
		s.event(s.w.Employee, calendar.CreateInput{Title: "Lord Howe", StartsAt: at("2026-03-31 15:30"), EndsAt: at("2026-03-31 16:30"), TimeZone: "Australia/Lord_Howe", Recurrence: "FREQ=WEEKLY;COUNT=2"})
		if _, err := s.s.CancelOccurrence(s.ctx, s.w.Owner.Actor, calendar.CancelInput{Org: s.w.Org, Event: made.ID, Occurrence: "2026-03-07T09:30:00"}); err != nil {
			s.Fatal(err)
		}
		if _, err := s.s.ChangeOccurrence(s.ctx, s.w.Owner.Actor, calendar.OccurrenceInput{
			Org: s.w.Org, Event: made.ID, Occurrence: "2026-03-08T09:30:00", Title: pointer("Moved"), StartsAt: at("2026-03-08 20:00"), EndsAt: at("2026-03-08 21:00"),
		}); err != nil {
			s.Fatal(err)
		}
		_, secret := s.feed(s.w.Employee, &s.w.Open)
		body, err := s.fetch(secret)
		if err != nil {
			s.Fatal(err)
		}
		for _, line := range strings.Split(body, "\r\n") {
			if len(line) > 75 {
				s.Errorf("a line of %d octets: %s", len(line), line)
			}
		}
		var want []string
		r, err := s.s.List(s.ctx, s.w.Employee.Actor, calendar.RangeInput{Org: s.w.Org, Workspace: s.w.Open, From: *at("2026-03-01 00:00"), To: *at("2026-04-30 00:00")})
		if err != nil {
			s.Fatal(err)
		}
		for _, e := range r.Items {
			if e.AllDay { // khal shows it on each of its days
				first, _ := time.Parse("2006-01-02", e.StartDate)
				last, _ := time.Parse("2006-01-02", e.EndDate)
				for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
					want = append(want, e.StartDate+"  "+e.Title)
				}
				continue
			}
			want = append(want, e.StartsAt.Format("2006-01-02 15:04 ")+e.Title)
		}
		s.want("khal", khalShows(s, khal, body), want...)
	})
}

// khalShows imports a calendar into an empty khal and lists March and April 2026 in UTC.
func khalShows(s *suite, khal, body string) []string {
	s.Helper()
	dir := s.TempDir()
	config := filepath.Join(dir, "config")
	settings := "[calendars]\n[[feed]]\npath = " + filepath.Join(dir, "feed") + "\n[sqlite]\npath = " + filepath.Join(dir, "khal.db") +
		"\n[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n[default]\ndefault_calendar = feed\n"
	file := filepath.Join(dir, "calendar.ics")
	for name, text := range map[string]string{config: settings, file: body} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			s.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "feed"), 0o700); err != nil {
		s.Fatal(err)
	}
	run := func(args ...string) string {
		command := exec.CommandContext(s.ctx, khal, append([]string{"-c", config}, args...)...)
		command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+dir)
		var complaints strings.Builder
		command.Stderr = &complaints
		out, err := command.Output()
		if err != nil || strings.Contains(complaints.String(), "warning") {
			s.Fatalf("khal %v: %v\n%s\n%s", args, err, out, complaints.String())
		}
		return string(out)
	}
	run("import", "--batch", file)
	var lines []string
	for line := range strings.Lines(run("list", "--day-format", "", "--format", "{start-date} {start-time} {title}", "2026-03-01", "2026-04-30")) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
