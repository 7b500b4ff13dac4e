package tenancy

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
)

// Each anonymous call asks its permission: without the row nobody gets through, and nothing is done.
func TestAnonymousCallsAsk(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.register(t, "ada@analytic.example", goodPassword)
		confirm := token(t, k.one(t))
		must(t, k.authz.SetPolicy(ctx, "p, owner, organization, read, allow\n", true))
		anonymous := veranda.Anonymous()
		for name, call := range map[string]func() error{
			"register": func() error {
				_, err := k.s.Register(ctx, anonymous, RegisterInput{Address: "eve@analytic.example", Password: goodPassword, Name: "Eve"})
				return err
			},
			"confirm": func() error {
				_, err := k.s.Confirm(ctx, anonymous, ConfirmInput{Token: confirm, Password: goodPassword})
				return err
			},
			"sign in": func() error {
				_, err := k.s.SignIn(ctx, anonymous, SignInInput{Address: "ada@analytic.example", Password: goodPassword})
				return err
			},
			"request reset": func() error {
				_, err := k.s.RequestReset(ctx, anonymous, RequestResetInput{Address: "ada@analytic.example"})
				return err
			},
			"reset": func() error {
				_, err := k.s.ResetPassword(ctx, anonymous, ResetPasswordInput{Token: confirm, Password: goodPassword})
				return err
			},
			"look":   func() error { _, err := k.s.Look(ctx, anonymous, LookInput{Token: confirm}); return err },
			"accept": func() error { _, err := k.asNew(confirm); return err },
		} {
			if err := call(); err != error(veranda.ErrUnauthenticated) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, call := range map[string]func() error{
			"me":              func() error { _, err := k.s.Me(ctx, k.Employee.Actor); return err },
			"update me":       func() error { _, err := k.s.UpdateMe(ctx, k.Employee.Actor, UpdateMeInput{}); return err },
			"change password": func() error { _, err := k.s.ChangePassword(ctx, k.Employee.Actor, ChangePasswordInput{}); return err },
			"add address": func() error {
				_, err := k.s.AddAddress(ctx, k.Employee.Actor, AddressInput{Address: "a@b.example"})
				return err
			},
			"make primary": func() error {
				_, err := k.s.MakePrimary(ctx, k.Employee.Actor, AddressInput{Address: "a@b.example"})
				return err
			},
			"remove address": func() error {
				_, err := k.s.RemoveAddress(ctx, k.Employee.Actor, AddressInput{Address: "a@b.example"})
				return err
			},
			"sessions": func() error { _, err := k.s.Sessions(ctx, k.Employee.Actor); return err },
			"revoke":   func() error { return k.s.RevokeSession(ctx, k.Employee.Actor, RevokeSessionInput{}) },
			"revoke others": func() error {
				return k.s.RevokeOtherSessions(ctx, k.Employee.Actor)
			},
			"sign out": func() error { return k.s.SignOut(ctx, k.Employee.Actor) },
			"invite": func() error {
				_, err := k.invite(k.Owner.Actor, k.World.Open, MemberExternal, "a@b.example")
				return err
			},
			"invitations": func() error { _, err := k.s.Invitations(ctx, k.Owner.Actor, InvitationsInput{Org: k.Org}); return err },
			"deliveries":  func() error { _, err := k.s.Deliveries(ctx, k.Owner.Actor, DeliveriesInput{Org: k.Org}); return err },
		} {
			err := call()
			wanted := veranda.ErrForbidden
			if name == "invite" { // who may not enter open workspaces sees none
				wanted = veranda.ErrNotFound
			}
			if err != error(wanted) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if mails := k.sent(t); len(mails) != 0 {
			t.Errorf("mails %+v", mails)
		}
	})
}
