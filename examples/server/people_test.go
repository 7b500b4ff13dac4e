package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

// password is what everybody in the tests uses.
const password = "seven birds sing at dawn"

var personNumber atomic.Int64 // addresses must differ between clauses that share a program

// newAddress is an address nobody else in this run has.
func newAddress(name string) string {
	return fmt.Sprintf("%s.%d@people.example", strings.ToLower(strings.ReplaceAll(name, " ", ".")), personNumber.Add(1))
}

// confirmation is the body of a call that confirms an address, by who has the usual password.
func confirmation(token string) map[string]any {
	return map[string]any{"token": token, "password": password}
}

// register makes an account and confirms it by the mailed link, and signs in as a program.
func (s *stack) register(t *testing.T, name string) *caller {
	t.Helper()
	return s.registerAt(t, name, newAddress(name))
}

func (s *stack) registerAt(t *testing.T, name, address string) *caller {
	t.Helper()
	nobody := s.elsewhere()
	nobody.post(t, "/v1/accounts", map[string]any{"address": address, "password": password, "name": name}).want(http.StatusAccepted)
	token := s.inbox.last(t, address, "/confirm?token=").token(t)
	nobody.post(t, "/v1/accounts/confirm", confirmation(token)).want(http.StatusOK)
	return s.signIn(t, name, address)
}

// signIn gives a caller with a program's token.
func (s *stack) signIn(t *testing.T, name, address string) *caller {
	t.Helper()
	r := s.anonymous().post(t, "/v1/sessions", map[string]any{"address": address, "password": password, "kind": "program"}).want(http.StatusCreated)
	return &caller{stack: s, token: r.text("token"), account: r.text("account_id"), name: name, address: address}
}

// found makes an organization owned by the caller.
func (c *caller) found(t *testing.T, name string) string {
	t.Helper()
	return c.post(t, "/v1/organizations", map[string]any{"kind": "organization", "name": name}).want(http.StatusCreated).text("id")
}

// workspace makes a workspace.
func (c *caller) workspace(t *testing.T, org, name string, open bool) string {
	t.Helper()
	return c.post(t, "/v1/organizations/"+org+"/workspaces", map[string]any{"name": name, "open": open}).want(http.StatusCreated).text("id")
}

// task makes a task.
func (c *caller) task(t *testing.T, org, workspace, title string) string {
	t.Helper()
	return c.post(t, "/v1/organizations/"+org+"/workspaces/"+workspace+"/tasks", map[string]any{"title": title}).want(http.StatusCreated).text("id")
}

// invite invites an address and gives the token of the mailed link. workspace is "" for an invitation to the organization.
func (c *caller) invite(t *testing.T, org, workspace, kind, address string) string {
	t.Helper()
	body := map[string]any{"people": []any{map[string]any{"address": address, "kind": kind}}}
	if workspace != "" {
		body["workspace_id"] = workspace
	}
	const holding = "/invitation?token="
	before := len(c.stack.inbox.holding(address, holding)) // the address may have been invited before
	c.post(t, "/v1/organizations/"+org+"/invitations", body).want(http.StatusOK)
	verandatest.Eventually(t, 30*time.Second, "an invitation to "+address, func() bool { return len(c.stack.inbox.holding(address, holding)) > before })
	return c.stack.inbox.last(t, address, holding).token(t)
}

// join invites somebody new and accepts for them: they have an account, a place in the organization, and are signed in.
func (c *caller) join(t *testing.T, org, workspace, kind, name string) *caller {
	t.Helper()
	address := newAddress(name)
	token := c.invite(t, org, workspace, kind, address)
	c.stack.anonymous().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": name, "password": password}).want(http.StatusOK)
	return c.stack.signIn(t, name, address)
}

// roles gives a member of the caller's organization other roles.
func (c *caller) roles(t *testing.T, org, account string, roles ...string) {
	t.Helper()
	c.put(t, "/v1/organizations/"+org+"/members/"+account+"/roles", map[string]any{"roles": roles}, "If-Match: *").want(http.StatusOK)
}
