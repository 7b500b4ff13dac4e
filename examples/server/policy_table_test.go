package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/internal/policy"
)

// Groups of columns of the role table, so that a line of permissionTable can be read.
const (
	nobodyAtAll  = ""
	administers  = "owner administrator"
	bringsPeople = "owner administrator access_manager"
	employees    = "owner administrator access_manager employee"
	contributors = "owner administrator access_manager employee external"
	belongs      = "owner administrator access_manager employee external guest"
)

// permissionTable says which roles have which permission, as shipped. It is written by hand from the role table that the
// product promises (roleTable) and never made of the rows: it is what the rows are held to. A permission with a
// qualifier is a line of its own; what the qualifier asks for is held by TestAuthorizationMatrix.
//
// "manager" is the role inside a workspace, "member" whoever is signed in, "anonymous" whoever is not.
var permissionTable = []struct{ permission, roles string }{
	// What needs no sign-in, and what everybody has of their own.
	{"account.register", "anonymous member"},
	{"account.confirm", "anonymous member"},
	{"account.reset_password", "anonymous member"},
	{"session.sign_in", "anonymous member"},
	{"invitation.look", "anonymous member"},
	{"invitation.accept", "anonymous member"},
	{"notification.unsubscribe", "anonymous member"},
	{"notification.read_own", "member"},
	{"notification.change_own", "member"},
	{"account.read_own", "member"},
	{"account.update_own", "member"},
	{"account.change_password", "member"},
	{"account.change_addresses", "member"},
	{"session.read_own", "member"},
	{"session.revoke_own", "member"},
	{"organization.create", "member"},
	{"account.change_second_factor", "member"},
	{"account.change_phones", "member"},
	{"membership.accept_own", "member"},
	{"membership.leave", belongs},
	{"join.ask", "member"},

	// see the organization, its open workspaces: ✓ ✓ ✓ ✓ – "name only" "name only"
	{"organization.read", employees},
	{"organization.read_name", employees + " guest support"},
	// enter an open workspace: ✓ ✓ ✓ ✓ theirs theirs –
	{"workspace.enter:open", employees},
	// settings, domains, relations, custom roles: ✓ ✓ – – – – –
	{"organization.update", administers},
	{"policy.read", administers},
	{"policy.update", "owner"},
	{"domain.read", administers},
	{"domain.manage", administers},
	{"relation.read", administers},
	{"relation.manage", administers},
	{"roles.read", employees},
	{"roles.manage", administers},
	{"department.read", employees},
	{"department.manage", administers},
	{"access.explain", bringsPeople},
	{"access.explain:own", belongs},
	// invite or create employees: ✓ ✓ ✓ "by setting" – – –
	{"invitation.create_internal", bringsPeople},
	{"invitation.create_internal_by_setting", "employee"},
	{"join.read", bringsPeople},
	{"join.decide", bringsPeople},
	{"member.assign", bringsPeople},
	{"member.update", bringsPeople},
	// invite externals, guests: ✓ ✓ ✓ theirs – – –
	{"invitation.create_external", bringsPeople},
	{"invitation.create_external:assigned", "employee"},
	{"invitation.create_guest", bringsPeople},
	{"invitation.create_guest:assigned", "employee"},
	{"invitation.read", bringsPeople},
	{"invitation.read:own", "employee"},
	// take an invitation back: "by grant" "by grant" "by grant" – – – ✓
	{"invitation.withdraw", "support"},
	// grant roles, disable, remove people: "✓ all" "below owner" "employee, external, guest, custom" – – – –
	{"member.grant_role", bringsPeople},
	{"role.grant_owner", "owner"},
	{"role.grant_administrator", administers},
	{"role.grant_access_manager", administers},
	{"role.grant_employee", bringsPeople},
	{"role.grant_external", bringsPeople},
	{"role.grant_guest", bringsPeople},
	// directory: all all all "employees; others they share a workspace with" "who shares a workspace" (twice) –
	{"member.read", bringsPeople},
	{"member.read_employees", "employee"},
	{"member.read_shared", "employee external guest"},
	// audit log, delivery log: ✓ ✓ "people only" own own own "own actions"; what is delivered concerns people
	{"audit.read", administers},
	{"audit.read_people", "access_manager"},
	{"audit.read_own", "employee external guest support"},
	{"delivery.read", bringsPeople},
	{"delivery.read:own", "employee external guest support"},
	{"delivery.send_again", bringsPeople},
	// make a workspace, a team: ✓ ✓ ✓ ✓ – – –
	{"workspace.create", employees},
	{"team.read", employees},
	{"team.create", employees},
	{"team.manage", bringsPeople},
	{"team.manage:own", "employee"},
	// see or enter a private workspace: theirs, for all but support
	{"workspace.read", belongs + " support_consented"},
	{"workspace.leave", belongs},
	// manage a workspace: "open ones, theirs as manager" (twice) "members of open ones" "as its manager" – – –
	{"workspace.manage", "manager"},
	{"workspace.manage:open", administers},
	{"workspace.update", "manager"},
	{"workspace.update:managed", administers},
	{"workspace.manage_members", "manager"},
	{"workspace.manage_members:managed", administers},
	{"workspace.manage_members:open", "access_manager"},

	// tasks, statuses: read: "theirs and open" (four times) theirs "theirs, where shared" "with consent"
	{"task.read", belongs + " support_consented"},
	{"status.read", belongs + " support_consented"},
	{"app.read", contributors + " support_consented"},
	{"app.read:assigned", "guest"},
	{"record.read", contributors + " support_consented"},
	{"record.read:assigned", "guest"},
	{"calendar.read", belongs + " support_consented"},
	{"support.consent", administers + " manager"},
	// what platform support does with accounts, once it is asked
	{"support.change_accounts", "support"},
	{"support.change_staff", "support"},
	{"support_request.create", "anonymous member"},
	{"support_request.read_own", "member"},
	{"support_request.read", "support"},
	{"support_request.answer", "support"},
	{"support_request.act", "support"},
	// … create, edit: ✓ ✓ ✓ ✓ theirs "comment; own assigned tasks" –
	{"task.create", contributors},
	{"task.edit", contributors},
	{"task.edit:assigned", "guest"},
	{"task.comment", belongs},
	{"record.create", contributors},
	{"record.edit", contributors},
	{"record.comment", contributors},
	{"record.comment:assigned", "guest"},
	// What an application is made of is for those who make the workspace's things, not for partners.
	{"app.design", administers + " employee"},
	{"app.manage", nobodyAtAll},
	{"app.manage:own", administers + " employee"},
	{"app.manage:managed", administers},
	{"file.upload", belongs},
	{"task.follow", belongs},
	{"task.manage_labels", contributors},
	{"task.share_filter", contributors},
	{"task.edit_filter", nobodyAtAll},
	{"task.edit_filter:own", contributors},
	{"task.edit_filter:managed", administers},
	{"status.create", contributors},
	{"calendar.create", contributors},
	{"calendar.edit", contributors},
	{"calendar.edit:own", nobodyAtAll},
	{"calendar.answer", belongs},
	{"calendar.feed", belongs},
	{"status.comment", belongs},
	{"status.react", belongs},
	// What somebody said is changed by nobody else.
	{"task.edit_comment", nobodyAtAll},
	{"task.edit_comment:own", belongs},
	{"record.edit_comment", nobodyAtAll},
	{"record.edit_comment:own", belongs},
	{"status.edit", nobodyAtAll},
	{"status.edit:own", contributors},
	{"status.edit_comment", nobodyAtAll},
	{"status.edit_comment:own", belongs},
	// … delete: "all in managed" (twice) own own own "own comments" –; who manages deletes what is their own too
	{"task.delete", nobodyAtAll},
	{"task.delete:own", contributors},
	{"task.delete:managed", administers},
	{"task.delete_comment", nobodyAtAll},
	{"task.delete_comment:own", belongs},
	{"task.delete_comment:managed", administers},
	{"record.delete", nobodyAtAll},
	{"record.delete:own", contributors},
	{"record.delete:managed", administers},
	{"record.delete_comment", nobodyAtAll},
	{"record.delete_comment:own", belongs},
	{"record.delete_comment:managed", administers},
	{"status.delete", nobodyAtAll},
	{"status.delete:own", contributors},
	{"status.delete:managed", administers},
	{"status.delete_comment", nobodyAtAll},
	{"status.delete_comment:own", belongs},
	{"status.delete_comment:managed", administers},
	{"calendar.delete", nobodyAtAll},
	{"calendar.delete:own", contributors},
	{"calendar.delete:managed", administers},
	// What was taken back is read by who may delete it.
	{"status.read_history", nobodyAtAll},
	{"status.read_history:own", contributors},
	{"status.read_history:managed", administers},
	{"status.read_comment_history", nobodyAtAll},
	{"status.read_comment_history:own", belongs},
	{"status.read_comment_history:managed", administers},
	// Polls are answered by who may comment, and closed by who asked or manages the workspace; so are pins.
	{"status.vote", belongs},
	{"status.close_poll", nobodyAtAll},
	{"status.close_poll:own", contributors},
	{"status.close_poll:managed", employees},
	{"status.pin", nobodyAtAll},
	{"status.pin:own", contributors},
	{"status.pin:managed", employees},
	// What all must read is for those who manage the workspace, and they follow who has read it.
	{"status.announce", nobodyAtAll},
	{"status.announce:managed", employees},
	{"status.confirm_reading", belongs},
	{"status.check_reading", nobodyAtAll},
	{"status.check_reading:own", employees},
	{"status.check_reading:managed", employees},

	// messages: read "theirs"; "create, edit" with guests commenting: they answer, and start and manage nothing. Only one's
	// own is changed and deleted, and what one does not take part in nobody opens, consent or not.
	{"message.read", belongs},
	{"message.start", contributors},
	{"message.send", belongs},
	{"message.manage", contributors},
	{"message.edit", nobodyAtAll},
	{"message.edit:own", belongs},
	{"message.delete", nobodyAtAll},
	{"message.delete:own", belongs},

	// Statistics: figures without names for those who work there; a person's for that person and for who leads.
	{"statistics.read_organization", administers},
	{"statistics.read_workspace", employees + " manager"},
	{"statistics.read_person", administers},
	{"statistics.read_own", belongs},
}

// shippedPolicy compiles the rows of all modules, and gives the permissions they declare.
func shippedPolicy(t *testing.T) (compiled *policy.Snapshot, declared []string, roles []string) {
	t.Helper()
	var rules []policy.Rule
	named := map[string]bool{}
	for _, m := range modules() {
		for _, p := range m.Permissions {
			declared = append(declared, string(p))
		}
		parsed, err := policy.ParseCSV(m.Name, m.Policy)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range parsed {
			named[rule.Values[0]] = true
			if rule.Type == "g" {
				named[rule.Values[1]] = true
			}
		}
		rules = append(rules, parsed...)
	}
	compiled, err := policy.Compile(1, rules, policy.Options{Permissions: declared})
	if err != nil {
		t.Fatal(err)
	}
	for role := range named {
		roles = append(roles, role)
	}
	slices.Sort(declared)
	slices.Sort(roles)
	return compiled, declared, roles
}

// The casbin rows of all modules give each role exactly what the table says.
func TestPolicyTable(t *testing.T) {
	t.Parallel()
	compiled, declared, roles := shippedPolicy(t)
	var listed []string
	for _, line := range permissionTable {
		listed = append(listed, line.permission)
		want := strings.Fields(line.roles)
		for _, role := range want {
			if !slices.Contains(roles, role) {
				t.Errorf("%s: no row speaks of the role %q", line.permission, role)
			}
		}
		for _, role := range roles {
			if got, may := compiled.AllowsList(role, line.permission), slices.Contains(want, role); got != may {
				t.Errorf("%s: the rows give it to %s: %v; the table says %v", line.permission, role, got, may)
			}
		}
	}
	slices.Sort(listed)
	if diff := cmp.Diff(declared, listed); diff != "" {
		t.Errorf("what the modules declare (-) and what has a line in the table (+) differ:\n%s", diff)
	}
}

// A permission is narrowed by known words only, and only where the unnarrowed one is declared or asked for by its full
// name: a misspelt qualifier would give nobody anything, and nobody would notice.
func TestPolicyQualifiers(t *testing.T) {
	t.Parallel()
	_, declared, _ := shippedPolicy(t)
	for _, permission := range declared {
		base, qualifier, narrowed := strings.Cut(permission, ":")
		if !narrowed {
			continue
		}
		switch qualifier {
		case "own", "assigned", "managed":
			if !slices.Contains(declared, base) {
				t.Errorf("%s narrows %s, which nobody declares", permission, base)
			}
		case "open":
		default:
			t.Errorf("%s: the qualifier %q is not known", permission, qualifier)
		}
	}
}

// Nobody gets more by holding two roles of the table than the two give: no row denies, so roles add up.
func TestPolicyRolesAddUp(t *testing.T) {
	t.Parallel()
	compiled, declared, roles := shippedPolicy(t)
	for _, permission := range declared {
		for _, a := range roles {
			for _, b := range roles {
				either := compiled.AllowsList(a, permission) || compiled.AllowsList(b, permission)
				if got := compiled.AllowsList(a+" "+b, permission); got != either {
					t.Errorf("%s: %s and %s together: %v, want %v", permission, a, b, got, either)
				}
			}
		}
	}
}
