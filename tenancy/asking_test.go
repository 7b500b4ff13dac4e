package tenancy_test

import (
	"context"
	"strings"
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
		const address, password, phone = "new@works.example", "seven birds sing at dawn", "+4915123456789"
		name := "New-name"
		verandatest.AskEveryMethod(t, service, denier, map[string]any{
			"Register":     tenancy.RegisterInput{Address: address, Password: password, Name: "N"},
			"Confirm":      tenancy.ConfirmInput{Token: "token", Password: password},
			"Activate":     tenancy.ActivateInput{Token: "token", Password: password},
			"SignIn":       tenancy.SignInInput{Address: address, Password: password},
			"AddPhone":     tenancy.PhoneInput{Phone: phone},
			"ConfirmPhone": tenancy.ConfirmPhoneInput{Phone: phone, Code: "123456"},
			"RemovePhone":  tenancy.PhoneInput{Phone: phone},

			"BeginSecondFactor":    tenancy.BeginSecondFactorInput{Password: password},
			"ConfirmSecondFactor":  tenancy.ConfirmSecondFactorInput{Code: "123456"},
			"ReplaceRecoveryCodes": tenancy.FactorInput{Password: password, Code: "123456"},
			"RemoveSecondFactor":   tenancy.FactorInput{Password: password, Code: "123456"},

			"RevokeSession":       tenancy.RevokeSessionInput{Session: sessionID(t)},
			"RequestReset":        tenancy.RequestResetInput{Address: address},
			"ResetPassword":       tenancy.ResetPasswordInput{Token: "token", Password: password},
			"ChangePassword":      tenancy.ChangePasswordInput{Present: password, New: password + "!"},
			"UpdateMe":            tenancy.UpdateMeInput{Name: &name},
			"AddAddress":          tenancy.AddressInput{Address: address},
			"MakePrimary":         tenancy.AddressInput{Address: address},
			"RemoveAddress":       tenancy.AddressInput{Address: address},
			"CreateOrganization":  tenancy.CreateOrganizationInput{Kind: tenancy.KindOrganization, Name: "N"},
			"Organization":        tenancy.GetOrganizationInput{Org: w.Org},
			"UpdateOrganization":  tenancy.UpdateOrganizationInput{Org: w.Org, Name: &name},
			"Members":             tenancy.MembersInput{Org: w.Org},
			"Member":              tenancy.MemberInput{Org: w.Org, Account: w.Guest.Account},
			"SetRoles":            tenancy.SetRolesInput{Org: w.Org, Account: w.Guest.Account, Roles: []string{"guest"}},
			"RemoveMember":        tenancy.RemoveMemberInput{Org: w.Org, Account: w.Guest.Account},
			"DisableMember":       tenancy.DisableMemberInput{Org: w.Org, Account: w.Guest.Account},
			"EnableMember":        tenancy.EnableMemberInput{Org: w.Org, Account: w.Guest.Account},
			"RemoveAccountFactor": tenancy.SupportAccountInput{Address: address, Reason: "R"},
			"DisableAccount":      tenancy.SupportAccountInput{Address: address, Reason: "R"},
			"EnableAccount":       tenancy.SupportAccountInput{Address: address, Reason: "R"},
			"ProposeRelation":     tenancy.ProposeRelationInput{Org: w.Org, Key: strings.Repeat("A", 43), Cap: []string{"guest"}},
			"UpdateRelation":      tenancy.UpdateRelationInput{Org: w.Org, Other: w.Other, Cap: []string{"guest"}},
			"EndRelation":         tenancy.EndRelationInput{Org: w.Org, Other: w.Other, Side: tenancy.SideHost},
			"Policy":              tenancy.GetOrganizationInput{Org: w.Org},
			"Invite":              tenancy.InviteInput{Org: w.Org, People: []tenancy.Invitee{{Address: address, Kind: "internal"}}},
			"Invitations":         tenancy.InvitationsInput{Org: w.Org},
			"Resend":              tenancy.InvitationInput{Org: w.Org},
			"Withdraw":            tenancy.InvitationInput{Org: w.Org},
			"Look":                tenancy.LookInput{Token: "token"},
			"Accept":              tenancy.AcceptInput{Token: "token", Name: "N", Password: password},
			"Deliveries":          tenancy.DeliveriesInput{Org: w.Org},

			"FindPerson":            tenancy.FindPersonInput{Org: w.Org, Address: address},
			"AssignPerson":          tenancy.AssignPersonInput{Org: w.Org, Workspace: w.Open, Address: address},
			"ResendActivation":      tenancy.ReservedInput{Org: w.Org, Account: w.Guest.Account},
			"AcceptMembership":      tenancy.AcceptMembershipInput{Org: w.Org},
			"DeclineMembership":     tenancy.DeclineMembershipInput{Org: w.Org},
			"ConfirmMember":         tenancy.ConfirmMemberInput{Org: w.Org, Account: w.Guest.Account},
			"UpdateMember":          tenancy.UpdateMemberInput{Org: w.Org, Account: w.Guest.Account, UserName: &name},
			"CreateTeam":            tenancy.CreateTeamInput{Org: w.Org, Name: "N"},
			"UpdateTeam":            tenancy.UpdateTeamInput{Org: w.Org, Name: &name},
			"AddTeamMembers":        tenancy.AddTeamMembersInput{Org: w.Org, Accounts: []veranda.AccountID{w.Employee.Account}},
			"CreateDepartment":      tenancy.CreateDepartmentInput{Org: w.Org, Name: "N"},
			"UpdateDepartment":      tenancy.UpdateDepartmentInput{Org: w.Org, Name: &name},
			"Delivery":              tenancy.DeliveryInput{Org: w.Org},
			"SendAgain":             tenancy.DeliveryInput{Org: w.Org},
			"PolicyCSV":             tenancy.PolicyCSVInput{Org: w.Org},
			"SetOrganizationPolicy": tenancy.SetOrganizationPolicyInput{Org: w.Org},
			"Roles":                 tenancy.GetOrganizationInput{Org: w.Org},
			"Role":                  tenancy.RoleInput{Org: w.Org, Name: "owner"},
			"Permissions":           tenancy.GetOrganizationInput{Org: w.Org},
			"CreateRole":            tenancy.CreateRoleInput{Org: w.Org, Name: "clerk", RoleBody: body(tenancy.ScopeBoth, employees)},
			"UpdateRole":            tenancy.UpdateRoleInput{Org: w.Org, Name: "clerk", RoleBody: body(tenancy.ScopeBoth, employees)},
			"DeleteRole":            tenancy.RoleInput{Org: w.Org, Name: "clerk"},
			"SetWorkspaceRoles":     tenancy.SetWorkspaceRolesInput{Org: w.Org, Workspace: w.Open, Account: w.Guest.Account},
			"Explain":               tenancy.ExplainInput{Org: w.Org, Account: w.Guest.Account, Permission: "organization.read"},
			"Access":                tenancy.AccessInput{Org: w.Org, Account: w.Guest.Account},
			"ClaimDomain":           tenancy.ClaimDomainInput{Org: w.Org, Domain: "works.example"},
			"CheckDomain":           tenancy.DomainInput{Org: w.Org, Domain: "works.example"},
			"RemoveDomain":          tenancy.DomainInput{Org: w.Org, Domain: "works.example"},
			"Domains":               tenancy.DomainsInput{Org: w.Org},
			"AskToJoin":             tenancy.AskToJoinInput{Organization: w.Org},
			"JoinRequests":          tenancy.JoinsInput{Org: w.Org},
			"DecideJoin":            tenancy.DecideJoinInput{Org: w.Org, Decision: tenancy.JoinApprove},
		}, map[string]string{
			"CheckPassword":    "is for packages beside this one: a step that is confirmed by a password",
			"WithTx":           "binds to a transaction and does nothing",
			"Notices":          "says whom events concern, and reads nothing for anybody",
			"TidyJob":          "describes a background job",
			"Welcome":          "describes a consumer",
			"DomainsJob":       "describes a background job",
			"JoinsJob":         "describes a background job",
			"MakeSupport":      "is for the host program: the first one is made on its command line",
			"MapAccount":       "is for the host program, which signs in by its own means",
			"AddMember":        "is for the host program, which decides who belongs where",
			"AccountByAddress": "is for the host program",
			"Bounced":          "is for the host program, which has proved that the report answers the delivery",
			"PhoneReported":    "is for the host program, which has proved that the report is the provider's",
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
