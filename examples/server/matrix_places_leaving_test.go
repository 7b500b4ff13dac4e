package main

import (
	"net/http"
	"slices"
	"testing"

	"github.com/veranda-go/veranda"
)

// leavingPlaces are how people lose and regain their access. Removing stands with the organization's.
func leavingPlaces() []*place {
	const one = "/v1/organizations/{org}"
	return []*place{
		{route: "POST " + one + "/members/{account}/disable", action: grantRoles, at: atMember, body: `{"hand_to":"{member}"}`, ok: http.StatusOK, decide: changesMember(http.StatusOK)},
		{route: "POST " + one + "/members/{account}/enable", action: grantRoles, at: atMember, ok: http.StatusOK, decide: changesMember(http.StatusOK)},
		{route: "POST " + one + "/leave", at: atOrganization, body: `{"hand_to":"{member}"}`, ok: http.StatusNoContent, decide: leavesOrganization, phase: 2},

		{route: "POST /v1/support/accounts/disable", at: atOneself, body: `{"address":"{fresh}","reason":"A stolen mailbox."}`, ok: http.StatusNotFound, decide: supportOnly},
		{route: "POST /v1/support/accounts/enable", at: atOneself, body: `{"address":"{fresh}","reason":"It is theirs again."}`, ok: http.StatusNotFound, decide: supportOnly},
	}
}

// leavesOrganization: everybody may go; externals and guests do not see the one they name, who shares no workspace with them.
func leavesOrganization(_ string, x circumstances) int {
	switch x.column {
	case "external", "guest":
		return http.StatusUnprocessableEntity
	case "support": // belongs to nothing
		return http.StatusForbidden
	default:
		return http.StatusNoContent
	}
}

// supportOnly is the answer of what platform support alone may do, to an address that nobody has.
func supportOnly(actor string, _ circumstances) int {
	if actor == "support" {
		return http.StatusNotFound
	}
	return http.StatusForbidden
}

// changesMember: who may not change somebody they see is told so; whom they do not see, they are told, is nobody.
func changesMember(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		if x.allowed(grantRoles) {
			return ok
		}
		employee := slices.Contains([]string{"owner", "administrator", "access_manager", "employee"}, x.subject)
		if c := x.says(directory); c == everybody || c == employeesShared && employee || c != no && x.subject == oneself {
			return http.StatusForbidden
		}
		return http.StatusNotFound
	}
}

// relationPlaces are agreements of two tenants.
func relationPlaces() []*place {
	const one = "/v1/organizations/{org}"
	answer := func(status int) func(string, circumstances) int {
		return func(actor string, x circumstances) int {
			if got := hiddenFromExternals(settings)(actor, x); got != http.StatusOK {
				return got
			}
			return status
		}
	}
	return []*place{
		{route: "GET " + one + "/relation-key", action: settings, at: atOrganization, ok: http.StatusOK, decide: hiddenFromExternals(settings)},
		{route: "GET " + one + "/relations", action: settings, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: hiddenFromExternals(settings), check: listsOwnRelations},
		{route: "POST " + one + "/relations", name: "propose", action: settings, at: atRelation, body: `{"key":"{relationkey}","cap":["external"]}`, ok: http.StatusCreated, decide: answer(http.StatusCreated)},
		{route: "POST " + one + "/relations/{other}/accept", name: "accept", action: settings, at: atRelation, ok: http.StatusOK, decide: answer(http.StatusOK)},
		{route: "POST " + one + "/relations/{other}/decline", name: "decline", action: settings, at: atRelation, ok: http.StatusOK, decide: answer(http.StatusOK)},
		{route: "PATCH " + one + "/relations/{other}", name: "change", action: settings, at: atRelation, body: `{"cap":["guest"]}`, ok: http.StatusOK, decide: answer(http.StatusOK)},
		{route: "DELETE " + one + "/relations/{other}", name: "end", action: settings, at: atRelation, query: "?side=host", ok: http.StatusNoContent, decide: answer(http.StatusNoContent)},
	}
}

func listsOwnRelations(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	here, _ := m.home(actor)
	for _, other := range r.column("other_id") {
		if !slices.ContainsFunc(m.partners[here], func(p partner) bool { return p.org == other }) {
			t.Errorf("%s reads the relation with %s, which is not their organization's", actor, other)
		}
	}
}

// partner is an organization that a tenant of the matrix is related to, or is to be.
type partner struct{ org, purpose string }

// partnersOf are how many partners a tenant has for each place: one for each actor who may, and some to spare.
const partnersOf = 5

// partners makes organizations that the tenants can be related to. Their owner is the tenant's keeper.
func (f *furnisher) partners() {
	w := f.world
	w.partners = map[*tenant][]partner{}
	for _, in := range []*tenant{w.ours, w.away, w.personal} {
		for _, purpose := range []string{"propose", "accept", "decline", "change", "end"} {
			for range partnersOf {
				other := newTenant("organization")
				f.exec(`INSERT INTO veranda_organizations (id, kind, name, domains, employees_invite, language, time_zone, policy_version, created_by, created_at, updated_at, version)
					VALUES ($1, 'organization', 'A partner', '[]', $2, 'en', 'UTC', 0, $3, $4, $4, 1)`, other.org, false, in.keeper.account, f.now)
				f.member(other, in.keeper, "owner")
				w.partners[in] = append(w.partners[in], partner{org: other.org, purpose: purpose})
				host, home, state := in.org, other.org, "active"
				switch purpose {
				case "propose":
					continue
				case "accept", "decline":
					host, home, state = other.org, in.org, "proposed"
				}
				f.exec(`INSERT INTO veranda_relations (org_id, home_org_id, cap, state, proposed_by, created_at, updated_at, version) VALUES ($1, $2, 'external', $3, $4, $5, $5, 1)`,
					host, home, state, in.keeper.account, f.now)
			}
		}
	}
}

// partnerOf is a partner that no other call uses up.
func (m *matrix) partnerOf(in *tenant, purpose string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n, p := range m.partners[in] {
		if p.purpose == purpose {
			m.used[in.org+purpose]++
			return m.partners[in][n+m.used[in.org+purpose]-1].org
		}
	}
	return veranda.NewOrgID().String()
}

// relationSpots is the one of a relation with another partner.
func (m *matrix) relationSpots(t *testing.T, p *place, here *tenant, base spot) []spot {
	t.Helper()
	if !base.x.allowed(settings) { // nothing is used up
		base.ids["relationkey"] = here.keeper.get(t, "/v1/organizations/"+m.partners[here][0].org+"/relation-key").want(http.StatusOK).text("key")
		for _, partner := range m.partners[here] {
			if partner.purpose == p.name {
				base.ids["other"] = partner.org
			}
		}
		return []spot{base}
	}
	base.ids["other"] = m.partnerOf(here, p.name)
	base.ids["relationkey"] = here.keeper.get(t, "/v1/organizations/"+base.ids["other"]+"/relation-key").want(http.StatusOK).text("key")
	return []spot{base}
}
