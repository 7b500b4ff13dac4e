package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewestFirst(t *testing.T) {
	t.Parallel()
	got := newestFirst([]string{
		"/usr/lib/postgresql/9.6/bin", "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/17/bin", "/opt/none/bin",
	})
	want := []string{
		"/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/9.6/bin", "/opt/none/bin",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestIsProgram(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	program, text := filepath.Join(directory, "program"), filepath.Join(directory, "text")
	for path, mode := range map[string]os.FileMode{program: 0o755, text: 0o644} {
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{
		program: true, text: false, directory: false, filepath.Join(directory, "absent"): false,
	} {
		if got := isProgram(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
