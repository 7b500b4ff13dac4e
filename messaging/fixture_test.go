package messaging_test

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/files"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), files.Module(), messaging.Module()}
}

// suite is a furnished database with a service on it.
type suite struct {
	testing.TB
	ctx   context.Context
	e     *verandatest.Env
	w     *world.World
	authz *tenancy.Authorizer
	s     *messaging.Service
}

// each runs a test on every engine.
func each(t *testing.T, run func(t *testing.T, s *suite)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) { run(t, newSuite(t, e)) })
}

func newSuite(t testing.TB, e *verandatest.Env) *suite {
	t.Helper()
	s := &suite{TB: t, ctx: context.Background(), e: e, w: world.New(t, e)}
	var err error
	if s.authz, err = tenancy.NewAuthorizer(s.ctx, e.DB, e.Modules...); err != nil {
		t.Fatal(err)
	}
	s.s = s.service(messaging.Deps{})
	return s
}

func (s *suite) service(d messaging.Deps) *messaging.Service {
	s.Helper()
	d.DB = s.e.DB
	if d.Authz == nil {
		d.Authz = s.authz
	}
	service, err := messaging.New(d)
	if err != nil {
		s.Fatal(err)
	}
	return service
}

// must gives the value of a call that succeeds.
func must[T any](s *suite) func(T, error) T {
	return func(value T, err error) T {
		s.Helper()
		if err != nil {
			s.Fatal(err)
		}
		return value
	}
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// group starts a group with a subject.
func (s *suite) group(by world.Person, subject string, others ...world.Person) messaging.ID {
	s.Helper()
	in := messaging.StartInput{Org: s.w.Org, Subject: subject}
	for _, p := range others {
		in.Recipients = append(in.Recipients, p.Account)
	}
	return must[*messaging.Conversation](s)(s.s.Start(s.ctx, by.Actor, in)).ID
}

func (s *suite) send(by world.Person, id messaging.ID, text string) *messaging.Message {
	s.Helper()
	return must[*messaging.Message](s)(s.s.Send(s.ctx, by.Actor, messaging.SendInput{Org: s.w.Org, Conversation: id, Content: messaging.Content{Text: text}}))
}

func (s *suite) get(by world.Person, id messaging.ID) *messaging.Conversation {
	s.Helper()
	return must[*messaging.Conversation](s)(s.s.Get(s.ctx, by.Actor, messaging.GetConversationInput{Org: s.w.Org, Conversation: id}))
}

// texts are what somebody reads in a conversation, newest first; a deleted message is "-".
func (s *suite) texts(by world.Person, id messaging.ID) []string {
	s.Helper()
	list := must[veranda.List[messaging.Message]](s)(s.s.ListMessages(s.ctx, by.Actor, messaging.ListMessagesInput{Org: s.w.Org, Conversation: id}))
	out := []string{}
	for _, m := range list.Items {
		text := m.Text
		if m.DeletedAt != nil {
			text = "-"
		}
		out = append(out, text)
	}
	return out
}

func (s *suite) wantTexts(by world.Person, id messaging.ID, want ...string) {
	s.Helper()
	if want == nil {
		want = []string{}
	}
	if got := s.texts(by, id); !slices.Equal(got, want) {
		s.Errorf("%s reads %q, want %q", by.Role, got, want)
	}
}

func (s *suite) wantUnread(by world.Person, id messaging.ID, want int64) {
	s.Helper()
	if got := s.get(by, id).Unread; got != want {
		s.Errorf("%s has %d unread, want %d", by.Role, got, want)
	}
}

// wantNotFound asserts that an answer is, to the byte, the one for what does not exist.
func (s *suite) wantNotFound(what string, err error) {
	s.Helper()
	if err == nil || err.Error() != veranda.ErrNotFound.Error() {
		s.Errorf("%s: want %q, got %v", what, veranda.ErrNotFound.Error(), err)
	}
}

func (s *suite) wantReason(err error, reason string) {
	s.Helper()
	e, ok := err.(*veranda.Error)
	if !ok || e.Reason != reason {
		s.Errorf("want %s, got %v", reason, err)
	}
}

func (s *suite) exec(text string, args ...any) {
	s.Helper()
	err := s.e.DB.InTx(s.ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) message(id messaging.ID, n int64) messaging.MessageInput {
	return messaging.MessageInput{Org: s.w.Org, Conversation: id, Number: n}
}

func numbered(n int) string { return strconv.Itoa(n) }
