package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOpenToAll(t *testing.T) {
	t.Parallel()
	directory, err := os.MkdirTemp("/tmp", "testall-open-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	within := filepath.Join(directory, "within")
	if err := os.Mkdir(within, 0o755); err != nil {
		t.Fatal(err)
	}
	if openToAll(within) {
		t.Error("a directory below one of mode 0700 counts as open")
	}
	if err := os.Chmod(directory, 0o711); err != nil {
		t.Fatal(err)
	}
	if !openToAll(within) {
		t.Error("a directory that all may enter counts as closed")
	}
	if openToAll(filepath.Join(directory, "absent")) {
		t.Error("an absent directory counts as open")
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	r, err := newRoom(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.remove()
	folder, err := r.folder("data")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := r.file("secret", "x")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{r.directory: 0o700, folder: 0o700, secret: 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", path, got, want)
		}
	}
	r.remove()
	if _, err := os.Stat(r.directory); !os.IsNotExist(err) {
		t.Errorf("after remove: %v, want that it does not exist", err)
	}
}
