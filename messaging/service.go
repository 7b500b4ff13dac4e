package messaging

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Limits is asked for "conversations" and "messages"; nil is unlimited.
	Limits veranda.Limits
	// Files keeps what is attached; nil: nothing is, and files that are named are refused.
	Files *files.Service
}

// Service is the package's API. Its methods may be called by several goroutines at once.
//
// Every method answers ErrUnauthenticated to who is not signed in, ErrNotFound where the conversation or message does not
// exist or the caller does not take part, ErrForbidden where they take part and their role may not do that, and an error
// with the code "invalid" that names every bad field.
type Service struct {
	conn   veranda.Conn
	authz  veranda.Authorizer
	limits veranda.Limits
	files  *files.Service
	texts  *texts
}

// texts are the queries that depend on the database or the authorizer, made once.
type texts struct {
	organization, workspace, conversation, message veranda.ComposedRead

	lockConversation, lockMessage, lockDraft       string
	reachable, insertPeople, insertWords, unreadOf string
	searchAll, searchOne                           string
}

// New makes the service.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("messaging: Deps wants DB and Authz")
	}
	if d.Limits == nil {
		d.Limits = veranda.Unlimited{}
	}
	return &Service{conn: d.DB.Conn(), authz: d.Authz, limits: d.Limits, files: d.Files, texts: &texts{
		organization:     d.Authz.Compose(veranda.Target{}),
		workspace:        d.Authz.Compose(veranda.Target{Workspace: "$4"}),
		conversation:     d.Authz.Compose(veranda.Target{Columns: ownColumns, Join: ownJoin}),
		message:          d.Authz.Compose(veranda.Target{Columns: ownColumns + ownMessageColumns, Join: ownJoin + ownMessageJoin}),
		lockConversation: d.DB.Pick(lockConversation+forUpdate, lockConversation),
		lockMessage:      d.DB.Pick(lockMessage+forUpdate, lockMessage),
		lockDraft:        d.DB.Pick(lockDraft+forUpdate, lockDraft),
		reachable:        d.DB.Pick(reachableFrom+listPostgres+reachableWhere, reachableFrom+listSQLite+reachableWhere),
		insertPeople:     d.DB.Pick(insertPeople+listPostgres, insertPeople+listSQLite),
		insertWords:      d.DB.Pick(insertWordsPostgres, insertWordsSQLite),
		unreadOf:         d.DB.Pick(unreadOfFrom+unreadOfPostgres+unreadOfGroup, unreadOfFrom+unreadOfSQLite+unreadOfGroup),
		searchAll:        d.DB.Pick(searchText(searchPostgres, ""), searchText(searchSQLite, "")),
		searchOne:        d.DB.Pick(searchText(searchPostgres, searchInOne), searchText(searchSQLite, searchInOne)),
	}}, nil
}

// forUpdate holds a row that others refer to; SQLite has one writer.
const forUpdate = ` FOR NO KEY UPDATE`

// WithTx binds the service to a running transaction: what it reads and writes lies in it.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// inOrganization reads the caller's standing in an organization and asks for a permission there.
func (s *Service) inOrganization(ctx context.Context, by veranda.Actor, org veranda.OrgID, permission veranda.Permission) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.texts.organization, by, org, nil)
	if err != nil {
		return nil, err
	}
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission, Missing: org.IsZero(), See: PermRead})
	return s.person(standing, err)
}

// person refuses background jobs: all there is to do here is a person's.
func (s *Service) person(standing *veranda.Standing, err error) (*veranda.Standing, error) {
	if err == nil && standing.Account.IsZero() {
		err = ErrNoAuthor
	}
	return standing, err
}

// inConversation reads a conversation as the caller takes part in it, and asks for a permission.
func (s *Service) inConversation(ctx context.Context, by veranda.Actor, org veranda.OrgID, id ID, permission veranda.Permission) (*veranda.Standing, *own, error) {
	var found own
	standing, err := s.conn.Read(ctx, s.texts.conversation, by, org, []any{id}, found.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	standing, err = s.person(standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission, Missing: found.id.IsZero(), See: PermRead}))
	return standing, &found, err
}

// atMessage reads a message as the caller sees it, and asks for a permission.
func (s *Service) atMessage(ctx context.Context, by veranda.Actor, org veranda.OrgID, id ID, n int64, permission veranda.Permission) (*veranda.Standing, *ownMessage, error) {
	var found ownMessage
	standing, err := s.conn.Read(ctx, s.texts.message, by, org, []any{id, n}, found.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	standing, err = s.person(standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{
		Permission: permission, Missing: found.id.IsZero() || found.n == 0, See: PermRead,
		Own: !found.author.IsZero() && found.author == standing.Account,
	}))
	return standing, &found, err
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

// Lists as one argument: words without spaces, or ids.
const (
	listPostgres = ` FROM unnest(string_to_array($3::text, ' ')::uuid[]) AS r (value)`
	listSQLite   = ` FROM json_each($3) r`
)

// list is many texts as one argument.
func list(db *veranda.DB, texts []string) string {
	if !db.Embedded() {
		return strings.Join(texts, " ")
	}
	return asJSON(texts)
}

func idList(db *veranda.DB, ids []veranda.AccountID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return list(db, texts)
}

// asJSON keeps a list of texts in a column.
func asJSON(texts []string) string {
	if len(texts) == 0 {
		return "[]"
	}
	text, err := json.Marshal(texts)
	if err != nil { // strings always marshal
		return "[]"
	}
	return string(text)
}

// jsonList reads such a column.
type jsonList struct{ to *[]string }

func (j jsonList) Scan(src any) error {
	var text string
	if err := veranda.Optional(&text).Scan(src); err != nil {
		return err
	}
	*j.to = []string{}
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), j.to)
}
