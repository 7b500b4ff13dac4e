package tenancy

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// A thousand people in one call, with one of every outcome among them: each gets one invitation, link, mail and event.
func TestInviteThousand(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.set(t, `UPDATE veranda_organizations SET domains = '["works.example"]' WHERE id = $1`, k.Org)
		in := InviteInput{Org: k.Org, People: make([]Invitee, maxInvitees)}
		wanted := make([]string, maxInvitees)
		for i := range in.People {
			in.People[i], wanted[i] = Invitee{Address: fmt.Sprintf("Person%d@works.example", i)}, "sent"
		}
		in.People[3], wanted[3] = Invitee{Address: "p@else.example"}, "not_allowed domain"
		in.People[500], wanted[500] = Invitee{Address: k.Employee.Address}, "already_here"
		in.People[999] = Invitee{Address: k.Guest.Address}
		result, err := k.s.Invite(ctx, k.Owner.Actor, in)
		must(t, err)
		if diff := cmp.Diff(wanted, results(result)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for i, item := range result.Items {
			if item.Address != in.People[i].Address || (item.Invitation != nil) != (item.Result == InviteSent) {
				t.Fatalf("item %d: %+v", i, item)
			}
		}
		const sent = maxInvitees - 2
		for text, n := range map[string]int{
			`SELECT count(*) FROM veranda_invitations WHERE state = 'pending' AND roles = 'employee' AND kind = 'internal'`:                                    sent,
			`SELECT count(*) FROM veranda_links l JOIN veranda_invitations i ON i.org_id = l.org_id AND i.id = l.subject_id AND i.address_key = l.address_key`: sent,
			`SELECT count(*) FROM veranda_deliveries d JOIN veranda_links l ON l.token_hash = d.link_hash`:                                                     sent,
			`SELECT count(*) FROM veranda_attempts WHERE count = 1`:                                                                                            sent,
		} {
			if got := k.count(t, text); got != n {
				t.Errorf("%s: %d, want %d", text, got, n)
			}
		}
		events := k.Events(t, EventInvitationSent)
		if len(events) != sent || events[0].Subject != result.Items[0].Invitation.String() || events[sent-1].Subject != result.Items[999].Invitation.String() {
			t.Errorf("%d events", len(events))
		}
		if n := k.count(t, `SELECT count FROM veranda_attempts WHERE key = $1`, ruleInviter.of(k.Owner.Account.String()).key); n != sent {
			t.Errorf("the inviter is counted %d times", n)
		}
		mails := k.sent(t)
		if len(mails) != sent {
			t.Errorf("%d mails", len(mails))
		}
		_, err = k.s.Look(ctx, veranda.Anonymous(), LookInput{Token: token(t, mails[sent-1])})
		must(t, err)

		// What is left of the inviter's day goes to those named first.
		for i := range in.People {
			in.People[i] = Invitee{Address: fmt.Sprintf("more%d@works.example", i)}
		}
		_, err = k.s.Invite(ctx, k.Owner.Actor, in)
		must(t, err)
		in.People = in.People[:5]
		for i := range in.People {
			in.People[i] = Invitee{Address: fmt.Sprintf("last%d@works.example", i)}
		}
		result, err = k.s.Invite(ctx, k.Owner.Actor, in)
		must(t, err)
		if diff := cmp.Diff([]string{"sent", "sent", "not_allowed too_often", "not_allowed too_often", "not_allowed too_often"}, results(result)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Lists that overlap, in opposite orders, by two people at once: nobody waits for ever, nobody is invited twice.
func TestInviteManyAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		addresses := make([]string, 60)
		for i := range addresses {
			addresses[i] = fmt.Sprintf("p%d@new.example", i)
		}
		inviters := []world.Person{k.Owner, k.Administrator, k.AccessManager}
		done, errs := atOnce(3, func(n int) error {
			in := InviteInput{Org: k.Org}
			for i := range addresses {
				at := i
				if n == 1 {
					at = len(addresses) - 1 - i
				}
				in.People = append(in.People, Invitee{Address: addresses[at]})
			}
			_, err := k.s.Invite(context.Background(), inviters[n].Actor, in)
			return err
		})
		if done != 3 {
			t.Fatal(errs)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_invitations`); n != len(addresses) {
			t.Errorf("%d invitations", n)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_links WHERE used_at IS NULL`); n != len(addresses) {
			t.Errorf("%d links work", n)
		}
	})
}

func TestInviteWithRoles(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		invite := func(by world.Person, roles ...string) error {
			_, err := k.s.Invite(ctx, by.Actor, InviteInput{Org: k.Org, People: []Invitee{{Address: "new@else.example", Roles: roles}}})
			return err
		}
		k.set(t, `UPDATE veranda_organizations SET employees_invite = $2 WHERE id = $1`, k.Org, true)
		for _, c := range []struct {
			by    world.Person
			role  string
			allow bool
		}{
			{k.Owner, RoleOwner, true}, {k.Administrator, RoleOwner, false}, {k.Administrator, RoleAdministrator, true}, {k.AccessManager, RoleAdministrator, false},
			{k.AccessManager, RoleAccessManager, false}, {k.AccessManager, RoleEmployee, true}, {k.Employee, RoleAccessManager, false}, {k.Employee, RoleEmployee, true},
		} {
			k.set(t, `DELETE FROM veranda_attempts`)
			switch err := invite(c.by, c.role); {
			case c.allow:
				must(t, err)
			default:
				want(t, err, veranda.ErrForbidden)
			}
		}
		_, err := k.s.Invite(ctx, k.Owner.Actor, InviteInput{Org: k.Org, People: []Invitee{
			{Address: "a@else.example", Roles: []string{"king", RoleGuest, RoleEmployee, RoleEmployee}}, {Address: "b@else.example", Kind: MemberGuest, Roles: []string{RoleEmployee}},
			{Address: "c@else.example", Roles: make([]string, 11)},
		}})
		verandatest.WantCode(t, err, veranda.CodeInvalid)
		_, err = k.s.Invite(ctx, k.Owner.Actor, InviteInput{Org: k.Org, People: []Invitee{
			{Address: "a@else.example", Roles: []string{"king", RoleGuest, RoleEmployee, RoleEmployee}}, {Address: "b@else.example", Kind: MemberGuest, Roles: []string{RoleEmployee}},
		}})
		verandatest.WantFields(t, err, "/people/0/roles/0 one_of", "/people/0/roles/1 kind", "/people/0/roles/3 repeated", "/people/1/roles/0 kind")

		// Sent again with other roles: the last call counts.
		k.sent(t)
		k.set(t, `DELETE FROM veranda_attempts`)
		must(t, invite(k.Administrator, RoleAdministrator, RoleAccessManager))
		link := token(t, k.one(t))
		list, err := k.s.Invitations(ctx, k.Owner.Actor, InvitationsInput{Org: k.Org})
		must(t, err)
		if len(list.Items) != 1 || !cmp.Equal(list.Items[0].Roles, []string{RoleAdministrator, RoleAccessManager}) {
			t.Errorf("%+v", list.Items)
		}
		sent := k.Events(t, EventInvitationSent)
		var data InvitationChanged
		must(t, json.Unmarshal(sent[len(sent)-1].Data, &data))
		if !cmp.Equal(data.Roles, []string{RoleAdministrator, RoleAccessManager}) {
			t.Errorf("event %+v", data)
		}
		// An access manager may not send again what they may not give.
		_, err = k.s.Resend(ctx, k.AccessManager.Actor, InvitationInput{Org: k.Org, Invitation: list.Items[0].ID})
		want(t, err, veranda.ErrForbidden)
		accepted, err := k.s.Accept(ctx, veranda.Anonymous(), AcceptInput{Token: link, Name: "New", Password: goodPassword})
		must(t, err)
		if got := k.memberOf(t, accepted.Account); got != "internal administrator access_manager" {
			t.Errorf("joined as %q", got)
		}
		// The right to give the role counts when it is accepted, not when it was sent.
		must(t, k.invited2(t, k.Administrator, "late@else.example", RoleAdministrator))
		link = token(t, k.one(t))
		_, err = k.s.SetRoles(ctx, k.Owner.Actor, SetRolesInput{Org: k.Org, Account: k.Administrator.Account, Roles: []string{RoleAccessManager}})
		must(t, err)
		_, err = k.s.Accept(ctx, veranda.Anonymous(), AcceptInput{Token: link, Name: "Late", Password: goodPassword})
		want(t, err, ErrLink)
		if n := len(k.Events(t, EventInvitationLapsed)); n != 1 {
			t.Errorf("%d lapsed", n)
		}
	})
}

func (k *kit) invited2(t *testing.T, by world.Person, address string, roles ...string) error {
	t.Helper()
	k.sent(t)
	_, err := k.s.Invite(context.Background(), by.Actor, InviteInput{Org: k.Org, People: []Invitee{{Address: address, Roles: roles}}})
	return err
}

// Looking at an invitation whose sender has lost the right ends it.
func TestLookLapses(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		must(t, k.invited2(t, k.AccessManager, "new@else.example"))
		link := token(t, k.one(t))
		look := func() error {
			_, err := k.s.Look(ctx, veranda.Anonymous(), LookInput{Token: link})
			return err
		}
		must(t, look())
		_, err := k.s.SetRoles(ctx, k.Owner.Actor, SetRolesInput{Org: k.Org, Account: k.AccessManager.Account, Roles: []string{RoleEmployee}})
		must(t, err)
		want(t, look(), ErrLink)
		want(t, look(), ErrLink)
		list, err := k.s.Invitations(ctx, k.Owner.Actor, InvitationsInput{Org: k.Org, State: InvitationLapsed})
		must(t, err)
		if len(list.Items) != 1 {
			t.Errorf("lapsed %+v", list.Items)
		}
		if n := len(k.Events(t, EventInvitationLapsed)); n != 1 {
			t.Errorf("%d events", n)
		}
		// The right given back does not bring it back: it is sent anew.
		_, err = k.s.SetRoles(ctx, k.Owner.Actor, SetRolesInput{Org: k.Org, Account: k.AccessManager.Account, Roles: []string{RoleAccessManager}})
		must(t, err)
		want(t, look(), ErrLink)
	})
}

func TestInvitationFilters(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		send := func(by world.Person, workspace veranda.WorkspaceID, kind, address string) {
			t.Helper()
			_, err := k.invite(by.Actor, workspace, kind, address)
			must(t, err)
			k.Clock.Advance(time.Second)
		}
		send(k.Owner, veranda.WorkspaceID{}, MemberInternal, "a@new.example")
		send(k.Owner, k.Private, MemberExternal, "b@new.example")
		send(k.Employee, k.Private, MemberExternal, "c@new.example")
		send(k.Stranger, k.Closed, MemberExternal, "d@new.example")
		list := func(in InvitationsInput) []string {
			t.Helper()
			in.Org = k.Org
			l, err := k.s.Invitations(ctx, k.Owner.Actor, in)
			must(t, err)
			got := []string{}
			for _, i := range l.Items {
				got = append(got, i.Address[:1])
			}
			return got
		}
		for _, c := range []struct {
			in   InvitationsInput
			want []string
		}{
			{InvitationsInput{}, []string{"c", "b", "a"}},
			{InvitationsInput{InvitedBy: k.Owner.Account}, []string{"b", "a"}},
			{InvitationsInput{Workspace: k.Private}, []string{"c", "b"}},
			{InvitationsInput{Workspace: k.Private, InvitedBy: k.Employee.Account, State: InvitationPending}, []string{"c"}},
			{InvitationsInput{Workspace: k.Private, State: InvitationAccepted}, []string{}},
			{InvitationsInput{Workspace: k.Closed}, []string{}}, // which the owner does not see
			{InvitationsInput{InvitedBy: k.Stranger.Account}, []string{}},
			{InvitationsInput{Workspace: k.OtherWorkspace}, []string{}},
		} {
			if diff := cmp.Diff(c.want, list(c.in)); diff != "" {
				t.Errorf("%+v (-want +got):\n%s", c.in, diff)
			}
		}
	})
}

// Withdrawing is platform support's, and whose a row of the host says.
func TestWithdrawByGrant(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, id := k.invited(t, veranda.WorkspaceID{}, MemberInternal, "new@else.example")
		in := InvitationInput{Org: k.Org, Invitation: id}
		want(t, k.s.Withdraw(ctx, k.Owner.Actor, in), veranda.ErrForbidden)
		must(t, k.authz.SetPolicy(ctx, "p, owner, invitation, withdraw, allow\n", false))
		want(t, k.s.Withdraw(ctx, k.Administrator.Actor, in), veranda.ErrForbidden)
		want(t, k.s.Withdraw(ctx, k.Outsider.Actor, in), veranda.ErrNotFound)
		want(t, k.s.Withdraw(ctx, k.Outsider.Actor, InvitationInput{Org: k.Other, Invitation: id}), veranda.ErrNotFound)
		must(t, k.s.Withdraw(ctx, k.Owner.Actor, in))
		withdrawn := k.Events(t, EventInvitationWithdrawn)
		if len(withdrawn) != 1 || withdrawn[0].By != k.Owner.Account {
			t.Errorf("%+v", withdrawn)
		}
	})
}
