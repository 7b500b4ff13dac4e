package tenancy

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func (k *kit) invite(by veranda.Actor, workspace veranda.WorkspaceID, kind string, addresses ...string) (*InviteResult, error) {
	in := InviteInput{Org: k.Org, Workspace: workspace}
	for _, a := range addresses {
		in.People = append(in.People, Invitee{Address: a, Kind: kind})
	}
	return k.s.Invite(context.Background(), by, in)
}

// invited invites one person by the owner and gives the link's token.
func (k *kit) invited(t *testing.T, workspace veranda.WorkspaceID, kind, address string) (string, InvitationID) {
	t.Helper()
	result, err := k.invite(k.Owner.Actor, workspace, kind, address)
	must(t, err)
	if result.Items[0].Result != InviteSent {
		t.Fatalf("result %+v", result.Items[0])
	}
	return token(t, k.one(t)), *result.Items[0].Invitation
}

func results(r *InviteResult) []string {
	got := []string{}
	for _, item := range r.Items {
		text := item.Result
		if item.Reason != "" {
			text += " " + item.Reason
		}
		got = append(got, text)
	}
	return got
}

// The table of FEATURES, "invite …", written out.
func TestWhoInvites(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		const yes, no, unseen = "", veranda.CodeForbidden, veranda.CodeNotFound
		var none veranda.WorkspaceID
		n := 0
		check := func(person world.Person, workspace veranda.WorkspaceID, kind string, wanted veranda.Code) {
			t.Helper()
			n++
			_, err := k.invite(person.Actor, workspace, kind, fmt.Sprintf("person%d@new.example", n))
			got := veranda.Code("")
			if err != nil {
				got = veranda.CodeOf(err)
			}
			if got != wanted {
				t.Errorf("%s invites %s: %q, want %q (%v)", person.Role, kind, got, wanted, err)
			}
		}
		for _, row := range []struct {
			who                                                                  world.Person
			internal, guest                                                      veranda.Code // to the organization
			externalOpen, externalPrivate, externalSibling, externalClosed, here veranda.Code // here: an employee into a workspace
		}{
			{k.Owner, yes, yes, yes, yes, yes, unseen, yes},
			{k.Administrator, yes, yes, yes, yes, yes, unseen, yes},
			{k.AccessManager, yes, yes, yes, yes, yes, unseen, yes},
			{k.Employee, no, no, yes, yes, no, unseen, no},
			{k.Stranger, no, no, no, unseen, no, yes, no},
			{k.External, no, no, no, no, unseen, unseen, no},
			{k.Guest, no, no, no, no, unseen, unseen, no},
			{k.Support, no, no, unseen, unseen, unseen, unseen, unseen},
			{k.Outsider, unseen, unseen, unseen, unseen, unseen, unseen, unseen},
		} {
			check(row.who, none, MemberInternal, row.internal)
			check(row.who, none, MemberGuest, row.guest)
			for _, kind := range []string{MemberExternal, MemberGuest} {
				check(row.who, k.World.Open, kind, row.externalOpen)
				check(row.who, k.Private, kind, row.externalPrivate)
				check(row.who, k.Sibling, kind, row.externalSibling)
				check(row.who, k.Closed, kind, row.externalClosed)
			}
			check(row.who, k.World.Open, MemberInternal, row.here)
			check(row.who, k.OtherWorkspace, MemberExternal, unseen)
			check(row.who, veranda.NewWorkspaceID(), MemberExternal, unseen)
		}
		// By the organization's setting employees invite employees, others still not.
		k.set(t, `UPDATE veranda_organizations SET employees_invite = $2 WHERE id = $1`, k.Org, true)
		for _, row := range []struct {
			who  world.Person
			want veranda.Code
		}{{k.Employee, yes}, {k.Stranger, yes}, {k.External, no}, {k.Guest, no}, {k.Outsider, unseen}} {
			check(row.who, none, MemberInternal, row.want)
		}
		for _, by := range []veranda.Actor{veranda.Anonymous(), veranda.TokenActor("none"), {}} {
			_, err := k.invite(by, none, MemberInternal, "x@new.example")
			want(t, err, veranda.ErrUnauthenticated)
		}
	})
}

// set writes what a test needs to be so.
func (k *kit) set(t *testing.T, text string, args ...any) {
	t.Helper()
	must(t, k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	}))
}

func TestInviteResults(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "known@works.example") // has an account, elsewhere
		k.set(t, `UPDATE veranda_organizations SET domains = '["works.example"]' WHERE id = $1`, k.Org)
		in := InviteInput{Org: k.Org, People: []Invitee{
			{Address: "known@works.example"}, {Address: "New@works.example"}, {Address: "new@sub.works.example"}, {Address: "new@else.example"},
			{Address: "new@elseworks.example"}, {Address: k.Employee.Address}, {Address: "guest@else.example", Kind: MemberGuest, Language: "fr"},
			{Address: k.Guest.Address, Kind: MemberInternal}, {Address: k.Outsider.Address},
		}}
		result, err := k.s.Invite(ctx, k.Owner.Actor, in)
		must(t, err)
		wanted := []string{"sent", "sent", "not_allowed domain", "not_allowed domain", "not_allowed domain", "already_here", "sent", "sent", "sent"}
		if diff := cmp.Diff(wanted, results(result)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := len(k.sent(t)); n != 5 {
			t.Errorf("%d mails", n)
		}
		// Into a workspace, members are put at once.
		result, err = k.invite(k.Owner.Actor, k.Sibling, MemberExternal, k.Employee.Address, k.External.Address, "x@else.example", k.Owner.Address)
		must(t, err)
		if diff := cmp.Diff([]string{"added", "added", "sent", "added"}, results(result)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		result, err = k.invite(k.Owner.Actor, k.Sibling, MemberExternal, k.Employee.Address)
		must(t, err)
		if diff := cmp.Diff([]string{"already_here"}, results(result)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := k.count(t, `SELECT access_version FROM veranda_workspaces WHERE org_id = $1 AND id = $2`, k.Org, k.Sibling); n != 4 {
			t.Errorf("access version %d, want 4", n)
		}
		subjects := map[string]string{}
		for _, m := range k.sent(t) {
			subjects[m.To] = m.Subject
		}
		if subjects[k.Employee.Address] != "You were added to Sibling" || subjects["x@else.example"] != "Olga Owner invites you to Sibling (Veranda Works)" {
			t.Errorf("subjects %v", subjects)
		}
		k.set(t, `UPDATE veranda_memberships SET disabled_at = $2 WHERE account_id = $1`, k.Guest.Account, k.DB.Time(k.DB.Now()))
		result, err = k.invite(k.Owner.Actor, veranda.WorkspaceID{}, MemberGuest, k.Guest.Address)
		must(t, err)
		if diff := cmp.Diff([]string{"not_allowed disabled"}, results(result)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		joined := k.Events(t, EventMemberJoined)
		if len(joined) != 3 || joined[0].Workspace != k.Sibling || joined[0].Subject != k.Employee.Account.String() || joined[0].By != k.Owner.Account {
			t.Errorf("events %+v", joined)
		}
		for _, e := range k.Events(t, EventInvitationSent) {
			if e.Org != k.Org {
				t.Errorf("event %+v", e)
			}
		}
	})
}

func TestInviteValidates(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, err := k.s.Invite(ctx, k.Owner.Actor, InviteInput{Org: k.Org})
		verandatest.WantFields(t, err, "/people too_few")
		_, err = k.s.Invite(ctx, k.Owner.Actor, InviteInput{Org: k.Org, People: make([]Invitee, maxInvitees+1)})
		verandatest.WantCode(t, err, veranda.CodeInvalid)
		_, err = k.s.Invite(ctx, k.Owner.Actor, InviteInput{Org: k.Org, People: []Invitee{
			{Address: "a@b.example"}, {Address: "A@b.example"}, {Address: "x"}, {Address: "c@b.example", Kind: "king"}, {Address: "d@b.example", Kind: MemberExternal},
			{Address: "e@b.example", Language: "??"},
		}})
		verandatest.WantFields(t, err, "/people/1/address repeated", "/people/2/address email", "/people/3/kind one_of", "/people/4/kind workspace", "/people/5/language language")
		k.set(t, `UPDATE veranda_organizations SET kind = 'personal' WHERE id = $1`, k.Org)
		_, err = k.s.Invite(ctx, k.Employee.Actor, InviteInput{Org: k.Org, People: []Invitee{{Address: "a@b.example"}, {Address: "b@b.example", Kind: MemberGuest}}})
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		_, err = k.s.Invite(ctx, k.Owner.Actor, InviteInput{Org: k.Org, People: []Invitee{{Address: "a@b.example"}, {Address: "b@b.example", Kind: MemberGuest}}})
		verandatest.WantFields(t, err, "/people/1/kind personal")
		_, err = k.s.Invite(ctx, k.Employee.Actor, InviteInput{Org: k.Org, People: []Invitee{{Address: "a@b.example"}}}) // members of a personal tenant invite
		must(t, err)
	})
}

func TestResendAndWithdraw(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		first, id := k.invited(t, veranda.WorkspaceID{}, MemberInternal, "new@else.example")
		look := func(token string) error {
			_, err := k.s.Look(ctx, veranda.Anonymous(), LookInput{Token: token})
			return err
		}
		must(t, look(first))
		again, sameID := k.invited(t, veranda.WorkspaceID{}, MemberInternal, "NEW@else.example") // a duplicate is sent again
		if sameID != id {
			t.Error("a second invitation was made")
		}
		want(t, look(first), ErrLink)
		must(t, look(again))
		k.Clock.Advance(invitationLives)
		want(t, look(again), ErrLink)
		in := InvitationInput{Org: k.Org, Invitation: id}
		for _, c := range []struct {
			by   veranda.Actor
			want *veranda.Error
		}{
			{k.Employee.Actor, veranda.ErrNotFound}, {k.Guest.Actor, veranda.ErrNotFound}, {k.Outsider.Actor, veranda.ErrNotFound}, {k.Support.Actor, veranda.ErrNotFound},
			{veranda.Anonymous(), veranda.ErrUnauthenticated},
		} {
			_, err := k.s.Resend(ctx, c.by, in)
			want(t, err, c.want)
		}
		_, err := k.s.Resend(ctx, k.Owner.Actor, InvitationInput{Org: k.Other, Invitation: id})
		want(t, err, veranda.ErrNotFound)
		resent, err := k.s.Resend(ctx, k.AccessManager.Actor, in)
		must(t, err)
		if resent.State != InvitationPending || resent.InvitedBy != k.AccessManager.Account || !resent.ExpiresAt.After(k.DB.Now().Add(invitationLives-time.Minute)) {
			t.Errorf("invitation %+v", resent)
		}
		third := token(t, k.one(t))
		must(t, look(third))

		for _, c := range []struct {
			by   veranda.Actor
			want *veranda.Error
		}{
			{k.Owner.Actor, veranda.ErrForbidden}, {k.Administrator.Actor, veranda.ErrForbidden}, {k.AccessManager.Actor, veranda.ErrForbidden},
			{k.Employee.Actor, veranda.ErrNotFound}, {k.External.Actor, veranda.ErrNotFound}, {k.Outsider.Actor, veranda.ErrNotFound},
			{veranda.Anonymous(), veranda.ErrUnauthenticated},
		} {
			want(t, k.s.Withdraw(ctx, c.by, in), c.want)
		}
		missing := InvitationInput{Org: k.Org, Invitation: veranda.NewID[invitationKind]()}
		want(t, k.s.Withdraw(ctx, k.Owner.Actor, missing), veranda.ErrNotFound)
		must(t, k.s.Withdraw(ctx, k.Support.Actor, in))
		want(t, k.s.Withdraw(ctx, k.Support.Actor, in), ErrInvitationEnded)
		_, err = k.s.Resend(ctx, k.Owner.Actor, in)
		want(t, err, ErrInvitationEnded)
		want(t, look(third), ErrLink)
		if n := len(k.sent(t)); n != 0 {
			t.Errorf("%d mails about a withdrawal", n)
		}
		k.WantEvents(t, "tenancy.invitation*", EventInvitationSent, EventInvitationSent, EventInvitationSent, EventInvitationWithdrawn)
	})
}

func TestInvitationsList(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		send := func(by world.Person, workspace veranda.WorkspaceID, kind, address string) {
			t.Helper()
			_, err := k.invite(by.Actor, workspace, kind, address)
			must(t, err)
		}
		send(k.Owner, veranda.WorkspaceID{}, MemberInternal, "a@new.example")
		send(k.Employee, k.Private, MemberExternal, "b@new.example")
		send(k.Stranger, k.Closed, MemberExternal, "c@new.example")
		send(k.Employee, k.World.Open, MemberGuest, "d@new.example")
		list := func(by veranda.Actor, state string) []string {
			t.Helper()
			got := []string{}
			page := veranda.Page{Limit: 2}
			for {
				l, err := k.s.Invitations(ctx, by, InvitationsInput{Org: k.Org, State: state, Page: page})
				must(t, err)
				for _, i := range l.Items {
					got = append(got, i.Address[:1])
				}
				if page.Cursor = l.Next; l.Next == "" {
					return got
				}
			}
		}
		for _, c := range []struct {
			who  world.Person
			want []string
		}{
			{k.Owner, []string{"d", "b", "a"}}, {k.AccessManager, []string{"d", "b", "a"}}, {k.Employee, []string{"d", "b"}}, {k.Stranger, []string{"c"}},
		} {
			if diff := cmp.Diff(c.want, list(c.who.Actor, "")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.who.Role, diff)
			}
		}
		for _, by := range []veranda.Actor{k.External.Actor, k.Guest.Actor, k.Support.Actor} {
			_, err := k.s.Invitations(ctx, by, InvitationsInput{Org: k.Org})
			want(t, err, veranda.ErrForbidden)
		}
		_, err := k.s.Invitations(ctx, k.Outsider.Actor, InvitationsInput{Org: k.Org})
		want(t, err, veranda.ErrNotFound)
		k.Clock.Advance(invitationLives)
		send(k.Owner, veranda.WorkspaceID{}, MemberInternal, "e@new.example")
		if diff := cmp.Diff([][]string{{"e"}, {"d", "b", "a"}, {}}, [][]string{list(k.Owner.Actor, "pending"), list(k.Owner.Actor, "expired"), list(k.Owner.Actor, "accepted")}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, err = k.s.Invitations(ctx, k.Owner.Actor, InvitationsInput{Org: k.Org, State: "x", Page: veranda.Page{Limit: 1000}})
		verandatest.WantFields(t, err, "/limit range", "/state one_of")
	})
}

func TestInviteTooOften(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		for range ruleInvite.limit {
			result, err := k.invite(k.Owner.Actor, veranda.WorkspaceID{}, MemberInternal, "new@else.example")
			must(t, err)
			if result.Items[0].Result != InviteSent {
				t.Fatalf("%+v", result.Items[0])
			}
		}
		result, err := k.invite(k.Owner.Actor, veranda.WorkspaceID{}, MemberInternal, "new@else.example")
		must(t, err)
		if diff := cmp.Diff([]string{"not_allowed too_often"}, results(result)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, err = k.s.Resend(context.Background(), k.Owner.Actor, InvitationInput{Org: k.Org, Invitation: k.pending(t)})
		want(t, err, ErrRate)
	})
}

// pending is the id of the newest pending invitation.
func (k *kit) pending(t *testing.T) InvitationID {
	t.Helper()
	var id InvitationID
	_, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT id FROM veranda_invitations WHERE state = 'pending' ORDER BY id DESC LIMIT 1`, nil, &id)
	must(t, err)
	return id
}
