// Package core holds the tables of the vocabulary package: event log, outbox, slots of periodic jobs, idempotency keys.
package core

import (
	"embed"
	"io/fs"
)

//go:embed migrations
var files embed.FS

// Migrations is the schema of the core tables.
func Migrations() fs.FS {
	sub, err := fs.Sub(files, "migrations")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return sub
}
