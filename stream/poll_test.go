package stream_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// ask posts a poll as the employee, in the open workspace.
func (s *suite) ask(in stream.PollInput) *stream.Status {
	s.Helper()
	if in.Options == nil {
		in.Options = []string{"Yes", "No", "Perhaps"}
	}
	status, err := s.s.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "Shall we?", Poll: &in})
	if err != nil {
		s.Fatal(err)
	}
	return status
}

func (s *suite) vote(by world.Person, status stream.ID, options ...int64) (*stream.Poll, error) {
	return s.s.Vote(s.ctx, by.Actor, stream.VoteInput{Org: s.w.Org, Status: status, Options: options})
}

// wantVotes holds a poll's counts to what is expected, and to the rows.
func (s *suite) wantVotes(by world.Person, status stream.ID, voters int64, want ...int64) {
	s.Helper()
	poll := s.get(by, status).Poll
	var got []int64
	for _, o := range poll.Options {
		rows := int64(0)
		err := s.e.DB.Writer().NewRaw("SELECT count(*) FROM veranda_status_poll_votes WHERE org_id = ? AND status_id = ? AND number = ?", s.w.Org, status, o.Number).Scan(s.ctx, &rows)
		if err != nil || o.Votes == nil || *o.Votes != rows {
			s.Errorf("option %d: %d rows, %v counted, %v", o.Number, rows, o.Votes, err)
		}
		got = append(got, rows)
	}
	if diff := cmp.Diff(want, got); diff != "" || poll.Voters != voters {
		s.Errorf("votes (-want +got):\n%s%d voters, want %d", diff, poll.Voters, voters)
	}
}

func TestPoll(t *testing.T) {
	each(t, func(s *suite) {
		asked := s.ask(stream.PollInput{})
		if p := asked.Poll; p == nil || len(p.Options) != 3 || p.Options[1].Text != "No" || p.Options[1].Number != 2 || p.Closed || len(p.Mine) != 0 {
			s.Fatalf("asked: %+v", p)
		}
		for i, person := range s.w.Members() { // guests too
			if _, err := s.vote(person, asked.ID, int64(i%2+1)); err != nil {
				s.Errorf("%s: %v", person.Role, err)
			}
		}
		s.wantVotes(s.w.Owner, asked.ID, 6, 3, 3, 0)
		poll, err := s.vote(s.w.Guest, asked.ID, 3)
		if err != nil || !cmp.Equal(poll.Mine, []int64{3}) {
			s.Errorf("changed: %+v, %v", poll, err)
		}
		if _, err := s.vote(s.w.Guest, asked.ID, 3); err != nil { // the same again
			s.Error(err)
		}
		s.wantVotes(s.w.Owner, asked.ID, 6, 3, 2, 1)
		for range 2 {
			if poll, err = s.s.Withdraw(s.ctx, s.w.Guest.Actor, stream.PollStatusInput{Org: s.w.Org, Status: asked.ID}); err != nil || len(poll.Mine) != 0 {
				s.Errorf("withdrawn: %+v, %v", poll, err)
			}
		}
		s.wantVotes(s.w.Owner, asked.ID, 5, 3, 2, 0)
		if got := len(s.e.Events(s, stream.EventPollVoted)); got != 7 {
			s.Errorf("%d votes in the log", got)
		}
		s.e.WantEvents(s, stream.EventVoteWithdrawn, stream.EventVoteWithdrawn)
		voters, err := s.s.ListVoters(s.ctx, s.w.Guest.Actor, stream.ListVotersInput{Org: s.w.Org, Status: asked.ID, Option: 2, Page: veranda.Page{Limit: 1}})
		if err != nil || len(voters.Items) != 1 || voters.Next == "" {
			s.Fatalf("voters: %+v, %v", voters, err)
		}
		voters, err = s.s.ListVoters(s.ctx, s.w.Guest.Actor, stream.ListVotersInput{Org: s.w.Org, Status: asked.ID, Option: 2, Page: veranda.Page{Cursor: voters.Next}})
		if err != nil || len(voters.Items) != 1 || voters.Next != "" {
			s.Errorf("the rest: %+v, %v", voters, err)
		}
		// In the stream the poll is as each reader sees it.
		items := s.list(s.w.Owner, stream.ListInput{Workspace: s.w.Open, Filter: stream.Filter{Kinds: []string{"stream"}}})
		if p := items[0].Status.Poll; p == nil || p.Voters != 5 || !cmp.Equal(p.Mine, []int64{1}) {
			s.Errorf("in the stream: %+v", p)
		}
	})
}

func TestPollRules(t *testing.T) {
	each(t, func(s *suite) {
		single, several := s.ask(stream.PollInput{}), s.ask(stream.PollInput{Multiple: true})
		_, err := s.vote(s.w.Guest, single.ID, 1, 2)
		verandatest.WantFields(s, err, "/options too_many")
		_, err = s.vote(s.w.Guest, several.ID, 1, 4, 9)
		verandatest.WantFields(s, err, "/options/1 not_found", "/options/2 not_found")
		_, err = s.vote(s.w.Guest, several.ID, 1, 1, 21)
		verandatest.WantFields(s, err, "/options/1 duplicate", "/options/2 range")
		_, err = s.vote(s.w.Guest, several.ID)
		verandatest.WantFields(s, err, "/options too_few")
		s.wantVotes(s.w.Owner, several.ID, 0, 0, 0, 0)
		if _, err := s.vote(s.w.Guest, several.ID, 3, 1); err != nil {
			s.Error(err)
		}
		s.wantVotes(s.w.Owner, several.ID, 1, 1, 0, 1)
		plain := s.post(s.w.Employee, s.w.Open, "no poll")
		_, err = s.vote(s.w.Guest, plain.ID, 1)
		s.wantNotFound("a vote where there is no poll", err)

		past := s.e.DB.Now().Add(-time.Second)
		_, err = s.s.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: " ", Poll: &stream.PollInput{Options: []string{"a", " a", ""}, ClosesAt: &past}})
		verandatest.WantFields(s, err, "/text required", "/poll/options/1 duplicate", "/poll/options/2 required", "/poll/closes_at past")
		_, err = s.s.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "x", Poll: &stream.PollInput{Options: make([]string, 21)}})
		if veranda.CodeOf(err) != veranda.CodeInvalid {
			s.Errorf("21 options: %v", err)
		}
		final := s.ask(stream.PollInput{Final: true})
		if _, err := s.vote(s.w.Guest, final.ID, 1); err != nil {
			s.Fatal(err)
		}
		for _, option := range []int64{1, 2} {
			_, err = s.vote(s.w.Guest, final.ID, option)
			s.wantReason("a second vote", err, "stream.vote_final")
		}
		_, err = s.s.Withdraw(s.ctx, s.w.Guest.Actor, stream.PollStatusInput{Org: s.w.Org, Status: final.ID})
		s.wantReason("a final vote withdrawn", err, "stream.vote_final")
		s.wantVotes(s.w.Owner, final.ID, 1, 1, 0, 0)
	})
}

func TestPollCloses(t *testing.T) {
	each(t, func(s *suite) {
		closes := s.e.DB.Now().Add(time.Hour)
		timed, open := s.ask(stream.PollInput{ClosesAt: &closes}), s.ask(stream.PollInput{})
		if _, err := s.vote(s.w.Guest, timed.ID, 1); err != nil {
			s.Fatal(err)
		}
		// By its time, before any job has looked.
		s.e.Clock.Advance(time.Hour)
		_, err := s.vote(s.w.Owner, timed.ID, 1)
		s.wantReason("a vote too late", err, "stream.poll_closed")
		_, err = s.s.Withdraw(s.ctx, s.w.Guest.Actor, stream.PollStatusInput{Org: s.w.Org, Status: timed.ID})
		s.wantReason("withdrawn too late", err, "stream.poll_closed")
		if p := s.get(s.w.Guest, timed.ID).Poll; !p.Closed || p.ClosedAt != nil {
			s.Errorf("%+v", p)
		}
		for range 2 { // once, however often the job runs
			if err := s.s.PollsJob().Run(s.ctx, s.e.DB.Now()); err != nil {
				s.Fatal(err)
			}
		}
		s.e.WantEvents(s, stream.EventPollClosed, stream.EventPollClosed)
		if p := s.get(s.w.Guest, timed.ID).Poll; p.ClosedAt == nil || !p.ClosedAt.Equal(closes) {
			s.Errorf("%+v", p)
		}
		// By somebody: its author and who manages the workspace, and nobody else.
		in := stream.PollStatusInput{Org: s.w.Org, Status: open.ID}
		for _, person := range []world.Person{s.w.AccessManager, s.w.External, s.w.Guest} {
			_, err := s.s.ClosePoll(s.ctx, person.Actor, in)
			verandatest.WantCode(s, err, veranda.CodeForbidden)
		}
		if p, err := s.s.ClosePoll(s.ctx, s.w.Employee.Actor, in); err != nil || !p.Closed || p.ClosedAt == nil {
			s.Errorf("closed: %+v, %v", p, err)
		}
		_, err = s.s.ClosePoll(s.ctx, s.w.Owner.Actor, in)
		s.wantReason("closed again", err, "stream.poll_closed")
		_, err = s.vote(s.w.Owner, open.ID, 1)
		s.wantReason("a vote after closing", err, "stream.poll_closed")
		s.e.WantEvents(s, stream.EventPollClosed, stream.EventPollClosed, stream.EventPollClosed)
	})
}

// Of an anonymous poll nothing that can be read tells who voted for what, or who voted.
func TestAnonymousAndHidden(t *testing.T) {
	each(t, func(s *suite) {
		secret := s.ask(stream.PollInput{Anonymous: true, HideResults: true})
		if _, err := s.vote(s.w.Guest, secret.ID, 2); err != nil {
			s.Fatal(err)
		}
		_, err := s.s.ListVoters(s.ctx, s.w.Employee.Actor, stream.ListVotersInput{Org: s.w.Org, Status: secret.ID})
		s.wantReason("voters of an anonymous poll", err, "stream.poll_anonymous")
		for _, e := range s.e.Events(s, stream.EventPollVoted) {
			if !e.By.IsZero() || string(compact(s, e.Data)) == "" {
				s.Errorf("the log names a voter: %+v", e)
			}
		}
		if p := s.get(s.w.Owner, secret.ID).Poll; p.Options[1].Votes != nil || p.Voters != 1 {
			s.Errorf("who has not voted sees %+v", p)
		}
		if p := s.get(s.w.Guest, secret.ID).Poll; p.Options[1].Votes == nil || *p.Options[1].Votes != 1 {
			s.Errorf("who has voted sees %+v", p)
		}
		named := s.ask(stream.PollInput{HideResults: true})
		_, err = s.s.ListVoters(s.ctx, s.w.Owner.Actor, stream.ListVotersInput{Org: s.w.Org, Status: named.ID})
		s.wantReason("hidden", err, "stream.results_hidden")
		if _, err := s.s.ClosePoll(s.ctx, s.w.Employee.Actor, stream.PollStatusInput{Org: s.w.Org, Status: secret.ID}); err != nil {
			s.Fatal(err)
		}
		s.wantVotes(s.w.Owner, secret.ID, 1, 0, 1, 0)
	})
}

// Votes that change, come and go at once leave counts that equal the rows; a final vote cast twice at once counts once.
func TestConcurrentVotes(t *testing.T) {
	each(t, func(s *suite) {
		asked, final := s.ask(stream.PollInput{Multiple: true}), s.ask(stream.PollInput{Final: true})
		var group sync.WaitGroup
		var mu sync.Mutex
		counted := 0
		for i, person := range s.w.Members() {
			for round := range 3 {
				group.Go(func() {
					if _, err := s.vote(person, asked.ID, int64((i+round)%3+1), int64((i+round+1)%3+1)); err != nil {
						s.Errorf("vote: %v", err)
					}
				})
				group.Go(func() {
					if _, err := s.s.Withdraw(s.ctx, person.Actor, stream.PollStatusInput{Org: s.w.Org, Status: asked.ID}); err != nil {
						s.Errorf("withdraw: %v", err)
					}
				})
				group.Go(func() {
					_, err := s.vote(person, final.ID, int64(round+1))
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						counted++
					} else if !errors.Is(err, stream.ErrVoteFinal) {
						s.Errorf("final vote: %v", err)
					}
				})
			}
		}
		group.Wait()
		for _, person := range s.w.Members() {
			if _, err := s.vote(person, asked.ID, 1); err != nil {
				s.Fatal(err)
			}
		}
		s.wantVotes(s.w.Owner, asked.ID, 6, 6, 0, 0)
		if p := s.get(s.w.Owner, final.ID).Poll; counted != 6 || p.Voters != 6 || *p.Options[0].Votes+*p.Options[1].Votes+*p.Options[2].Votes != 6 {
			s.Errorf("%d final votes were counted: %+v", counted, p)
		}
		// Closing and deleting while people vote: each vote is in the counts or was refused.
		for _, person := range s.w.Members() {
			group.Go(func() {
				if _, err := s.vote(person, asked.ID, 2); err != nil && !errors.Is(err, stream.ErrPollClosed) && veranda.CodeOf(err) != veranda.CodeNotFound {
					s.Errorf("vote: %v", err)
				}
			})
		}
		group.Go(func() {
			if _, err := s.s.ClosePoll(s.ctx, s.w.Employee.Actor, stream.PollStatusInput{Org: s.w.Org, Status: asked.ID}); err != nil {
				s.Errorf("close: %v", err)
			}
		})
		group.Go(func() {
			if err := s.s.Delete(s.ctx, s.w.Employee.Actor, stream.DeleteInput{Org: s.w.Org, Status: final.ID}); err != nil {
				s.Errorf("delete: %v", err)
			}
		})
		group.Wait()
		p := s.get(s.w.Owner, asked.ID).Poll
		s.wantVotes(s.w.Owner, asked.ID, 6, *p.Options[0].Votes, *p.Options[1].Votes, 0)
	})
}
