package architecture

import "testing"

func TestRefuseImport(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from, to string
		test     bool
		refused  string // "": allowed
	}{
		{from: "tasks", to: "workspace"},
		{from: "tasks", to: "workspace/files"},
		{from: "tasks", to: "tenancy"},
		{from: "tasks", to: ""},
		{from: "tasks", to: "internal/dialect"},
		{from: "forms", to: "apps"},
		{from: "apps", to: "forms", refused: "siblings"},
		{from: "tasks", to: "stream", refused: "siblings"},
		{from: "tasks", to: "stream", test: true, refused: "siblings"},
		{from: "workspace", to: "tasks", refused: "higher floor"},
		{from: "tenancy", to: "workspace", refused: "higher floor"},
		{from: "", to: "tenancy", refused: "higher floor"},
		{from: "", to: "internal/policy"},
		{from: "internal/policy", to: "", refused: "higher floor"},
		{from: "internal/policy", to: "tenancy", test: true, refused: "higher floor"},
		{from: "internal/policy", to: "internal/dialect"},
		{from: "internal/conformance", to: ""},
		{from: "internal/conformance/engines", to: ""},
		{from: "internal/conformance", to: "tenancy", refused: "higher floor"},
		{from: "workspace/files", to: "workspace"},
		{from: "workspace/files", to: "workspace/files/scan"},
		{from: "workspace", to: "workspace/files", refused: "does not know its parts"},
		{from: "workspace/files", to: "workspace/documents", refused: "parts of workspace"},
		{from: "workspace/files/scan", to: "workspace/documents", refused: "parts of workspace"},
		{from: "tasks", to: "tasks/import"},
		{from: "examples/server", to: "tasks"},
		{from: "examples/server/bench", to: "examples/server"},
		{from: "tasks", to: "examples/server", refused: "higher floor"},
		{from: "verandatest", to: "tasks"},
		{from: "verandatest", to: "internal/dialect"},
		{from: "verandatest", to: "examples/server", refused: "does not know the examples"},
		{from: "tasks", to: "verandatest", refused: "only tests"},
		{from: "tasks", to: "verandatest", test: true},
		{from: "internal/conformance", to: "verandatest", refused: "only tests"},
		{from: "examples/server", to: "verandatest", refused: "only tests"},
		{from: "examples/server", to: "verandatest", test: true},
		{from: "examples/server/bench", to: "verandatest"},
		{from: "examples/server/bench/report", to: "verandatest"},
		{from: "internal/devtool/testall", to: "examples/server"},
		{from: "internal/architecture", to: "internal/devtool"},
		{from: "internal/dialect", to: "internal/devtool", refused: "nothing depends"},
		{from: "examples/server", to: "internal/architecture", test: true, refused: "nothing depends"},
		{from: "tasks", to: "elsewhere", refused: "no floor"},
	} {
		got := refuseImport(test.from, test.to, test.test)
		if (got == "") != (test.refused == "") || !contains(got, test.refused) {
			t.Errorf("%q imports %q (test: %v): got %q, want %q", test.from, test.to, test.test, got, test.refused)
		}
	}
}

func TestFloors(t *testing.T) {
	t.Parallel()
	h := build(t, `
-- house.go --
package house
import _ "example.org/house/internal/dialect"
-- internal/dialect/dialect.go --
package dialect
import _ "fmt"
-- tasks/task.go --
package tasks
import (
	_ "example.org/house"
	_ "example.org/house/stream"
)
-- tasks/task_test.go --
package tasks
import _ "example.org/house/verandatest"
-- stream/stream.go --
package stream
-- verandatest/kit.go --
package verandatest
-- stray/stray.go --
package stray
`)
	expect(t, h, checkFloors, map[string]string{
		"tasks/task.go:4": "siblings",
		"stray":           "no floor",
	})
}
