package tenancy

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// arrives registers and confirms an account, and signs it in. Mails that go out meanwhile are left in the mailbox.
func (k *kit) arrives(t *testing.T, address string) (veranda.Actor, veranda.AccountID) {
	t.Helper()
	k.register(t, address, goodPassword)
	if _, err := k.s.Confirm(context.Background(), veranda.Anonymous(), ConfirmInput{Token: token(t, k.one(t)), Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	session := k.signIn(t, address, goodPassword)
	return veranda.TokenActor(session.Token), session.Account
}

// joins are the states of one's own requests, newest first.
func (k *kit) joins(t *testing.T, by veranda.Actor) []string {
	t.Helper()
	list, err := k.s.MyJoinRequests(context.Background(), by)
	must(t, err)
	states := []string{}
	for _, r := range list.Items {
		states = append(states, r.State)
	}
	return states
}

// open is the newest request to an organization.
func (k *kit) open(t *testing.T) JoinRequest {
	t.Helper()
	list, err := k.s.JoinRequests(context.Background(), k.Owner.Actor, JoinsInput{Org: k.Org})
	must(t, err)
	if len(list.Items) == 0 {
		t.Fatal("there is no request")
	}
	return list.Items[0]
}

func (k *kit) decide(by veranda.Actor, r JoinRequest, decision string) (*JoinRequest, error) {
	return k.s.DecideJoin(context.Background(), by, DecideJoinInput{Org: r.Org, Request: r.ID, Version: r.Version, Decision: decision})
}

// memberOf is the kind and roles of a membership, "" for none.
func (k *kit) memberOf(t *testing.T, account veranda.AccountID) string {
	t.Helper()
	var kind, roles string
	_, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT kind, roles FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, []any{k.Org, account}, &kind, &roles)
	must(t, err)
	if kind == "" {
		return ""
	}
	return kind + " " + roles
}

func (k *domainKit) joining(t *testing.T, how string) {
	t.Helper()
	_, err := k.s.UpdateOrganization(context.Background(), k.Owner.Actor, UpdateOrganizationInput{Org: k.Org, Joining: &how})
	must(t, err)
}

func TestAskedByRegistering(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		for _, elsewhere := range []string{
			"a@company.example.evil.example", "a@evilcompany.example", "a@mail.company.example", "a@company.example.com", "a@xn--cmpany-bxa.example", "a@gmail.com", "company.example@evil.example",
		} {
			by, _ := k.arrives(t, elsewhere)
			if got := k.joins(t, by); len(got) > 0 {
				t.Errorf("%s asked: %v", elsewhere, got)
			}
			k.sent(t)
		}
		by, account := k.arrives(t, "Ada@COMPANY.Example")
		if diff := cmp.Diff([]string{JoinPending}, k.joins(t, by)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if got := k.memberOf(t, account); got != "" {
			t.Errorf("who asks is %s", got)
		}
		told := map[string]string{}
		for _, m := range k.sent(t) {
			told[m.To] = m.Subject
		}
		const subject = "Ada Person asks to join Veranda Works"
		if diff := cmp.Diff(map[string]string{k.Owner.Address: subject, k.Administrator.Address: subject, k.AccessManager.Address: subject}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		joinable, err := k.s.MyJoinable(ctx, by)
		must(t, err)
		if len(joinable.Items) != 0 {
			t.Errorf("an open request can be made again: %+v", joinable.Items)
		}
		_, err = k.s.AskToJoin(ctx, by, AskToJoinInput{Organization: k.Org})
		want(t, err, ErrJoinAsked)

		r := k.open(t)
		if r.Name != "Ada Person" || r.Address != "Ada@COMPANY.Example" || r.Account != account || r.State != JoinPending {
			t.Errorf("%+v", r)
		}
		for _, c := range []struct {
			who  world.Person
			list *veranda.Error
		}{
			{k.Employee, veranda.ErrForbidden}, {k.External, veranda.ErrForbidden}, {k.Guest, veranda.ErrForbidden}, {k.Support, veranda.ErrForbidden}, {k.Outsider, veranda.ErrNotFound},
		} {
			_, err := k.s.JoinRequests(ctx, c.who.Actor, JoinsInput{Org: k.Org})
			want(t, err, c.list)
			_, err = k.decide(c.who.Actor, r, JoinApprove)
			want(t, err, veranda.ErrNotFound)
		}
		_, err = k.decide(by, r, JoinApprove)
		want(t, err, veranda.ErrNotFound)
		_, err = k.decide(k.Outsider.Actor, JoinRequest{Org: k.Other, ID: r.ID}, JoinApprove)
		want(t, err, veranda.ErrNotFound)
		_, err = k.decide(k.Owner.Actor, r, "perhaps")
		verandatest.WantFields(t, err, "/decision one_of")
		stale := r
		stale.Version++
		_, err = k.decide(k.Owner.Actor, stale, JoinApprove)
		want(t, err, veranda.ErrVersion)

		decided, err := k.decide(k.AccessManager.Actor, r, JoinApprove)
		must(t, err)
		if decided.State != JoinJoined || decided.DecidedBy != k.AccessManager.Account || decided.EndedAt == nil || decided.Version != r.Version+1 {
			t.Errorf("%+v", decided)
		}
		if got := k.memberOf(t, account); got != "internal employee" {
			t.Errorf("who was approved is %q", got)
		}
		if m := k.one(t); m.To != "ada@company.example" && m.To != "Ada@company.example" || m.Subject != "You have joined Veranda Works" {
			t.Errorf("mail %+v", m)
		}
		_, err = k.decide(k.Owner.Actor, r, JoinDecline)
		want(t, err, ErrJoinEnded)
		_, err = k.s.AskToJoin(ctx, by, AskToJoinInput{Organization: k.Org})
		want(t, err, ErrJoinMember)
		k.WantEvents(t, "tenancy.join_*", EventJoinAsked, EventJoinApproved)
		joined := k.Events(t, EventMemberJoined)
		if len(joined) != 1 || joined[0].By != k.AccessManager.Account || joined[0].Subject != account.String() {
			t.Errorf("events %+v", joined)
		}
	})
}

func TestAskedAgain(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		by, account := k.arrives(t, "ada@company.example")
		other, _ := k.arrives2(t, "bob@else.example")
		_, err := k.decide(k.Owner.Actor, k.open(t), JoinDecline)
		must(t, err)
		if diff := cmp.Diff([]string{JoinDeclined}, k.joins(t, by)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		ask := func(by veranda.Actor, in AskToJoinInput) error {
			_, err := k.s.AskToJoin(ctx, by, in)
			return err
		}
		want(t, ask(by, AskToJoinInput{Organization: k.Org}), ErrJoinDeclined)
		k.Clock.Advance(joinAgain)
		session := k.signIn(t, "ada@company.example", goodPassword)
		by = veranda.TokenActor(session.Token)
		must(t, ask(by, AskToJoinInput{Organization: k.Org, Address: "ADA@company.example"}))
		second := k.open(t)
		want(t, k.s.WithdrawJoin(ctx, veranda.AccountActor(k.Employee.Account), MyJoinInput{Request: second.ID}), veranda.ErrNotFound)
		must(t, k.s.WithdrawJoin(ctx, by, MyJoinInput{Request: second.ID}))
		want(t, k.s.WithdrawJoin(ctx, by, MyJoinInput{Request: second.ID}), ErrJoinEnded)
		_, err = k.decide(k.Owner.Actor, second, JoinApprove)
		want(t, err, ErrJoinEnded)

		want(t, ask(by, AskToJoinInput{Organization: k.Other}), veranda.ErrNotFound)
		want(t, ask(by, AskToJoinInput{Organization: veranda.NewOrgID()}), veranda.ErrNotFound)
		want(t, ask(by, AskToJoinInput{Organization: k.Org, Address: "ada@else.example"}), veranda.ErrNotFound)
		want(t, ask(other, AskToJoinInput{Organization: k.Org}), veranda.ErrNotFound)
		want(t, ask(veranda.Anonymous(), AskToJoinInput{Organization: k.Org}), veranda.ErrUnauthenticated)
		verandatest.WantFields(t, ask(by, AskToJoinInput{Address: "x"}), "/organization_id required", "/address email")

		// The list of mail domains judges the address, here too.
		k.set(t, `UPDATE veranda_organizations SET domains = '["else.example"]' WHERE id = $1`, k.Org)
		want(t, ask(by, AskToJoinInput{Organization: k.Org}), ErrJoinDomain)
		k.set(t, `UPDATE veranda_organizations SET domains = '["company.example"]' WHERE id = $1`, k.Org)
		joinable, err := k.s.MyJoinable(ctx, by)
		must(t, err)
		if got := joinable.Items; len(got) != 1 || got[0] != (Joinable{Organization: k.Org, Name: "Veranda Works", Address: "ada@company.example", Joining: JoiningAsk}) {
			t.Errorf("joinable %+v", got)
		}
		must(t, ask(by, AskToJoinInput{Organization: k.Org}))
		k.set(t, `UPDATE veranda_organizations SET domains = '["else.example"]' WHERE id = $1`, k.Org)
		_, err = k.decide(k.Owner.Actor, k.open(t), JoinApprove)
		want(t, err, ErrJoinDomain)
		if got := k.memberOf(t, account); got != "" {
			t.Errorf("an address outside the list became %q", got)
		}
		// Who is disabled does not come in by another door.
		k.set(t, `UPDATE veranda_organizations SET domains = '[]' WHERE id = $1`, k.Org)
		must(t, k.s.AddMember(ctx, k.Org, account, RoleGuest))
		k.set(t, `UPDATE veranda_memberships SET disabled_at = $2 WHERE account_id = $1`, account, k.DB.Time(k.DB.Now()))
		_, err = k.decide(k.Owner.Actor, k.open(t), JoinApprove)
		want(t, err, ErrJoinEnded)
		if diff := cmp.Diff([]string{JoinLapsed, JoinWithdrawn, JoinDeclined}, k.joins(t, by)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		want(t, ask(by, AskToJoinInput{Organization: k.Org}), ErrJoinDisabled)
		k.set(t, `UPDATE veranda_memberships SET disabled_at = NULL WHERE account_id = $1`, account)
		must(t, ask(by, AskToJoinInput{Organization: k.Org})) // a guest may become an employee
		_, err = k.decide(k.Owner.Actor, k.open(t), JoinApprove)
		must(t, err)
		if got := k.memberOf(t, account); got != "internal employee" {
			t.Errorf("a guest who was approved is %q", got)
		}
		if n := len(k.Events(t, EventMemberUpgraded)); n != 1 {
			t.Errorf("%d events about a guest who became more", n)
		}
	})
}

// arrives2 is arrives with the mailbox emptied before.
func (k *kit) arrives2(t *testing.T, address string) (veranda.Actor, veranda.AccountID) {
	t.Helper()
	k.sent(t)
	return k.arrives(t, address)
}

func TestJoinsByItself(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		k.joining(t, JoiningAuto)
		by, account := k.arrives(t, "ada@company.example")
		if got := k.memberOf(t, account); got != "internal employee" {
			t.Errorf("joined as %q", got)
		}
		if diff := cmp.Diff([]string{JoinJoined}, k.joins(t, by)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if mails := k.sent(t); len(mails) != 0 {
			t.Errorf("mails %+v", mails)
		}
		k.WantEvents(t, "tenancy.join_*", EventJoinAsked, EventJoinApproved)

		// A further address asks by call.
		else1, other := k.arrives(t, "bob@else.example")
		_, err := k.s.AddAddress(ctx, else1, AddressInput{Address: "bob@company.example"})
		must(t, err)
		link := token(t, k.one(t))
		_, err = k.s.AskToJoin(ctx, else1, AskToJoinInput{Organization: k.Org})
		want(t, err, veranda.ErrNotFound) // not confirmed yet
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: link, Password: goodPassword})
		must(t, err)
		if got := k.memberOf(t, other); got != "" {
			t.Errorf("a further address joined by itself, as %q", got)
		}
		mine, err := k.s.AskToJoin(ctx, else1, AskToJoinInput{Organization: k.Org})
		must(t, err)
		if mine.State != JoinJoined || mine.Address != "bob@company.example" || k.memberOf(t, other) != "internal employee" {
			t.Errorf("%+v, %q", mine, k.memberOf(t, other))
		}

		// Whoever was removed is decided on.
		must(t, k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: other}))
		else1 = veranda.AccountActor(other) // their sessions ended with it
		mine, err = k.s.AskToJoin(ctx, else1, AskToJoinInput{Organization: k.Org})
		must(t, err)
		if mine.State != JoinPending || k.memberOf(t, other) != "" {
			t.Errorf("who was removed came back: %+v", mine)
		}
		// Another door settles the request.
		must(t, k.s.AddMember(ctx, k.Org, other, RoleEmployee))
		if diff := cmp.Diff([]string{JoinJoined, JoinJoined}, k.joins(t, else1)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestJoinWaitsForRoom(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		job := k.s.JoinsJob()
		// Approved by a manager, then by itself: first come, first in.
		k.arrives(t, "ada@company.example")
		k.sent(t)
		k.limits.room = 0
		waiting, err := k.decide(k.Owner.Actor, k.open(t), JoinApprove)
		must(t, err)
		if waiting.State != JoinWaiting || waiting.EndedAt != nil || waiting.DecidedBy != k.Owner.Account {
			t.Errorf("%+v", waiting)
		}
		k.joining(t, JoiningAuto)
		var people []veranda.Actor
		for i := range 3 {
			by, _ := k.arrives(t, fmt.Sprintf("p%d@company.example", i))
			if diff := cmp.Diff([]string{JoinWaiting}, k.joins(t, by)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			people = append(people, by)
		}
		must(t, job.Run(ctx, k.DB.Now()))
		if n := k.count(t, `SELECT count(*) FROM veranda_join_requests WHERE state = 'waiting'`); n != 4 {
			t.Errorf("%d wait while there is no room", n)
		}
		again, err := k.decide(k.Owner.Actor, k.open(t), JoinApprove) // pressing again changes nothing
		must(t, err)
		if again.State != JoinWaiting {
			t.Errorf("%+v", again)
		}
		must(t, k.s.WithdrawJoin(ctx, people[1], MyJoinInput{Request: k.mine(t, people[1])}))
		k.limits.room = 2
		must(t, job.Run(ctx, k.DB.Now()))
		got := []string{}
		for _, by := range people {
			got = append(got, k.joins(t, by)...)
		}
		if diff := cmp.Diff([]string{JoinJoined, JoinWithdrawn, JoinWaiting}, got); diff != "" {
			t.Errorf("in the order of asking (-want +got):\n%s", diff)
		}
		_, err = k.decide(k.Owner.Actor, k.open(t), JoinDecline) // who waits can be declined
		must(t, err)
		mails := map[string]int{}
		for _, m := range k.sent(t) {
			mails[m.Subject]++
		}
		if diff := cmp.Diff(map[string]int{"You have joined Veranda Works": 2, "Your request to join Veranda Works": 1}, mails); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
		k.WantEvents(t, "tenancy.join_*", EventJoinAsked, EventJoinWaiting, EventJoinAsked, EventJoinWaiting, EventJoinAsked, EventJoinWaiting, EventJoinAsked, EventJoinWaiting,
			EventJoinWithdrawn, EventJoinApproved, EventJoinApproved, EventJoinDeclined)
		for _, e := range k.Events(t, EventMemberJoined) {
			if e.System != systemJoining {
				t.Errorf("%+v", e)
			}
		}
	})
}

// mine is the newest request of one's own.
func (k *kit) mine(t *testing.T, by veranda.Actor) JoinID {
	t.Helper()
	list, err := k.s.MyJoinRequests(context.Background(), by)
	must(t, err)
	return list.Items[0].ID
}
