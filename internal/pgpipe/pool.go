package pgpipe

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/stdlib"
)

// Open returns a pool whose connections pipeline. It connects when first used, and config is copied.
//
// Statements with arguments run in config's DefaultQueryExecMode, which is the statement cache unless the host chose
// otherwise. Statements without arguments (bun writes its arguments into the text, so that each text is new) are neither
// prepared nor cached: Exec uses the simple protocol, and Query pgx.QueryExecModeExec.
func Open(config *pgx.ConnConfig) *sql.DB {
	return sql.OpenDB(newConnector(config))
}

// Supports tells whether db was opened by Open. A host's own pool cannot take deferred statements: it would pass the
// mark on to the server as an argument.
func Supports(db *sql.DB) bool {
	_, ok := db.Driver().(pipeDriver)
	return ok
}

// connector dials connections with one configuration.
type connector struct {
	config pgx.ConnConfig
	// argumentMode runs statements that have arguments. The connection's own default is QueryExecModeExec, because a
	// pgx.Batch takes its mode from there, and a batch may hold statements that must not be prepared.
	argumentMode pgx.QueryExecMode
	// preparedLimit bounds the statements a connection keeps prepared for deferred use; 0 prepares none.
	preparedLimit int
}

func newConnector(config *pgx.ConnConfig) *connector {
	c := &connector{config: *config.Copy(), argumentMode: config.DefaultQueryExecMode}
	if c.argumentMode == pgx.QueryExecModeCacheStatement {
		if config.StatementCacheCapacity > 0 {
			c.preparedLimit = config.StatementCacheCapacity
		} else {
			c.argumentMode = pgx.QueryExecModeExec // pgx refuses the cached mode when the cache is switched off
		}
	}
	c.config.DefaultQueryExecMode = pgx.QueryExecModeExec
	return c
}

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	config := c.config
	buildFrontend := config.BuildFrontend
	// pgx may build a frontend for each host it tries, so the one that it kept is looked up by identity.
	built := make(map[*pgproto3.Frontend]*lazyBegin)
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		lazy := newLazyBegin(r, w)
		frontend := buildFrontend(lazy, lazy)
		built[frontend] = lazy
		return frontend
	}
	driverConn, err := stdlib.GetConnector(config).Connect(ctx)
	if err != nil {
		return nil, err
	}
	plain, ok := driverConn.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("pgpipe: pgx made a %T instead of a *stdlib.Conn", driverConn), driverConn.Close())
	}
	lazy := built[plain.Conn().PgConn().Frontend()]
	clear(built)
	if lazy == nil {
		return nil, errors.Join(errors.New("pgpipe: pgx uses another frontend than it built"), plain.Close())
	}
	return &conn{
		plain:        plain,
		pg:           plain.Conn(),
		lazy:         lazy,
		argumentMode: c.argumentMode,
		prepared:     preparedSet{limit: c.preparedLimit},
	}, nil
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return pipeDriver{} }

// pipeDriver marks the pools of Open.
type pipeDriver struct{}

// Open implements driver.Driver: it dials one connection from a connection string.
func (pipeDriver) Open(connString string) (driver.Conn, error) {
	config, err := pgx.ParseConfig(connString)
	if err != nil {
		return nil, err
	}
	return newConnector(config).Connect(context.Background())
}
