package messaging_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// trueUnread counts for each person of each conversation what is wrong with the difference that is kept.
const trueUnread = `SELECT count(*), coalesce(sum(CASE WHEN k.last_n - p.read_n - p.skip <> (SELECT count(*) FROM veranda_messages t
	WHERE t.org_id = p.org_id AND t.conversation_id = p.conversation_id AND t.n > p.read_n AND t.author_id <> p.account_id AND t.deleted_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM veranda_message_hidden h WHERE h.org_id = t.org_id AND h.conversation_id = t.conversation_id AND h.account_id = p.account_id AND h.n = t.n))
	OR p.read_n < p.from_n OR k.last_n <> (SELECT count(*) FROM veranda_messages t WHERE t.org_id = k.org_id AND t.conversation_id = k.id)
	OR k.people <> (SELECT count(*) FROM veranda_conversation_people q WHERE q.org_id = k.org_id AND q.conversation_id = k.id)
	THEN 1 ELSE 0 END), 0)
FROM veranda_conversation_people p JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id`

// Whatever many people do at once, what each has unread is what a count of the messages gives.
func TestUnreadUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		people := []world.Person{w.Owner, w.Administrator, w.AccessManager, w.Employee, w.External, w.Stranger}
		var ids []messaging.ID
		for i := range 3 {
			ids = append(ids, s.group(w.Owner, fmt.Sprint(i), people[1:]...))
		}
		const workers, rounds = 12, 40
		var group sync.WaitGroup
		failed := make([]error, workers)
		for i := range workers {
			group.Go(func() {
				r := rand.New(rand.NewPCG(uint64(i), 7))
				for range rounds {
					if err := s.anything(r, people, ids); err != nil {
						failed[i] = err
						return
					}
				}
			})
		}
		group.Wait()
		s.ok(errors.Join(failed...))
		var pairs, wrong int
		rows, err := s.e.DB.Conn().Query(s.ctx, trueUnread)
		s.ok(err)
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			s.ok(rows.Scan(&pairs, &wrong))
		}
		s.ok(rows.Err())
		if wrong != 0 || pairs < 15 {
			t.Errorf("%d of %d counts are wrong", wrong, pairs)
		}
	})
}

// anything does something random; what the state does not allow is no failure.
func (s *suite) anything(r *rand.Rand, people []world.Person, ids []messaging.ID) error {
	p, org, id := people[r.IntN(len(people))], s.w.Org, ids[r.IntN(len(ids))]
	at := messaging.GetConversationInput{Org: org, Conversation: id}
	c, err := s.s.Get(s.ctx, p.Actor, at)
	if veranda.CodeOf(err) == veranda.CodeNotFound { // they left: somebody adds them again
		_, err = s.s.Add(s.ctx, s.w.Owner.Actor, messaging.AddPeopleInput{Org: org, Conversation: id, Accounts: []veranda.AccountID{p.Account}})
		return err
	}
	if err != nil {
		return err
	}
	n := max(1, c.LastNumber-r.Int64N(6))
	switch k := r.IntN(20); {
	case k < 8:
		_, err = s.s.Send(s.ctx, p.Actor, messaging.SendInput{Org: org, Conversation: id, Content: messaging.Content{Text: "word"}})
	case k < 13:
		_, err = s.s.MarkRead(s.ctx, p.Actor, messaging.MarkReadInput{Org: org, Conversation: id, Number: n})
	case k < 14:
		_, err = s.s.MarkUnread(s.ctx, p.Actor, messaging.MarkReadInput{Org: org, Conversation: id, Number: n})
	case k < 16:
		err = s.s.Delete(s.ctx, p.Actor, messaging.DeleteInput{Org: org, Conversation: id, Number: n})
	case k < 18:
		err = s.s.HideMessage(s.ctx, p.Actor, messaging.MessageInput{Org: org, Conversation: id, Number: n})
	case k < 19:
		err = s.s.Hide(s.ctx, p.Actor, at)
	default:
		if p.Account != s.w.Owner.Account {
			err = s.s.Leave(s.ctx, p.Actor, at)
		}
	}
	switch veranda.CodeOf(err) {
	case veranda.CodeForbidden, veranda.CodeNotFound, veranda.CodeConflict:
		return nil
	}
	return err
}

func TestReading(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Owner, w.Guest)
		for i := range 4 {
			s.send(w.Employee, id, numbered(i))
		}
		s.wantUnread(w.Owner, id, 5)
		mark := func(by world.Person, n int64) *messaging.ReadState {
			s.Helper()
			return must[*messaging.ReadState](s)(s.s.MarkRead(s.ctx, by.Actor, messaging.MarkReadInput{Org: w.Org, Conversation: id, Number: n}))
		}
		// Up to what was seen, not to what came since; and never back.
		if state := mark(w.Owner, 3); state.Unread != 2 || state.ReadNumber != 3 || state.LastNumber != 5 {
			t.Errorf("%+v", state)
		}
		if state := mark(w.Owner, 1); state.Unread != 2 || state.ReadNumber != 3 {
			t.Errorf("%+v", state)
		}
		s.send(w.Owner, id, "mine") // does not read what came before
		s.wantUnread(w.Owner, id, 2)
		s.ok(s.s.HideMessage(s.ctx, w.Owner.Actor, s.message(id, 4)))
		s.ok(s.s.HideMessage(s.ctx, w.Owner.Actor, s.message(id, 1)))
		s.wantUnread(w.Owner, id, 1)
		s.ok(s.s.Delete(s.ctx, w.Employee.Actor, messaging.DeleteInput{Org: w.Org, Conversation: id, Number: 4}))
		s.wantUnread(w.Owner, id, 1)
		s.wantUnread(w.Guest, id, 5)
		state := must[*messaging.ReadState](s)(s.s.MarkUnread(s.ctx, w.Owner.Actor, messaging.MarkUnreadInput{Org: w.Org, Conversation: id, Number: 2}))
		if state.Unread != 3 || state.ReadNumber != 1 { // 2, 3 and 5
			t.Errorf("%+v", state)
		}
		_, err := s.s.MarkRead(s.ctx, w.Owner.Actor, messaging.MarkReadInput{Org: w.Org, Conversation: id, Number: 7})
		verandatest.WantFields(t, err, "/number range")
		_, err = s.s.MarkUnread(s.ctx, w.Owner.Actor, messaging.MarkReadInput{Org: w.Org, Conversation: id})
		verandatest.WantFields(t, err, "/number range")
		mark(w.Owner, 6)
		counts := must[map[veranda.AccountID]messaging.Unread](s)(s.s.UnreadOf(s.ctx, w.Org, []veranda.AccountID{w.Owner.Account, w.Guest.Account, w.External.Account}))
		if len(counts) != 1 || counts[w.Guest.Account] != (messaging.Unread{Messages: 5, Conversations: 1}) {
			t.Errorf("%+v", counts)
		}
		everywhere := must[*messaging.UnreadEverywhere](s)(s.s.UnreadEverywhere(s.ctx, w.Guest.Actor, messaging.UnreadEverywhereInput{}))
		if everywhere.Messages != 5 || len(everywhere.Items) != 1 || everywhere.Items[0].Org != w.Org {
			t.Errorf("%+v", everywhere)
		}
		s.exec(`UPDATE veranda_memberships SET disabled_at = $1 WHERE account_id = $2`, s.e.DB.Time(s.e.DB.Now()), w.Guest.Account)
		if everywhere := must[*messaging.UnreadEverywhere](s)(s.s.UnreadEverywhere(s.ctx, w.Guest.Actor, messaging.UnreadEverywhereInput{})); everywhere.Messages != 0 {
			t.Errorf("disabled: %+v", everywhere)
		}
	})
}

// Who keeps to themselves how far they have read does not learn of others either.
func TestReceipts(t *testing.T) {
	each(t, func(t *testing.T, s *suite) {
		w := s.w
		id := s.group(w.Employee, "Plans", w.Owner, w.Guest)
		read := func(by world.Person) map[string]int64 {
			s.Helper()
			got := map[string]int64{}
			for _, p := range must[veranda.List[messaging.Participant]](s)(s.s.People(s.ctx, by.Actor, messaging.ListPeopleInput{Org: w.Org, Conversation: id})).Items {
				if p.ReadNumber != nil {
					got[p.Name] = *p.ReadNumber
				}
			}
			return got
		}
		mark := func(by world.Person) []veranda.AccountID {
			s.Helper()
			must[*messaging.ReadState](s)(s.s.MarkRead(s.ctx, by.Actor, messaging.MarkReadInput{Org: w.Org, Conversation: id, Number: s.get(by, id).LastNumber}))
			events := s.e.Events(t, messaging.EventReadMarked)
			return events[len(events)-1].To
		}
		if to := mark(w.Owner); len(to) != 3 {
			t.Errorf("told: %v", to)
		}
		if got := read(w.Guest); len(got) != 3 || got["Olga Owner"] != 1 || got["Gustav Guest"] != 0 {
			t.Errorf("%v", got)
		}
		if p := must[*messaging.Preferences](s)(s.s.Preferences(s.ctx, w.Owner.Actor, messaging.PreferencesInput{Org: w.Org})); !p.Receipts {
			t.Error("receipts are off")
		}
		must[*messaging.Preferences](s)(s.s.SetPreferences(s.ctx, w.Owner.Actor, messaging.SetPreferencesInput{Org: w.Org}))
		if got := read(w.Guest); len(got) != 2 {
			t.Errorf("%v", got)
		}
		if got := read(w.Owner); len(got) != 1 || got["Olga Owner"] != 1 {
			t.Errorf("%v", got)
		}
		if to := mark(w.Guest); len(to) != 2 {
			t.Errorf("told: %v", to)
		}
		s.send(w.Guest, id, "x")
		if to := mark(w.Owner); len(to) != 1 {
			t.Errorf("told: %v", to)
		}
	})
}
