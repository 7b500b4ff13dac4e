package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
)

// furnishBelongings puts one thing of every kind into each workspace of each tenant.
func (m *matrix) furnishBelongings(t *testing.T) {
	t.Helper()
	session := m.nextSession("keeper")[1]
	for _, in := range []*tenant{m.ours, m.away, m.personal} {
		var all []ids
		structure := m.structure(t, in)
		for _, r := range in.rooms {
			made := m.constants(in).with("workspace", r.id, "session", session, "invitation", m.invite(t, in, r)).with(structure...)
			task := m.thing(t, &place{route: http.MethodPost, at: atTaskComment}, in, r, in.maker, "")
			status := m.thing(t, &place{route: http.MethodPost, at: atStatusComment}, in, r, in.maker, "")
			made["task"], made["item"], made["taskcomment"] = task["task"], task["item"], task["comment"]
			made["event"] = m.thing(t, &place{route: http.MethodPost, at: atEvent}, in, r, in.maker, "")["event"]
			made["status"], made["statuscomment"] = status["status"], status["comment"]
			m.taskStructureBelongings(t, in, r, made)
			m.appBelongings(t, in, r, made)
			all = append(all, m.listBelongings(t, in, r, made))
		}
		m.belongings[in] = all[0]
		m.belongings[in]["feed"] = makeFeed(t, in.org, in.maker)
		m.belongings[in]["delivery"] = m.invitationSent(t, in)
		if in == m.ours { // the last workspace is one that no actor sees
			m.siblings = all[len(all)-1].with("assignee", m.hidden.account, "follower", m.hidden.account)
		}
	}
	m.supportBelongings(t)
	m.joiningBelongings(t)
	m.fileBelongings(t)
	m.messageBelongings(t)
	m.secretBelongings(t)
}

// invite makes an invitation to a workspace.
func (m *matrix) invite(t *testing.T, in *tenant, r *room) string {
	t.Helper()
	kind := "external"
	if in == m.personal {
		kind = "internal"
	}
	return in.maker.post(t, "/v1/organizations/"+in.org+"/invitations", map[string]any{
		"workspace_id": r.id, "people": []any{map[string]any{"address": newAddress("invited"), "kind": kind}},
	}).want(http.StatusOK).text("items.0.invitation_id")
}

// photograph is what the belongings look like to their makers.
func (m *matrix) photograph(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	look := func(by *caller, path string) {
		b.WriteString(path + " ")
		b.Write(by.get(t, path).want(http.StatusOK).Body)
		b.WriteByte('\n')
	}
	for _, one := range []struct {
		by   *caller
		ours ids
	}{{m.ours.maker, m.belongings[m.ours]}, {m.away.maker, m.belongings[m.away]}, {m.ours.maker, m.siblings}} {
		path := "/v1/organizations/" + one.ours["org"]
		for _, thing := range []string{"/tasks/" + one.ours["task"], "/statuses/" + one.ours["status"], "/apps/" + one.ours["app"] + "/records/" + one.ours["record"]} {
			look(one.by, path+thing)
			look(one.by, path+thing+"/comments")
		}
	}
	private := "/v1/organizations/" + m.ours.org + "/workspaces/" + m.siblings["workspace"]
	look(m.ours.maker, private)
	return b.String()
}

// reach calls with each id in turn being another tenant's, a sibling's, and nobody's: the answers are the same to the
// byte.
func (m *matrix) reach(t *testing.T, p *place, actor string, best spot) {
	t.Helper()
	if p.at == atAnybody || p.at == atTicket || p.at == atPlatform { // nothing of these lies in a tenant
		return
	}
	_, there := m.home(actor)
	path := names(p.path())
	for _, name := range names(p.path() + p.query + p.body) {
		nothing := m.attempt(t, p, actor, best, name, veranda.NewOrgID().String())
		m.holdStatus(t, p, actor, best, name, slices.Contains(path, name), nothing)
		foreign := m.attempt(t, p, actor, best, name, m.belongings[there][p.key(name)])
		if actor == "support" && name == "org" && p.knowsTenants() {
			// Platform support may know that an organization exists: its name is theirs to read.
			if home := p.expected(actor, best.x); foreign.Status != home {
				t.Errorf("%s in another organization: status %d, want %d: %s", actor, foreign.Status, home, foreign.Body)
			}
		} else {
			m.sameAs(t, p, actor, "another tenant's "+name, foreign, nothing)
		}
		if sibling, there := m.sibling(p, actor, name); there {
			m.sameAs(t, p, actor, "a sibling's "+name, m.attempt(t, p, actor, best, name, sibling), nothing)
		}
	}
	if len(path) > 1 && p.at != atOneself { // all of the path another tenant's, as its own people would call it
		s := best
		s.ids = best.ids.with()
		for _, name := range path {
			if own, known := m.belongings[there][p.key(name)]; known {
				s.ids[name] = own
			}
		}
		foreign := m.send(t, p, actor, s)
		if actor == "support" && p.knowsTenants() && foreign.Status == http.StatusForbidden {
			return
		}
		if actor == "support" && p.action == takeBack {
			foreign.want(p.ok) // theirs to take back, in every tenant
			m.belongings[there]["invitation"] = m.invite(t, there, there.rooms[0])
			return
		}
		m.sameAs(t, p, actor, "another tenant's everything", foreign, m.absent(t, actor))
	}
}

// attempt calls with one id replaced.
func (m *matrix) attempt(t *testing.T, p *place, actor string, s spot, name, id string) *reply {
	t.Helper()
	if id == "" {
		t.Fatalf("%s: the matrix has no belonging for %s", p.route, name)
	}
	s.ids = s.ids.with(name, id)
	return m.send(t, p, actor, s)
}

// holdStatus holds the status of a call with an id of nothing: what it is depends on whether the actor may make the call
// at all.
func (m *matrix) holdStatus(t *testing.T, p *place, actor string, best spot, name string, inPath bool, got *reply) {
	t.Helper()
	want := []int{p.expected(actor, best.x), http.StatusNotFound}
	if want[0] == p.ok {
		status, said := p.bad[name]
		switch {
		case said:
		case inPath:
			status = http.StatusNotFound
		default:
			status = http.StatusUnprocessableEntity
		}
		want = []int{status}
	}
	if slices.Contains(signedOut, actor) {
		want = []int{p.expected(actor, best.x)}
	}
	if !slices.Contains(want, got.Status) {
		t.Errorf("%s %s, %s, %s of nothing: status %d, want one of %v: %s", p.route, p.name, actor, name, got.Status, want, got.Body)
	}
}

// names are a text's placeholders for ids, each once.
func names(text string) []string {
	var out []string
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(notIDs, match[1]) && !slices.Contains(out, match[1]) {
			out = append(out, match[1])
		}
	}
	return out
}

// key is a placeholder's name among the belongings: comments are of two kinds.
func (p *place) key(name string) string {
	if name != "comment" {
		return name
	}
	if strings.Contains(p.path(), "/records/") {
		return "recordcomment"
	}
	if strings.Contains(p.path(), "/tasks/") {
		return "taskcomment"
	}
	return "statuscomment"
}

// knowsTenants tells that the answer may depend on whether the organization exists, for those who may read its name.
func (p *place) knowsTenants() bool {
	return p.at == atOrganization || p.at == atFeed || p.at == atMember || p.at == atConsent || p.at == atRelation || p.at == atDomain || p.at == atJoinRequest || p.at == atSomeTasks
}

// sibling is an id of the same organization that the call must not find.
func (m *matrix) sibling(p *place, actor, name string) (id string, there bool) {
	if here, _ := m.home(actor); here != m.ours {
		return "", false
	}
	switch name {
	case "workspace", "task", "status", "event", "assignee", "follower", "label", "into", "filter", "above", "beside", "blocker", "linked", "stage", "conversation", "draft", "app", "field", "before", "record", "view":
		return m.siblings[name], true
	case "item", "comment": // of another task or status of the same workspace
		return m.belongings[m.ours][p.key(name)], true
	case "invitation":
		return m.siblings[name], actor != "support"
	case "account": // of somebody who is not in the workspace
		return m.ours.keeper.account, p.at == atWorkspaceMember
	case "member": // whom this actor's directory does not show
		return m.hidden.account, actor == "manager"
	default:
		return "", false
	}
}

// description is what the matrix reads of the OpenAPI description.
type description struct {
	Paths      map[string]map[string]described `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type described struct {
	Parameters  []parameter
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	} `json:"requestBody"`
}

type parameter struct {
	In, Name string
	Schema   schema
}

type schema struct {
	Ref        string `json:"$ref"`
	Format     string
	Properties map[string]schema
	Items      *schema
}

// ids are the pointers of a schema's ids, below a pointer. A schema within itself, as of filters, has none that its outermost
// has not.
func (d *description) ids(s schema, pointer string, within ...string) []string {
	if name, found := strings.CutPrefix(s.Ref, "#/components/schemas/"); found {
		if slices.Contains(within, name) {
			return nil
		}
		s, within = d.Components.Schemas[name], append(slices.Clone(within), name)
	}
	if s.Format == "uuid" {
		return []string{pointer}
	}
	var out []string
	for name, property := range s.Properties {
		out = append(out, d.ids(property, pointer+"/"+name, within...)...)
	}
	if s.Items != nil {
		out = append(out, d.ids(*s.Items, pointer+"/0", within...)...)
	}
	return out
}

// holdToDescription holds the places to what the running program says of itself: every route has a place, every place a
// route, and every id that a call carries, in path, query or body, is one the matrix varies. It gives the routes that
// take a version.
func holdToDescription(t *testing.T, s *stack, all []*place) map[string]bool {
	t.Helper()
	var d description
	s.anonymous().get(t, "/openapi.json").want(http.StatusOK).decode(&d)
	complaints, versioned := d.complaints(t, all)
	for _, complaint := range complaints {
		t.Error(complaint)
	}
	for i, p := range all { // that there is something to complain about when a place is missing
		if fewer, _ := d.complaints(t, slices.Delete(slices.Clone(all), i, i+1)); len(fewer) == 0 && !slices.ContainsFunc(all, func(other *place) bool { return other != p && other.route == p.route }) {
			t.Errorf("nobody would miss the place of %s", p.route)
		}
	}
	return versioned
}

// complaints are what places and description do not agree about.
func (d *description) complaints(t *testing.T, all []*place) (out []string, versioned map[string]bool) {
	t.Helper()
	versioned = map[string]bool{}
	served := map[string]bool{}
	for path, methods := range d.Paths {
		if !strings.HasPrefix(path, "/v1/") && path != secretAddress {
			continue
		}
		for method, operation := range methods {
			route := strings.ToUpper(method) + " " + path
			served[route] = true
			here := slices.DeleteFunc(slices.Clone(all), func(p *place) bool { return p.route != route })
			if len(here) == 0 {
				out = append(out, route+" has no place in the matrix")
				continue
			}
			versioned[route] = slices.ContainsFunc(operation.Parameters, func(p parameter) bool { return p.Name == "If-Match" })
			for _, id := range d.carried(operation) {
				if !slices.ContainsFunc(here, func(p *place) bool { return p.varies(t, id) }) {
					out = append(out, route+" carries an id that the matrix does not vary: "+id)
				}
			}
		}
	}
	for _, p := range all {
		if !served[p.route] {
			out = append(out, "the place "+p.route+" has no route")
		}
	}
	return out, versioned
}

// carried are the ids a call carries: "path org", "query workspace", "body /assignees/0".
func (d *description) carried(o described) []string {
	var out []string
	for _, parameter := range o.Parameters {
		if len(d.ids(parameter.Schema, "")) > 0 {
			out = append(out, parameter.In+" "+parameter.Name)
		}
	}
	for _, content := range o.RequestBody.Content {
		for _, pointer := range d.ids(content.Schema, "") {
			out = append(out, "body "+pointer)
		}
	}
	return out
}

// varies tells whether a place has a placeholder where an id is.
func (p *place) varies(t *testing.T, id string) bool {
	t.Helper()
	in, name, _ := strings.Cut(id, " ")
	switch in {
	case "path":
		return strings.Contains(p.path(), "{"+name+"}")
	case "query":
		return strings.Contains(p.query, name+"={")
	}
	if p.body == "" {
		return false
	}
	var value any
	if err := json.Unmarshal([]byte(p.body), &value); err != nil {
		t.Fatalf("%s: %v", p.route, err)
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(name, "/"), "/") {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			value = v[0]
		}
	}
	text, _ := value.(string)
	return placeholder.MatchString(text)
}
