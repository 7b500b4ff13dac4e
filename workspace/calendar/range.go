package calendar

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// The bounds of ranges.
const (
	// MaxRange is how long a time may be asked for: 400 days.
	MaxRange = 400 * 24 * time.Hour
	// MaxEntries is how many things a range may have in it. A calendar that is shown wants all or none, so that there are no
	// pages: more are refused.
	MaxEntries = 10_000
)

// RangeInput asks for the calendar of a workspace.
type RangeInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	From      time.Time           `query:"from" json:"from" required:"true" doc:"The beginning of the time, 2026-05-01T00:00:00Z."`
	To        time.Time           `query:"to" json:"to" required:"true" doc:"Its end, at most 400 days later."`
	Mine      bool                `query:"mine" json:"mine" doc:"Only what one made, is assigned or is invited to."`
}

// RangeAllInput asks for everything in an organization that the caller may see.
type RangeAllInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	From time.Time     `query:"from" json:"from" required:"true" doc:"The beginning of the time, 2026-05-01T00:00:00Z."`
	To   time.Time     `query:"to" json:"to" required:"true" doc:"Its end, at most 400 days later."`
	Mine bool          `query:"mine" json:"mine" doc:"Only what one made, is assigned or is invited to."`
}

// Range is everything in a time, by start.
type Range struct {
	Items []*Entry `json:"items"`
}

func checkRange(from, to time.Time) error {
	var c veranda.Checks
	from, to = c.Moment("/from", from), c.Moment("/to", to)
	if !c.Failed("/from") && !c.Failed("/to") {
		switch {
		case !from.Before(to):
			c.Add("/to", "before_start", "must lie after from")
		case to.Sub(from) > MaxRange:
			c.Add("/to", "too_long", "must lie at most 400 days after from")
		}
	}
	return c.Err()
}

// List is the calendar of a workspace in a time: its events, each occurrence by itself, and what else has dates there.
// What only touches the time is in it too.
//
// Permission: calendar.read in the workspace. Errors: not_found for a workspace the caller may not see; invalid;
// calendar.too_many (conflict).
func (s *Service) List(ctx context.Context, by veranda.Actor, in RangeInput) (*Range, error) {
	if err := checkRange(in.From, in.To); err != nil {
		return nil, err
	}
	var version int64
	standing, err := s.conn.Read(ctx, s.texts.version, by, in.Org, []any{in.Workspace}, &version)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, InWorkspace: true}); err != nil {
		return nil, err
	}
	want := wanted{Query: Query{Org: in.Org, Workspace: in.Workspace, Mine: in.Mine, From: in.From.UTC(), To: in.To.UTC(), Limit: MaxEntries + 1}, me: standing.Account}
	return s.collect(ctx, by, want, []workspaceVersion{{in.Workspace, version}}, s.texts.ranges.workspace, []any{in.Org, in.Workspace})
}

// ListAll is the calendar of all workspaces in an organization that the caller may see, or with Mine of what is the
// caller's own there.
//
// Permission: calendar.read in the organization. Errors: not_found for an organization the caller does not belong to;
// invalid; calendar.too_many (conflict).
func (s *Service) ListAll(ctx context.Context, by veranda.Actor, in RangeAllInput) (*Range, error) {
	if err := checkRange(in.From, in.To); err != nil {
		return nil, err
	}
	standing, err := s.conn.Read(ctx, s.texts.organization, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, Missing: in.Org.IsZero(), See: PermRead}); err != nil {
		return nil, err
	}
	visible, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return nil, err
	}
	var versions []workspaceVersion
	err = each(ctx, s.conn, s.texts.versions, visible, func(rows *sql.Rows) error {
		var v workspaceVersion
		defer func() { versions = append(versions, v) }()
		return rows.Scan(&v.workspace, &v.version)
	})
	if err != nil {
		return nil, fmt.Errorf("calendar: read versions: %w", err)
	}
	want := wanted{Query: Query{Org: in.Org, Mine: in.Mine, From: in.From.UTC(), To: in.To.UTC(), Limit: MaxEntries + 1}, me: standing.Account}
	return s.collect(ctx, by, want, versions, s.texts.ranges.organization, visible)
}

type wanted struct {
	Query
	me veranda.AccountID
}

// collect puts together what happens once, what repeats and what sources have.
func (s *Service) collect(ctx context.Context, by veranda.Actor, want wanted, versions []workspaceVersion, text string, scope []any) (*Range, error) {
	out, err := s.single(ctx, want, text, scope)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		repeated, err := s.repeated(ctx, want, v)
		if err != nil {
			return nil, err
		}
		if out = merge(out, repeated); len(out) > MaxEntries {
			return nil, ErrTooMany
		}
	}
	dated, err := s.dated(ctx, by, want.Query)
	if err != nil {
		return nil, err
	}
	out = merge(out, dated)
	if len(out) > MaxEntries {
		return nil, ErrTooMany
	}
	if out == nil {
		out = []*Entry{}
	}
	return &Range{Items: out}, nil
}

func compareEntries(a, b *Entry) int {
	if order := a.StartsAt.Compare(b.StartsAt); order != 0 {
		return order
	}
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID), strings.Compare(a.Occurrence, b.Occurrence))
}

// merge puts two lists in order into one. The shorter one is put between stretches of the longer.
func merge(a, b []*Entry) []*Entry {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(b) == 0 {
		return a
	}
	out := make([]*Entry, 0, len(a)+len(b))
	for _, e := range b {
		before := 0
		if len(a) > 0 && compareEntries(a[0], e) <= 0 {
			before = reach(a, e)
		}
		out = append(append(out, a[:before]...), e)
		a = a[before:]
	}
	return append(out, a...)
}

// reach is how many of a list come before an entry; it looks near the beginning first.
func reach(list []*Entry, e *Entry) int {
	step := 1
	for step < len(list) && compareEntries(list[step], e) <= 0 {
		step *= 2
	}
	low := step / 2
	return low + sort.Search(min(step, len(list))-low, func(i int) bool { return compareEntries(list[low+i], e) > 0 })
}

// touches tells whether something lies within a time, or reaches into it.
func touches(start, end, from, to time.Time) bool {
	return start.Before(to) && (end.After(from) || start.Equal(from))
}

// rangeTexts read what happens once. An index has what takes at most a day by its start; the few that take longer have a
// range of their own. The placeholders of the time follow the scope's.
type rangeTexts struct{ workspace, organization, feedWorkspace, feedOrganization string }

const (
	// What belongs to whole days is one column, empty for most: each column more costs with each row.
	rangeColumns = `SELECT e.id, e.workspace_id, e.title, e.place, CASE WHEN e.all_day THEN e.start_wall || ' ' || e.seconds ELSE '' END, e.starts_at, e.ends_at, e.updated_at FROM veranda_calendar_events e WHERE `
	inWorkspace  = `e.org_id = $1 AND e.workspace_id = $2`
	// $n are: from, to, a day before from, MaxDays before from, the account whose own are asked for or '', the limit.
	shortInWorkspace = ` AND e.span = 0 AND e.starts_at >= $5 AND e.starts_at < $4 AND (e.ends_at > $3 OR e.starts_at = $3)`
	longInWorkspace  = ` AND e.span = 1 AND e.starts_at >= $6 AND e.starts_at < $4 AND e.ends_at > $3`
	mineInWorkspace  = ` AND ($7 = '' OR e.created_by = $8 OR e.guests LIKE '%' || $7 || '%' AND e.guests NOT LIKE '%' || $7 || '","answer":"declined%')`
	limitInWorkspace = ` LIMIT $9`

	shortInOrganization = ` AND e.span = 0 AND e.starts_at >= $6 AND e.starts_at < $5 AND (e.ends_at > $4 OR e.starts_at = $4)`
	longInOrganization  = ` AND e.span = 1 AND e.starts_at >= $7 AND e.starts_at < $5 AND e.ends_at > $4`
	mineInOrganization  = ` AND ($8 = '' OR e.created_by = $9 OR e.guests LIKE '%' || $8 || '%' AND e.guests NOT LIKE '%' || $8 || '","answer":"declined%')`
	limitInOrganization = ` LIMIT $10`

	// A feed has all that repeats, and of what happens once what lies in its time.
	feedColumns        = `SELECT ` + eventColumns + ` FROM veranda_calendar_events e WHERE `
	repeatsInWorkspace = ` AND e.span = 2 AND e.starts_at < $4 AND e.ends_at > $3`
	onceInWorkspace    = ` AND e.span IN (0, 1) AND e.starts_at >= $5 AND e.starts_at < $4 AND (e.ends_at > $3 OR e.starts_at = $3)`
	feedInWorkspace    = ` LIMIT $6`

	repeatsInOrganization = ` AND e.span = 2 AND e.starts_at < $5 AND e.ends_at > $4`
	onceInOrganization    = ` AND e.span IN (0, 1) AND e.starts_at >= $6 AND e.starts_at < $5 AND (e.ends_at > $4 OR e.starts_at = $4)`
	mineOfFeed            = ` AND (e.created_by = $7 OR e.guests LIKE '%' || $8 || '%')`
	feedInOrganization    = ` LIMIT $9`

	versionColumns = `v.version`
	versionJoin    = `LEFT JOIN veranda_calendar_versions v ON v.org_id = $2 AND v.workspace_id = $4`
	listVersions   = `SELECT v.workspace_id, v.version FROM veranda_calendar_versions v WHERE v.org_id = $1 AND `
)

func newRangeTexts(db *veranda.DB, authz veranda.Authorizer) rangeTexts {
	// PostgreSQL wants to know what an argument is.
	typed := func(text string) string {
		if db.Embedded() {
			return text
		}
		return strings.NewReplacer("($7 = ''", "($7::text = ''", "($8 = ''", "($8::text = ''", "|| $7 ||", "|| $7::text ||", "|| $8 ||", "|| $8::text ||").Replace(text)
	}
	// SQLite would look the visible workspaces up one by one; the plus keeps it at the index that has the time.
	organization := `e.org_id = $1 AND ` + authz.Visible(db.Pick("e.workspace_id", "+e.workspace_id"))
	return rangeTexts{
		feedWorkspace: feedColumns + inWorkspace + repeatsInWorkspace + ` UNION ALL ` + feedColumns + inWorkspace + onceInWorkspace + feedInWorkspace,
		feedOrganization: feedColumns + organization + repeatsInOrganization + typed(mineOfFeed) +
			` UNION ALL ` + feedColumns + organization + onceInOrganization + typed(mineOfFeed) + feedInOrganization,
		workspace: rangeColumns + inWorkspace + shortInWorkspace + typed(mineInWorkspace) +
			` UNION ALL ` + rangeColumns + inWorkspace + longInWorkspace + typed(mineInWorkspace) + limitInWorkspace,
		organization: rangeColumns + organization + shortInOrganization + typed(mineInOrganization) +
			` UNION ALL ` + rangeColumns + organization + longInOrganization + typed(mineInOrganization) + limitInOrganization,
	}
}

// single reads what happens once.
func (s *Service) single(ctx context.Context, want wanted, text string, scope []any) (list []*Entry, err error) {
	db := s.conn.DB()
	mine, account := "", any(nil)
	if want.Mine {
		mine, account = want.me.String(), want.me
	}
	args := append(slices.Clone(scope), db.Time(want.From), db.Time(want.To), db.Time(want.From.AddDate(0, 0, -1)),
		db.Time(want.From.AddDate(0, 0, -MaxDays-1)), mine, account, want.Limit)
	var id sql.RawBytes // the id's text as it is read; the entry keeps a copy
	var days string
	var e Entry
	destinations := []any{
		&id, &e.Workspace, &e.Title, &e.Place, &days, veranda.Moment(&e.StartsAt), veranda.Moment(&e.EndsAt), veranda.Moment(&e.UpdatedAt),
	}
	e.Kind = "event"
	path := []byte("/v1/organizations/" + want.Org.String() + "/events/")
	before := len(path)
	var block []Entry // entries are made by the block, a path and the id in it once
	err = each(ctx, s.conn, text, args, func(rows *sql.Rows) error {
		if err := rows.Scan(destinations...); err != nil {
			return err
		}
		if len(block) == cap(block) {
			block = make([]Entry, 0, min(max(2*cap(block), 16), 256))
		}
		block = append(block, e)
		one := &block[len(block)-1]
		path = append(path[:before], id...)
		one.Path = string(path)
		one.ID = one.Path[before:]
		if days != "" {
			one.AllDay = true
			one.StartDate, one.EndDate = daysOf(days)
		}
		list = append(list, one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("calendar: read a range: %w", err)
	}
	// The index gave them nearly in order, and where there are more than the limit they are refused: the database need not
	// sort.
	slices.SortFunc(list, compareEntries)
	return list, nil
}

// daysOf reads the wall time of a start and how many seconds it takes, as rangeColumns has them.
func daysOf(days string) (first, last string) {
	wall, length, _ := strings.Cut(days, " ")
	begins, err := time.Parse(layoutWall, wall)
	if err != nil {
		return "", "" // nothing else is stored
	}
	seconds, err := strconv.ParseInt(length, 10, 64)
	if err != nil {
		return "", ""
	}
	return when{allDay: true, wall: begins, seconds: seconds}.dates()
}
