package support_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/tenancy/support"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), support.Module()}
}

// suite is a furnished database with a service on it; the action "note" notes what it is called with.
type suite struct {
	*testing.T
	ctx   context.Context
	e     *verandatest.Env
	w     *world.World
	authz *tenancy.Authorizer
	s     *support.Service
	noted []string
	fails error
}

func each(t *testing.T, run func(s *suite)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		s := &suite{T: t, ctx: context.Background(), e: e, w: world.New(t, e)}
		var err error
		if s.authz, err = tenancy.NewAuthorizer(s.ctx, e.DB, modules()...); err != nil {
			t.Fatal(err)
		}
		s.s, err = support.New(support.Deps{DB: e.DB, Authz: s.authz, Throttle: tenancy.NewThrottle(e.DB), BaseURL: "https://works.example",
			Passwords: passwords{s.w.Employee.Address: s.w.Employee.Account, s.w.Owner.Address: s.w.Owner.Account},
			Actions: map[string]support.Action{
				"note": {InOrganization: true, Check: func(target string) error {
					_, err := tenancy.ParseAddress(target)
					return err
				}, Run: func(_ context.Context, by veranda.Actor, org veranda.OrgID, target string) error {
					s.noted = append(s.noted, by.Account().String()+" "+org.String()+" "+target)
					return s.fails
				}},
				"unlock": {OwnAccount: true, Locked: true, Run: func(_ context.Context, _ veranda.Actor, _ veranda.OrgID, target string) error {
					s.noted = append(s.noted, "unlock "+target)
					return nil
				}},
			}})
		if err != nil {
			t.Fatal(err)
		}
		run(s)
	})
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// request writes to support as somebody who is signed in.
func (s *suite) request(as world.Person) support.RequestID {
	s.Helper()
	written, err := s.s.Write(s.ctx, as.Actor, support.WriteInput{Topic: support.TopicOther, Subject: "Help", Text: "I need help."})
	s.must(err)
	if written.Request == nil {
		s.Fatal("who is signed in learns no id")
	}
	return *written.Request
}

// anonymous writes to support without signing in, and gives the request as support sees it.
func (s *suite) anonymous(address string) support.Request {
	s.Helper()
	written, err := s.s.Write(s.ctx, veranda.Anonymous(), support.WriteInput{Address: address, Topic: support.TopicSignIn, Subject: "Locked out", Text: "Help", ClientAddress: "192.0.2.1"})
	s.must(err)
	if written.Request != nil {
		s.Fatal("who is not signed in learns an id")
	}
	queue, err := s.s.Queue(s.ctx, s.w.Support.Actor, support.QueueInput{})
	s.must(err)
	return queue.Items[0]
}

// mails are the queued mails to an address: subjects and texts.
func (s *suite) mails(address string) []string {
	s.Helper()
	var rows []struct{ Template, Data string }
	s.must(s.e.DB.Reader().NewRaw(`SELECT template, CAST(data AS TEXT) AS data FROM veranda_deliveries WHERE recipient = ? ORDER BY id`, address).Scan(s.ctx, &rows))
	out := []string{}
	for _, r := range rows {
		out = append(out, r.Template+" "+r.Data)
	}
	return out
}

func TestWriting(t *testing.T) {
	each(t, func(s *suite) {
		id := s.request(s.w.Employee)
		r, err := s.s.Request(s.ctx, s.w.Employee.Actor, support.RequestInput{Request: id})
		s.must(err)
		if r.Account != s.w.Employee.Account || !r.Proved || r.Address != s.w.Employee.Address || len(r.Messages) != 1 || r.Messages[0].Text != "I need help." {
			s.Errorf("the request: %+v", r)
		}
		if mails := s.mails(s.w.Employee.Address); len(mails) != 1 || !strings.HasPrefix(mails[0], "support_received") {
			s.Errorf("mails: %v", mails)
		}
		known := s.anonymous(s.w.Employee.Address)
		unknown := s.anonymous("nobody@elsewhere.example")
		if known.Proved || unknown.Proved || !known.Account.IsZero() || !unknown.Account.IsZero() {
			s.Errorf("a form proves an address: %+v %+v", known, unknown)
		}
		s.e.WantEvents(s, "support.*", support.EventRequested, support.EventRequested, support.EventRequested)
		for _, in := range []support.WriteInput{{Topic: "x", Language: strings.Repeat("x", 40)}} {
			_, err := s.s.Write(s.ctx, veranda.Anonymous(), in)
			verandatest.WantFields(s, err, "/address required", "/topic one_of", "/subject required", "/text required", "/language too_long")
		}
		_, err = s.s.Write(s.ctx, s.w.Employee.Actor, support.WriteInput{Address: s.w.Owner.Address, Topic: "other", Subject: "S", Text: "T"})
		verandatest.WantFields(s, err, "/address not_found")
	})
}

// An address is not flooded with mails in its name, and a network is stopped.
func TestFlood(t *testing.T) {
	each(t, func(s *suite) {
		refused := 0
		for i := range 70 {
			_, err := s.s.Write(s.ctx, veranda.Anonymous(), support.WriteInput{Address: "victim@elsewhere.example", Topic: "other", Subject: "S", Text: "T", ClientAddress: "192.0.2.7"})
			if err != nil {
				verandatest.WantCode(s, err, veranda.CodeLimit)
				refused++
			} else if refused > 0 {
				s.Fatalf("call %d passes after a refusal", i)
			}
		}
		if mails := s.mails("victim@elsewhere.example"); len(mails) != 5 || refused == 0 {
			s.Errorf("%d mails, %d refused", len(mails), refused)
		}
		if queue, err := s.s.Queue(s.ctx, s.w.Support.Actor, support.QueueInput{Page: veranda.Page{Limit: 200}}); err != nil || len(queue.Items) != 70-refused {
			s.Errorf("%d requests are kept, %v", len(queue.Items), err)
		}
		for range 20 {
			s.request(s.w.Employee)
		}
		_, err := s.s.Write(s.ctx, s.w.Employee.Actor, support.WriteInput{Topic: "other", Subject: "S", Text: "T"})
		verandatest.WantCode(s, err, veranda.CodeLimit)
	})
}

func TestWhoSeesRequests(t *testing.T) {
	each(t, func(s *suite) {
		id := s.request(s.w.Employee)
		for _, p := range []world.Person{s.w.Owner, s.w.Administrator, s.w.Guest, s.w.Outsider} {
			for what, call := range map[string]func() error{
				"read": func() error { _, err := s.s.Request(s.ctx, p.Actor, support.RequestInput{Request: id}); return err },
				"message": func() error {
					_, err := s.s.AddMessage(s.ctx, p.Actor, support.MessageInput{Request: id, Text: "x"})
					return err
				},
				"change": func() error {
					_, err := s.s.Change(s.ctx, p.Actor, support.ChangeInput{Request: id, Take: true})
					return err
				},
			} {
				if err := call(); err != error(veranda.ErrNotFound) {
					s.Errorf("%s by %s: %v", what, p.Role, err)
				}
			}
			_, err := s.s.Queue(s.ctx, p.Actor, support.QueueInput{})
			verandatest.WantCode(s, err, veranda.CodeForbidden)
		}
		if _, err := s.s.Request(s.ctx, s.w.Support.Actor, support.RequestInput{Request: nowhere(s)}); err != error(veranda.ErrNotFound) {
			s.Errorf("a request that does not exist: %v", err)
		}
		_, err := s.s.Mine(s.ctx, veranda.Anonymous(), support.MineInput{})
		verandatest.WantCode(s, err, veranda.CodeUnauthenticated)
	})
}

func nowhere(s *suite) support.RequestID {
	var id support.RequestID
	s.must(id.UnmarshalText([]byte("01890000-0000-7000-8000-000000000000")))
	return id
}

// A request written without signing in belongs to whoever signs in with its address confirmed.
func TestOwnership(t *testing.T) {
	each(t, func(s *suite) {
		r := s.anonymous(s.w.Employee.Address)
		s.anonymous("stranger@elsewhere.example")
		mine, err := s.s.Mine(s.ctx, s.w.Employee.Actor, support.MineInput{})
		s.must(err)
		if len(mine.Items) != 1 || mine.Items[0].ID != r.ID {
			s.Errorf("one's own requests: %+v", mine.Items)
		}
		_, err = s.s.AddMessage(s.ctx, s.w.Employee.Actor, support.MessageInput{Request: r.ID, Text: "More"})
		s.must(err)
		_, err = s.s.Change(s.ctx, s.w.Employee.Actor, support.ChangeInput{Request: r.ID, Take: true})
		verandatest.WantCode(s, err, veranda.CodeForbidden)
		closed := support.StateClosed
		changed, err := s.s.Change(s.ctx, s.w.Employee.Actor, support.ChangeInput{Request: r.ID, State: &closed, Version: 2})
		s.must(err)
		if changed.State != closed {
			s.Errorf("closed: %+v", changed)
		}
		_, err = s.s.Change(s.ctx, s.w.Support.Actor, support.ChangeInput{Request: r.ID, State: &closed, Version: 2})
		verandatest.WantCode(s, err, veranda.CodePrecondition)
	})
}

func TestConversation(t *testing.T) {
	each(t, func(s *suite) {
		id := s.request(s.w.Employee)
		taken, err := s.s.Change(s.ctx, s.w.Support.Actor, support.ChangeInput{Request: id, Take: true})
		s.must(err)
		if taken.AssignedTo != s.w.Support.Account {
			s.Errorf("taken: %+v", taken)
		}
		answered, err := s.s.AddMessage(s.ctx, s.w.Support.Actor, support.MessageInput{Request: id, Text: "Try this."})
		s.must(err)
		if answered.State != support.StateAnswered {
			s.Errorf("answered: %+v", answered)
		}
		mails := s.mails(s.w.Employee.Address)
		if len(mails) != 2 || !strings.Contains(mails[1], "Try this.") {
			s.Fatalf("mails: %v", mails)
		}
		// An answer by mail finds its request by the code in the subject, and only from its writer's address.
		_, rest, _ := strings.Cut(mails[1], "[")
		code, _, _ := strings.Cut(rest, "]")
		s.must(s.s.Receive(s.ctx, s.w.Employee.Address, mail(s.w.Employee.Address, "Re: Answer to: Help ["+code+"]", "It works, thank you.")))
		s.must(s.s.Receive(s.ctx, "eve@elsewhere.example", mail("eve@elsewhere.example", "Re: ["+code+"]", "Delete everything")))
		r, err := s.s.Request(s.ctx, s.w.Employee.Actor, support.RequestInput{Request: id})
		s.must(err)
		var said []string
		for _, m := range r.Messages {
			said = append(said, m.Author+" "+m.Channel+" "+m.Text)
		}
		if diff := cmp.Diff([]string{"writer form I need help.", "support form Try this.", "writer mail It works, thank you."}, said); diff != "" || r.State != support.StateOpen {
			s.Errorf("the conversation (-want +got):\n%s", diff)
		}
		queue, err := s.s.Queue(s.ctx, s.w.Support.Actor, support.QueueInput{State: support.StateOpen, Page: veranda.Page{Limit: 1}})
		s.must(err)
		if queue.Next == "" || queue.Items[0].ID != id {
			s.Fatalf("the queue begins with the oldest: %+v", queue)
		}
		queue, err = s.s.Queue(s.ctx, s.w.Support.Actor, support.QueueInput{State: support.StateOpen, Page: veranda.Page{Limit: 1, Cursor: queue.Next}})
		s.must(err)
		if queue.Next != "" || queue.Items[0].Address != "eve@elsewhere.example" || queue.Items[0].Proved {
			s.Errorf("a mail from elsewhere is a request of its own: %+v", queue.Items)
		}
	})
}

func mail(from, subject, text string) []byte {
	return []byte("From: Somebody <" + from + ">\r\nTo: support@works.example\r\nSubject: " + subject + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n")
}

func TestMail(t *testing.T) {
	each(t, func(s *suite) {
		latin := "From: =?iso-8859-1?Q?J=F6rg?= <joerg@elsewhere.example>\r\nSubject: =?utf-8?B?0J/RgNC40LLQtdGC?=\r\nContent-Language: ru\r\n" +
			"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>no</b>\r\n--b\r\n" +
			"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n--b--\r\n"
		s.must(s.s.Receive(s.ctx, "joerg@elsewhere.example", []byte(latin)))
		for what, raw := range map[string]string{
			"automatic": "From: a@elsewhere.example\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nI am away\r\n",
			"list":      "From: b@elsewhere.example\r\nPrecedence: bulk\r\nSubject: News\r\n\r\nNews\r\n",
		} {
			if err := s.s.Receive(s.ctx, "a@elsewhere.example", []byte(raw)); err != nil {
				s.Errorf("%s: %v", what, err)
			}
		}
		s.must(s.s.Receive(s.ctx, "", mail("c@elsewhere.example", "Bounce", "x")))
		for what, raw := range map[string]string{
			"no sender": "Subject: x\r\n\r\nx", "two senders": "From: a@b.example, c@d.example\r\n\r\nx",
			"bad address": "From: \"a b\"@elsewhere.example\r\n\r\nx", "too large": string(mail("d@elsewhere.example", "x", strings.Repeat("x", 2<<20))),
		} {
			if err := s.s.Receive(s.ctx, "d@elsewhere.example", []byte(raw)); veranda.CodeOf(err) != veranda.CodeInvalid {
				s.Errorf("%s: %v", what, err)
			}
		}
		queue, err := s.s.Queue(s.ctx, s.w.Support.Actor, support.QueueInput{})
		s.must(err)
		if len(queue.Items) != 1 {
			s.Fatalf("%d requests", len(queue.Items))
		}
		r, err := s.s.Request(s.ctx, s.w.Support.Actor, support.RequestInput{Request: queue.Items[0].ID})
		s.must(err)
		if r.Subject != "Привет" || r.Messages[0].Text != "Grüße" || r.Messages[0].Channel != support.ChannelMail {
			s.Errorf("the request: %+v", r)
		}
		if mails := s.mails("joerg@elsewhere.example"); len(mails) != 1 || !strings.Contains(mails[0], "Ваше обращение") {
			s.Errorf("mails: %v", mails)
		}
	})
}

func (s *suite) propose(id support.RequestID, target string) (support.ActionInput, error) {
	r, err := s.s.Propose(s.ctx, s.w.Support.Actor, support.ProposeInput{Request: id, Action: "note", Org: s.w.Org, Target: target})
	if err != nil {
		return support.ActionInput{}, err
	}
	return support.ActionInput{Request: id, Action: r.Actions[len(r.Actions)-1].ID}, nil
}

func TestActions(t *testing.T) {
	each(t, func(s *suite) {
		id := s.request(s.w.Employee)
		in, err := s.propose(id, "someone@elsewhere.example")
		s.must(err)
		if mails := s.mails(s.w.Employee.Address); len(mails) != 2 || !strings.HasPrefix(mails[1], "support_confirm") {
			s.Errorf("mails: %v", mails)
		}
		_, err = s.s.CarryOut(s.ctx, s.w.Support.Actor, in)
		verandatest.WantCode(s, err, veranda.CodeConflict)
		for _, p := range []world.Person{s.w.Support, s.w.Owner, s.w.Outsider} {
			if _, err := s.s.Confirm(s.ctx, p.Actor, in); err != error(veranda.ErrNotFound) {
				s.Errorf("%s confirms: %v", p.Role, err)
			}
		}
		for _, p := range []world.Person{s.w.Employee, s.w.Owner} {
			_, err := s.s.CarryOut(s.ctx, p.Actor, in)
			verandatest.WantCode(s, err, veranda.CodeForbidden)
			_, err = s.propose2(p, id)
			verandatest.WantCode(s, err, veranda.CodeForbidden)
		}
		_, err = s.s.Confirm(s.ctx, s.w.Employee.Actor, in)
		s.must(err)
		_, err = s.s.Confirm(s.ctx, s.w.Employee.Actor, in)
		verandatest.WantCode(s, err, veranda.CodeConflict)
		done, err := s.s.CarryOut(s.ctx, s.w.Support.Actor, in)
		s.must(err)
		if done.Actions[0].State != support.ActionDone || done.Actions[0].ConfirmedBy != s.w.Employee.Account || done.Actions[0].DoneBy != s.w.Support.Account {
			s.Errorf("done: %+v", done.Actions[0])
		}
		_, err = s.s.CarryOut(s.ctx, s.w.Support.Actor, in)
		verandatest.WantCode(s, err, veranda.CodeConflict)
		want := []string{s.w.Support.Account.String() + " " + s.w.Org.String() + " someone@elsewhere.example"}
		if diff := cmp.Diff(want, s.noted); diff != "" {
			s.Errorf("carried out (-want +got):\n%s", diff)
		}
		s.e.WantEvents(s, "support.action_*", support.EventActionProposed, support.EventActionConfirmed, support.EventActionDone)
	})
}

func (s *suite) propose2(as world.Person, id support.RequestID) (*support.Request, error) {
	return s.s.Propose(s.ctx, as.Actor, support.ProposeInput{Request: id, Action: "note", Org: s.w.Org, Target: "x@elsewhere.example"})
}

func TestActionsThatEndOtherwise(t *testing.T) {
	each(t, func(s *suite) {
		id := s.request(s.w.Employee)
		declined, err := s.propose(id, "a@elsewhere.example")
		s.must(err)
		_, err = s.s.Confirm(s.ctx, s.w.Employee.Actor, declined)
		s.must(err)
		_, err = s.s.Decline(s.ctx, s.w.Employee.Actor, declined)
		s.must(err)
		_, err = s.s.CarryOut(s.ctx, s.w.Support.Actor, declined)
		verandatest.WantCode(s, err, veranda.CodeConflict)

		late, err := s.propose(id, "b@elsewhere.example")
		s.must(err)
		_, err = s.s.Confirm(s.ctx, s.w.Employee.Actor, late)
		s.must(err)
		s.e.Clock.Advance(8 * 24 * time.Hour)
		_, err = s.s.CarryOut(s.ctx, s.w.Support.Actor, late)
		verandatest.WantCode(s, err, veranda.CodeConflict)

		failing, err := s.propose(id, "c@elsewhere.example")
		s.must(err)
		_, err = s.s.Confirm(s.ctx, s.w.Employee.Actor, failing)
		s.must(err)
		s.fails = veranda.ErrForbidden
		_, err = s.s.CarryOut(s.ctx, s.w.Support.Actor, failing)
		verandatest.WantCode(s, err, veranda.CodeForbidden)
		r, err := s.s.Request(s.ctx, s.w.Support.Actor, support.RequestInput{Request: id})
		s.must(err)
		if last := r.Actions[2]; last.State != support.ActionFailed || last.Reason != veranda.ErrForbidden.Message {
			s.Errorf("failed: %+v", last)
		}

		_, err = s.propose(s.anonymous("nobody@elsewhere.example").ID, "d@elsewhere.example")
		verandatest.WantCode(s, err, veranda.CodeConflict)
		_, err = s.s.Propose(s.ctx, s.w.Support.Actor, support.ProposeInput{Request: id, Action: "note", Target: "not an address"})
		verandatest.WantFields(s, err, "/organization_id required", "/target target")
		_, err = s.s.Propose(s.ctx, s.w.Support.Actor, support.ProposeInput{Request: id, Action: "explode", Target: "x"})
		verandatest.WantFields(s, err, "/action one_of")
		closed := support.StateClosed
		_, err = s.s.Change(s.ctx, s.w.Support.Actor, support.ChangeInput{Request: id, State: &closed})
		s.must(err)
		_, err = s.propose(id, "e@elsewhere.example")
		verandatest.WantCode(s, err, veranda.CodeConflict)
	})
}

// passwords are accounts by address; the password of all is "secret".
type passwords map[string]veranda.AccountID

func (p passwords) CheckPassword(_ context.Context, address, password, _ string) (veranda.AccountID, error) {
	account, known := p[address]
	if !known || password != "secret" {
		return veranda.AccountID{}, tenancy.ErrSignIn
	}
	return account, nil
}

func actionID(s *suite) support.ActionID {
	var id support.ActionID
	s.must(id.UnmarshalText([]byte("01890000-0000-7000-8000-000000000000")))
	return id
}

// Who cannot sign in confirms by a password what allows it, about an account of their own alone.
func TestLockedOut(t *testing.T) {
	each(t, func(s *suite) {
		id := s.anonymous(s.w.Employee.Address).ID
		propose := func(action, target string) support.ConfirmLockedInput {
			s.Helper()
			r, err := s.s.Propose(s.ctx, s.w.Support.Actor, support.ProposeInput{Request: id, Action: action, Org: s.w.Org, Target: target})
			s.must(err)
			return support.ConfirmLockedInput{Request: id, Action: r.Actions[len(r.Actions)-1].ID, Address: s.w.Employee.Address, Password: "secret"}
		}
		confirm := func(in support.ConfirmLockedInput) error {
			_, err := s.s.ConfirmLocked(s.ctx, veranda.Anonymous(), in)
			return err
		}
		carryOut := func(in support.ConfirmLockedInput) error {
			_, err := s.s.CarryOut(s.ctx, s.w.Support.Actor, support.ActionInput{Request: in.Request, Action: in.Action})
			return err
		}
		in := propose("unlock", s.w.Employee.Address)
		mails := s.mails(s.w.Employee.Address)
		if last := mails[len(mails)-1]; !strings.Contains(last, "/support?token="+in.Request.String()+"."+in.Action.String()) {
			s.Errorf("the mail: %s", last)
		}
		wrong, stranger := in, in
		wrong.Password, stranger.Address = "guess", s.w.Owner.Address
		verandatest.WantCode(s, confirm(wrong), veranda.CodeUnauthenticated)
		if err := confirm(stranger); err != error(veranda.ErrNotFound) {
			s.Errorf("somebody else's password: %v", err)
		}
		verandatest.WantCode(s, carryOut(in), veranda.CodeConflict)
		s.must(confirm(in))
		s.must(carryOut(in))

		// What asks to sign in is not confirmed like this; and another's account is not touched, whoever confirms.
		note := propose("note", "someone@elsewhere.example")
		if err := confirm(note); err != error(veranda.ErrNotFound) {
			s.Errorf("an action that asks to sign in: %v", err)
		}
		theirs := propose("unlock", s.w.Owner.Address)
		s.must(confirm(theirs))
		verandatest.WantCode(s, carryOut(theirs), veranda.CodeConflict)
		if diff := cmp.Diff([]string{"unlock " + s.w.Employee.Address}, s.noted); diff != "" {
			s.Errorf("carried out (-want +got):\n%s", diff)
		}
		verandatest.WantFields(s, confirm(support.ConfirmLockedInput{}), "/request_id required", "/action_id required", "/address email", "/password required")
	})
}
