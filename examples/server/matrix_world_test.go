package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
)

// room is a workspace of the matrix's world.
type room struct {
	name, id string
	open     bool
	// joined are the actors who are members of it, managed those of them who manage it.
	joined, managed []string
}

// tenant is an organization of the world, with its workspaces and with somebody who makes things there for others.
type tenant struct {
	org, kind string
	rooms     []*room
	// maker manages every workspace; keeper owns the tenant and is not one of the actors.
	maker, keeper *caller
}

// matrixWorld is what the matrix is run in: an organization that has somebody of every role, a workspace of every kind,
// and a second tenant whose things must stay unseen.
type matrixWorld struct {
	stack      *stack
	ours, away *tenant
	// personal is a personal tenant: its founder has the owner's column, its members the employee's.
	personal *tenant
	// actors are who calls, by name.
	actors map[string]*caller
	// hidden belongs to ours, in a workspace with the maker alone.
	hidden *caller
	// spares are members of a tenant, by role, for calls that change or end a membership.
	spares map[*tenant]map[string][]*caller
	// partners are organizations that a tenant is related to.
	partners map[*tenant][]partner
	// sessions are further sessions of an actor: their tokens and ids.
	sessions map[string][][2]string
}

// actorNames are the table's roles and those outside of all: "manager" is an employee who manages the workspaces they are
// a member of, "outsider" owns another tenant, "founder" and "householder" have a personal one, "nobody" belongs to none;
// "expired" was signed in as the owner, "forged" made a token up, "anonymous" has none.
var actorNames = append([]string{
	"owner", "administrator", "access_manager", "employee", "external", "guest", "support", "manager", "outsider", "founder", "householder", "nobody",
}, signedOut...)

// signedOut are those who are not signed in.
var signedOut = []string{"expired", "forged", "anonymous"}

// furnish writes the world into a stack's database, before the program starts: joining people by mail one after another
// would take longer than the matrix.
func furnish(t *testing.T, s *stack) *matrixWorld {
	t.Helper()
	ctx := context.Background()
	location := filepath.Join(s.dir, "data", "veranda.db")
	for _, line := range s.env {
		if url, found := strings.CutPrefix(line, "DATABASE_URL="); found {
			location = url
		}
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := veranda.Open(ctx, location)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := veranda.Migrate(ctx, db, modules()...); err != nil {
		t.Fatal(err)
	}
	w := &matrixWorld{
		stack: s, ours: newTenant("organization"), away: newTenant("organization"), personal: newTenant("personal"),
		actors: map[string]*caller{}, spares: map[*tenant]map[string][]*caller{}, sessions: map[string][][2]string{},
	}
	err = db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		f := &furnisher{t: t, ctx: ctx, tx: tx, world: w, now: db.Time(db.Now()), later: db.Time(db.Now().Add(24 * time.Hour))}
		f.people()
		f.workspaces()
		f.partners()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

func newTenant(kind string) *tenant { return &tenant{org: veranda.NewOrgID().String(), kind: kind} }

type furnisher struct {
	t          *testing.T
	ctx        context.Context
	tx         *veranda.Tx
	world      *matrixWorld
	now, later any
	tokens     int
}

func (f *furnisher) exec(text string, args ...any) {
	f.t.Helper()
	if _, err := f.tx.Exec(f.ctx, text, args...); err != nil {
		f.t.Fatalf("%s: %v", text, err)
	}
}

// people makes the accounts and who belongs where.
func (f *furnisher) people() {
	w := f.world
	for _, name := range actorNames {
		if slices.Contains(signedOut, name) {
			w.actors[name] = w.stack.anonymous()
			continue
		}
		w.actors[name] = f.person(name)
		for range 8 {
			token, id := f.session(w.actors[name].account)
			w.sessions[name] = append(w.sessions[name], [2]string{token, id})
		}
	}
	w.actors["forged"].token = "matrix-token-that-nobody-gave"
	w.actors["expired"].token, _ = f.session(w.actors["owner"].account)
	hash := sha256.Sum256([]byte(w.actors["expired"].token))
	f.exec(`UPDATE veranda_sessions SET expires_at = $1 WHERE token_hash = $2`, f.now, hash[:])
	w.ours.maker, w.ours.keeper = f.person("maker"), f.person("keeper")
	w.away.maker, w.away.keeper = f.person("neighbour"), f.person("landlord")
	w.personal.maker, w.personal.keeper = f.person("housemate"), f.person("host")
	w.hidden = f.person("hidden")
	token, id := f.session(w.ours.keeper.account)
	w.sessions["keeper"] = [][2]string{{token, id}}
	f.exec(`INSERT INTO veranda_staff (account_id, role, created_at) VALUES ($1, 'support', $2)`, w.actors["support"].account, f.now)
	for _, organization := range []*tenant{w.ours, w.away, w.personal} {
		f.exec(`INSERT INTO veranda_organizations (id, kind, name, domains, employees_invite, language, time_zone, policy_version, created_by, created_at, updated_at, version)
			VALUES ($1, $5, 'A house', '[]', $2, 'en', 'UTC', 0, $3, $4, $4, 1)`, organization.org, false, organization.keeper.account, f.now, organization.kind)
		f.member(organization, organization.keeper, "owner")
		f.member(organization, organization.maker, "employee")
		w.spares[organization] = map[string][]*caller{}
		for _, role := range strings.Fields(belongs) {
			if organization == w.personal && (role == "external" || role == "guest") {
				continue // it has members only
			}
			for i := range 80 {
				name := fmt.Sprintf("spare %s %d", role, i)
				if i < firstUsed { // on the first page of the directory
					name = "first " + name
				}
				spare := f.person(name)
				f.member(organization, spare, role)
				w.spares[organization][role] = append(w.spares[organization][role], spare)
			}
		}
	}
	for _, role := range strings.Fields(belongs) {
		f.member(w.ours, w.actors[role], role)
	}
	f.member(w.ours, w.actors["manager"], "employee")
	f.member(w.ours, w.hidden, "external")
	f.member(w.away, w.actors["outsider"], "owner")
	f.member(w.personal, w.actors["founder"], "owner")
	f.member(w.personal, w.actors["householder"], "employee")
}

// workspaces makes those of both tenants.
func (f *furnisher) workspaces() {
	w := f.world
	everybody := append(strings.Fields(belongs), "manager")
	w.ours.rooms = []*room{
		{name: "own open", open: true, joined: everybody, managed: []string{"manager"}},
		{name: "own private", joined: everybody, managed: []string{"manager"}},
		{name: "sibling open", open: true},
		{name: "sibling private"},
	}
	w.away.rooms = []*room{{name: "elsewhere", open: true, joined: []string{"outsider"}, managed: []string{"outsider"}}}
	w.personal.rooms = []*room{{name: "at home", open: true, joined: []string{"founder", "householder"}, managed: []string{"founder"}}}
	for _, organization := range []*tenant{w.ours, w.away, w.personal} {
		for _, r := range organization.rooms {
			r.id = veranda.NewWorkspaceID().String()
			f.exec(`INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, version)
				VALUES ($1, $2, $3, '', $4, 1, $5, $6, $6, 1)`, organization.org, r.id, r.name, r.open, organization.maker.account, f.now)
			f.join(organization, r, organization.maker, "manager")
			for _, name := range r.joined {
				roles := ""
				if slices.Contains(r.managed, name) {
					roles = "manager"
				}
				f.join(organization, r, w.actors[name], roles)
			}
		}
	}
	f.join(w.ours, w.ours.rooms[3], w.hidden, "")
}

func (f *furnisher) join(in *tenant, r *room, who *caller, roles string) {
	f.exec(`INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at) VALUES ($1, $2, $3, $4, $5)`,
		in.org, r.id, who.account, roles, f.now)
}

// person makes an account with a confirmed address and a session.
func (f *furnisher) person(name string) *caller {
	account := veranda.NewAccountID()
	c := &caller{stack: f.world.stack, account: account.String(), name: name, address: newAddress(name)}
	f.exec(`INSERT INTO veranda_accounts (id, name, language, time_zone, state, created_at, updated_at, version) VALUES ($1, $2, 'en', 'UTC', 'active', $3, $3, 1)`,
		account, name, f.now)
	f.exec(`INSERT INTO veranda_addresses (account_id, address_key, address, confirmed_at, is_primary, created_at) VALUES ($1, $2, $2, $3, $4, $3)`,
		account, c.address, f.now, true)
	c.token, _ = f.session(c.account)
	return c
}

// session makes a session whose token the test knows.
func (f *furnisher) session(account string) (token, id string) {
	f.tokens++
	token = fmt.Sprintf("matrix-token-%d", f.tokens)
	hash, session := sha256.Sum256([]byte(token)), veranda.NewAccountID()
	f.exec(`INSERT INTO veranda_sessions (token_hash, id, account_id, kind, label, address, created_at, seen_at, expires_at) VALUES ($1, $2, $3, 'program', '', '', $4, $4, $5)`,
		hash[:], session, account, f.now, f.later)
	return token, session.String()
}

func (f *furnisher) member(in *tenant, who *caller, role string) {
	kind := "internal"
	if role == "external" || role == "guest" {
		kind = role
	}
	f.exec(`INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) VALUES ($1, $2, $3, $4, $5, $6, 1)`,
		in.org, who.account, kind, role, who.address, f.now)
	f.exec(`INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, who.account, in.org)
}
