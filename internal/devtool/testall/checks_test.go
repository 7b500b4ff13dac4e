package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTestStep(t *testing.T) {
	t.Parallel()
	p, err := parseArguments([]string{"-run", "X", "-timeout=1m", "./tasks", "-args", "-v"})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields("go test -race -vet=off -p=2 -timeout=25m -run X -timeout=1m ./tasks -args -v")
	named, err := testSteps(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, named[0].arguments); diff != "" || len(named) != 1 {
		t.Errorf("command (-want +got):\n%s", diff)
	}
	all, err := parseArguments([]string{"-count=1"})
	if err != nil {
		t.Fatal(err)
	}
	both, err := testSteps(t.Context(), all, func(context.Context) ([]string, error) {
		return []string{"m/a", "m/examples/server", "m/examples/server/internal/web"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range both {
		got = append(got, strings.Join(s.arguments, " "))
	}
	if diff := cmp.Diff([]string{
		"go test -race -vet=off -p=2 -timeout=25m -count=1 m/a m/examples/server/internal/web",
		"go test -vet=off -p=2 -timeout=25m -count=1 ./examples/server",
	}, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	for _, s := range checkSteps(p.packages) {
		if last := s.arguments[len(s.arguments)-1]; last != "./tasks" {
			t.Errorf("%s: %q, want the packages alone", s.name, s.arguments)
		}
	}
}

func TestCheckFormat(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("good.go", "package x\n\nvar a = 1\n")
	write("testdata/bad.go", "package   x\n")
	write(".hidden/bad.go", "package   x\n")
	if err := checkFormat(root); err != nil {
		t.Errorf("a formatted tree: %v", err)
	}
	write("deep/bad.go", "package x\nvar  a = 1\n")
	if err := checkFormat(root); exitStatus(err) == 0 {
		t.Error("a file that gofmt would change passes")
	}
	write("deep/bad.go", "package x\nfunc {\n")
	if err := checkFormat(root); exitStatus(err) == 0 {
		t.Error("a file that does not parse passes")
	}
}
