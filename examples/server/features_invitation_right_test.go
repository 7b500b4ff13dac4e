package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func invitationWhoMay(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Rights")
	path := "/v1/organizations/" + org
	employees := map[string]*caller{}
	for _, role := range []string{"administrator", "access_manager", "employee"} {
		employees[role] = owner.join(t, org, "", "internal", "Ines "+role)
		owner.roles(t, org, employees[role].account, role)
	}
	// "theirs" is a private workspace of all of them, "open" one nobody but its maker is in, "closed" one nobody else sees.
	maker := owner.join(t, org, "", "internal", "Mara Maker")
	open, closed := maker.workspace(t, org, "Open", true), maker.workspace(t, org, "Closed", false)
	theirs := owner.workspace(t, org, "Theirs", false)
	external := owner.join(t, org, theirs, "external", "Xenia External")
	guest := owner.join(t, org, theirs, "guest", "Gero Guest")
	for _, as := range employees {
		owner.inviting(t, org, theirs, "external", as.address)
	}
	people := map[string]*caller{
		"owner": owner, "administrator": employees["administrator"], "access_manager": employees["access_manager"], "employee": employees["employee"],
		"external": external, "guest": guest, "stranger": s.register(t, "Sven Stranger"),
	}
	places := map[string]string{"organization": "", "theirs": theirs, "open": open, "closed": closed}
	try := func(as *caller, kind, place string) *reply {
		body := map[string]any{"people": []any{map[string]any{"address": newAddress("Invited"), "kind": kind}}}
		if places[place] != "" {
			body["workspace_id"] = places[place]
		}
		return as.post(t, path+"/invitations", body)
	}
	// Written by hand: who may (200), may not (403), and to whom it does not exist (404).
	const yes, no, hidden = http.StatusOK, http.StatusForbidden, http.StatusNotFound
	for _, row := range []struct {
		kind, place                                                              string
		owner, administrator, accessManager, employee, external, guest, stranger int
	}{
		{"internal", "organization", yes, yes, yes, no, no, no, hidden},
		{"internal", "theirs", yes, yes, yes, no, no, no, hidden},
		{"internal", "open", yes, yes, yes, no, hidden, hidden, hidden},
		{"internal", "closed", hidden, hidden, hidden, hidden, hidden, hidden, hidden},
		{"external", "theirs", yes, yes, yes, yes, no, no, hidden},
		{"external", "open", yes, yes, yes, no, hidden, hidden, hidden},
		{"external", "closed", hidden, hidden, hidden, hidden, hidden, hidden, hidden},
		{"guest", "organization", yes, yes, yes, no, no, no, hidden},
		{"guest", "theirs", yes, yes, yes, yes, no, no, hidden},
		{"guest", "open", yes, yes, yes, no, hidden, hidden, hidden},
		{"guest", "closed", hidden, hidden, hidden, hidden, hidden, hidden, hidden},
	} {
		for who, want := range map[string]int{
			"owner": row.owner, "administrator": row.administrator, "access_manager": row.accessManager, "employee": row.employee,
			"external": row.external, "guest": row.guest, "stranger": row.stranger,
		} {
			if r := try(people[who], row.kind, row.place); r.Status != want {
				t.Errorf("%s inviting %s to %s is answered %d, want %d: %s", who, row.kind, row.place, r.Status, want, r.Body)
			}
		}
	}
	same(t, "a workspace one does not see", try(people["employee"], "external", "closed"), owner.post(t, path+"/invitations",
		map[string]any{"workspace_id": forgedID(), "people": []any{map[string]any{"address": newAddress("x")}}}))
	// Where the organization lets employees invite employees, they may; externals and guests still may not.
	owner.patch(t, path, map[string]any{"employees_invite": true}, "If-Match: *").want(http.StatusOK)
	for who, want := range map[string]int{"employee": yes, "external": no, "guest": no, "stranger": hidden} {
		if r := try(people[who], "internal", "organization"); r.Status != want {
			t.Errorf("by setting %s inviting an employee is answered %d, want %d: %s", who, r.Status, want, r.Body)
		}
	}
	// One kind that is not allowed refuses the call.
	address := newAddress("Mixed")
	people["employee"].post(t, path+"/invitations", map[string]any{"workspace_id": open, "people": []any{
		map[string]any{"address": address, "kind": "internal"}, map[string]any{"address": newAddress("Mixed"), "kind": "external"},
	}}).refused(http.StatusForbidden, "forbidden")
	if _, sent := owner.states(t, org)[address]; sent {
		t.Error("a refused call sent an invitation")
	}
}

func invitationList(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Lists")
	path := "/v1/organizations/" + org + "/invitations"
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	cellar := employee.workspace(t, org, "Cellar", false)
	guest := owner.join(t, org, "", "guest", "Gero Guest")
	stranger := s.register(t, "Sven Stranger")
	var all []string
	for i := range 5 {
		all = append(all, newAddress(fmt.Sprint("invited", i)))
		owner.invite(t, org, "", "guest", all[i])
	}
	private := newAddress("Private")
	employee.invite(t, org, cellar, "external", private)
	slices.Reverse(all) // newest first
	if got := owner.get(t, path+"?state=pending").want(http.StatusOK).column("address"); !cmp.Equal(got, all) {
		t.Errorf("the owner sees %v, want all but that to a workspace of others: %v", got, all)
	}
	if got := employee.get(t, path).want(http.StatusOK).column("address"); !cmp.Equal(got, []string{private}) {
		t.Errorf("an employee sees %v, want their own only", got)
	}
	guest.get(t, path).refused(http.StatusForbidden, "forbidden")
	same(t, "the invitations of others", stranger.get(t, "/v1/organizations/"+forgedID()+"/invitations"), stranger.get(t, path))
	s.anonymous().get(t, path).refused(http.StatusUnauthorized, "unauthenticated")
	var pages []string
	cursor := ""
	for range 4 {
		r := owner.get(t, path+"?state=pending&limit=2"+cursor).want(http.StatusOK)
		pages = append(pages, r.column("address")...)
		next, _ := r.field("next").(string)
		if next == "" {
			break
		}
		cursor = "&cursor=" + next
	}
	if diff := cmp.Diff(all, pages); diff != "" {
		t.Errorf("page by page (-want +got):\n%s", diff)
	}
	owner.get(t, path+"?state=lost&limit=0&cursor=x&sort=name").invalid("/state one_of", "/limit range", "/sort unknown", "/cursor cursor")
	owner.get(t, path+"?cursor=x").invalid("/cursor cursor")
	if got := string(owner.get(t, path).Body); strings.Contains(got, "token") || strings.Contains(got, "hash") {
		t.Errorf("the list tells secrets: %s", got)
	}
}
