package apps

import (
	"context"
	"errors"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/query"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Limits is asked for "apps", "records" and "record_comments"; nil is unlimited.
	Limits veranda.Limits
	// PromoteAt is how many records an application has in a table of its own: see [Service.TierJob]. 0 is 10,000, and
	// less than 0 never.
	PromoteAt int64
	// Addresses lets imports name people by their mail addresses; nil: by the ids of their accounts alone.
	Addresses Addresses
	// Blobs keeps files that are imported in the background; nil: there are no such imports.
	Blobs Blobs
}

// Service is the API of applications and their records. Its methods may be called by several goroutines at once.
//
// Every method answers ErrUnauthenticated to who is not signed in, ErrNotFound where the application or the record does
// not exist or the actor may not see it, ErrForbidden where they see it but may not do that, and an error with the code
// "invalid" that names every bad field. Methods with a Version answer ErrVersion when the thing has changed since. A field
// that a rule of the application hides from the actor is answered for as one that does not exist.
type Service struct {
	conn   veranda.Conn
	authz  veranda.Authorizer
	limits veranda.Limits
	// addresses and blobs may be nil.
	addresses Addresses
	blobs     Blobs
	schemas   *schemas
	places    *places
	texts     *texts
}

// texts are the queries that depend on the database or the authorizer, made once.
type texts struct {
	readApp, readDeletedApp, readRecord, readWorkspace, readOrganization veranda.ComposedRead

	visible string
	store   storeTexts
}

// New makes the service. It adds a consumer to the database, which computes lookups and roll-ups that are too many for the
// call that changes what they depend on, and another one that imports files.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("apps: Deps wants DB and Authz")
	}
	if d.Limits == nil {
		d.Limits = veranda.Unlimited{}
	}
	if d.PromoteAt == 0 {
		d.PromoteAt = promoteAt
	}
	compose := func(columns, join string) veranda.ComposedRead {
		return d.Authz.Compose(veranda.Target{Columns: columns, Join: join, Workspace: "a.workspace_id"})
	}
	store := storePostgres
	if d.DB.Embedded() {
		store = storeSQLite
	}
	s := &Service{conn: d.DB.Conn(), authz: d.Authz, limits: d.Limits, addresses: d.Addresses, blobs: d.Blobs, schemas: &schemas{}, places: &places{postgres: !d.DB.Embedded(), promoteAt: d.PromoteAt}, texts: &texts{
		readApp:          compose(appColumns, appJoin),
		readDeletedApp:   compose(appColumns+deletedColumns, deletedAppJoin),
		readRecord:       compose(appColumns+", "+recordColumns, appJoin+recordJoin),
		readWorkspace:    d.Authz.Compose(veranda.Target{Workspace: "$4"}),
		readOrganization: d.Authz.Compose(veranda.Target{}),
		visible:          d.Authz.Visible("a.workspace_id"),
		store:            store,
	}}
	return s, errors.Join(d.DB.Consume(s.consumer()), d.DB.Consume(s.importConsumer()))
}

// WithTx binds the service to a running transaction: what it reads and writes lies in it.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// place is where deleted records lie.
func (s *Service) place() query.Place { return query.Place{Postgres: !s.conn.DB().Embedded()} }

// workspace reads the actor's standing in a workspace and asks for a permission there.
func (s *Service) workspace(ctx context.Context, by veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID, permission veranda.Permission) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.texts.readWorkspace, by, org, []any{workspace})
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission, InWorkspace: true})
}

// open reads an application and the actor's standing in its workspace, and asks for a permission. It is one read.
func (s *Service) open(ctx context.Context, by veranda.Actor, org veranda.OrgID, id ID, permission veranda.Permission) (*sight, error) {
	known, version := s.schemas.get(id)
	var row appRow
	standing, err := s.conn.Read(ctx, s.texts.readApp, by, org, []any{id, version}, row.destinations()...)
	if err != nil {
		return nil, err
	}
	return s.enter(ctx, standing, &row, org, known, permission)
}

// enter makes a sight of what was read, and asks for a permission.
func (s *Service) enter(ctx context.Context, standing *veranda.Standing, row *appRow, org veranda.OrgID, known *schema, permission veranda.Permission) (*sight, error) {
	sch := &schema{}
	if !row.id.IsZero() {
		var err error
		if sch, err = s.schema(row, known); err != nil {
			return nil, err
		}
	}
	g, err := s.look(ctx, standing, row.app(org), sch)
	if err != nil {
		return nil, err
	}
	return g, s.decide(ctx, g, permission)
}

// schema is what an application is made of: that which is known, where the read found that it is still so.
func (s *Service) schema(row *appRow, known *schema) (*schema, error) {
	if row.schema == "" {
		return known, nil
	}
	sch, err := decodeSchema(row.schema, row.schemaVersion)
	if err != nil {
		return nil, err
	}
	// What a transaction reads may be its own and be undone; others must not take it for what is.
	if s.conn.Tx() == nil {
		s.schemas.put(row.id, sch)
	}
	return sch, nil
}

// openRecord is open with a record of the application.
func (s *Service) openRecord(ctx context.Context, by veranda.Actor, org veranda.OrgID, id ID, recordID RecordID, permission veranda.Permission) (*sight, *record, error) {
	known, version := s.schemas.get(id)
	var row appRow
	var found recordRow
	standing, err := s.conn.Read(ctx, s.texts.readRecord, by, org, []any{id, version, recordID}, append(row.destinations(), found.destinations()...)...)
	if err != nil {
		return nil, nil, err
	}
	g, err := s.enter(ctx, standing, &row, org, known, permission)
	if err != nil {
		return nil, nil, err
	}
	if g.place.own() {
		// What was read lies where the records were before, if at all.
		r, err := s.readOne(ctx, g, recordID)
		if err == nil && (r == nil || !g.sees(r)) {
			err = veranda.ErrNotFound
		}
		return g, r, err
	}
	if found.id.IsZero() {
		return nil, nil, veranda.ErrNotFound
	}
	r, err := found.record()
	if err != nil {
		return nil, nil, err
	}
	if !g.sees(r) {
		return nil, nil, veranda.ErrNotFound
	}
	return g, r, nil
}
