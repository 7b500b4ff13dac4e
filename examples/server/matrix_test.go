package main

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/veranda-go/veranda"
)

// place is where a route stands in the matrix: which action of the role table it is, what it is about, and a call of it
// that is right in everything but perhaps the caller's rights. A route may have several, told apart by name.
type place struct {
	route  string // "POST /v1/organizations/{org}/workspaces"
	name   string
	action string
	at     scope
	// query and body hold placeholders for ids, "{assignee}".
	query, body string
	ok          int // the status of success
	// refused is the status where the caller sees the thing and may not do that; 403 when zero.
	refused int
	// comment, people and setting are the circumstances of the same names; author narrows the action to what the actor made;
	// finished asks for a finished task, gives for roles to be given, spare for a person of the place's own.
	comment, people, setting, author, finished, gives bool
	spare                                             int
	// bad is the answer to an id that is another tenant's or nobody's, by placeholder; absent is 404 for one in the path
	// and 422 for another.
	bad map[string]int
	// decide, where the table's word is not the whole answer, says the status.
	decide func(actor string, x circumstances) int
	// check looks at an answer of success.
	check func(t *testing.T, m *matrix, actor string, r *reply)
	// phase is -1 for what runs before anything is made, 1 for what runs last, alone, 2 for what takes the actors away.
	phase int
}

func (p *place) method() string { method, _, _ := strings.Cut(p.route, " "); return method }
func (p *place) path() string   { _, path, _ := strings.Cut(p.route, " "); return path }
func (p *place) writes() bool   { return p.method() != http.MethodGet }

// matrix is a run.
type matrix struct {
	*matrixWorld
	mu   sync.Mutex
	made map[string]ids
	// stages is held by whoever makes a board.
	stages sync.Mutex
	used   map[string]int
	said   map[string]*reply // by routes for anybody: the first answer
	// belongings are what lies in each tenant, for others to reach for.
	belongings map[*tenant]ids
	// siblings lie in ours, in a workspace that no actor sees.
	siblings  ids
	versioned map[string]bool // routes that take If-Match
	// writer writes to platform support, written is how often.
	writer  *caller
	written int
}

// places are all places of the matrix.
func places() []*place {
	return slices.Concat(
		accountPlaces(),
		organizationPlaces(),
		directoryPlaces(),
		leavingPlaces(),
		relationPlaces(),
		auditPlaces(),
		supportPlaces(),
		invitationPlaces(),
		deliveryPlaces(),
		assignPlaces(),
		workspacePlaces(),
		filePlaces(),
		taskPlaces(),
		taskListPlaces(),
		taskStructurePlaces(),
		appPlaces(),
		recordPlaces(),
		viewPlaces(),
		importPlaces(),
		streamPlaces(),
		calendarPlaces(),
		streamFeedPlaces(),
		streamPostPlaces(),
		messagePlaces(),
		livePlaces(),
		statisticsPlaces(),
		notificationPlaces(),
		joiningPlaces(),
		rolePlaces(),
		structurePlaces(),
	)
}

// Every route of the running program is called by every role, in every kind of workspace, on one's own and on others'
// things, with ids of the right, a sibling, another tenant's and of nothing; the role table says what comes of it.
func TestAuthorizationMatrix(t *testing.T) {
	for _, name := range stackNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, name)
			m := &matrix{matrixWorld: furnish(t, s), made: map[string]ids{}, used: map[string]int{}, said: map[string]*reply{}, belongings: map[*tenant]ids{}}
			s.start(t)
			m.versioned = holdToDescription(t, s, places())
			m.furnishBelongings(t)
			before := m.photograph(t)
			m.run(t, "first", -1, false)
			m.run(t, "main", 0, true)
			if after := m.photograph(t); after != before {
				t.Errorf("things that nobody had a right to have changed:\n%s\n%s", before, after)
			}
			m.run(t, "last", 1, false)
			t.Run("walk", m.walk)
			m.run(t, "leaving", 2, false)
		})
	}
}

func (m *matrix) run(t *testing.T, name string, phase int, parallel bool) {
	t.Run(name, func(t *testing.T) {
		for _, p := range places() {
			if p.phase != phase {
				continue
			}
			t.Run(p.title(), func(t *testing.T) {
				if parallel {
					t.Parallel()
				}
				m.setting(t, p.setting)
				for _, actor := range actorNames {
					if here, _ := m.home(actor); here != m.personal || p.inPersonal() {
						m.call(t, p, actor)
					}
				}
			})
		}
	})
}

// setting chooses whether employees invite employees; places that want it run alone.
func (m *matrix) setting(t *testing.T, on bool) {
	if !on {
		return
	}
	change := func(on bool) {
		m.ours.keeper.patch(t, "/v1/organizations/"+m.ours.org, map[string]any{"employees_invite": on}, "If-Match: *").want(http.StatusOK)
	}
	change(true)
	t.Cleanup(func() { change(false) })
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// notIDs are placeholders that stand for something else.
var notIDs = []string{
	"kind", "reaction", "occurrence", "given", "fresh", "phone", "relationkey", "role", "freshrole", "freshdomain", "number", "version",
}

// send makes the call of a place with ids put in.
func (m *matrix) send(t *testing.T, p *place, actor string, s spot) *reply {
	t.Helper()
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(name string) string {
			switch name {
			case "{reaction}":
				return "like"
			case "{role}", "{freshrole}":
				return m.roleName(t, p, actor, name)
			case "{fresh}":
				return newAddress("fresh")
			case "{phone}":
				return newNumber()
			case "{freshdomain}":
				return freshDomain()
			}
			value, known := s.ids[strings.Trim(name, "{}")]
			if !known {
				t.Fatalf("%s: the matrix has no %s", p.route, name)
			}
			return value
		})
	}
	var body any
	if p.body != "" {
		// The braces of JSON are not placeholders: those hold a single word.
		body = fill(p.body)
	}
	by := *m.actors[actor]
	if s.token != "" {
		by.token = s.token
	}
	if p.at == atAnybody { // forged links are counted by the network
		by.from = by.stack.elsewhere().from
	}
	var header []string
	if m.versioned[p.route] {
		header = append(header, "If-Match: *")
	}
	return by.send(t, p.method(), fill(p.path()+p.query), body, header...)
}

// expected is what the table says of a spot.
func (p *place) expected(actor string, x circumstances) int {
	switch {
	case p.at == atAnybody && p.decide == nil:
		return p.ok
	case p.at == atAnybody || p.at == atTicket || p.at == atPlatform:
		return p.decide(actor, x)
	case slices.Contains(signedOut, actor) && (actor == "anonymous" || p.ok != http.StatusUnprocessableEntity):
		return http.StatusUnauthorized
	case p.at == atOneself && p.decide != nil:
		return p.decide(actor, x)
	case p.at == atOneself || p.at == atSession:
		return p.ok
	case x.column == "", x.placed && !x.sees() && p.at != atInvitation:
		return http.StatusNotFound
	case p.decide != nil:
		return p.decide(actor, x)
	case x.allowed(p.action) && (!p.author || x.made):
		return p.ok
	case p.refused != 0:
		return p.refused
	default:
		return http.StatusForbidden
	}
}

// call tries all spots of an actor, then all ids.
func (m *matrix) call(t *testing.T, p *place, actor string) {
	t.Helper()
	spots := m.spots(t, p, actor)
	best := spots[0]
	for _, s := range spots {
		if p.expected(actor, s.x) == p.ok && p.expected(actor, best.x) != p.ok {
			best = s
		}
	}
	m.reach(t, p, actor, best) // before the calls that use things up
	for _, s := range spots {
		want := p.expected(actor, s.x)
		if p.oneUse() {
			s.token = m.nextSession(actor)[0]
		}
		r := m.send(t, p, actor, s)
		if r.Status != want {
			t.Errorf("%s (%s): status %d, want %d: %s", actor, s.name, r.Status, want, r.Body)
		}
		if r.Status == http.StatusNotFound && p.at != atAnybody && p.at != atOneself && p.at != atPlatform {
			m.sameAs(t, p, actor, s.name, r, m.absent(t, actor))
		}
		if p.at == atAnybody && p.decide == nil {
			m.sameForEverybody(t, p, actor, r)
		}
		if r.Status == want && want == p.ok && p.check != nil {
			p.check(t, m, actor, r)
		}
	}
}

// inPersonal tells whether a place is in personal tenants too: those have members only, and one workspace.
func (p *place) inPersonal() bool {
	switch p.at {
	case atInvitation, atConsent, atDomain, atJoinRequest:
		return false
	}
	return p.action != inviteExternals && p.action != makeWorkspace && !p.ofTeam() && p.name != "to a workspace"
}

// oneUse tells that a call ends the session it is made with.
func (p *place) oneUse() bool { return p.route == "DELETE /v1/sessions/current" }

// absent is how the program answers an actor about what does not exist.
func (m *matrix) absent(t *testing.T, actor string) *reply {
	t.Helper()
	return m.actors[actor].get(t, "/v1/organizations/"+veranda.NewOrgID().String())
}

func (m *matrix) sameAs(t *testing.T, p *place, actor, what string, got, want *reply) {
	t.Helper()
	if got.Status != want.Status || string(got.Body) != string(want.Body) || got.Header.Get("Content-Type") != want.Header.Get("Content-Type") || !sameNames(got.Header, want.Header) {
		t.Errorf("%s %s, %s (%s) is told apart from what does not exist:\n%d %s %v\n%d %s %v", p.route, p.name, actor, what,
			got.Status, got.Body, got.Header, want.Status, want.Body, want.Header)
	}
}

func sameNames(a, b http.Header) bool {
	return slices.Equal(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
}

// title is the place's name as a test: a slash would divide it.
func (p *place) title() string {
	return strings.TrimSpace(strings.ReplaceAll(strings.Replace(p.route, "/v1/", "", 1), "/", ".") + " " + p.name)
}

// sameForEverybody holds a call that needs no sign-in to the answer others got: who calls must not matter.
func (m *matrix) sameForEverybody(t *testing.T, p *place, actor string, r *reply) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if first, found := m.said[p.route]; found {
		m.sameAs(t, p, actor, "as anybody", r, first)
		return
	}
	m.said[p.route] = r
}
