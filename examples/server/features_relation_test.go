package main

import (
	"net/http"
	"strings"
	"testing"
)

func relationFeatures() []feature {
	return []feature{
		{"T20", []clause{
			{name: "propose_and_accept", run: relationAccept},
			{name: "cap", run: relationCapped},
			{name: "end", run: relationEnd},
			{name: "revive", run: relationRevive},
			{name: "tells_nothing", run: relationTellsNothing},
			{name: "both_directions", run: relationBothDirections},
			{name: "who_may", run: relationWhoMay},
		}},
	}
}

// related are two organizations: the host receives Emma, who is at home in the other.
type related struct {
	host, home *firm
	garden     string // a workspace of the host that Emma is in
	emma       *caller
}

func newRelated(t *testing.T, s *stack, name string) *related {
	t.Helper()
	r := &related{host: newFirm(t, s, name+" Host"), home: newFirm(t, s, name+" Home")}
	r.emma = r.home.employee(t, "Emma Employee")
	r.garden = r.host.owner.workspace(t, r.host.org, "Garden", false)
	token := r.host.owner.invite(t, r.host.org, r.garden, "external", r.emma.address)
	r.emma.post(t, acceptPath, tokenBody(token)).want(http.StatusOK)
	return r
}

func (f *firm) relationKey(t *testing.T) string {
	t.Helper()
	return f.owner.get(t, f.path+"/relation-key").want(http.StatusOK).text("key")
}

// propose proposes to receive another's people.
func (f *firm) propose(t *testing.T, key string, limit ...string) *reply {
	t.Helper()
	return f.owner.post(t, f.path+"/relations", map[string]any{"key": key, "cap": limit})
}

func (r *related) relate(t *testing.T, limit ...string) {
	t.Helper()
	r.host.propose(t, r.home.relationKey(t), limit...).want(http.StatusCreated)
	r.home.owner.post(t, r.home.path+"/relations/"+r.host.org+"/accept", nil).want(http.StatusOK)
}

func relationAccept(t *testing.T, s *stack) {
	r := newRelated(t, s, "Accepting")
	proposed := r.host.propose(t, r.home.relationKey(t), "external").want(http.StatusCreated)
	if proposed.text("state") != "proposed" || proposed.text("side") != "host" || proposed.text("other_name") != "Accepting Home" {
		t.Errorf("proposed: %s", proposed.Body)
	}
	r.host.propose(t, r.home.relationKey(t), "external").refused(http.StatusConflict, "tenancy.relation_stands")
	r.home.owner.get(t, r.home.path+"/relations").want(http.StatusOK).wantColumn("other_name", "Accepting Host")
	answer := r.home.path + "/relations/" + r.host.org
	r.home.owner.post(t, answer+"/decline", nil).want(http.StatusOK)
	r.home.owner.post(t, answer+"/accept", nil).refused(http.StatusConflict, "tenancy.relation_not_proposed")
	again := r.host.propose(t, r.home.relationKey(t), "guest").want(http.StatusCreated)
	r.home.owner.post(t, answer+"/accept", nil, `If-Match: "1"`).want(http.StatusPreconditionFailed)
	accepted := r.home.owner.post(t, answer+"/accept", nil, "If-Match: "+again.Header.Get("ETag")).want(http.StatusOK)
	if accepted.text("state") != "active" || accepted.text("side") != "home" {
		t.Errorf("accepted: %s", accepted.Body)
	}
}

func relationCapped(t *testing.T, s *stack) {
	r := newRelated(t, s, "Capping")
	tasks := r.host.path + "/workspaces/" + r.garden + "/tasks"
	title := map[string]any{"title": "Water the plants"}
	r.emma.post(t, tasks, title).want(http.StatusCreated) // as an external
	r.relate(t, "guest")
	// A guest comments and does not create, so nor does she; what she sees stays.
	r.emma.post(t, tasks, title).refused(http.StatusForbidden, "forbidden")
	r.emma.get(t, tasks[:strings.LastIndex(tasks, "/")]).want(http.StatusOK)
	path := r.host.path + "/relations/" + r.home.org
	r.host.owner.patch(t, path, map[string]any{"cap": []string{"employee"}}, "If-Match: *").invalid("/cap/0 role")
	r.host.owner.patch(t, path, map[string]any{}, "If-Match: *").invalid(" required")
	r.host.owner.patch(t, path, map[string]any{"cap": []string{"external"}}, `If-Match: "1"`).want(http.StatusPreconditionFailed)
	r.host.owner.patch(t, path, map[string]any{"cap": []string{"external"}}, "If-Match: *").want(http.StatusOK)
	r.emma.post(t, tasks, title).want(http.StatusCreated)
	// At home she is what she was.
	r.emma.get(t, r.home.path).want(http.StatusOK)
}

func relationEnd(t *testing.T, s *stack) {
	for _, side := range []string{"host", "home"} {
		r := newRelated(t, s, "Ending")
		r.relate(t, "external")
		by, path := r.host.owner, r.host.path+"/relations/"+r.home.org
		if side == "home" {
			by, path = r.home.owner, r.home.path+"/relations/"+r.host.org
		}
		by.delete(t, path).want(http.StatusUnprocessableEntity)
		by.delete(t, path+"?side="+side).want(http.StatusNoContent)
		by.delete(t, path+"?side="+side).refused(http.StatusConflict, "tenancy.relation_over")
		same(t, "the host after the relation", r.emma.get(t, "/v1/organizations/"+forgedID()), r.emma.get(t, r.host.path+"/workspaces/"+r.garden))
		r.emma.get(t, r.home.path).want(http.StatusOK) // with the session she had
		r.host.owner.post(t, r.host.member(r.emma)+"/enable", nil, "If-Match: *").refused(http.StatusConflict, "tenancy.relation_ended")
	}
}

func relationRevive(t *testing.T, s *stack) {
	r := newRelated(t, s, "Reviving")
	r.relate(t, "external")
	path, garden := r.host.path+"/relations/"+r.home.org, r.host.path+"/workspaces/"+r.garden
	r.host.owner.delete(t, path+"?side=host").want(http.StatusNoContent)
	r.host.propose(t, r.home.relationKey(t), "external").want(http.StatusCreated)
	r.host.owner.patch(t, path, map[string]any{"revive": true}, "If-Match: *").refused(http.StatusConflict, "tenancy.relation_over")
	r.home.owner.post(t, r.home.path+"/relations/"+r.host.org+"/accept", nil).want(http.StatusOK)
	r.emma.get(t, garden).refused(http.StatusNotFound, "not_found")
	r.host.owner.patch(t, path, map[string]any{"revive": true}, "If-Match: *").want(http.StatusOK)
	r.emma.get(t, garden).want(http.StatusOK)
}

func relationTellsNothing(t *testing.T, s *stack) {
	a, b := newFirm(t, s, "Asking"), newFirm(t, s, "Asked")
	right := b.relationKey(t)
	forged := strings.Repeat("A", len(right))
	first := a.propose(t, forged, "external")
	first.invalid("/key relation_key")
	same(t, "a key with another's id", first, a.propose(t, right[:21]+forged[21:], "external"))
	a.propose(t, a.relationKey(t), "external").invalid("/key self")
	a.propose(t, "", "owner").want(http.StatusUnprocessableEntity)
	other := a.path + "/relations/"
	same(t, "a relation that does not exist", a.owner.delete(t, other+forgedID()+"?side=host"), a.owner.delete(t, other+b.org+"?side=host"))
	same(t, "another's relation key", a.owner.get(t, "/v1/organizations/"+forgedID()+"/relation-key"), a.owner.get(t, b.path+"/relation-key"))
}

func relationBothDirections(t *testing.T, s *stack) {
	a, b := newFirm(t, s, "Alpha"), newFirm(t, s, "Beta")
	a.propose(t, b.relationKey(t), "external").want(http.StatusCreated)
	b.propose(t, a.relationKey(t), "guest").want(http.StatusCreated)
	a.owner.get(t, a.path+"/relations").want(http.StatusOK).wantColumn("side", "home", "host")
	a.owner.delete(t, a.path+"/relations/"+b.org+"?side=host").want(http.StatusNoContent)
	b.owner.get(t, b.path+"/relations").want(http.StatusOK).wantColumn("state", "ended", "proposed")
}

func relationWhoMay(t *testing.T, s *stack) {
	r := newRelated(t, s, "Managing")
	r.relate(t, "external")
	ada, tom := r.host.employee(t, "Ada Administrator"), r.host.employee(t, "Tom Employee")
	r.host.owner.roles(t, r.host.org, ada.account, "administrator")
	for _, path := range []string{"/relations", "/relation-key"} {
		ada.get(t, r.host.path+path).want(http.StatusOK)
		tom.get(t, r.host.path+path).refused(http.StatusForbidden, "forbidden")
		r.emma.get(t, r.host.path+path).refused(http.StatusNotFound, "not_found")
		r.home.owner.get(t, r.host.path+path).refused(http.StatusNotFound, "not_found")
	}
	one := r.host.path + "/relations/" + r.home.org
	tom.patch(t, one, map[string]any{"cap": []string{"guest"}}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	// Each side does its own part: the cap is the host's, the answer the home's.
	r.home.owner.patch(t, r.home.path+"/relations/"+r.host.org, map[string]any{"cap": []string{"guest"}}, "If-Match: *").refused(http.StatusNotFound, "not_found")
	ada.post(t, one+"/accept", nil).refused(http.StatusNotFound, "not_found")
}
