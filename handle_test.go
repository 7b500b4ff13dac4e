package veranda_test

import (
	"testing"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda/internal/database"
	"github.com/veranda-go/veranda/verandatest"
)

// plainHandle is a handle as a host program would open it by itself.
func plainHandle(t *testing.T, e *verandatest.Env, how string) *bun.DB {
	t.Helper()
	pragmas := "_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_txlock=immediate"
	if how == "careless" {
		pragmas = ""
	}
	handle, err := database.Plain(e.Location, pragmas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = handle.Close() })
	return handle
}
