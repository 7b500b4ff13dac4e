package audit

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
}

// Service is the package's API.
type Service struct {
	conn     veranda.Conn
	authz    veranda.Authorizer
	standing veranda.ComposedRead
	list     string
}

// New makes the service.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("audit: Deps wants DB and Authz")
	}
	return &Service{
		conn: d.DB.Conn(), authz: d.Authz, standing: d.Authz.Compose(veranda.Target{}),
		list: listText(d.DB.Pick(auditedPostgres, auditedSQLite), d.Authz.Visible("workspace_id")),
	}, nil
}

// WithTx binds the service to a running transaction.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// List is a page of an organization's audit log, newest first.
//
// Permission: audit.read for all of it, audit.read_people for what concerns people, audit.read_own for what one did
// oneself and what was done to one.
func (s *Service) List(ctx context.Context, by veranda.Actor, in ListInput) (veranda.List[Entry], error) {
	list := veranda.List[Entry]{Items: []Entry{}}
	var c veranda.Checks
	limit := in.Size(&c)
	before := position(&c, in.Page, "audit")
	in.check(&c)
	if err := c.Err(); err != nil {
		return list, err
	}
	items, err := s.page(ctx, by, in.Org, in.Filter, before, limit+1)
	if err != nil {
		return list, err
	}
	return cut(items, limit, "audit"), nil
}

// Mine is a page of the log of one's own account, newest first: sign-ins made and refused, addresses, passwords, sessions.
//
// Permission: account.read_own.
func (s *Service) Mine(ctx context.Context, by veranda.Actor, in MineInput) (veranda.List[Entry], error) {
	list := veranda.List[Entry]{Items: []Entry{}}
	var c veranda.Checks
	limit := in.Size(&c)
	before := position(&c, in.Page, "audit_mine")
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, err := s.authz.Account(ctx, s.conn, by)
	if err != nil {
		return list, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: tenancy.PermAccountRead}); err != nil {
		return list, err
	}
	items, err := s.entries(ctx, mineText, []any{standing.Account.String(), s.conn.DB().Time(before.at), before.id, limit + 1})
	if err != nil {
		return list, err
	}
	return cut(items, limit, "audit_mine"), nil
}

// reads decides how much of the log somebody reads.
func (s *Service) reads(ctx context.Context, standing *veranda.Standing) (int64, error) {
	for _, try := range []struct {
		permission veranda.Permission
		reads      int64
	}{{tenancy.PermAuditRead, readsAll}, {tenancy.PermAuditReadPeople, readsPeople}} {
		err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: try.permission})
		if veranda.CodeOf(err) != veranda.CodeForbidden || errors.Is(err, tenancy.ErrSecondFactorRequired) {
			return try.reads, err
		}
	}
	return readsOwn, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: tenancy.PermAuditReadOwn})
}

// page reads entries below a position; it decides anew each time, so that a long export ends with the right to it.
func (s *Service) page(ctx context.Context, by veranda.Actor, org veranda.OrgID, f Filter, before at, size int) ([]Entry, error) {
	standing, err := s.conn.Read(ctx, s.standing, by, org, nil)
	if err != nil {
		return nil, err
	}
	reads, err := s.reads(ctx, standing)
	if err != nil {
		return nil, err
	}
	args, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return nil, err
	}
	from, to := beginning, end
	if !f.From.IsZero() {
		from = f.From
	}
	if !f.To.IsZero() {
		to = f.To
	}
	db := s.conn.DB()
	return s.entries(ctx, s.list, append(args, reads, standing.Account.String(), db.Time(before.at), before.id, db.Time(from), db.Time(to),
		pattern(f.Kind), f.Subject, f.By, size))
}

// at is a position in the log.
type at struct {
	at time.Time
	id string
}

var newest = at{end, "ffffffff-ffff-ffff-ffff-ffffffffffff"}

func position(c *veranda.Checks, page veranda.Page, list string) at {
	parts := page.Position(c, list, 2)
	if parts == nil {
		return newest
	}
	micros, err := strconv.ParseInt(parts[0], 10, 64)
	var id veranda.EventID
	if err != nil || id.UnmarshalText([]byte(parts[1])) != nil || micros > end.UnixMicro() || micros < beginning.UnixMicro() {
		c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		return newest
	}
	return at{time.UnixMicro(micros).UTC(), id.String()}
}

func cut(items []Entry, limit int, list string) veranda.List[Entry] {
	if len(items) <= limit {
		return veranda.List[Entry]{Items: items}
	}
	items = items[:limit]
	last := items[limit-1]
	return veranda.List[Entry]{Items: items, Next: veranda.EncodeCursor(list, strconv.FormatInt(last.At.UnixMicro(), 10), last.ID.String())}
}
