package tenancy

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/veranda-go/veranda"
)

// Authorizer decides by casbin rows and by tenancy's own tables. The rows are compiled into bits when they are loaded;
// who belongs where is read with the thing itself at every call, so a right that was taken away is gone at once, on
// every node.
type Authorizer struct {
	db       *veranda.DB
	policies *policies
	noting   sync.Map // hashes of tokens whose use is being written down
	looks    looks
	watch    watchTexts
}

var _ veranda.Authorizer = (*Authorizer)(nil)

// Qualifiers narrow a permission to things of which something holds; see veranda.Permission.
const (
	qualifierOwn      = ":own"
	qualifierAssigned = ":assigned"
	qualifierManaged  = ":managed"
	qualifierOpen     = ":open"
)

// The roles of those who have none in an organization.
const (
	roleAnonymous = "anonymous" // not signed in
	roleMember    = "member"    // signed in, outside any organization
	roleSystem    = "system:"   // a background job
	// roleConsented is what platform support has besides, where and while an organization consents.
	roleConsented = "support_consented"
)

const (
	permEnterOpen  veranda.Permission = "workspace.enter:open"
	permManage     veranda.Permission = "workspace.manage"
	permManageOpen veranda.Permission = "workspace.manage:open"
)

// NewAuthorizer loads the policy rows the modules ship, and those kept in the database.
func NewAuthorizer(ctx context.Context, db *veranda.DB, modules ...veranda.Module) (*Authorizer, error) {
	p, err := newPolicies(db, modules)
	if err != nil {
		return nil, err
	}
	if _, err := p.reload(ctx, db.Conn()); err != nil {
		return nil, err
	}
	return &Authorizer{db: db, policies: p, watch: newWatchTexts(db)}, nil
}

// The read every call begins with: seven index look-ups, most of them of a page that is always in memory. Sub-selects in
// place of joins: a planner that sees small tables takes hash joins and scans, which cost PostgreSQL twice as much. What
// they give is described at veranda.Standing's columns.
const (
	standingSelect = `SELECT s.expires_at, s.seen_at, concat(coalesce(s.account_id, $3), ',', s.second_factor, '|', ps.version, '|',
	(SELECT concat(o.kind, ',', o.policy_version, ',', o.require_second_factor) FROM veranda_organizations o WHERE o.id = $2 AND o.deleted_at IS NULL), '|',
	(SELECT concat(m.kind, ',', m.roles, ' ', m.team_roles, ',', m.cap) FROM veranda_memberships m WHERE m.org_id = $2 AND m.account_id = coalesce(s.account_id, $3) AND m.disabled_at IS NULL), '|',
	`
	standingPlatform = `(SELECT concat(st.role, ',', (SELECT max(c.until_us) FROM veranda_support_consents c WHERE c.org_id = $2 AND c.workspace_id IS NULL AND c.ended_at IS NULL)`
	standingConsent  = `, ',', (SELECT max(c.until_us) FROM veranda_support_consents c WHERE c.org_id = $2 AND c.ended_at IS NULL AND c.workspace_id = `
	standingStaff    = `) FROM veranda_staff st WHERE st.account_id = coalesce(s.account_id, $3))`
	standingFrom     = `
FROM veranda_policy_state ps
LEFT JOIN veranda_sessions s ON s.token_hash = $1
`
	standingWhere = `
WHERE ps.one = 1`
)

// Compose makes the read of a store; see veranda.Target. The store's texts may speak of s, the session, and must not use
// the names ps, o, m, st, c, w and wm.
func (a *Authorizer) Compose(t veranda.Target) veranda.ComposedRead {
	return veranda.ComposedRead{Text: compose(t, false), Strangers: compose(t, true)}
}

// compose makes the text of a read: of members, for whom nothing is looked up about the platform's own people, which is a
// seventh of its cost on both databases; or of strangers, among whom these are.
func compose(t veranda.Target, strangers bool) string {
	var b strings.Builder
	b.WriteString(standingSelect)
	if strangers {
		b.WriteString(standingPlatform)
		if t.Workspace != "" {
			b.WriteString(standingConsent)
			b.WriteString(t.Workspace)
			b.WriteString(")")
		}
		b.WriteString(standingStaff)
	} else {
		b.WriteString("''")
	}
	if t.Workspace != "" {
		b.WriteString(`, '|',
	(SELECT concat(w.id, ',', w.open) FROM veranda_workspaces w WHERE w.org_id = $2 AND w.id = `)
		b.WriteString(t.Workspace)
		b.WriteString(` AND w.deleted_at IS NULL), '|',
	(SELECT concat(',', wm.roles, ' ', wm.team_roles) FROM veranda_workspace_members wm WHERE wm.org_id = $2 AND wm.workspace_id = `)
		b.WriteString(t.Workspace)
		b.WriteString(` AND wm.account_id = coalesce(s.account_id, $3))`)
	}
	b.WriteString(")")
	if t.Columns != "" {
		b.WriteString(",\n\t")
		b.WriteString(t.Columns)
	}
	b.WriteString(standingFrom)
	b.WriteString(t.Join)
	b.WriteString(standingWhere)
	return b.String()
}

// readAccount is the read of calls outside any organization: the zero id belongs to none.
func (a *Authorizer) readAccount() veranda.ComposedRead { return a.Compose(veranda.Target{}) }

// Account reads who calls, outside any organization.
func (a *Authorizer) Account(ctx context.Context, c veranda.Conn, by veranda.Actor) (*veranda.Standing, error) {
	return c.Read(ctx, a.readAccount(), by, veranda.OrgID{}, nil)
}

// Decide allows or refuses; see veranda.Authorizer.
func (a *Authorizer) Decide(ctx context.Context, c veranda.Conn, s *veranda.Standing, ask veranda.Ask) error {
	snapshot, err := a.policies.of(ctx, c, s)
	if err != nil {
		return err
	}
	v := a.judge(snapshot, s, ask, s.TokenHash() != nil)
	if v.err != nil || v.nobody {
		return v.err
	}
	a.noteUse(s)
	return a.noteLook(ctx, c, &v.view, ask)
}

// signedIn tells whether the standing is somebody's: a session that has ended is nobody's.
func (a *Authorizer) signedIn(s *veranda.Standing) bool {
	if s.System != "" {
		return true
	}
	if s.IsAnonymous() || s.Account.IsZero() {
		return false
	}
	return s.SessionExpires.IsZero() || a.db.Now().Before(s.SessionExpires)
}

// noteUse writes down, beside the call, that a session is used: every few minutes, once at a time.
func (a *Authorizer) noteUse(s *veranda.Standing) {
	if seenLately(s, a.db.Now()) {
		return
	}
	key := string(s.TokenHash())
	if _, busy := a.noting.LoadOrStore(key, true); busy {
		return
	}
	standing := *s
	go func() {
		defer a.noting.Delete(key)
		// Should it fail, the next call tries again.
		if err := noteSeen(context.Background(), a.db, &standing); err != nil {
			a.db.Log().Warn("use of a session not noted", "error", err)
		}
	}()
}

// view is a standing under a policy.
type view struct {
	snapshot *snapshot
	standing *veranda.Standing
	// roles are those in the organization, or outside any; more are those the place adds: a workspace's, or a consent's.
	roles, more string
	// consented tells whether the organization lets platform support look here.
	consented bool
}

// has tells whether the roles give a permission, and the cap, where there is one, gives it too.
func (v *view) has(p veranda.Permission) bool {
	return v.snapshot.AllowsLists(v.roles, v.more, string(p)) && (v.standing.Cap == "" || v.snapshot.AllowsList(v.standing.Cap, string(p)))
}

// allowedBy is the permission by which the actor may do what is asked, as the rows spell it, and whether there is one.
func (v *view) allowedBy(ask veranda.Ask) (permission string, allowed bool) {
	permission, allowed = v.spelled(v.roles, v.more, ask)
	return permission, allowed && (v.standing.Cap == "" || v.allowsBy(v.standing.Cap, ask))
}

func (v *view) allowsBy(roles string, ask veranda.Ask) bool {
	_, allowed := v.spelled(roles, "", ask)
	return allowed
}

// spelled is the permission, perhaps with a qualifier, that roles have of what is asked.
func (v *view) spelled(roles, more string, ask veranda.Ask) (permission string, allowed bool) {
	if v.snapshot.AllowsLists(roles, more, string(ask.Permission)) {
		return string(ask.Permission), true
	}
	names := v.snapshot.qualified[ask.Permission]
	switch {
	case ask.Own && names.own != "" && v.snapshot.AllowsLists(roles, more, names.own):
		return names.own, true
	case ask.Assigned && names.assigned != "" && v.snapshot.AllowsLists(roles, more, names.assigned):
		return names.assigned, true
	case ask.InWorkspace && names.managed != "" && v.snapshot.AllowsLists(roles, more, names.managed) && v.manages():
		return names.managed, true
	default:
		return "", false
	}
}

// seesWorkspace tells whether the workspace of the standing is one the actor may see.
func (v *view) seesWorkspace() bool {
	s := v.standing
	if !s.WorkspaceFound {
		return false
	}
	return s.WorkspaceMember || s.System != "" || v.consented || s.WorkspaceOpen && v.has(permEnterOpen)
}

// manages tells whether the actor manages the workspace of the standing.
func (v *view) manages() bool {
	return v.has(permManage) || v.standing.WorkspaceOpen && v.has(permManageOpen)
}

func join(roles, more string) string {
	if more == "" {
		return roles
	}
	if roles == "" {
		return more
	}
	return roles + " " + more
}

// Which workspaces VisibleArgs opens; a greater number is a moment in microseconds since 1970, for platform support that
// sees what was consented to beyond that moment.
const (
	seesOwn  = 0
	seesOpen = 1
	seesAll  = 2
)

// Visible narrows a list to workspaces the actor may see; see veranda.Authorizer. That open ones are out of the question is
// said by a condition of its own, without columns: databases then leave the organization's workspaces alone.
func (a *Authorizer) Visible(column string) string {
	return column + ` IN (SELECT vw.id FROM veranda_workspaces vw WHERE vw.org_id = $1 AND vw.deleted_at IS NULL AND CAST($3 AS BIGINT) IN (1, 2) AND (CAST($3 AS BIGINT) = 2 OR vw.open)
	UNION ALL SELECT vm.workspace_id FROM veranda_workspace_members vm JOIN veranda_workspaces vw ON vw.org_id = vm.org_id AND vw.id = vm.workspace_id
	WHERE vm.org_id = $1 AND vm.account_id = $2 AND vw.deleted_at IS NULL
	UNION ALL SELECT vw.id FROM veranda_support_consents vc JOIN veranda_workspaces vw ON vw.org_id = vc.org_id AND (vw.id = vc.workspace_id OR vc.workspace_id IS NULL AND vw.open)
	WHERE CAST($3 AS BIGINT) > 2 AND vc.org_id = $1 AND vc.ended_at IS NULL AND vc.until_us > CAST($3 AS BIGINT) AND vw.deleted_at IS NULL)`
}

// VisibleArgs are the arguments of Visible.
func (a *Authorizer) VisibleArgs(ctx context.Context, c veranda.Conn, s *veranda.Standing) ([]any, error) {
	snapshot, err := a.policies.of(ctx, c, s)
	if err != nil {
		return nil, err
	}
	mode := int64(seesOwn)
	v := view{snapshot: snapshot, standing: s, roles: s.Roles}
	switch {
	case s.System != "":
		mode = seesAll
	case s.Member && v.has(permEnterOpen):
		mode = seesOpen
	case a.consented(s, false) || a.consented(s, true):
		mode = a.db.Now().UnixMicro()
	}
	return []any{s.Org, s.Account, mode}, nil
}

// Explain names what decides whether somebody with these roles has a permission: the role, the roles it inherits from,
// and the casbin row.
func (a *Authorizer) Explain(ctx context.Context, s *veranda.Standing, p veranda.Permission) (string, error) {
	snapshot, err := a.policies.of(ctx, a.db.Conn(), s)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(snapshot.Explain(strings.Fields(join(s.Roles, s.WorkspaceRoles)), string(p))), nil
}
