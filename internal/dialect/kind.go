package dialect

import (
	"fmt"

	"github.com/uptrace/bun"
	bundialect "github.com/uptrace/bun/dialect"
)

// Kind is one of the two databases Veranda runs on.
type Kind uint8

// The databases.
const (
	Postgres Kind = iota + 1
	SQLite
)

// String is the name used in migration folders and in logs.
func (k Kind) String() string {
	switch k {
	case Postgres:
		return "postgres"
	case SQLite:
		return "sqlite"
	default:
		return "unknown"
	}
}

// Of recognises the database behind a bun handle.
func Of(db bun.IDB) (Kind, error) {
	switch name := db.Dialect().Name(); name {
	case bundialect.PG:
		return Postgres, nil
	case bundialect.SQLite:
		return SQLite, nil
	default:
		return 0, fmt.Errorf("veranda: database dialect %s is not supported, use PostgreSQL or SQLite", name)
	}
}

// Pick returns the text written for this database. Queries that must be spelled apart are two constants side by side.
func (k Kind) Pick(postgres, sqlite string) string {
	if k == Postgres {
		return postgres
	}
	return sqlite
}
