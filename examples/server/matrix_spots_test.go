package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
)

// scope is what a call is about.
type scope int

const (
	atAnybody         scope = iota // needs no sign-in
	atOneself                      // one's own account
	atSession                      // one of one's sessions
	atOrganization                 // a tenant
	atMember                       // a member of a tenant
	atRelation                     // a tenant's relation with a partner
	atInvitation                   // an invitation
	atDomain                       // an organization's domain
	atJoinRequest                  // a request to join
	atWorkspace                    // a workspace
	atWorkspaceMember              // a member of a workspace
	atTask
	atTaskComment
	atStatus
	atStatusComment
	atConversation
	atPlatform // the platform's own people, in no tenant
	atTicket   // a request to platform support
	atConsent  // a tenant's consent that platform support looks
)

// ids are what placeholders stand for: "{task}" in a path, a query or a body.
type ids map[string]string

// spot is one set of circumstances in which an actor calls.
type spot struct {
	name string
	x    circumstances
	ids  ids
	// token is the session to call with, where it is not the actor's usual one.
	token string
	room  *room
}

// home is the tenant an actor belongs to; those who belong to none knock at ours.
func (w *matrixWorld) home(actor string) (here, there *tenant) {
	switch actor {
	case "outsider":
		return w.away, w.ours
	case "founder", "householder":
		return w.personal, w.ours
	default:
		return w.ours, w.away
	}
}

// column is the actor's column of the role table.
func column(actor string) string {
	switch actor {
	case "manager", "householder":
		return "employee"
	case "outsider", "founder":
		return "owner"
	case "nobody", "expired", "forged", "anonymous":
		return ""
	default:
		return actor
	}
}

// spots are all circumstances of an actor at a place. Things that the call may change are made afresh for each.
func (m *matrix) spots(t *testing.T, p *place, actor string) []spot {
	t.Helper()
	here, _ := m.home(actor)
	x := circumstances{column: column(actor), comment: p.comment, people: p.people, setting: p.setting || here == m.personal}
	base := spot{x: x, ids: m.constants(here)}
	switch p.at {
	case atAnybody, atOneself:
		base.ids["token"] = m.belongings[m.ours]["secret "+p.name]
		return []spot{base}
	case atSession:
		base.ids["session"] = m.nextSession(actor)[1]
		return []spot{base}
	case atOrganization:
		return []spot{base}
	case atPlatform:
		return []spot{base}
	case atTicket:
		return m.ticketSpots(t, p, actor, here, base)
	case atConsent:
		return m.consentSpots(t, here, base)
	case atMember:
		return m.memberSpots(p, actor, here, base)
	case atRelation:
		return m.relationSpots(t, p, here, base)
	case atDomain, atJoinRequest:
		return m.joiningSpots(t, p, here, base)
	case atInvitation:
		return m.invitationSpots(t, p, actor, here, base)
	case atFeed:
		return m.feedSpots(t, actor, here, base)
	case atConversation:
		return m.conversationSpots(t, p, actor, here, base)
	case atTeam, atDepartment:
		return m.structureSpots(t, p, actor, here, base)
	}
	if p.at == atOwnFilter || p.at == atSomeTasks {
		return m.bulkSpots(t, p, actor, here, base)
	}
	var out []spot
	for _, r := range here.rooms {
		s := base.in(r, actor)
		if p.at == atLabel || p.at == atFilter || p.at == atDeletedTask {
			out = append(out, m.listSpots(t, p, actor, here, s)...)
			continue
		}
		if slices.Contains(appScopes, p.at) {
			out = append(out, m.appSpots(t, p, actor, here, s)...)
			continue
		}
		if p.at == atWorkspace {
			s.ids = s.ids.with()
			m.beside(t, p, here, r, here.maker, s.ids)
			out = append(out, s)
			continue
		}
		if p.at == atWorkspaceMember {
			s.ids["account"] = m.spares[here]["employee"][p.spare].account
			m.rejoin(t, here, r, s.ids["account"])
			out = append(out, s)
			continue
		}
		if p.at == atWorkspaceTeam {
			s.ids["team"] = m.teamIn(t, here, r)
			out = append(out, s)
			continue
		}
		out = append(out, m.thingSpots(t, p, actor, here, s)...)
	}
	return out
}

// constants are ids that need not be made.
func (m *matrix) constants(in *tenant) ids {
	made := ids{
		"occurrence": "2026-05-03T09:00:00", "version": "1",
		"org": in.org, "workspace": in.rooms[0].id, "assignee": in.maker.account, "follower": in.maker.account, "by": in.maker.account,
		"account": in.maker.account, "recipient": in.maker.account, "member": m.spares[in]["employee"][1].account,
		"other": m.partners[in][len(m.partners[in])-1].org,
	}
	made["notice"], made["kind"] = nobodysID, "tenancy.roles_changed"
	for _, name := range append([]string{"item", "delivery", "attachment", "feed", "above", "stage", "series", "conversation", "draft"}, structureIDs...) {
		if id, known := m.belongings[in][name]; known {
			made[name] = id
		}
	}
	if request, known := m.belongings[m.ours]["request"]; known {
		made["request"] = request
	}
	for _, name := range []string{"team", "department"} { // of which there is none
		if made[name] == "" {
			made[name] = nobodysID
		}
	}
	return made
}

// in puts a spot into a workspace.
func (s spot) in(r *room, actor string) spot {
	s.name, s.room, s.ids = r.name, r, s.ids.with("workspace", r.id)
	s.x.placed, s.x.open = true, r.open
	s.x.member, s.x.manages = slices.Contains(r.joined, actor), slices.Contains(r.managed, actor)
	return s
}

func (i ids) with(pairs ...string) ids {
	out := ids{}
	for name, value := range i {
		out[name] = value
	}
	for n := 0; n < len(pairs); n += 2 {
		out[pairs[n]] = pairs[n+1]
	}
	return out
}

// thingSpots are those of a thing in a workspace: another's, the actor's own, and one that is assigned to the actor.
func (m *matrix) thingSpots(t *testing.T, p *place, actor string, here *tenant, s spot) []spot {
	t.Helper()
	s.x.task = p.at == atTask
	invited := ""
	if p.at == atEvent && s.x.sees() && actor != "support" {
		invited = m.accountOf(actor)
	}
	another := s
	another.name += ", another's"
	another.ids = m.thing(t, p, here, s.room, here.maker, invited)
	out := []spot{another}
	if !s.x.sees() {
		return out
	}
	creating := s.x
	creating.comment = p.at == atTaskComment || p.at == atStatusComment
	creating.task = false
	if creating.allowed(createThings) {
		mine := s
		mine.name, mine.x.made = mine.name+", one's own", true
		mine.ids = m.thing(t, p, here, s.room, m.actors[actor], invited)
		out = append(out, mine)
	}
	if p.at == atTask {
		assigned := s
		assigned.name, assigned.x.assigned = assigned.name+", assigned", true
		assigned.ids = m.thing(t, p, here, s.room, here.maker, m.actors[actor].account)
		out = append(out, assigned)
	}
	return out
}

// thing makes what a place is about, by somebody, in a workspace; for calls that only read, once.
func (m *matrix) thing(t *testing.T, p *place, in *tenant, r *room, by *caller, assignee string) ids {
	t.Helper()
	key := strings.Join([]string{r.id, by.account, assignee, string(rune('0' + int(p.at)))}, " ")
	if strings.Contains(p.path(), "/attachments/") {
		key += " with a file"
	}
	if !p.writes() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if made, found := m.made[key]; found {
			return made
		}
	}
	made := m.constants(in).with("workspace", r.id)
	path, room := "/v1/organizations/"+in.org, "/v1/organizations/"+in.org+"/workspaces/"+r.id
	author := in.maker
	if p.at == atTask || p.at == atStatus || p.at == atEvent {
		author = by
	}
	switch p.at {
	case atTask, atTaskComment:
		body := map[string]any{"title": "Water the plants", "checklist": []any{map[string]any{"text": "The fern"}}}
		if assignee != "" {
			body["assignees"] = []string{assignee}
		}
		task := author.post(t, room+"/tasks", body).want(http.StatusCreated)
		made["task"], made["item"] = task.text("id"), task.text("checklist.0.id")
		if p.at == atTaskComment {
			said := map[string]any{"text": "Every other day."}
			if strings.Contains(p.path(), "/attachments/") {
				made["attachment"] = by.post(t, path+"/attachments?name=fern.txt", "Green.").want(http.StatusCreated).text("id")
				said["attachments"] = []string{made["attachment"]}
			}
			made["comment"] = by.post(t, path+"/tasks/"+made["task"]+"/comments", said).want(http.StatusCreated).text("id")
		}
		m.beside(t, p, in, r, author, made)
		if p.finished {
			author.post(t, path+"/tasks/"+made["task"]+"/finish", nil).want(http.StatusOK)
		}
	case atEvent:
		made["event"] = makeEvent(t, room, author, assignee)
	case atStatus, atStatusComment:
		post := map[string]any{"text": "The fern is green.", "poll": map[string]any{"options": []string{"Yes", "No"}}}
		answer := map[string]any{"text": "Indeed."}
		if strings.Contains(p.path(), "/attachments/") {
			file := func(c *caller, to map[string]any) {
				made["attachment"] = c.post(t, path+"/attachments?name=fern.txt", "Green.").want(http.StatusCreated).text("id")
				to["attachments"] = []string{made["attachment"]}
			}
			if p.at == atStatus {
				file(author, post)
			} else {
				file(by, answer)
			}
		}
		made["status"] = author.post(t, room+"/statuses", post).want(http.StatusCreated).text("id")
		if p.at == atStatusComment {
			made["comment"] = by.post(t, path+"/statuses/"+made["status"]+"/comments", answer).want(http.StatusCreated).text("id")
		}
	}
	if !p.writes() {
		m.made[key] = made
	}
	return made
}

// rejoin makes somebody a plain member of a workspace again.
func (m *matrix) rejoin(t *testing.T, in *tenant, r *room, account string) {
	t.Helper()
	path := "/v1/organizations/" + in.org + "/workspaces/" + r.id + "/members"
	if left := in.maker.delete(t, path+"/"+account); left.Status != http.StatusNotFound {
		left.want(http.StatusNoContent)
	}
	in.maker.post(t, path, map[string]any{"accounts": []string{account}}).want(http.StatusOK)
}

// memberSpots are those of a member of the tenant: of each role, and, where roles are given, to have each role.
func (m *matrix) memberSpots(p *place, actor string, here *tenant, base spot) []spot {
	var out []spot
	if p.action == directory {
		for _, person := range []struct {
			name              string
			account           *caller
			employee, sharing bool
		}{
			{"an employee", here.keeper, true, false},
			{"a colleague of the workspaces", here.maker, true, true},
			{"an external of no workspace", m.spares[m.ours]["external"][1], false, false},
			{"a guest of the same workspaces", m.actors["guest"], false, true},
			{"an external of the same workspaces", m.actors["external"], false, true},
			{"an external of a private workspace", m.hidden, false, false},
		} {
			if here != m.ours && person.account != here.keeper && person.account != here.maker {
				continue
			}
			s := base
			s.name, s.ids = person.name, base.ids.with("account", person.account.account)
			s.x.employee, s.x.sharing = person.employee, person.sharing || person.account == m.actors[actor]
			out = append(out, s)
		}
		return out
	}
	me := base
	me.name, me.x.subject, me.x.given = "oneself", oneself, "employee"
	me.ids = base.ids.with("given", "employee", "account", m.accountOf(actor))
	out = append(out, me)
	pairs := [][2]string{
		{"owner", "owner"}, {"administrator", "administrator"}, {"access_manager", "access_manager"},
		{"employee", "employee"}, {"external", "external"}, {"guest", "guest"},
	}
	if p.gives {
		pairs = append(pairs, [][2]string{
			{"employee", "owner"}, {"employee", "administrator"}, {"employee", "access_manager"},
			{"owner", "employee"}, {"administrator", "employee"}, {"access_manager", "employee"},
		}...)
	}
	for _, pair := range pairs {
		if len(m.spares[here][pair[0]]) == 0 {
			continue
		}
		s := base
		s.name = pair[0] + " to " + pair[1]
		s.x.subject, s.x.given = pair[0], pair[1]
		s.ids = base.ids.with("given", pair[1], "account", m.spare(here, pair[0], s.x.allowed(p.action)))
		out = append(out, s)
	}
	return out
}

// accountOf is an actor's account; for who is not signed in, one that does not exist.
func (m *matrix) accountOf(actor string) string {
	if account := m.actors[actor].account; account != "" {
		return account
	}
	return veranda.NewAccountID().String()
}

// firstUsed is the first of a role's spares that are changed; those before are for calls that leave them as they are, or
// are a place's own.
const firstUsed = 6

// spare is a member of a role, who is not used again where the call changes them.
func (m *matrix) spare(in *tenant, role string, used bool) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := m.spares[in][role]
	if !used {
		return left[0].account // the first ones stay
	}
	n := firstUsed + m.used[in.org+role]
	m.used[in.org+role]++
	if n >= len(left) {
		panic("the world has too few spares of the role " + role)
	}
	return left[n].account
}

// invitationSpots are those of an invitation to the tenant and to each workspace, by another and by the actor.
func (m *matrix) invitationSpots(t *testing.T, _ *place, actor string, here *tenant, base spot) []spot {
	t.Helper()
	var out []spot
	add := func(s spot, kind string, by *caller, workspace string) {
		body := map[string]any{"people": []any{map[string]any{"address": newAddress("invited"), "kind": kind}}}
		if workspace != "" {
			body["workspace_id"] = workspace
		}
		sent := by.post(t, "/v1/organizations/"+here.org+"/invitations", body).want(http.StatusOK)
		s.ids = s.ids.with("invitation", sent.text("items.0.invitation_id"))
		out = append(out, s)
	}
	s := base
	s.name = "to the organization, another's"
	add(s, "internal", here.keeper, "")
	if s.x.allowed(inviteEmployees) {
		s.name, s.x.made = "to the organization, one's own", true
		add(s, "internal", m.actors[actor], "")
	}
	for _, r := range here.rooms {
		s := base.in(r, actor)
		s.name += ", another's"
		add(s, "external", here.maker, r.id)
		if s.x.sees() && s.x.allowed(inviteExternals) {
			s.name, s.x.made = r.name+", one's own", true
			add(s, "external", m.actors[actor], r.id)
		}
	}
	return out
}

// nextSession is a session of an actor that no other call uses.
func (m *matrix) nextSession(actor string) [2]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	spare := m.sessions[actor]
	if len(spare) == 0 { // anonymous has none
		return [2]string{"", veranda.NewAccountID().String()}
	}
	m.sessions[actor] = spare[1:]
	return spare[0]
}
