package tenancy

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

func TestUpdateMember(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		update := func(by veranda.Actor, account veranda.AccountID, in UpdateMemberInput) (*Member, error) {
			in.Org, in.Account = k.Org, account
			return k.s.UpdateMember(ctx, by, in)
		}
		to := func(text string) *string { return &text }
		before := len(k.Events(t))
		m, err := update(k.AccessManager.Actor, k.External.Account, UpdateMemberInput{UserName: to("Xen"), FallbackLanguage: to("pt-br"), Version: 1})
		must(t, err)
		if m.UserName != "Xen" || m.FallbackLanguage != "pt-BR" || m.Version != 2 {
			t.Errorf("%+v", m)
		}
		if diff := cmp.Diff([]string{EventMemberUpdated}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		_, err = update(k.AccessManager.Actor, k.External.Account, UpdateMemberInput{UserName: to("Xen"), Version: 1})
		want(t, err, veranda.ErrVersion)
		_, err = update(k.Owner.Actor, k.Guest.Account, UpdateMemberInput{UserName: to("XEN")})
		fields(t, err, "/user_name taken")
		_, err = update(k.Owner.Actor, k.External.Account, UpdateMemberInput{UserName: to("")})
		must(t, err)
		_, err = update(k.Owner.Actor, k.Guest.Account, UpdateMemberInput{UserName: to("XEN")})
		must(t, err)
		_, err = update(k.Owner.Actor, k.Guest.Account, UpdateMemberInput{})
		fields(t, err, " required")
		_, err = update(k.Owner.Actor, k.Guest.Account, UpdateMemberInput{UserName: to("a b"), FallbackLanguage: to("??"), FirstName: to(""), LastName: to("a\nb")})
		fields(t, err, "/user_name user_name", "/fallback_language language", "/first_name required", "/last_name line")

		// Who may: those who assign people; the others see no such thing where they do not see the whole directory.
		for _, row := range []struct {
			by   veranda.Actor
			want *veranda.Error
		}{
			{k.Employee.Actor, veranda.ErrNotFound}, {k.External.Actor, veranda.ErrNotFound}, {k.Guest.Actor, veranda.ErrNotFound},
			{k.Support.Actor, veranda.ErrNotFound}, {k.Outsider.Actor, veranda.ErrNotFound}, {veranda.Anonymous(), veranda.ErrUnauthenticated}, {veranda.Actor{}, veranda.ErrUnauthenticated},
		} {
			_, err := update(row.by, k.Guest.Account, UpdateMemberInput{UserName: to("other")})
			want(t, err, row.want)
		}
		_, err = update(k.Owner.Actor, k.Outsider.Account, UpdateMemberInput{UserName: to("other")})
		want(t, err, veranda.ErrNotFound)

		// A name is its person's own, but for an employee's account that this organization made and nobody has taken.
		for _, account := range []veranda.AccountID{k.External.Account, k.Employee.Account} {
			_, err = update(k.Owner.Actor, account, UpdateMemberInput{FirstName: to("Other"), LastName: to("Name")})
			fields(t, err, "/first_name own", "/last_name own")
		}
		outside, err := k.assign(k.Owner.Actor, "ext@new.example", func(in *AssignPersonInput) { in.Kind = MemberExternal })
		must(t, err)
		_, err = update(k.Owner.Actor, outside.Member.Account, UpdateMemberInput{FirstName: to("Other")})
		fields(t, err, "/first_name own")
		k.one(t)
		made, err := k.assign(k.Owner.Actor, "int@new.example")
		must(t, err)
		m, err = update(k.Owner.Actor, made.Member.Account, UpdateMemberInput{LastName: to("Newmann")})
		must(t, err)
		if m.Name != "Nils Newmann" {
			t.Errorf("%+v", m)
		}
		_, err = k.s.Activate(ctx, veranda.Anonymous(), ActivateInput{Token: token(t, k.one(t)), Password: goodPassword})
		must(t, err)
		_, err = update(k.Owner.Actor, made.Member.Account, UpdateMemberInput{LastName: to("Other")})
		fields(t, err, "/last_name own")

		// Of two changes at once that read the same version, one is made.
		n, errs := atOnce(6, func(i int) error {
			_, err := update(k.Owner.Actor, k.Stranger.Account, UpdateMemberInput{UserName: to("race" + string(rune('a'+i))), Version: 1})
			return err
		})
		if n != 1 || slices.ContainsFunc(errs, func(err error) bool { return err != nil && veranda.CodeOf(err) != veranda.CodePrecondition }) {
			t.Errorf("%d of 6 made: %v", n, errs)
		}
	})
}

// The states a membership can be in, as lists show them.
func TestMembersByState(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		_, err := k.assign(k.Owner.Actor, "reserved@new.example")
		must(t, err)
		_, err = k.assign(k.Owner.Actor, k.Nobody.Address)
		must(t, err)
		now := k.DB.Time(k.Clock.Now())
		k.set(t, `UPDATE veranda_memberships SET disabled_at = $3, disabled_reason = 'manager' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Guest.Account, now)
		k.set(t, `UPDATE veranda_memberships SET disabled_at = $3, disabled_reason = 'relation' WHERE org_id = $1 AND account_id = $2`, k.Org, k.External.Account, now)
		for state, wanted := range map[string][]string{
			"":             {k.Administrator.Name, k.AccessManager.Name, k.Employee.Name, k.Owner.Name, k.Stranger.Name},
			StateReserved:  {"Nils Newman"},
			StateOffered:   {""},
			StateDisabled:  {k.Guest.Name},
			StateSuspended: {k.External.Name},
		} {
			list, err := k.s.Members(ctx, k.AccessManager.Actor, MembersInput{Org: k.Org, State: state})
			must(t, err)
			got := []string{}
			for _, m := range list.Items {
				got = append(got, m.Name)
			}
			slices.Sort(got)
			slices.Sort(wanted)
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", state, diff)
			}
			if state != "" && state != StateActive {
				_, err = k.s.Members(ctx, k.Employee.Actor, MembersInput{Org: k.Org, State: state})
				want(t, err, veranda.ErrForbidden)
			}
		}
		_, err = k.s.Members(ctx, k.Owner.Actor, MembersInput{Org: k.Org, State: "lost"})
		fields(t, err, "/state one_of")
	})
}
