package tenancy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// workspaceRights stands for package workspace, which lies above this one: its permissions and rows on members.
func workspaceRights() veranda.Module {
	return veranda.Module{
		Name:        "workspace",
		Permissions: []veranda.Permission{permManageMembers, permManageMembers + ":managed", permManageMembersOpen, permChangeWorkspace, permChangeWorkspace + ":managed"},
		Policy: `p, owner, workspace, manage_members:managed, allow
p, owner, workspace, update:managed, allow
p, administrator, workspace, manage_members:managed, allow
p, administrator, workspace, update:managed, allow
p, access_manager, workspace, manage_members:open, allow
p, manager, workspace, manage_members, allow
p, manager, workspace, update, allow
`,
	}
}

// sameIDs compares ids, whose insides cmp may not see.
var sameIDs = cmp.Comparer(func(a, b veranda.AccountID) bool { return a == b })

// assignKit is a kit with the rights over workspaces and with a phone.
type assignKit struct {
	*kit
	phone  *texts
	limits *countedMembers
}

// countedMembers is a Limits that refuses members when it is full, and counts what it was asked.
type countedMembers struct {
	asked int64
	full  bool
}

func (l *countedMembers) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, add int64) error {
	if resource != "members" {
		return nil
	}
	l.asked += add
	if l.full {
		return veranda.LimitError("members", "The plan has no room for more members.")
	}
	return nil
}

func eachAssignKit(t *testing.T, run func(t *testing.T, k *assignKit)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, []veranda.Module{veranda.Core(), Module()}, func(t *testing.T, e *verandatest.Env) {
		authz, err := NewAuthorizer(context.Background(), e.DB, Module(), workspaceRights())
		must(t, err)
		k := &assignKit{kit: &kit{Env: e, World: world.New(t, e), authz: authz, mails: &mailbox{}}, phone: &texts{}, limits: &countedMembers{}}
		k.s, err = New(Deps{
			DB: e.DB, Authz: authz, Limits: k.limits, Mailer: k.mails, Phone: k.phone, Secret: []byte(strings.Repeat("k", 32)),
			BaseURL: "https://veranda.example", PasswordCost: testCost,
		})
		must(t, err)
		run(t, k)
	})
}

// assign assigns a person with an address to the open workspace.
func (k *assignKit) assign(by veranda.Actor, address string, change ...func(in *AssignPersonInput)) (*Assigned, error) {
	in := AssignPersonInput{Org: k.Org, Workspace: k.World.Open, Address: address, FirstName: "Nils", LastName: "Newman"}
	for _, c := range change {
		c(&in)
	}
	return k.s.AssignPerson(context.Background(), by, in)
}

func (k *assignKit) domains(t *testing.T, domains string) {
	t.Helper()
	k.set(t, `UPDATE veranda_organizations SET domains = $2 WHERE id = $1`, k.Org, domains)
}

// kinds are the kinds of events since a number of them.
func (k *assignKit) kinds(t *testing.T, after int) (kinds []string) {
	t.Helper()
	for _, e := range k.Events(t)[after:] {
		if !strings.HasPrefix(e.Kind, "tenancy.delivery_") {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

func (k *assignKit) isMember(t *testing.T, workspace veranda.WorkspaceID, account veranda.AccountID) bool {
	t.Helper()
	return k.count(t, `SELECT count(*) FROM veranda_workspace_members WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, k.Org, workspace, account) == 1
}

func TestFindPerson(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		search := func(address, phone string) *FoundPerson {
			t.Helper()
			found, err := k.s.FindPerson(ctx, k.AccessManager.Actor, FindPersonInput{Org: k.Org, Address: address, Phone: phone})
			must(t, err)
			return found
		}
		k.set(t, `INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, '+4930123456', $2, $2)`, k.Nobody.Account, k.DB.Time(k.Clock.Now()))
		k.set(t, `INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, '+4930999999', NULL, $2)`, k.Nobody.Account, k.DB.Time(k.Clock.Now()))
		k.register(t, "claimed@new.example", goodPassword) // not confirmed: nobody has it
		here := FoundPerson{Result: FoundHere, Account: &k.External.Account, Name: k.External.Name, State: StateActive}
		for _, c := range []struct {
			address, phone string
			want           FoundPerson
		}{
			{strings.ToUpper(k.External.Address), "", here},
			{k.Outsider.Address, "", FoundPerson{Result: FoundElsewhere}},
			{k.Nobody.Address, "", FoundPerson{Result: FoundHomeless}},
			{"", "+49 30 123456", FoundPerson{Result: FoundHomeless}},
			{"", "+49 30 999999", FoundPerson{Result: FoundNone}},
			{"claimed@new.example", "", FoundPerson{Result: FoundNone}},
			{"nobody@new.example", "", FoundPerson{Result: FoundNone}},
		} {
			if diff := cmp.Diff(&c.want, search(c.address, c.phone), sameIDs); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", c.address, c.phone, diff)
			}
		}
		events := k.Events(t, EventPersonSearched)
		if len(events) != 7 {
			t.Fatalf("%d events of 7 searches", len(events))
		}
		for _, e := range events {
			var data PersonSearched
			must(t, json.Unmarshal(e.Data, &data))
			if e.By != k.AccessManager.Account || e.Org != k.Org || !strings.Contains(data.Masked, "***") || data.Result == "" {
				t.Errorf("event %+v", e)
			}
			for _, plain := range []string{k.External.Address, "123456", "nobody@", "claimed@"} {
				if strings.Contains(strings.ToLower(string(e.Data)), plain) {
					t.Errorf("the log shows %s: %s", plain, e.Data)
				}
			}
		}

		// What is wrong is said at once; what is not an address is none of the counted searches.
		_, err := k.s.FindPerson(ctx, k.AccessManager.Actor, FindPersonInput{Org: k.Org, Address: "nonsense", Phone: "030 1"})
		fields(t, err, "/address email", "/phone phone_country", "/phone one")
		_, err = k.s.FindPerson(ctx, k.AccessManager.Actor, FindPersonInput{Org: k.Org})
		fields(t, err, "/address required")

		// Thirty in ten minutes by one caller; another one goes on.
		for range 23 {
			search("nobody@new.example", "")
		}
		_, err = k.s.FindPerson(ctx, k.AccessManager.Actor, FindPersonInput{Org: k.Org, Address: k.External.Address})
		want(t, err, ErrRate)
		_, err = k.s.FindPerson(ctx, k.Owner.Actor, FindPersonInput{Org: k.Org, Address: k.External.Address})
		must(t, err)
		k.Clock.Advance(11 * time.Minute)
		search(k.External.Address, "")
	})
}

// fields asserts that exactly these fields are refused, as "pointer rule".
func fields(t *testing.T, err error, wanted ...string) {
	t.Helper()
	var got []string
	if e, ok := err.(*veranda.Error); ok {
		for _, f := range e.Fields {
			got = append(got, f.Pointer+" "+f.Rule)
		}
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%v: bad fields (-want +got):\n%s", err, diff)
	}
}

// Who searches and assigns, in each kind of workspace.
func TestWhoAssigns(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		const yes, no, unseen = veranda.Code(""), veranda.CodeForbidden, veranda.CodeNotFound
		code := func(err error) veranda.Code {
			if err == nil {
				return yes
			}
			return veranda.CodeOf(err)
		}
		for i, row := range []struct {
			who                                   world.Person
			find, open, private, sibling, closed_ veranda.Code
		}{
			{k.Owner, yes, yes, no, yes, unseen},
			{k.Administrator, yes, yes, no, yes, unseen},
			{k.AccessManager, yes, yes, no, yes, unseen},
			{k.Employee, no, no, no, no, unseen},
			{k.Stranger, no, no, unseen, no, no},
			{k.External, no, no, no, unseen, unseen},
			{k.Guest, no, no, no, unseen, unseen},
			{k.Support, no, unseen, unseen, unseen, unseen},
			{k.Outsider, unseen, unseen, unseen, unseen, unseen},
			{k.Nobody, unseen, unseen, unseen, unseen, unseen},
		} {
			_, err := k.s.FindPerson(context.Background(), row.who.Actor, FindPersonInput{Org: k.Org, Address: "x@new.example"})
			if got := code(err); got != row.find {
				t.Errorf("%s searches: %q, want %q", row.who.Name, got, row.find)
			}
			for n, place := range []struct {
				workspace veranda.WorkspaceID
				want      veranda.Code
			}{{k.World.Open, row.open}, {k.Private, row.private}, {k.Sibling, row.sibling}, {k.Closed, row.closed_}, {k.OtherWorkspace, unseen}, {veranda.NewWorkspaceID(), unseen}} {
				_, err := k.assign(row.who.Actor, fmt.Sprintf("p%d.%d@new.example", i, n), func(in *AssignPersonInput) { in.Workspace = place.workspace })
				if got := code(err); got != place.want {
					t.Errorf("%s assigns to place %d: %q, want %q (%v)", row.who.Name, n, got, place.want, err)
				}
			}
		}
		// Who manages a private workspace assigns people to it; the access manager of an open one makes no managers.
		k.set(t, `UPDATE veranda_workspace_members SET roles = 'manager' WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, k.Org, k.Private, k.AccessManager.Account)
		assigned, err := k.assign(k.AccessManager.Actor, "private@new.example", func(in *AssignPersonInput) { in.Workspace, in.WorkspaceRole = k.Private, "manager" })
		must(t, err)
		if roles := k.text(t, `SELECT roles FROM veranda_workspace_members WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, k.Org, k.Private, assigned.Member.Account); roles != "manager" {
			t.Errorf("roles in the workspace %q", roles)
		}
		_, err = k.assign(k.AccessManager.Actor, "open@new.example", func(in *AssignPersonInput) { in.WorkspaceRole = "manager" })
		want(t, err, veranda.ErrForbidden)
		_, err = k.assign(k.Owner.Actor, "external@new.example", func(in *AssignPersonInput) { in.WorkspaceRole, in.Kind = "manager", MemberExternal })
		fields(t, err, "/workspace_role manager_kind")
		for _, by := range []veranda.Actor{veranda.Anonymous(), veranda.TokenActor("none"), {}} {
			_, err := k.assign(by, "x@new.example")
			want(t, err, veranda.ErrUnauthenticated)
			_, err = k.s.FindPerson(context.Background(), by, FindPersonInput{Org: k.Org, Address: "x@new.example"})
			want(t, err, veranda.ErrUnauthenticated)
		}
		// A personal tenant has members only.
		k.set(t, `UPDATE veranda_organizations SET kind = 'personal' WHERE id = $1`, k.Other)
		_, err = k.s.AssignPerson(context.Background(), k.Outsider.Actor, AssignPersonInput{Org: k.Other, Workspace: k.OtherWorkspace, Address: "x@new.example"})
		want(t, err, ErrPersonalAssign)
		_, err = k.s.FindPerson(context.Background(), k.Outsider.Actor, FindPersonInput{Org: k.Other, Address: "x@new.example"})
		want(t, err, ErrPersonalAssign)
	})
}

// text runs a query that gives one text.
func (k *assignKit) text(t *testing.T, query string, args ...any) (text string) {
	t.Helper()
	_, err := readOne(context.Background(), k.DB.Conn().Query, query, args, veranda.Optional(&text))
	must(t, err)
	return text
}

func TestAssignCreates(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		k.domains(t, `["works.example"]`)
		before := len(k.Events(t))
		assigned, err := k.assign(k.AccessManager.Actor, "Nils@works.example", func(in *AssignPersonInput) {
			in.Phone, in.UserName, in.Language = "+49 30 123456", "Nils.N", "pt-br"
		})
		must(t, err)
		m := assigned.Member
		wanted := Member{
			Account: m.Account, Name: "Nils Newman", Address: "Nils@works.example", Kind: MemberInternal, Roles: []string{"employee"}, JoinedAt: m.JoinedAt, Version: 1,
			UserName: "Nils.N", State: StateReserved,
		}
		if diff := cmp.Diff(&Assigned{Result: AssignedCreatedInternal, Member: wanted}, assigned, sameIDs); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{EventAccountReserved, EventPersonAssigned, EventMemberJoined, EventMemberJoined}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if !k.isMember(t, k.World.Open, m.Account) || k.limits.asked != 1 {
			t.Errorf("not in the workspace, or %d members asked for", k.limits.asked)
		}
		account := k.text(t, `SELECT concat(state, ' ', first_name, '|', last_name, '|', language, '|', time_zone, '|', reserved_by) FROM veranda_accounts WHERE id = $1`, m.Account)
		if account != "pending Nils|Newman|pt-BR|UTC|"+k.Org.String() {
			t.Errorf("account %s", account)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_phones WHERE account_id = $1 AND confirmed_at IS NULL`, m.Account); n != 1 {
			t.Errorf("%d unconfirmed phones", n)
		}
		mail := k.one(t)
		if mail.To != "Nils@works.example" || !strings.Contains(mail.Text, k.AccessManager.Name) || !strings.Contains(mail.Text, "Open") {
			t.Errorf("mail %+v", mail)
		}
		// Until a password is chosen the address is only reserved; then the person is there.
		session, err := k.s.Activate(context.Background(), veranda.Anonymous(), ActivateInput{Token: token(t, mail), Password: goodPassword})
		must(t, err)
		list, err := k.s.MyOrganizations(context.Background(), veranda.TokenActor(session.Token))
		must(t, err)
		if len(list.Items) != 1 || list.Items[0].Organization != k.Org || list.Items[0].State != StateActive {
			t.Errorf("own organizations %+v", list.Items)
		}
		member, err := k.s.Member(context.Background(), k.AccessManager.Actor, MemberInput{Org: k.Org, Account: m.Account})
		must(t, err)
		if member.State != StateActive {
			t.Errorf("state %s after activation", member.State)
		}

		// Another domain, or the manager's wish, makes an external.
		for address, change := range map[string]func(in *AssignPersonInput){
			"a@else.example":  func(*AssignPersonInput) {},
			"b@else.example":  func(in *AssignPersonInput) { in.Kind = MemberInternal },
			"c@works.example": func(in *AssignPersonInput) { in.Kind = MemberExternal },
			"":                func(in *AssignPersonInput) { in.Phone = "+49 30 654321" },
		} {
			assigned, err := k.assign(k.AccessManager.Actor, address, change)
			must(t, err)
			if assigned.Result != AssignedCreatedExternal || assigned.Member.Kind != MemberExternal || !slices.Equal(assigned.Member.Roles, []string{"external"}) {
				t.Errorf("%q: %+v", address, assigned)
			}
		}
		k.sent(t)
		if len(k.phone.sent) != 1 || k.phone.sent[0].To != "+4930654321" || !strings.Contains(k.phone.sent[0].Text, "/activate?token=") {
			t.Errorf("text messages %+v", k.phone.sent)
		}
	})
}

func TestAssignBadInput(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		_, err := k.s.AssignPerson(ctx, k.Owner.Actor, AssignPersonInput{
			Org: k.Org, Address: "nonsense", Phone: "12", FirstName: "a\nb", LastName: strings.Repeat("x", 51), UserName: "with blank", Language: "no tag!", Kind: "guest",
			Roles: []string{"employee", "employee", "Big Boss"}, WorkspaceRole: "king",
		})
		fields(t, err, "/workspace_id required", "/address email", "/phone phone_country", "/first_name line", "/last_name too_long", "/user_name user_name",
			"/language language", "/kind one_of", "/roles/1 repeated", "/roles/2 one_of", "/workspace_role one_of")
		_, err = k.s.AssignPerson(ctx, k.Owner.Actor, AssignPersonInput{Org: k.Org, Workspace: k.World.Open})
		fields(t, err, "/address required")
		// Somebody new has a name; who is known needs none.
		_, err = k.assign(k.Owner.Actor, "new@new.example", func(in *AssignPersonInput) { in.FirstName, in.LastName = "", "" })
		fields(t, err, "/first_name required", "/last_name required")
		_, err = k.assign(k.Owner.Actor, k.Nobody.Address, func(in *AssignPersonInput) { in.FirstName, in.LastName = "", "" })
		must(t, err)
		// Roles fit the kind, and are the caller's to give.
		_, err = k.assign(k.Owner.Actor, "r@new.example", func(in *AssignPersonInput) { in.Roles = []string{"external", "administrator", "made_up"} })
		fields(t, err, "/roles/0 kind", "/roles/2 kind")
		_, err = k.assign(k.AccessManager.Actor, "r@new.example", func(in *AssignPersonInput) { in.Roles = []string{"administrator"} })
		want(t, err, veranda.ErrForbidden)
		assigned, err := k.assign(k.Owner.Actor, "r@new.example", func(in *AssignPersonInput) { in.Roles, in.UserName = []string{"administrator"}, "Größe" })
		must(t, err)
		if !slices.Equal(assigned.Member.Roles, []string{"administrator"}) {
			t.Errorf("roles %v", assigned.Member.Roles)
		}
		// A user name is one member's, however it is written; another organization has its own.
		_, err = k.assign(k.Owner.Actor, "u@new.example", func(in *AssignPersonInput) { in.UserName = "GRÖSSE" })
		fields(t, err, "/user_name taken")
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE address_key = 'u@new.example'`); n != 0 {
			t.Error("a refused assignment made an account")
		}
		_, err = k.s.AssignPerson(ctx, k.Outsider.Actor, AssignPersonInput{Org: k.Other, Workspace: k.OtherWorkspace, Address: "u@new.example", FirstName: "U", LastName: "N", UserName: "größe"})
		must(t, err)
		// An address and a number of two people.
		k.set(t, `INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, '+4930123456', $2, $2)`, k.Guest.Account, k.DB.Time(k.Clock.Now()))
		_, err = k.assign(k.Owner.Actor, k.Employee.Address, func(in *AssignPersonInput) { in.Phone = "+4930123456" })
		want(t, err, ErrDifferentPeople)
	})
}

// A limit, or a host's veto, undoes all of an assignment.
func TestAssignIsUndone(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		k.limits.full = true
		for _, address := range []string{"new@new.example", k.Outsider.Address} {
			_, err := k.assign(k.Owner.Actor, address)
			if veranda.CodeOf(err) != veranda.CodeLimit {
				t.Errorf("%s: %v", address, err)
			}
		}
		k.limits.full = false
		veto := veranda.NewError(veranda.CodeConflict, "host.no", "No.")
		k.DB.Veto(veranda.Hook{Name: "veto", Kinds: []string{EventPersonAssigned}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return veto }})
		for _, address := range []string{"new@new.example", k.Outsider.Address, k.Stranger.Address} {
			_, err := k.assign(k.Owner.Actor, address)
			want(t, err, veto)
		}
		for what, n := range map[string]int{
			"accounts":    k.count(t, `SELECT count(*) FROM veranda_accounts WHERE state = 'pending'`),
			"memberships": k.count(t, `SELECT count(*) FROM veranda_memberships WHERE org_id = $1 AND disabled_at IS NOT NULL`, k.Org),
			"deliveries":  k.count(t, `SELECT count(*) FROM veranda_deliveries`),
			"links":       k.count(t, `SELECT count(*) FROM veranda_links`),
		} {
			if n != 0 {
				t.Errorf("%d %s are left", n, what)
			}
		}
		if k.isMember(t, k.World.Open, k.Stranger.Account) {
			t.Error("a vetoed assignment entered the workspace")
		}
	})
}

func TestAssignHere(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		before := len(k.Events(t))
		assigned, err := k.assign(k.AccessManager.Actor, k.Stranger.Address)
		must(t, err)
		if assigned.Result != AssignedHere || assigned.Member.Account != k.Stranger.Account || assigned.Member.Version != 1 || !k.isMember(t, k.World.Open, k.Stranger.Account) {
			t.Errorf("%+v", assigned)
		}
		if diff := cmp.Diff([]string{EventPersonAssigned, EventMemberJoined}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if mail := k.one(t); mail.To != k.Stranger.Address || !strings.Contains(mail.Subject, "Open") {
			t.Errorf("mail %+v", mail)
		}
		// Again nothing happens, and nobody is told.
		before = len(k.Events(t))
		assigned, err = k.assign(k.AccessManager.Actor, k.Stranger.Address)
		must(t, err)
		if assigned.Result != AssignedAlready || len(k.kinds(t, before)) != 0 || len(k.sent(t)) != 0 {
			t.Errorf("%+v, events %v", assigned, k.kinds(t, before))
		}
		// Roles are changed as SetRoles would.
		assigned, err = k.assign(k.Owner.Actor, k.Stranger.Address, func(in *AssignPersonInput) { in.Roles = []string{"access_manager"} })
		must(t, err)
		if assigned.Result != AssignedAlready || !slices.Equal(assigned.Member.Roles, []string{"access_manager"}) || len(k.Events(t, EventMemberRolesChanged)) != 1 {
			t.Errorf("%+v", assigned)
		}
		_, err = k.assign(k.AccessManager.Actor, k.Administrator.Address, func(in *AssignPersonInput) { in.Roles = []string{"employee"} })
		want(t, err, veranda.ErrForbidden)
		_, err = k.assign(k.AccessManager.Actor, k.AccessManager.Address, func(in *AssignPersonInput) { in.Roles = []string{"employee"} })
		want(t, err, ErrOwnRoles)
		if k.isMember(t, k.World.Open, k.Administrator.Account) {
			t.Error("a refused assignment entered the workspace")
		}
		// Who was disabled here is not revived by it.
		for reason, refusal := range map[string]*veranda.Error{"manager": ErrAssignDisabled, "home": ErrAssignSuspended, "relation": ErrAssignSuspended} {
			k.set(t, `UPDATE veranda_memberships SET disabled_at = $3, disabled_reason = $4 WHERE org_id = $1 AND account_id = $2`, k.Org, k.Guest.Account, k.DB.Time(k.Clock.Now()), reason)
			_, err = k.assign(k.Owner.Actor, k.Guest.Address, func(in *AssignPersonInput) { in.Workspace = k.Sibling })
			want(t, err, refusal)
		}
		// A reserved account is the same person the second time, and gets a new link.
		first, err := k.assign(k.Owner.Actor, "again@new.example")
		must(t, err)
		one := token(t, k.one(t))
		second, err := k.assign(k.Owner.Actor, "again@new.example", func(in *AssignPersonInput) { in.Workspace = k.Sibling })
		must(t, err)
		if second.Result != AssignedHere || second.Member.Account != first.Member.Account {
			t.Errorf("%+v", second)
		}
		two := token(t, k.one(t))
		_, err = k.s.Activate(context.Background(), veranda.Anonymous(), ActivateInput{Token: one, Password: goodPassword})
		want(t, err, ErrLink)
		_, err = k.s.Activate(context.Background(), veranda.Anonymous(), ActivateInput{Token: two, Password: goodPassword})
		must(t, err)
	})
}
