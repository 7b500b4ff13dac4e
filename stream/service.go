package stream

import (
	"context"
	"database/sql"
	"errors"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Limits is asked for "statuses" and "status_comments"; nil is unlimited.
	Limits veranda.Limits
	// Kinds are the events that streams show: kinds ("tenancy.member_joined") and beginnings of kinds with an asterisk
	// ("tasks.*"). Posted statuses are always shown; list EventCommentAdded or EventReactionAdded to show those by
	// themselves too. An event's data is shown as it is to whoever sees the workspace it happened in, guests included: name
	// single kinds where a package's other events carry more, such as the addresses in those of invitations.
	Kinds []string
	// Files are what statuses and comments have attached; nil: nothing can be attached.
	Files *files.Service
	// Previews looks at the pages that texts link to; nil: links have no previews, and nothing is called. See NewPreviewer.
	Previews Previewer
	// PreviewsFor tells whether an organization wants previews of its links; nil: all do.
	PreviewsFor func(ctx context.Context, org veranda.OrgID) (bool, error)
}

// Service is the package's API.
type Service struct {
	conn   veranda.Conn
	authz  veranda.Authorizer
	limits veranda.Limits
	shown  shown
	reads  reads
	texts  streamTexts
	scans  scanTexts
	posts
}

// reads are the service's composed reads, made once.
type reads struct {
	organization, workspace, status, comment veranda.ComposedRead
}

// New makes the service. It refuses a pattern in Deps.Kinds that is none.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("stream: Deps wants DB and Authz")
	}
	if d.Limits == nil {
		d.Limits = veranda.Unlimited{}
	}
	shown, err := newShown(d.Kinds)
	if err != nil {
		return nil, err
	}
	return &Service{
		posts: newPosts(d),
		conn:  d.DB.Conn(), authz: d.Authz, limits: d.Limits, shown: shown,
		reads: reads{
			organization: d.Authz.Compose(veranda.Target{}),
			workspace:    d.Authz.Compose(veranda.Target{Workspace: "$4"}),
			status:       d.Authz.Compose(veranda.Target{Columns: statusOwnColumns, Join: statusOwnJoin, Workspace: "t.workspace_id"}),
			comment:      d.Authz.Compose(veranda.Target{Columns: commentOwnColumns, Join: commentOwnJoin, Workspace: "t.workspace_id"}),
		},
		texts: newStreamTexts(d.DB, len(shown)),
		scans: newScanTexts(d.DB, d.Authz.Visible("h.workspace_id")),
	}, nil
}

// WithTx binds the service to a running transaction.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// queryer is a Conn or a Tx.
type queryer interface {
	Query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// each reads rows: scan is called on each.
func each(ctx context.Context, q queryer, text string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := q.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one reads a row that may be absent.
func one(ctx context.Context, q queryer, text string, args []any, destinations ...any) (found bool, err error) {
	err = each(ctx, q, text, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(destinations...)
	})
	return found, err
}

// cut makes a page of the rows of a read that asked for one more than its size.
func cut[T any](items []T, size int, cursor func(last T) string) veranda.List[T] {
	if items == nil {
		items = []T{}
	}
	if len(items) <= size {
		return veranda.List[T]{Items: items}
	}
	items = items[:size]
	return veranda.List[T]{Items: items, Next: cursor(items[size-1])}
}
