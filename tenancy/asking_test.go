package tenancy_test

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// No exported method forgets to ask for permission.
func TestEveryMethodAsks(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		w := world.New(t, e)
		authz, err := tenancy.NewAuthorizer(context.Background(), e.DB, modules()...)
		if err != nil {
			t.Fatal(err)
		}
		denier := verandatest.NewDenier(authz)
		service, err := tenancy.New(tenancy.Deps{
			DB: e.DB, Authz: denier, Secret: make([]byte, 32), BaseURL: "https://works.example",
			PasswordCost: tenancy.PasswordCost{Memory: 8, Time: 1, Threads: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		const address, password = "new@works.example", "seven birds sing at dawn"
		name := "New name"
		verandatest.AskEveryMethod(t, service, denier, map[string]any{
			"Register":           tenancy.RegisterInput{Address: address, Password: password, Name: "N"},
			"Confirm":            tenancy.ConfirmInput{Token: "token"},
			"SignIn":             tenancy.SignInInput{Address: address, Password: password},
			"RevokeSession":      tenancy.RevokeSessionInput{Session: sessionID(t)},
			"RequestReset":       tenancy.RequestResetInput{Address: address},
			"ResetPassword":      tenancy.ResetPasswordInput{Token: "token", Password: password},
			"ChangePassword":     tenancy.ChangePasswordInput{Present: password, New: password + "!"},
			"UpdateMe":           tenancy.UpdateMeInput{Name: &name},
			"AddAddress":         tenancy.AddressInput{Address: address},
			"MakePrimary":        tenancy.AddressInput{Address: address},
			"RemoveAddress":      tenancy.AddressInput{Address: address},
			"CreateOrganization": tenancy.CreateOrganizationInput{Kind: tenancy.KindOrganization, Name: "N"},
			"Organization":       tenancy.GetOrganizationInput{Org: w.Org},
			"UpdateOrganization": tenancy.UpdateOrganizationInput{Org: w.Org, Name: &name},
			"Members":            tenancy.MembersInput{Org: w.Org},
			"Member":             tenancy.MemberInput{Org: w.Org, Account: w.Guest.Account},
			"SetRoles":           tenancy.SetRolesInput{Org: w.Org, Account: w.Guest.Account, Roles: []string{"guest"}},
			"RemoveMember":       tenancy.RemoveMemberInput{Org: w.Org, Account: w.Guest.Account},
			"Policy":             tenancy.GetOrganizationInput{Org: w.Org},
			"Invite":             tenancy.InviteInput{Org: w.Org, People: []tenancy.Invitee{{Address: address, Kind: "internal"}}},
			"Invitations":        tenancy.InvitationsInput{Org: w.Org},
			"Resend":             tenancy.InvitationInput{Org: w.Org},
			"Withdraw":           tenancy.InvitationInput{Org: w.Org},
			"Look":               tenancy.LookInput{Token: "token"},
			"Accept":             tenancy.AcceptInput{Token: "token", Name: "N", Password: password},
			"Deliveries":         tenancy.DeliveriesInput{Org: w.Org},
		}, map[string]string{
			"WithTx":           "binds to a transaction and does nothing",
			"TidyJob":          "describes a background job",
			"MakeSupport":      "is for the host program: the first one is made on its command line",
			"MapAccount":       "is for the host program, which signs in by its own means",
			"AddMember":        "is for the host program, which decides who belongs where",
			"AccountByAddress": "is for the host program",
		})
	})
}

func sessionID(t *testing.T) tenancy.SessionID {
	t.Helper()
	var id tenancy.SessionID
	if err := id.UnmarshalText([]byte(veranda.NewOrgID().String())); err != nil {
		t.Fatal(err)
	}
	return id
}
