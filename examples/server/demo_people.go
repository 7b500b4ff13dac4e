package main

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/workspace"
)

const demoOrganization = "Harbour & Pine"

// demoDomain is that of the organization's employees; .example is nobody's (RFC 2606), so no mail ever leaves for it.
const demoDomain = "harbour-pine.example"

// demoPerson is somebody of the demo organization.
type demoPerson struct {
	key, name, address, role, zone string
	// workspace is where an external or a guest is invited to, inviter by whom.
	workspace, inviter string
}

// demoPeople begin with the founder.
var demoPeople = []demoPerson{
	{key: "ines", name: "Inês Carvalho", address: "ines.carvalho@" + demoDomain, role: tenancy.RoleOwner, zone: demoZone},
	{key: "tomasz", name: "Tomasz Zieliński", address: "tomasz.zielinski@" + demoDomain, role: tenancy.RoleAdministrator, zone: "Europe/Warsaw"},
	{key: "amara", name: "Amara Okafor", address: "amara.okafor@" + demoDomain, role: tenancy.RoleAccessManager, zone: "Africa/Lagos"},
	{key: "jun", name: "Jun Watanabe", address: "jun.watanabe@" + demoDomain, role: tenancy.RoleEmployee, zone: demoZone},
	{key: "leila", name: "Leila Haddad", address: "leila.haddad@" + demoDomain, role: tenancy.RoleEmployee, zone: demoZone},
	{key: "mateo", name: "Mateo Fernández", address: "mateo.fernandez@" + demoDomain, role: tenancy.RoleEmployee, zone: "Europe/Madrid"},
	{key: "priya", name: "Priya Raman", address: "priya.raman@" + demoDomain, role: tenancy.RoleEmployee, zone: "Asia/Kolkata"},
	{key: "sofie", name: "Sofie Lindqvist", address: "sofie.lindqvist@" + demoDomain, role: tenancy.RoleEmployee, zone: "Europe/Stockholm"},
	{key: "kwame", name: "Kwame Mensah", address: "kwame.mensah@" + demoDomain, role: tenancy.RoleEmployee, zone: demoZone},
	{key: "daniel", name: "Daniel O’Connor", address: "daniel@keelyard.example", role: tenancy.RoleExternal, zone: "Europe/Dublin", workspace: "boathouse", inviter: "jun"},
	{key: "elena", name: "Elena Popescu", address: "elena@lumenphoto.example", role: tenancy.RoleExternal, zone: "Europe/Bucharest", workspace: "catalogue", inviter: "leila"},
	{key: "noor", name: "Noor van Dijk", address: "noor.vandijk@papermill.example", role: tenancy.RoleGuest, zone: "Europe/Amsterdam", workspace: "catalogue", inviter: "leila"},
}

// demoWorkspace is a workspace of the demo organization.
type demoWorkspace struct {
	key, name, description, maker string
	open                          bool
	// members are those added by its maker; people are all who take part in it.
	members, people []string
}

var demoWorkspaces = []demoWorkspace{
	{
		key: "studio", name: "Studio", description: "What concerns all of us: the workshop, orders of material, who is where.", maker: "ines", open: true,
		members: []string{"tomasz", "amara", "jun", "leila", "mateo", "priya", "sofie", "kwame"},
		people:  []string{"ines", "tomasz", "amara", "jun", "leila", "mateo", "priya", "sofie", "kwame"},
	},
	{
		key: "boathouse", name: "Boathouse renovation", description: "The rowing club's boathouse: structure, stairs, boat racks. Opening in spring.", maker: "jun", open: true,
		members: []string{"mateo", "kwame", "priya", "ines"},
		people:  []string{"jun", "mateo", "kwame", "priya", "ines", "daniel"},
	},
	{
		key: "catalogue", name: "Autumn catalogue", description: "Forty pages, two languages, at the printer's by the end of the month.", maker: "leila", open: true,
		members: []string{"sofie", "priya", "tomasz"},
		people:  []string{"leila", "sofie", "priya", "tomasz", "elena", "noor"},
	},
	{
		key: "office", name: "Money and people", description: "Books, contracts, applications. Only the three of us see this.", maker: "ines",
		members: []string{"tomasz", "amara"},
		people:  []string{"ines", "tomasz", "amara"},
	},
}

// found makes the organization on its first Monday: the founder registers, invites the others, and they come.
func (d *demo) found(ctx context.Context) error {
	if err := d.registerFounder(ctx); err != nil {
		return fmt.Errorf("found the organization: %w", err)
	}
	if err := d.inviteEmployees(ctx); err != nil {
		return fmt.Errorf("bring in employees: %w", err)
	}
	if err := d.makeWorkspaces(ctx); err != nil {
		return fmt.Errorf("make workspaces: %w", err)
	}
	if err := d.inviteOthers(ctx); err != nil {
		return fmt.Errorf("bring in externals and guests: %w", err)
	}
	return nil
}

func (d *demo) registerFounder(ctx context.Context) error {
	people, founder := d.services.tenancy, demoPeople[0]
	d.clock.set(d.at(0, 8, 30))
	_, err := people.Register(ctx, veranda.Anonymous(), tenancy.RegisterInput{
		Address: founder.address, Password: d.password, Name: founder.name, TimeZone: founder.zone, ClientAddress: demoNetwork,
	})
	if err != nil {
		return err
	}
	token, err := d.mailed(ctx, founder)
	if err != nil {
		return err
	}
	d.clock.set(d.at(0, 8, 41))
	if _, err := people.Confirm(ctx, veranda.Anonymous(), tenancy.ConfirmInput{Token: token, Password: d.password, ClientAddress: demoNetwork}); err != nil {
		return err
	}
	if d.accounts[founder.key], err = people.AccountByAddress(ctx, founder.address); err != nil {
		return err
	}
	d.clock.set(d.at(0, 8, 52))
	org, err := people.CreateOrganization(ctx, d.as(founder.key), tenancy.CreateOrganizationInput{
		Kind: tenancy.KindOrganization, Name: demoOrganization, Domains: []string{demoDomain}, TimeZone: demoZone,
	})
	if err != nil {
		return err
	}
	d.org = org.ID
	return nil
}

// demoNetwork is whence everybody calls: an address for documentation (RFC 5737).
const demoNetwork = "192.0.2.19"

// mailed has the mails written and gives the token of the link in the one to a person.
func (d *demo) mailed(ctx context.Context, p demoPerson) (string, error) {
	if err := d.work(ctx); err != nil {
		return "", err
	}
	return d.mails.token(p.address)
}

// inviteEmployees invites all employees at once and gives them their roles when they have come.
func (d *demo) inviteEmployees(ctx context.Context) error {
	people, founder := d.services.tenancy, d.as(demoPeople[0].key)
	d.clock.set(d.at(0, 9, 10))
	in := tenancy.InviteInput{Org: d.org}
	employees := []demoPerson{}
	for _, p := range demoPeople[1:] {
		if p.workspace == "" {
			employees = append(employees, p)
			in.People = append(in.People, tenancy.Invitee{Address: p.address, Kind: tenancy.MemberInternal})
		}
	}
	if _, err := people.Invite(ctx, founder, in); err != nil {
		return err
	}
	for i, p := range employees {
		if err := d.accept(ctx, p, d.at(0, 9, 25+13*i)); err != nil {
			return err
		}
	}
	d.clock.set(d.at(0, 12, 5))
	for _, p := range employees {
		if p.role == tenancy.RoleEmployee {
			continue
		}
		if _, err := people.SetRoles(ctx, founder, tenancy.SetRolesInput{Org: d.org, Account: d.accounts[p.key], Roles: []string{p.role}}); err != nil {
			return err
		}
	}
	return nil
}

// accept lets a person accept their invitation.
func (d *demo) accept(ctx context.Context, p demoPerson, at time.Time) error {
	token, err := d.mails.token(p.address)
	if err != nil { // the mails were not written yet
		if token, err = d.mailed(ctx, p); err != nil {
			return err
		}
	}
	d.clock.set(at)
	accepted, err := d.services.tenancy.Accept(ctx, veranda.Anonymous(), tenancy.AcceptInput{
		Token: token, Name: p.name, Password: d.password, TimeZone: p.zone, Label: "Browser", ClientAddress: demoNetwork,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", p.address, err)
	}
	d.accounts[p.key] = accepted.Account
	return nil
}

func (d *demo) makeWorkspaces(ctx context.Context) error {
	for i, w := range demoWorkspaces {
		d.clock.set(d.at(0, 13, 5+10*i))
		made, err := d.services.workspaces.Create(ctx, d.as(w.maker), workspace.CreateInput{Org: d.org, Name: w.name, Description: w.description, Open: w.open})
		if err != nil {
			return err
		}
		d.workspaces[w.key] = made.ID
		in := workspace.AddMembersInput{Org: d.org, Workspace: made.ID}
		for _, key := range w.members {
			in.Accounts = append(in.Accounts, d.accounts[key])
		}
		if _, err := d.services.workspaces.AddMembers(ctx, d.as(w.maker), in); err != nil {
			return err
		}
	}
	return nil
}

// inviteOthers lets members of workspaces invite externals and guests to them.
func (d *demo) inviteOthers(ctx context.Context) error {
	for i, p := range demoPeople {
		if p.workspace == "" {
			continue
		}
		d.clock.set(d.at(0, 14, 3*i))
		in := tenancy.InviteInput{Org: d.org, Workspace: d.workspaces[p.workspace], People: []tenancy.Invitee{{Address: p.address, Kind: p.role}}}
		if _, err := d.services.tenancy.Invite(ctx, d.as(p.inviter), in); err != nil {
			return err
		}
	}
	for i, p := range demoPeople {
		if p.workspace == "" {
			continue
		}
		if err := d.accept(ctx, p, d.at(0, 15, 4*i)); err != nil {
			return err
		}
	}
	return nil
}
