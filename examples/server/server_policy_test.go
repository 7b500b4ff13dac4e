package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

// policyRows are the rows in force in an organization.
func (c *caller) policyRows(t *testing.T, org string) (rows []string, version float64) {
	t.Helper()
	r := c.get(t, "/v1/organizations/"+org+"/policy").want(http.StatusOK)
	var body struct {
		Version float64  `json:"version"`
		Rows    []string `json:"rows"`
	}
	r.decode(&body)
	return body.Rows, body.Version
}

// shippedRows are the rows of the modules' own files.
func shippedRows() (rows []string) {
	for _, m := range modules() {
		for line := range strings.Lines(m.Policy) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				rows = append(rows, line)
			}
		}
	}
	slices.Sort(rows)
	return rows
}

// The rows that decide can be read by those who answer for the organization, and they are the shipped ones, all of them.
func policyReadable(t *testing.T, s *stack) {
	owner := s.register(t, "Paula Policy")
	org := owner.found(t, "Readable")
	rows, version := owner.policyRows(t, org)
	slices.Sort(rows)
	if diff := cmp.Diff(shippedRows(), rows); diff != "" {
		t.Errorf("the rows in force (-shipped +read):\n%s", diff)
	}
	if version < 1 {
		t.Errorf("version %v", version)
	}
	path := "/v1/organizations/" + org + "/policy"
	employee := owner.join(t, org, "", "internal", "Erik Employee")
	employee.get(t, path).refused(http.StatusForbidden, "forbidden")
	owner.roles(t, org, employee.account, "administrator")
	employee.get(t, path).want(http.StatusOK)
	s.anonymous().get(t, path).refused(http.StatusUnauthorized, "unauthenticated")
	stranger := s.register(t, "Stan Stranger")
	foreign := stranger.get(t, path)
	foreign.refused(http.StatusNotFound, "not_found")
	missing := stranger.get(t, "/v1/organizations/"+veranda.NewOrgID().String()+"/policy")
	if !bytes.Equal(foreign.Body, missing.Body) || foreign.Status != missing.Status {
		t.Errorf("foreign and missing differ: %s, %s", foreign.Body, missing.Body)
	}
}

func policyIn(t *testing.T, s *stack, rows string) string {
	t.Helper()
	path := filepath.Join(s.dir, "policy.csv")
	if err := os.WriteFile(path, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// invited makes an invitation and gives its path.
func (c *caller) invited(t *testing.T, org string) string {
	t.Helper()
	c.invite(t, org, "", "internal", newAddress("Ines Invited"))
	list := c.get(t, "/v1/organizations/"+org+"/invitations?limit=1").want(http.StatusOK)
	return "/v1/organizations/" + org + "/invitations/" + list.text("items.0.id")
}

// Rows of a file extend the shipped ones from the next start on; what is in force already is not set again, so that
// restarts and nodes change nothing; without the file the shipped rows are back.
func policyFile(t *testing.T, s *stack) {
	plain := s.run(t)
	owner := s.register(t, "Wanda Withdraw")
	org := owner.found(t, "Extended")
	invitation := owner.invited(t, org)
	owner.delete(t, invitation).refused(http.StatusForbidden, "forbidden")
	before, version := owner.policyRows(t, org)
	plain.stop(t)

	extended := s.with("POLICY_FILE=" + policyIn(t, s, "# Owners may take invitations back.\np, owner, invitation, withdraw, allow\n"))
	node := extended.run(t)
	owner.delete(t, invitation).want(http.StatusNoContent)
	rows, raised := owner.policyRows(t, org)
	if diff := cmp.Diff(append(slices.Clone(before), "p, owner, invitation, withdraw, allow"), rows); diff != "" {
		t.Errorf("rows with the file (-want +got):\n%s", diff)
	}
	if raised != version+1 {
		t.Errorf("the version went from %v to %v", version, raised)
	}
	node.stop(t)

	node = extended.run(t)
	second := extended.another(t)
	other := second.run(t)
	if _, again := owner.policyRows(t, org); again != raised {
		t.Errorf("a restart and a second node raised the version from %v to %v", raised, again)
	}
	owner.at(second).delete(t, owner.invited(t, org)).want(http.StatusNoContent)
	other.stop(t)
	node.stop(t)

	s.run(t)
	owner.delete(t, owner.invited(t, org)).refused(http.StatusForbidden, "forbidden")
	if rows, _ := owner.policyRows(t, org); !slices.Equal(rows, before) {
		t.Errorf("without the file %d rows are in force, want the %d shipped ones", len(rows), len(before))
	}
}

// POLICY_REPLACE puts a file in the place of the shipped rows: here employees may no longer make tasks.
func policyReplaced(t *testing.T, s *stack) {
	rows := slices.DeleteFunc(shippedRows(), func(row string) bool { return strings.HasPrefix(row, "p, employee, ") })
	replaced := s.with("POLICY_REPLACE=true", "POLICY_FILE="+policyIn(t, s, strings.Join(rows, "\n")))
	replaced.run(t)
	owner := s.register(t, "Rita Replaced")
	org := owner.found(t, "Replaced")
	garden := owner.workspace(t, org, "Garden", true)
	owner.task(t, org, garden, "Still allowed")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	employee.get(t, "/v1/organizations/"+org).refused(http.StatusNotFound, "not_found")
	employee.post(t, "/v1/organizations/"+org+"/workspaces/"+garden+"/tasks", map[string]any{"title": "No"}).refused(http.StatusNotFound, "not_found")
	got, _ := owner.policyRows(t, org)
	slices.Sort(got)
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("rows in force (-want +got):\n%s", diff)
	}
}

// A row that cannot be is refused at start in one line that names the variable and the row, and nothing changes.
func policyRefused(t *testing.T, s *stack) {
	first := s.run(t)
	owner := s.register(t, "Bea Before")
	org := owner.found(t, "Unchanged")
	before, version := owner.policyRows(t, org)
	first.stop(t)
	for name, rows := range map[string]string{
		"unknown permission": "p, owner, invitation, fly, allow\n",
		"effect":             "p, owner, invitation, withdraw, perhaps\n",
		"too short":          "p, owner\n",
		"other section":      "g2, owner, invitation\n",
		"after a good one":   "p, owner, invitation, withdraw, allow\np, owner, invitation, (.*), allow\n",
	} {
		c := s.with("POLICY_FILE=" + policyIn(t, s, rows)).launch(t)
		status := c.status(t)
		var said []string
		for line := range strings.Lines(c.output.String()) {
			if strings.Contains(line, "POLICY_FILE: ") {
				said = append(said, line)
			}
		}
		if status == 0 || len(said) != 1 {
			t.Errorf("%s: status %d and %d lines that name POLICY_FILE:\n%s", name, status, len(said), c.output.tail(20))
		}
	}
	c := s.with("POLICY_FILE=" + filepath.Join(s.dir, "absent.csv")).launch(t)
	if status := c.status(t); status == 0 || !strings.Contains(c.output.String(), "POLICY_FILE: ") {
		t.Errorf("an absent file: status %d:\n%s", status, c.output.tail(20))
	}
	s.run(t)
	if rows, after := owner.policyRows(t, org); !slices.Equal(rows, before) || after != version {
		t.Errorf("refused rows changed something: version %v, then %v", version, after)
	}
}
