package stream_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

var every = []stream.Reaction{"like", "love", "laugh", "surprised", "sad", "thanks"}

// compact is JSON without spaces and in the order of its keys: databases keep it in their own ways.
func compact(s *suite, data []byte) string {
	s.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		s.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

func TestReact(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		s.react(s.w.Guest, status.ID, stream.ReactionLike)
		s.react(s.w.Employee, status.ID, stream.ReactionThanks)
		got := s.react(s.w.Employee, status.ID, stream.ReactionLike)
		again := s.react(s.w.Employee, status.ID, stream.ReactionLike)
		want := &stream.Reactions{
			Counts: map[stream.Reaction]int64{"like": 2, "thanks": 1}, Mine: []stream.Reaction{"like", "thanks"},
		}
		for what, r := range map[string]*stream.Reactions{"react": got, "again": again, "get": &s.get(s.w.Employee, status.ID).Reactions} {
			if diff := cmp.Diff(want, r); diff != "" {
				s.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		if mine := s.get(s.w.Guest, status.ID).Reactions.Mine; !slices.Equal(mine, []stream.Reaction{"like"}) {
			s.Errorf("the guest's own: %v", mine)
		}
		for range 2 {
			left, err := s.s.Unreact(s.ctx, s.w.Employee.Actor, stream.ReactInput{Org: s.w.Org, Status: status.ID, Reaction: stream.ReactionLike})
			if err != nil {
				s.Fatal(err)
			}
			if diff := cmp.Diff(&stream.Reactions{Counts: map[stream.Reaction]int64{"like": 1, "thanks": 1}, Mine: []stream.Reaction{"thanks"}}, left); diff != "" {
				s.Errorf("taken back (-want +got):\n%s", diff)
			}
		}
		for _, bad := range []stream.Reaction{"", "LIKE", "like ", "anger", "like' OR 1=1"} {
			_, err := s.s.React(s.ctx, s.w.Employee.Actor, stream.ReactInput{Org: s.w.Org, Status: status.ID, Reaction: bad})
			verandatest.WantFields(s, err, "/reaction one_of")
		}
		s.e.WantEvents(s, "stream.reaction_*", stream.EventReactionAdded, stream.EventReactionAdded, stream.EventReactionAdded, stream.EventReactionRemoved)
		e := s.e.Events(s, "stream.reaction_*")[0]
		wantData := fmt.Sprintf(`{"author_id":"%s","reaction":"like","status_id":"%s"}`, s.w.Employee.Account, status.ID)
		if compact(s, e.Data) != wantData || e.Subject != status.ID.String() || e.By != s.w.Guest.Account || e.Workspace != s.w.Open || e.Org != s.w.Org {
			s.Errorf("event %+v %s", e, e.Data)
		}
	})
}

// Every reaction has its own counter, on statuses and on comments.
func TestEveryReaction(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		comment := s.comment(s.w.Employee, status.ID, "hello")
		for i, reaction := range every {
			for _, person := range s.w.Members()[:i+1] {
				s.react(person, status.ID, reaction)
				if _, err := s.s.ReactToComment(s.ctx, person.Actor, stream.ReactToCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Reaction: reaction}); err != nil {
					s.Fatal(err)
				}
			}
		}
		want := stream.Reactions{Counts: map[stream.Reaction]int64{"like": 1, "love": 2, "laugh": 3, "surprised": 4, "sad": 5, "thanks": 6}, Mine: every}
		if diff := cmp.Diff(want, s.get(s.w.Owner, status.ID).Reactions); diff != "" {
			s.Errorf("of the status (-want +got):\n%s", diff)
		}
		comments, err := s.s.ListComments(s.ctx, s.w.Owner.Actor, stream.ListCommentsInput{Org: s.w.Org, Status: status.ID})
		if err != nil {
			s.Fatal(err)
		}
		if diff := cmp.Diff(want, comments.Items[0].Reactions); diff != "" {
			s.Errorf("of the comment (-want +got):\n%s", diff)
		}
		left, err := s.s.UnreactToComment(s.ctx, s.w.Owner.Actor, stream.ReactToCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Reaction: stream.ReactionLike})
		if err != nil {
			s.Fatal(err)
		}
		if _, there := left.Counts[stream.ReactionLike]; there || len(left.Mine) != 5 {
			s.Errorf("taken back: %+v", left)
		}
		added := s.e.Events(s, stream.EventReactionAdded)
		var data stream.ReactionData
		if err := json.Unmarshal(added[1].Data, &data); err != nil || data.Comment == nil || *data.Comment != comment.ID || added[1].Subject != comment.ID.String() {
			s.Errorf("event on a comment: %+v %s", added[1], added[1].Data)
		}
	})
}

// One person likes from many places at once: that is one like, and one event. Many people like at once: each counts.
func TestConcurrentReactions(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		comment := s.comment(s.w.Employee, status.ID, "hello")
		var group sync.WaitGroup
		both := func(person world.Person, do func(veranda.Actor, stream.Reaction) error) {
			for range 4 {
				group.Go(func() {
					if err := do(person.Actor, stream.ReactionLike); err != nil {
						s.Errorf("%s: %v", person.Role, err)
					}
				})
			}
		}
		for _, person := range s.w.Members() {
			both(person, func(actor veranda.Actor, reaction stream.Reaction) error {
				_, err := s.s.React(s.ctx, actor, stream.ReactInput{Org: s.w.Org, Status: status.ID, Reaction: reaction})
				return err
			})
			both(person, func(actor veranda.Actor, reaction stream.Reaction) error {
				_, err := s.s.ReactToComment(s.ctx, actor, stream.ReactToCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Reaction: reaction})
				return err
			})
		}
		group.Wait()
		if n := s.get(s.w.Owner, status.ID).Reactions.Counts[stream.ReactionLike]; n != 6 {
			s.Errorf("%d likes of 6 people", n)
		}
		if n := len(s.e.Events(s, stream.EventReactionAdded)); n != 12 {
			s.Errorf("%d events of 12 likes", n)
		}
		for _, person := range s.w.Members() {
			both(person, func(actor veranda.Actor, reaction stream.Reaction) error {
				_, err := s.s.Unreact(s.ctx, actor, stream.ReactInput{Org: s.w.Org, Status: status.ID, Reaction: reaction})
				return err
			})
		}
		group.Wait()
		if got := s.get(s.w.Owner, status.ID).Reactions; len(got.Counts) != 0 || len(got.Mine) != 0 {
			s.Errorf("all taken back, left %+v", got)
		}
	})
}

func TestListReactions(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		comment := s.comment(s.w.Employee, status.ID, "hello")
		var want []string
		for _, person := range s.w.Members() {
			for _, reaction := range []stream.Reaction{"like", "sad"} {
				s.react(person, status.ID, reaction)
				if _, err := s.s.ReactToComment(s.ctx, person.Actor, stream.ReactToCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Reaction: reaction}); err != nil {
					s.Fatal(err)
				}
				want = append(want, person.Name+" "+string(reaction))
			}
		}
		read := func(what string, list func(veranda.Page) (veranda.List[stream.Reactor], error)) {
			s.Helper()
			var got []string
			page := veranda.Page{Limit: 5}
			for {
				found, err := list(page)
				if err != nil {
					s.Fatal(err)
				}
				for _, r := range found.Items {
					got = append(got, r.Person.Name+" "+string(r.Reaction))
					if r.At.IsZero() {
						s.Errorf("%s: a reaction without a time", what)
					}
				}
				if page.Cursor = found.Next; page.Cursor == "" {
					break
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				s.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		read("status", func(p veranda.Page) (veranda.List[stream.Reactor], error) {
			return s.s.ListReactions(s.ctx, s.w.Guest.Actor, stream.ListReactionsInput{Org: s.w.Org, Status: status.ID, Page: p})
		})
		read("comment", func(p veranda.Page) (veranda.List[stream.Reactor], error) {
			return s.s.ListCommentReactions(s.ctx, s.w.Guest.Actor, stream.ListCommentReactionsInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Page: p})
		})
	})
}

// Whatever people do in whatever order, the counters are those of a set of who reacted how.
func TestReactionsAreASet(t *testing.T) {
	each(t, func(s *suite) {
		people := s.w.Members()
		rapid.Check(s.T, func(r *rapid.T) {
			status := s.post(s.w.Employee, s.w.Open, "hello")
			type chosen struct {
				person   int
				reaction stream.Reaction
			}
			set := map[chosen]bool{}
			for range rapid.IntRange(1, 12).Draw(r, "steps") {
				c := chosen{rapid.IntRange(0, 2).Draw(r, "person"), rapid.SampledFrom(every[:3]).Draw(r, "reaction")}
				in := stream.ReactInput{Org: s.w.Org, Status: status.ID, Reaction: c.reaction}
				do := s.s.React
				if set[c] = rapid.Bool().Draw(r, "add"); !set[c] {
					do = s.s.Unreact
				}
				got, err := do(s.ctx, people[c.person].Actor, in)
				if err != nil {
					r.Fatal(err)
				}
				want := stream.Reactions{Counts: map[stream.Reaction]int64{}, Mine: []stream.Reaction{}}
				for _, reaction := range every {
					for person := range people {
						if set[chosen{person, reaction}] {
							want.Counts[reaction]++
							if person == c.person {
								want.Mine = append(want.Mine, reaction)
							}
						}
					}
				}
				if diff := cmp.Diff(&want, got); diff != "" {
					r.Fatalf("(-want +got):\n%s", diff)
				}
			}
		})
	})
}
