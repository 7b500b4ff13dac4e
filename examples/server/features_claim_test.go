package main

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

// Who registers somebody else's address in advance gains nothing by it, whichever way its owner comes.
func accountRivalClaims(t *testing.T, s *stack) {
	const theirs = "the rival waits in the dark"
	nobody := s.elsewhere()
	claim := func(address string) string {
		t.Helper()
		before := len(s.inbox.to(address))
		nobody.post(t, "/v1/accounts", registration(address, theirs, "Rival")).want(http.StatusAccepted)
		return s.inbox.wait(t, address, before+1).token(t)
	}
	confirm := func(token string) *reply { return nobody.post(t, "/v1/accounts/confirm", confirmation(token)) }
	confirmTheirs := func(token string) *reply {
		return nobody.post(t, "/v1/accounts/confirm", map[string]any{"token": token, "password": theirs})
	}
	powerless := func(address, token string) {
		t.Helper()
		same(t, "a rival's link", confirm(forgedToken()), confirm(token), confirmTheirs(token))
		nobody.post(t, "/v1/sessions", map[string]any{"address": address, "password": theirs}).refused(http.StatusUnauthorized, "sign_in.refused")
		if got := s.signIn(t, "Owner", address).get(t, "/v1/me").want(http.StatusOK).text("name"); got != "Owner" {
			t.Errorf("the account of %s is %q's", address, got)
		}
	}

	registers := newAddress("Owner")
	rival := claim(registers)
	nobody.post(t, "/v1/accounts", registration(registers, password, "Owner")).want(http.StatusAccepted)
	confirm(s.inbox.wait(t, registers, 2).token(t)).want(http.StatusOK)
	powerless(registers, rival)

	invited := newAddress("Owner")
	rival = claim(invited)
	host := s.register(t, "Hanna Host")
	token := host.invite(t, host.found(t, "Hosting"), "", "internal", invited)
	nobody.post(t, acceptPath, accepting(token, "Owner")).want(http.StatusOK)
	powerless(invited, rival)

	attached := newAddress("Owner")
	rival = claim(attached)
	owner := s.registerAt(t, "Owner", newAddress("Owner"))
	owner.attach(t, attached)
	powerless(attached, rival)

	// Of several claims confirmed at the same moment one is taken.
	contested := newAddress("Contested")
	var calls []func() *reply
	for range 4 {
		token := claim(contested)
		calls = append(calls, func() *reply { return confirmTheirs(token) })
	}
	if diff := cmp.Diff(map[int]int{http.StatusOK: 1, http.StatusNotFound: 3}, byStatus(together(calls...))); diff != "" {
		t.Errorf("confirming four claims at once (-want +got):\n%s", diff)
	}
	nobody.post(t, "/v1/sessions", map[string]any{"address": contested, "password": theirs}).want(http.StatusCreated)
}

// Neither logs nor files hold what opens something.
func accountSecretsKept(t *testing.T, s *stack) {
	s.env = append(s.env, "LOG_LEVEL=debug")
	s.start(t)
	secrets := map[string]string{"a password": password, "a new password": "nine cats dance at dusk", "a wrong password": "surely a wrong one"}
	c := s.register(t, "Susi Secret")
	secrets["a program's token"] = c.token
	secrets["a link to confirm"] = s.inbox.wait(t, c.address, 1).token(t)
	cookie, header := c.browse(t)
	secrets["a cookie"] = cookie.Value
	org := c.found(t, "Secrets")
	used, open := newAddress("Udo Used"), newAddress("Olli Open")
	secrets["a used invitation"], secrets["an open invitation"] = c.invite(t, org, "", "internal", used), c.invite(t, org, "", "internal", open)
	nobody := s.anonymous()
	for _, secret := range []string{secrets["a used invitation"], secrets["an open invitation"]} {
		nobody.get(t, "/invitation?token="+secret).want(http.StatusOK)
		nobody.get(t, "/nowhere?token="+secret, header).want(http.StatusNotFound)
		nobody.get(t, "/v1/organizations/"+secret, header).want(http.StatusNotFound)
	}
	nobody.post(t, acceptPath, accepting(secrets["a used invitation"], "Udo Used")).want(http.StatusOK)
	nobody.post(t, "/v1/sessions", map[string]any{"address": c.address, "password": secrets["a wrong password"]}).want(http.StatusUnauthorized)
	nobody.post(t, "/v1/sessions", `{"password":"`+secrets["a wrong password"]).want(http.StatusBadRequest)
	nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": c.address}).want(http.StatusAccepted)
	secrets["a link to reset"] = s.inbox.last(t, c.address, "/reset?token=").token(t)
	nobody.get(t, "/reset?token="+secrets["a link to reset"]).want(http.StatusOK)
	nobody.post(t, "/v1/passwords/reset", map[string]any{"token": secrets["a link to reset"], "password": secrets["a new password"]}).want(http.StatusOK)

	verandatest.Eventually(t, 30*time.Second, "the log tells of the last call", func() bool {
		return strings.Contains(s.output.String(), "route=/v1/passwords/reset ")
	})
	logged := s.output.String()
	for what, secret := range secrets {
		if strings.Contains(logged, secret) {
			t.Errorf("%s is in the log", what)
		}
	}
	files := 0
	err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files++
		for what, secret := range secrets {
			if strings.Contains(string(content), secret) {
				t.Errorf("%s is in the file %s", what, path)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("looked into %d files: %v", files, err)
	}
}
