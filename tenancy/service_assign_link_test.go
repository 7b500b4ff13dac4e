package tenancy

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

func (k *assignKit) accept(by veranda.Actor, employment bool) error {
	_, err := k.s.AcceptMembership(context.Background(), by, AcceptMembershipInput{Org: k.Org, Employment: employment})
	return err
}

// standing is how an account belongs to the organization, "kind|roles|state of disabling|home|cap|offered".
func (k *assignKit) standing(t *testing.T, account veranda.AccountID) string {
	t.Helper()
	return k.text(t, `SELECT concat(kind, '|', roles, '|', disabled_reason, '|', home_org_id, '|', cap, '|', offered_kind, ' ', offered_roles) FROM veranda_memberships
WHERE org_id = $1 AND account_id = $2`, k.Org, account)
}

// Somebody from elsewhere is linked, and nothing is told of them until they accept.
func TestAssignLinks(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		k.set(t, `UPDATE veranda_accounts SET language = 'de', name = 'Oscar Secret' WHERE id = $1`, k.Outsider.Account)
		before := len(k.Events(t))
		accounts := k.count(t, `SELECT count(*) FROM veranda_accounts`)
		assigned, err := k.assign(k.AccessManager.Actor, k.Outsider.Address, func(in *AssignPersonInput) { in.Kind, in.Language = MemberInternal, "fr" })
		must(t, err)
		m := assigned.Member
		if assigned.Result != AssignedLinked || m.Account != k.Outsider.Account || m.Name != "" || m.Home != "" || m.State != StateOffered || m.Kind != MemberExternal || m.Address != k.Outsider.Address {
			t.Errorf("%+v", assigned)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_accounts`); n != accounts || k.limits.asked != 1 {
			t.Errorf("%d accounts, %d before; %d members asked for", n, accounts, k.limits.asked)
		}
		if diff := cmp.Diff([]string{EventPersonAssigned}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if got := k.standing(t, k.Outsider.Account); got != "external|external|unaccepted|"+k.Other.String()+"|| " {
			t.Errorf("stored: %s", got)
		}
		// The name is nowhere: not in the directory, a search, the log of what was sent or the events.
		list, err := k.s.Members(ctx, k.Owner.Actor, MembersInput{Org: k.Org, State: StateOffered})
		must(t, err)
		if len(list.Items) != 1 || list.Items[0].Name != "" || list.Items[0].Home != "" {
			t.Errorf("listed %+v", list.Items)
		}
		list, err = k.s.Members(ctx, k.Owner.Actor, MembersInput{Org: k.Org, State: StateOffered, Query: "oscar s"})
		must(t, err)
		if len(list.Items) != 0 {
			t.Error("the list is searched by a name that it does not show")
		}
		list, err = k.s.Members(ctx, k.Owner.Actor, MembersInput{Org: k.Org})
		must(t, err)
		for _, item := range list.Items {
			if item.Account == k.Outsider.Account {
				t.Error("the list of active members has who has not accepted")
			}
		}
		found, err := k.s.FindPerson(ctx, k.Owner.Actor, FindPersonInput{Org: k.Org, Address: k.Outsider.Address})
		must(t, err)
		if found.Result != FoundHere || found.Name != "" || found.State != StateOffered {
			t.Errorf("found %+v", found)
		}
		for _, e := range k.Events(t)[before:] {
			if strings.Contains(string(e.Data), "Secret") {
				t.Errorf("event %s tells the name: %s", e.Kind, e.Data)
			}
		}
		deliveries, err := k.s.Deliveries(ctx, k.Owner.Actor, DeliveriesInput{Org: k.Org})
		must(t, err)
		if len(deliveries.Items) != 1 || deliveries.Items[0].Language != "en" || deliveries.Items[0].Recipient != k.Outsider.Address {
			t.Errorf("the log of what was sent: %+v", deliveries.Items)
		}
		if mail := k.one(t); !strings.Contains(mail.Text, "accept or decline") || !strings.Contains(mail.Text, "Oscar Secret") {
			t.Errorf("mail %+v", mail)
		}
		for _, who := range []veranda.Actor{k.Employee.Actor, k.External.Actor} {
			_, err = k.s.Member(ctx, who, MemberInput{Org: k.Org, Account: k.Outsider.Account})
			want(t, err, veranda.ErrNotFound)
			_, err = k.s.Members(ctx, who, MembersInput{Org: k.Org, State: StateOffered})
			want(t, err, veranda.ErrForbidden)
		}
		// No access yet; the person sees the offer.
		_, err = k.s.Organization(ctx, k.Outsider.Actor, GetOrganizationInput{Org: k.Org})
		want(t, err, veranda.ErrNotFound)
		mine, err := k.s.MyOrganizations(ctx, k.Outsider.Actor)
		must(t, err)
		at := slices.IndexFunc(mine.Items, func(m Mine) bool { return m.Organization == k.Org })
		if at < 0 || mine.Items[at].State != StateOffered || mine.Items[at].Employment {
			t.Fatalf("own organizations %+v", mine.Items)
		}
		want(t, k.accept(k.Nobody.Actor, false), veranda.ErrNotFound)
		want(t, k.accept(veranda.Anonymous(), false), veranda.ErrUnauthenticated)
		want(t, k.accept(k.Outsider.Actor, true), ErrNoEmployment)
		before = len(k.Events(t))
		must(t, k.accept(k.Outsider.Actor, false))
		if diff := cmp.Diff([]string{EventMembershipAccepted, EventMemberJoined, EventMemberJoined}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		want(t, k.accept(k.Outsider.Actor, false), veranda.ErrNotFound)
		member, err := k.s.Member(ctx, k.AccessManager.Actor, MemberInput{Org: k.Org, Account: k.Outsider.Account})
		must(t, err)
		if member.Name != "Oscar Secret" || member.Home != "Other House" || member.State != StateActive || member.FallbackLanguage != "fr" {
			t.Errorf("accepted %+v", member)
		}
		colleague, err := k.s.Member(ctx, k.External.Actor, MemberInput{Org: k.Org, Account: k.Outsider.Account})
		must(t, err)
		if colleague.Name != "Oscar Secret" || colleague.Home != "" || colleague.State != "" {
			t.Errorf("a colleague sees %+v", colleague)
		}
	})
}

// Who has no home is offered employment, and is external until they accept it.
func TestAssignHomeless(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		offer := func(change ...func(in *AssignPersonInput)) string {
			t.Helper()
			assigned, err := k.assign(k.Owner.Actor, k.Nobody.Address, change...)
			must(t, err)
			if assigned.Result != AssignedLinked {
				t.Fatal(assigned.Result)
			}
			return k.standing(t, k.Nobody.Account)
		}
		decline := func() {
			t.Helper()
			must(t, k.s.DeclineMembership(ctx, k.Nobody.Actor, DeclineMembershipInput{Org: k.Org}))
		}
		if got := offer(); got != "external|external|unaccepted|||internal employee" {
			t.Errorf("stored: %s", got)
		}
		before := len(k.Events(t))
		decline()
		if diff := cmp.Diff([]string{EventMembershipDeclined}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_account_organizations WHERE account_id = $1`, k.Nobody.Account); n != 0 || k.standing(t, k.Nobody.Account) != "" {
			t.Error("something is left of what was declined")
		}
		want(t, k.s.DeclineMembership(ctx, k.Nobody.Actor, DeclineMembershipInput{Org: k.Org}), veranda.ErrNotFound)
		if got := offer(func(in *AssignPersonInput) { in.Kind = MemberExternal }); got != "external|external|unaccepted||| " {
			t.Errorf("an external is asked for: %s", got)
		}
		decline()
		// Roles are those of what is offered.
		if got := offer(func(in *AssignPersonInput) { in.Roles = []string{"access_manager"} }); got != "external|external|unaccepted|||internal access_manager" {
			t.Errorf("with a role: %s", got)
		}
		asked := k.limits.asked
		must(t, k.accept(k.Nobody.Actor, true))
		if got := k.standing(t, k.Nobody.Account); got != "internal|access_manager|||| " || k.limits.asked != asked+1 {
			t.Errorf("employed: %s, asked for %d more", got, k.limits.asked-asked)
		}
		_, err := k.s.Organization(ctx, k.Nobody.Actor, GetOrganizationInput{Org: k.Org})
		must(t, err)
		must(t, k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: k.Nobody.Account}))

		// External first, employed later; or declined, and external still.
		offer()
		must(t, k.accept(k.Nobody.Actor, false))
		if got := k.standing(t, k.Nobody.Account); got != "external|external||||internal employee" {
			t.Errorf("accepted as an external: %s", got)
		}
		before = len(k.Events(t))
		must(t, k.accept(k.Nobody.Actor, true))
		if diff := cmp.Diff([]string{EventMembershipAccepted, EventMemberUpgraded}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		must(t, k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: k.Nobody.Account}))
		offer()
		must(t, k.accept(k.Nobody.Actor, false))
		decline()
		if got := k.standing(t, k.Nobody.Account); got != "external|external|||| " {
			t.Errorf("employment declined: %s", got)
		}
		want(t, k.accept(k.Nobody.Actor, true), veranda.ErrNotFound)
		must(t, k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: k.Nobody.Account}))

		// Domains and the plan are judged when employment is accepted.
		offer()
		k.domains(t, `["else.example"]`)
		want(t, k.accept(k.Nobody.Actor, true), ErrInvitationDomain)
		k.domains(t, `[]`)
		k.limits.full = true
		if err := k.accept(k.Nobody.Actor, true); veranda.CodeOf(err) != veranda.CodeLimit {
			t.Errorf("a full plan: %v", err)
		}
		if got := k.standing(t, k.Nobody.Account); got != "external|external|unaccepted|||internal employee" {
			t.Errorf("after refusals: %s", got)
		}
		k.limits.full = false
		k.domains(t, `["else.example"]`)
		decline()
		if got := offer(); got != "external|external|unaccepted||| " {
			t.Errorf("an address of another domain is offered: %s", got)
		}
	})
}

// Relations: an organization may take people of related tenants only, and a relation caps what they may do.
func TestAssignRelated(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		relate := func(state string) {
			t.Helper()
			k.set(t, `DELETE FROM veranda_relations WHERE org_id = $1`, k.Org)
			k.set(t, `INSERT INTO veranda_relations (org_id, home_org_id, cap, state, proposed_by, created_at, updated_at, version) VALUES ($1, $2, 'guest', $3, $4, $5, $5, 1)`,
				k.Org, k.Other, state, k.Owner.Account, k.DB.Time(k.Clock.Now()))
		}
		k.set(t, `UPDATE veranda_organizations SET externals_need_relation = $2 WHERE id = $1`, k.Org, true)
		_, err := k.assign(k.Owner.Actor, k.Outsider.Address)
		want(t, err, ErrRelationRequired)
		relate("proposed")
		_, err = k.assign(k.Owner.Actor, k.Outsider.Address)
		want(t, err, ErrRelationRequired)
		if _, err = k.assign(k.Owner.Actor, k.Nobody.Address); err != nil {
			t.Errorf("somebody without a home: %v", err)
		}
		relate("active")
		_, err = k.assign(k.Owner.Actor, k.Outsider.Address)
		must(t, err)
		home := k.Other.String()
		if got := k.standing(t, k.Outsider.Account); got != "external|external|unaccepted|"+home+"|guest| " {
			t.Errorf("linked: %s", got)
		}
		relate("ended")
		want(t, k.accept(k.Outsider.Actor, false), ErrRelationRequired)
		relate("active")
		must(t, k.accept(k.Outsider.Actor, false))
		if got := k.standing(t, k.Outsider.Account); got != "external|external||"+home+"|guest| " {
			t.Errorf("accepted: %s", got)
		}
	})
}

// Who is linked by a phone number is told by it, and neither address nor name comes out.
func TestAssignByPhone(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		k.set(t, `INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, '+4930123456', $2, $2)`, k.Outsider.Account, k.DB.Time(k.Clock.Now()))
		assigned, err := k.assign(k.Owner.Actor, "", func(in *AssignPersonInput) { in.Phone = "+49 30 123456" })
		must(t, err)
		if assigned.Result != AssignedLinked || assigned.Member.Address != "+4930123456" {
			t.Errorf("%+v", assigned)
		}
		if mails := k.sent(t); len(mails) != 0 || len(k.phone.sent) != 1 || k.phone.sent[0].To != "+4930123456" {
			t.Errorf("%d mails, messages %+v", len(mails), k.phone.sent)
		}
		if got := k.standing(t, k.Outsider.Account); !strings.Contains(got, k.Other.String()) {
			t.Errorf("the home is not noted: %s", got)
		}
		must(t, k.accept(k.Outsider.Actor, false))
		// The home ends the access, also where another contact was used.
		k.suspend(t)
		if got := k.standing(t, k.Outsider.Account); !strings.HasPrefix(got, "external|external|home|") {
			t.Errorf("not suspended: %s", got)
		}
	})
}

// An address that another organization's access manager reserved is the same person.
func TestAssignReservedElsewhere(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		first, err := k.s.AssignPerson(ctx, k.Outsider.Actor, AssignPersonInput{
			Org: k.Other, Workspace: k.OtherWorkspace, Address: "both@new.example", FirstName: "Bea", LastName: "Both",
		})
		must(t, err)
		k.one(t)
		second, err := k.assign(k.Owner.Actor, "both@new.example")
		must(t, err)
		if second.Result != AssignedLinked || second.Member.Account != first.Member.Account || second.Member.Name != "" {
			t.Errorf("%+v", second)
		}
		_, err = k.s.ResendActivation(ctx, k.Owner.Actor, ReservedInput{Org: k.Org, Account: second.Member.Account})
		want(t, err, ErrNotReserved)
		session, err := k.s.Activate(ctx, veranda.Anonymous(), ActivateInput{Token: token(t, k.one(t)), Password: goodPassword})
		must(t, err)
		must(t, k.accept(veranda.TokenActor(session.Token), false))
		if got := k.standing(t, second.Member.Account); got != "external|external||"+k.Other.String()+"|| " {
			t.Errorf("accepted: %s", got)
		}
		// Taken back before anybody made it their own, the account is nobody's, and a new one can be made.
		gone, err := k.assign(k.Owner.Actor, "gone@new.example")
		must(t, err)
		must(t, k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: gone.Member.Account}))
		found, err := k.s.FindPerson(ctx, k.Owner.Actor, FindPersonInput{Org: k.Org, Address: "gone@new.example"})
		must(t, err)
		if found.Result != FoundNone {
			t.Errorf("found %+v", found)
		}
		again, err := k.assign(k.Owner.Actor, "gone@new.example")
		must(t, err)
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE address_key = 'gone@new.example'`); n != 1 || again.Result != AssignedCreatedInternal {
			t.Errorf("%d accounts, %+v", n, again)
		}
	})
}

// An invitation that is accepted accepts what was offered, too.
func TestInvitationAcceptsOffer(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		_, err := k.assign(k.Owner.Actor, k.Outsider.Address)
		must(t, err)
		k.one(t)
		result, err := k.invite(k.Owner.Actor, k.Sibling, MemberExternal, k.Outsider.Address)
		must(t, err)
		if result.Items[0].Result != InviteSent {
			t.Fatalf("%+v", result.Items[0])
		}
		_, err = k.s.Accept(context.Background(), k.Outsider.Actor, AcceptInput{Token: token(t, k.one(t))})
		must(t, err)
		if got := k.standing(t, k.Outsider.Account); got != "external|external||"+k.Other.String()+"|| " {
			t.Errorf("accepted: %s", got)
		}
		if !k.isMember(t, k.World.Open, k.Outsider.Account) || !k.isMember(t, k.Sibling, k.Outsider.Account) {
			t.Error("not in both workspaces")
		}
	})
}

// Who is invited while an account is reserved for their address gets that account, with what it was given.
func TestInvitationTakesReservedAccount(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		assigned, err := k.assign(k.Owner.Actor, "nils@new.example")
		must(t, err)
		activation := token(t, k.one(t))
		_, err = k.s.Invite(ctx, k.Outsider.Actor, InviteInput{Org: k.Other, People: []Invitee{{Address: "nils@new.example", Kind: MemberInternal}}})
		must(t, err)
		accepted, err := k.s.Accept(ctx, veranda.Anonymous(), AcceptInput{Token: token(t, k.one(t)), Name: "Nils Himself", Password: goodPassword})
		must(t, err)
		if accepted.Account != assigned.Member.Account || accepted.Session == nil {
			t.Fatalf("%+v", accepted)
		}
		mine, err := k.s.MyOrganizations(ctx, veranda.TokenActor(accepted.Session.Token))
		must(t, err)
		if len(mine.Items) != 2 {
			t.Errorf("own organizations %+v", mine.Items)
		}
		_, err = k.s.Activate(ctx, veranda.Anonymous(), ActivateInput{Token: activation, Password: otherPassword})
		want(t, err, ErrLink)
		if session := k.signIn(t, "nils@new.example", goodPassword); session.Account != assigned.Member.Account {
			t.Error("somebody else signs in")
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE address_key = 'nils@new.example'`); n != 1 {
			t.Errorf("%d accounts", n)
		}
	})
}
