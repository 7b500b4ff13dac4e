package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// account is the unprivileged user that the servers run as when testall is root.
// PostgreSQL refuses root, and a Redis of root's would let any local user write
// files as root.
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount returns the account to run servers as, or nil to stay who we are.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("uid of %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("gid of %s: %w", name, err)
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody")
}

// credential is what a child process gets; nil leaves it as we are.
func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{}}
}

// room is the temporary directory of one run, with everything the servers write.
type room struct {
	directory string
	owner     *account // nil: ourselves
}

// newRoom makes the directory where the owner can reach it: TMPDIR may lie in a
// home that only root may enter.
func newRoom(owner *account) (*room, error) {
	for _, base := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		base, err := filepath.EvalSymlinks(base)
		if err != nil || (owner != nil && !openToAll(base)) {
			continue
		}
		directory, err := os.MkdirTemp(base, "veranda-test-")
		if err != nil {
			continue
		}
		r := &room{directory: directory, owner: owner}
		if owner != nil {
			// Enter, not list: the folders within belong to the owner.
			if err := os.Chmod(directory, 0o711); err != nil {
				r.remove()
				return nil, fmt.Errorf("opening the temporary directory: %w", err)
			}
		}
		return r, nil
	}
	return nil, fmt.Errorf("no temporary directory that the servers' user can reach (TMPDIR, /tmp, /var/tmp)")
}

// openToAll tells whether any user may walk down to the directory.
func openToAll(directory string) bool {
	for {
		info, err := os.Stat(directory)
		if err != nil || !info.IsDir() || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return true
		}
		directory = parent
	}
}

// folder makes a directory that only the owner may enter.
func (r *room) folder(name string) (string, error) {
	path := filepath.Join(r.directory, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", err
	}
	return path, r.give(path)
}

// file writes a file that only the owner may read.
func (r *room) file(name, content string) (string, error) {
	path := filepath.Join(r.directory, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", err
	}
	return path, r.give(path)
}

func (r *room) give(path string) error {
	if r.owner == nil {
		return nil
	}
	return os.Chown(path, int(r.owner.uid), int(r.owner.gid))
}

// remove deletes the directory. A server that had to be killed may have children
// that write a moment longer, so it is tried more than once.
func (r *room) remove() {
	var err error
	for range 20 {
		if err = os.RemoveAll(r.directory); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Fprintf(os.Stderr, "testall: the temporary directory stays: %v\n", err)
}
