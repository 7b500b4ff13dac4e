package apps

import (
	"context"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/query"
)

// everybody is the role of a rule that holds for all.
const everybody = "*"

// sight is what one person sees of an application: its row, what it is made of, and what its rules leave them.
type sight struct {
	standing *veranda.Standing
	app      *App
	schema   *schema
	place    *place // where the records lie
	asking   query.Asking
	// manages tells whether the rules do not bind them.
	manages bool
	// rules are those that do; with none the permissions alone decide.
	rules []*Rule
	// where are the conditions of which a record must meet one, for them; none: all records.
	where    []*query.Checked
	lock     *query.Checked // nil: nothing is locked for them
	readOnly map[string]bool
}

// look puts a standing and an application together.
func (s *Service) look(ctx context.Context, standing *veranda.Standing, a *App, sch *schema) (*sight, error) {
	lies, err := s.places.of(a.ID, a.tier)
	if err != nil {
		return nil, err
	}
	g := &sight{standing: standing, app: a, schema: sch, place: lies}
	a.named = sch.OnlyNamed
	g.asking = query.Asking{Now: s.conn.DB().Now(), Location: sch.location, Me: standing.Account}
	if len(sch.Rules) == 0 && sch.Lock == nil && !sch.OnlyNamed {
		return g, nil
	}
	g.manages = standing.System != "" || s.authz.Decide(ctx, s.conn, standing, g.ask(PermManage)) == nil
	if g.manages {
		return g, nil
	}
	roles := strings.Fields(standing.Roles + " " + standing.WorkspaceRoles)
	for i := range sch.Rules {
		if sch.Rules[i].names(roles, true) {
			g.rules = append(g.rules, &sch.Rules[i])
		}
	}
	return g, g.compile()
}

// compile reads what the rules say of records and fields.
func (g *sight) compile() error {
	var c veranda.Checks
	if g.schema.Lock != nil {
		g.lock = query.Check(&c, "/lock", g.schema.Lock, g.schema.set, g.asking)
	}
	all := len(g.rules) == 0
	for _, rule := range g.rules {
		all = all || rule.Where == nil
	}
	for _, rule := range g.rules {
		if !all {
			g.where = append(g.where, query.Check(&c, "/where", rule.Where, g.schema.set, g.asking))
		}
	}
	// Conditions were checked when they were made, and the fields they look at cannot be taken away.
	if err := c.Err(); err != nil {
		return veranda.ErrForbidden.Because(err)
	}
	if len(g.rules) == 0 {
		return nil
	}
	hidden := map[string]bool{}
	g.readOnly = map[string]bool{}
	for _, f := range g.schema.set.Fields() {
		shown, written := false, false
		for _, rule := range g.rules {
			sees := !slices.Contains(rule.Hidden, f.Key)
			shown = shown || sees
			written = written || sees && !slices.Contains(rule.ReadOnly, f.Key)
		}
		switch {
		case !shown:
			hidden[f.Key] = true
		case !written:
			g.readOnly[f.Key] = true
		}
	}
	g.asking.Hidden = hidden
	return nil
}

// names tells whether a rule holds for somebody with these roles; open tells whether "*" counts.
func (r *Rule) names(roles []string, open bool) bool {
	return slices.ContainsFunc(r.Roles, func(role string) bool {
		return open && role == everybody || slices.Contains(roles, role)
	})
}

// ask is the question for a permission in the application itself.
func (g *sight) ask(permission veranda.Permission) veranda.Ask {
	return veranda.Ask{
		Permission: permission, InWorkspace: true, Missing: g.app.ID.IsZero(),
		Own: !g.app.CreatedBy.IsZero() && g.app.CreatedBy == g.standing.Account, Assigned: g.shared(),
	}
}

// shared tells whether a rule names a role of theirs.
func (g *sight) shared() bool {
	if len(g.schema.Rules) == 0 {
		return false
	}
	roles := strings.Fields(g.standing.Roles + " " + g.standing.WorkspaceRoles)
	return slices.ContainsFunc(g.schema.Rules, func(r Rule) bool { return r.names(roles, false) })
}

// decide asks for a permission in the application, and whether they may know of it at all.
func (s *Service) decide(ctx context.Context, g *sight, permission veranda.Permission) error {
	err := s.authz.Decide(ctx, s.conn, g.standing, g.ask(PermRead))
	switch {
	case veranda.CodeOf(err) == veranda.CodeForbidden:
		return veranda.ErrNotFound
	case err != nil:
		return err
	case g.schema.OnlyNamed && !g.manages && len(g.rules) == 0:
		return veranda.ErrNotFound
	}
	if permission != PermRead {
		err = s.authz.Decide(ctx, s.conn, g.standing, g.ask(permission))
	}
	if err == nil && !g.ruled(permission) {
		return veranda.ErrForbidden
	}
	return err
}

// ruled tells whether the rules leave them a permission.
func (g *sight) ruled(permission veranda.Permission) bool {
	if len(g.rules) == 0 {
		return true
	}
	return slices.ContainsFunc(g.rules, func(r *Rule) bool {
		switch permission {
		case PermDesign:
			return r.Design
		case PermCreateRecord:
			return r.Create
		case PermEditRecord:
			return r.Edit
		case PermDeleteRecord:
			return r.Delete
		}
		return true
	})
}

// decideRecord asks for a permission on a record, which they must see.
func (s *Service) decideRecord(ctx context.Context, g *sight, r *record, permission veranda.Permission, own bool) error {
	if r == nil || !g.sees(r) {
		return veranda.ErrNotFound
	}
	ask := g.ask(permission)
	ask.Own = own || g.made(r)
	if err := s.authz.Decide(ctx, s.conn, g.standing, ask); err != nil {
		return err
	}
	if !g.ruled(permission) {
		return veranda.ErrForbidden
	}
	return nil
}

func (g *sight) made(r *record) bool {
	return r.stamp.CreatedBy != "" && r.stamp.CreatedBy == g.me()
}

// me is the account as records keep it, "" for a background job.
func (g *sight) me() string { return accountText(g.standing.Account) }

func accountText(account veranda.AccountID) string {
	if account.IsZero() {
		return ""
	}
	return account.String()
}

// sees tells whether the rules show them a record.
func (g *sight) sees(r *record) bool {
	if len(g.where) == 0 {
		return true
	}
	found := r.found()
	return slices.ContainsFunc(g.where, func(c *query.Checked) bool { return c.Match(found) })
}

// locked tells whether the application's lock holds a record for them.
func (g *sight) locked(r *record) bool { return g.lock != nil && g.lock.Match(r.found()) }

// narrow is the condition for the records they see, in SQL; "" for all.
func (g *sight) narrow(b *query.Builder) string {
	if len(g.where) == 0 {
		return ""
	}
	parts := make([]string, len(g.where))
	for i, c := range g.where {
		parts[i] = b.Where(c)
	}
	return " AND (" + strings.Join(parts, " OR ") + ")"
}

// hidden tells whether a field does not exist for them.
func (g *sight) hidden(key string) bool { return g.asking.Hidden[key] }

// can is what they may do.
func (s *Service) can(ctx context.Context, g *sight) Can {
	may := func(p veranda.Permission, own bool) bool {
		ask := g.ask(p)
		ask.Own = ask.Own || own
		return s.authz.Decide(ctx, s.conn, g.standing, ask) == nil && g.ruled(p)
	}
	can := Can{
		Manage: may(PermManage, false), Design: may(PermDesign, false), Create: may(PermCreateRecord, false),
		Edit: may(PermEditRecord, false), Delete: may(PermDeleteRecord, true), Comment: may(PermComment, false),
	}
	for _, f := range g.schema.set.Fields() {
		if g.readOnly[f.Key] {
			can.ReadOnly = append(can.ReadOnly, f.Key)
		}
	}
	return can
}

// present is the application as they see it.
func (s *Service) present(ctx context.Context, g *sight) *App {
	a := *g.app
	sch := g.schema
	a.Can = s.can(ctx, g)
	a.TimeZone = sch.TimeZone
	if !g.hidden(sch.Title) {
		a.Title = sch.Title
	}
	for _, f := range sch.set.Fields() {
		if g.hidden(f.Key) {
			continue
		}
		shown := g.schema.byKey(f.Key).Field
		if !a.Can.Design && !g.showsAll(f.RequiredWhen) {
			shown.RequiredWhen = nil
		}
		a.Fields = append(a.Fields, shown)
	}
	if g.lock != nil || g.manages {
		a.Lock = sch.Lock
	}
	if g.lock != nil && slices.ContainsFunc(g.lock.Fields(), g.hidden) {
		a.Lock = nil
	}
	if a.Can.Manage {
		a.Access, a.OnlyNamed = sch.Rules, sch.OnlyNamed
	}
	if a.Can.Design {
		for _, col := range sch.Columns {
			if col.RemovedAt != nil {
				a.RemovedFields = append(a.RemovedFields, RemovedField{Field: col.Field, RemovedAt: *col.RemovedAt, RemovedBy: col.RemovedBy})
			}
		}
	}
	return &a
}

// showsAll tells whether a condition looks at no field that is hidden from them.
func (g *sight) showsAll(condition []byte) bool {
	if len(condition) == 0 || len(g.asking.Hidden) == 0 {
		return true
	}
	for _, n := range g.schema.needed {
		f := g.schema.set.Field(n.key)
		if string(f.RequiredWhen) != string(condition) {
			continue
		}
		var c veranda.Checks
		return !slices.ContainsFunc(query.Check(&c, "", n.when, g.schema.set, query.Asking{Me: someone}).Fields(), g.hidden)
	}
	return false
}
