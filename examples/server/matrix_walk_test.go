package main

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// walk is the matrix in motion: people get and lose roles and memberships and workspaces open and close, in any order,
// and between the changes they call. What a call gives is what the table says of things as they are at that moment.
type walk struct {
	m      *matrix
	in     *tenant
	actors []string
	roles  map[string]string // by actor, in the organization
	// settled are the roles as the program has them; they outlive a run, which begins with taking them back.
	settled map[string]string
	places  []*place
}

// walkers are the actors of a walk, with the role they begin with. Externals and guests stay what they are.
var walkers = map[string]string{"first": "employee", "second": "employee", "third": "employee", "stray external": "external", "stray guest": "guest"}

func (m *matrix) walk(t *testing.T) {
	w := &walk{m: m, in: m.away, roles: map[string]string{}, settled: map[string]string{}}
	next := map[string]int{"employee": 25, "external": 25, "guest": 25} // spares that nothing else uses
	for name, role := range walkers {
		m.actors[name] = m.spares[m.away][role][next[role]]
		next[role]++
		w.actors, w.settled[name] = append(w.actors, name), role
	}
	slices.Sort(w.actors)
	for _, p := range places() {
		if p.phase == 0 && p.at >= atWorkspace && p.at != atWorkspaceMember && p.decide == nil {
			w.places = append(w.places, p)
		}
	}
	rapid.Check(t, func(rt *rapid.T) { w.run(t, rt) })
}

// run is one walk, in workspaces of its own.
func (w *walk) run(t *testing.T, rt *rapid.T) {
	for name, role := range walkers {
		w.give(t, name, role)
	}
	var rooms []*room
	for i := range 2 {
		open := rapid.Bool().Draw(rt, "open")
		r := &room{name: fmt.Sprintf("room %d", i), open: open, id: w.in.keeper.workspace(t, w.in.org, "A room", open)}
		w.in.keeper.post(t, "/v1/organizations/"+w.in.org+"/workspaces/"+r.id+"/members", map[string]any{"accounts": []string{w.in.maker.account}}).want(http.StatusOK)
		rooms = append(rooms, r)
	}
	for range rapid.IntRange(5, 20).Draw(rt, "steps") {
		actor, r := rapid.SampledFrom(w.actors).Draw(rt, "who"), rapid.SampledFrom(rooms).Draw(rt, "where")
		switch rapid.SampledFrom([]string{"roles", "membership", "membership", "visibility", "call", "call", "call", "call"}).Draw(rt, "what") {
		case "roles":
			if walkers[actor] == "employee" {
				w.give(t, actor, rapid.SampledFrom([]string{"owner", "administrator", "access_manager", "employee"}).Draw(rt, "role"))
			}
		case "membership":
			w.move(t, r, actor, rapid.SampledFrom([]string{"out", "plain", "manager"}).Draw(rt, "as"))
		case "visibility":
			w.show(t, r, !r.open)
		case "call":
			w.call(t, rt, actor, r, rapid.SampledFrom(w.places).Draw(rt, "place"))
		}
	}
}

// give gives a role in the organization.
func (w *walk) give(t *testing.T, actor, role string) {
	t.Helper()
	w.roles[actor] = role
	if w.settled[actor] == role {
		return
	}
	w.in.keeper.roles(t, w.in.org, w.m.actors[actor].account, role)
	w.settled[actor] = role
}

// move makes somebody a member of a workspace, its manager, or neither.
func (w *walk) move(t *testing.T, r *room, actor, as string) {
	t.Helper()
	account := w.m.actors[actor].account
	path := "/v1/organizations/" + w.in.org + "/workspaces/" + r.id + "/members"
	joined := slices.Contains(r.joined, actor)
	if as == "manager" && walkers[actor] != "employee" {
		as = "plain" // only the organization's own people manage
	}
	switch {
	case as == "out" && joined:
		w.in.keeper.delete(t, path+"/"+account).want(http.StatusNoContent)
	case as != "out" && !joined:
		w.in.keeper.post(t, path, map[string]any{"accounts": []string{account}, "role": as}).want(http.StatusOK)
	case as != "out":
		w.in.keeper.patch(t, path+"/"+account, map[string]any{"role": as}).want(http.StatusOK)
	}
	other := func(name string) bool { return name == actor }
	r.joined, r.managed = slices.DeleteFunc(r.joined, other), slices.DeleteFunc(r.managed, other)
	if as != "out" {
		r.joined = append(r.joined, actor)
	}
	if as == "manager" {
		r.managed = append(r.managed, actor)
	}
}

// show opens a workspace, or makes it private.
func (w *walk) show(t *testing.T, r *room, open bool) {
	t.Helper()
	r.open = open
	w.in.keeper.patch(t, "/v1/organizations/"+w.in.org+"/workspaces/"+r.id, map[string]any{"open": open, "confirm_visibility": true}, "If-Match: *").want(http.StatusOK)
}

// call makes a call of a place and holds its status to the table.
func (w *walk) call(t *testing.T, rt *rapid.T, actor string, r *room, p *place) {
	t.Helper()
	s := spot{x: circumstances{column: w.roles[actor], comment: p.comment, people: p.people}, ids: w.m.constants(w.in)}.in(r, actor)
	if p.at == atWorkspace {
		w.m.beside(t, p, w.in, r, w.in.maker, s.ids)
	} else {
		fresh := *p // a thing of its own for every call, also where the call only reads
		fresh.route = http.MethodPost + " " + p.path()
		s.x.task = p.at == atTask
		creating := s.x
		creating.comment = p.at == atTaskComment || p.at == atStatusComment
		creating.task = false
		by, assignee := w.in.maker, ""
		switch whose := rapid.SampledFrom([]string{"another's", "own", "assigned"}).Draw(rt, "whose"); {
		case whose == "own" && s.x.sees() && creating.allowed(createThings):
			by, s.x.made = w.m.actors[actor], true
		case whose == "assigned" && s.x.sees() && p.at == atTask:
			assignee, s.x.assigned = w.m.actors[actor].account, true
		}
		if p.at == atEvent && s.x.sees() {
			assignee = w.m.actors[actor].account // who answers is invited
		}
		s.ids = w.m.thing(t, &fresh, w.in, r, by, assignee)
	}
	got := w.m.send(t, p, actor, s)
	if want := p.expected(actor, s.x); got.Status != want {
		rt.Fatalf("%s %s by %s, who is %s there (%+v): status %d, want %d: %s", p.route, p.name, actor, w.roles[actor], s.x, got.Status, want, got.Body)
	}
}
