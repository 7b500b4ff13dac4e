package main

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

func auditFeatures() []feature {
	return []feature{{"T16", []clause{
		{name: "log", run: auditLog}, {name: "filters", run: auditFilters}, {name: "who_reads", run: auditWhoReads},
		{name: "private_places", run: auditPrivatePlaces}, {name: "export", run: auditExport}, {name: "nothing_changes_it", run: auditUnchangeable},
		{name: "own_account", run: auditOwnAccount}, {name: "retention", run: auditRetention, alone: true},
	}}}
}

// audit reads the whole log as somebody and gives the kinds, oldest first.
func (c *caller) audit(t *testing.T, org, query string) []string {
	t.Helper()
	kinds := c.pages(t, "/v1/organizations/"+org+"/audit"+query, "kind", "7")
	slices.Reverse(kinds)
	return kinds
}

func auditLog(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Audited")
	ada := owner.join(t, org, "", "internal", "Ada Ames")
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"employees_invite": true}, "If-Match: *").want(http.StatusOK)
	owner.roles(t, org, ada.account, "employee", "access_manager")
	workspace := ada.workspace(t, org, "Open plans", true)
	ada.task(t, org, workspace, "Not for the log")
	owner.delete(t, "/v1/organizations/"+org+"/members/"+ada.account).want(http.StatusNoContent)
	got := owner.audit(t, org, "")
	want := []string{
		"tenancy.organization_created", "tenancy.invitation_sent", "tenancy.invitation_accepted", "tenancy.member_joined",
		"tenancy.organization_updated", "tenancy.member_roles_changed", "workspace.workspace_created", "tenancy.member_removed",
	}
	for _, kind := range want {
		if !slices.Contains(got, kind) {
			t.Errorf("the log has no %s: %v", kind, got)
		}
	}
	if slices.ContainsFunc(got, func(kind string) bool { return strings.HasPrefix(kind, "tasks.") || kind == "tenancy.delivery_queued" }) {
		t.Errorf("the log shows work: %v", got)
	}
	changed := owner.get(t, "/v1/organizations/"+org+"/audit?kind=tenancy.member_roles_changed").want(http.StatusOK).items()
	if len(changed) != 1 || changed[0]["by"] != owner.account || changed[0]["by_name"] != "Olga Owner" || changed[0]["subject_id"] != ada.account {
		t.Fatalf("the change of roles: %v", changed)
	}
	data, _ := changed[0]["data"].(map[string]any)
	if diff := cmp.Diff(map[string]any{"account_id": ada.account, "roles": []any{"employee", "access_manager"}, "roles_before": []any{"employee"}}, data); diff != "" {
		t.Errorf("what changed (-want +got):\n%s", diff)
	}
}

func auditFilters(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Filtered")
	ada := owner.join(t, org, "", "internal", "Ada Ames")
	owner.roles(t, org, ada.account, "administrator")
	ada.patch(t, "/v1/organizations/"+org, map[string]any{"name": "Filtered well"}, "If-Match: *").want(http.StatusOK)
	if diff := cmp.Diff([]string{"tenancy.organization_updated"}, owner.audit(t, org, "?kind=tenancy.organization_*&by="+ada.account)); diff != "" {
		t.Errorf("by kind and person (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"tenancy.member_joined", "tenancy.member_roles_changed"}, owner.audit(t, org, "?subject="+ada.account)); diff != "" {
		t.Errorf("by subject (-want +got):\n%s", diff)
	}
	tomorrow := s.now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	if got := owner.audit(t, org, "?from="+tomorrow); len(got) != 0 {
		t.Errorf("tomorrow's log: %v", got)
	}
	owner.get(t, "/v1/organizations/"+org+"/audit?kind=%25&from="+tomorrow+"&to="+tomorrow+"&limit=900").invalid("/kind kind", "/to range", "/limit range")
}

func auditWhoReads(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Readers")
	path := "/v1/organizations/" + org + "/audit"
	manager := owner.join(t, org, "", "internal", "Agnes Access")
	owner.roles(t, org, manager.account, "access_manager")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	workspace := employee.workspace(t, org, "Theirs", true)
	guest := employee.join(t, org, workspace, "guest", "Gero Guest")
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"employees_invite": true}, "If-Match: *").want(http.StatusOK)

	if got := manager.audit(t, org, ""); slices.Contains(got, "tenancy.organization_updated") || !slices.Contains(got, "tenancy.member_joined") {
		t.Errorf("the access manager reads %v", got)
	}
	for _, item := range employee.get(t, path+"?limit=200").want(http.StatusOK).items() {
		if item["by"] != employee.account && item["subject_id"] != employee.account {
			t.Errorf("an employee reads what others did to others: %v", item)
		}
	}
	if got := guest.audit(t, org, ""); slices.Contains(got, "tenancy.organization_created") || !slices.Contains(got, "tenancy.invitation_accepted") {
		t.Errorf("a guest reads %v", got)
	}
	stranger := s.register(t, "Sven Stranger")
	there := stranger.get(t, path).want(http.StatusNotFound)
	nowhere := stranger.get(t, "/v1/organizations/"+"01890000-0000-7000-8000-000000000000"+"/audit").want(http.StatusNotFound)
	if diff := cmp.Diff(nowhere.text("detail"), there.text("detail")); diff != "" {
		t.Errorf("a log one may not see and one that is not there (-want +got):\n%s", diff)
	}
	owner.delete(t, "/v1/organizations/"+org+"/members/"+manager.account).want(http.StatusNoContent)
	manager.get(t, path).want(http.StatusUnauthorized) // their sessions ended with it
	s.signIn(t, manager.name, manager.address).get(t, path).want(http.StatusNotFound)
}

func auditPrivatePlaces(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Discreet")
	maker := owner.join(t, org, "", "internal", "Mara Maker")
	private := maker.workspace(t, org, "Secret plans", false)
	maker.inviting(t, org, private, "guest", newAddress("Guest"))
	body := string(owner.get(t, "/v1/organizations/"+org+"/audit?limit=200").want(http.StatusOK).Body)
	if strings.Contains(body, private) || strings.Contains(body, "Secret plans") {
		t.Errorf("the owner learns of a private workspace: %s", body)
	}
	if got := maker.audit(t, org, "?kind=workspace.*"); len(got) == 0 {
		t.Error("who made the private workspace does not read of it")
	}
}

func auditExport(t *testing.T, s *stack) {
	owner := s.registerAt(t, "=cmd()", newAddress("Formula"))
	org := owner.found(t, "Exported")
	owner.join(t, org, "", "internal", "Ada Ames")
	path := "/v1/organizations/" + org + "/audit/export"
	table := owner.get(t, path+"?kind=tenancy.*").want(http.StatusOK)
	if kind := table.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") || !strings.Contains(table.Header.Get("Content-Disposition"), "audit.csv") {
		t.Errorf("headers: %v", table.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(string(table.Body))).ReadAll()
	if err != nil || len(rows) < 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if last := rows[len(rows)-1]; last[1] != "tenancy.organization_created" || last[3] != "'=cmd()" {
		t.Errorf("the last row: %q", last)
	}
	lines := strings.Split(strings.TrimSpace(string(owner.get(t, path+"?kind=tenancy.*&format=jsonl").want(http.StatusOK).Body)), "\n")
	var last struct{ Kind string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != len(rows)-1 || last.Kind != "tenancy.organization_created" {
		t.Errorf("%d lines, the last %+v, %v", len(lines), last, err)
	}
	if got := owner.audit(t, org, "?kind=audit.*"); len(got) != 2 {
		t.Errorf("exports are written down: %v", got)
	}
	owner.get(t, path+"?format=xml").invalid("/format one_of")
	s.register(t, "Sven Stranger").get(t, path).want(http.StatusNotFound)
}

func auditUnchangeable(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Kept")
	path := "/v1/organizations/" + org + "/audit"
	id, _ := owner.get(t, path).want(http.StatusOK).items()[0]["id"].(string)
	before := owner.audit(t, org, "")
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, at := range []string{path, path + "/" + id} {
			if r := owner.send(t, method, at, map[string]any{}); r.Status != http.StatusMethodNotAllowed && r.Status != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, at, r.Status)
			}
		}
	}
	if diff := cmp.Diff(before, owner.audit(t, org, "")); diff != "" {
		t.Errorf("the log changed (-want +got):\n%s", diff)
	}
}

func auditOwnAccount(t *testing.T, s *stack) {
	person := s.register(t, "Paula Person")
	s.anonymous().post(t, "/v1/sessions", map[string]any{"address": person.address, "password": "not the right one"}).want(http.StatusUnauthorized)
	kinds := person.pages(t, "/v1/me/audit", "kind", "2")
	for _, kind := range []string{"tenancy.account_registered", "tenancy.account_confirmed", "tenancy.signed_in", "tenancy.sign_in_refused"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("one's own log has no %s: %v", kind, kinds)
		}
	}
	s.anonymous().get(t, "/v1/me/audit").want(http.StatusUnauthorized)
}

func auditRetention(t *testing.T, s *stack) {
	s.start(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Short memory")
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"audit_days": 7}, "If-Match: *").invalid("/audit_days range")
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"audit_days": 30}, "If-Match: *").want(http.StatusOK)
	s.advance(t, 32*24*time.Hour)
	verandatest.Eventually(t, 30*time.Second, "old entries to be removed", func() bool {
		return slices.Equal(owner.audit(t, org, ""), []string{"audit.trimmed"})
	})
}
