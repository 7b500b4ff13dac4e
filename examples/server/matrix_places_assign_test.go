package main

import "net/http"

// assignPlaces are the access manager's path, and what comes of it for the person.
func assignPlaces() []*place {
	const org, one = "/v1/organizations/{org}", "/v1/organizations/{org}/members/{account}"
	nowhere := map[string]int{"workspace": http.StatusNotFound}
	return []*place{
		{route: "POST " + org + "/people/find", action: inviteEmployees, at: atOrganization, body: `{"address":"{fresh}"}`, ok: http.StatusOK, decide: searches},
		{
			route: "POST " + org + "/people/assign", action: manageWorkspace, people: true, at: atWorkspace, ok: http.StatusOK, decide: assigns, bad: nowhere,
			body: `{"workspace_id":"{workspace}","address":"{fresh}","first_name":"Fiona","last_name":"Fresh"}`,
		},
		// Nobody of the matrix has a reserved account, or was suspended: who may do it is told that there is nothing to do.
		{route: "POST " + one + "/activation", action: inviteEmployees, at: atMember, ok: http.StatusConflict, decide: reactivates},
		{route: "POST " + one + "/confirm", action: grantRoles, at: atMember, ok: http.StatusConflict, decide: confirmsMember},
		{route: "PATCH " + one, action: inviteEmployees, at: atMember, body: `{"fallback_language":"de"}`, ok: http.StatusOK, decide: describesMember},
		// Nothing is offered to anybody.
		{route: "POST /v1/me/organizations/{org}/accept", at: atOneself, body: `{"employment":true}`, ok: http.StatusNotFound},
		{route: "POST /v1/me/organizations/{org}/decline", at: atOneself, ok: http.StatusNotFound},
	}
}

// managesPeople tells whether a column creates employees itself, not by the organization's setting.
func managesPeople(x circumstances) bool { return x.says(inviteEmployees) == yes }

// searches: a personal tenant has members only, so nobody is looked for.
func searches(actor string, x circumstances) int {
	switch {
	case !managesPeople(x):
		return http.StatusForbidden
	case actor == "founder":
		return http.StatusConflict
	default:
		return http.StatusOK
	}
}

// assigns: who may create people, into workspaces whose members they manage.
func assigns(actor string, x circumstances) int {
	switch {
	case !managesPeople(x) || !x.allowed(manageWorkspace):
		return http.StatusForbidden
	case actor == "founder":
		return http.StatusConflict
	default:
		return http.StatusOK
	}
}

func reactivates(_ string, x circumstances) int {
	if !managesPeople(x) {
		return http.StatusForbidden
	}
	return http.StatusConflict
}

// describesMember: who sees only a part of the directory is told that there is nobody, whomever they reach for.
func describesMember(_ string, x circumstances) int {
	if !managesPeople(x) {
		return http.StatusNotFound
	}
	return http.StatusOK
}

// confirmsMember: who is suspended is shown to those who see the whole directory alone.
func confirmsMember(_ string, x circumstances) int {
	switch {
	case x.allowed(grantRoles):
		return http.StatusConflict
	case x.says(directory) == everybody:
		return http.StatusForbidden
	default:
		return http.StatusNotFound
	}
}
