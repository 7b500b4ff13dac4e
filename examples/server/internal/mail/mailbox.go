package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// mailboxSize is how many mails the mailbox keeps.
const mailboxSize = 500

// Mailbox keeps mails on disk instead of sending them, the newest 500, as files that any mail program opens. It is for
// development and for trying the product out: whoever reads it can take over every account.
type Mailbox struct {
	dir  string
	from Address
	now  func() time.Time
	mu   sync.Mutex
	last int64
}

// NewMailbox makes the folder, readable by its owner alone, and a mailbox in it.
func NewMailbox(dir string, from Address, now func() time.Time) (*Mailbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	return &Mailbox{dir: dir, from: from, now: now}, nil
}

// Send puts a mail into the mailbox. It gives ErrMalformed exactly where a Sender would.
func (b *Mailbox) Send(_ context.Context, m Message) error {
	msg, err := m.build(b.from, b.now())
	if err != nil {
		return err
	}
	var text strings.Builder
	if _, err := msg.WriteTo(&text); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// The name sorts by time; two mails of one microsecond get different ones.
	b.last = max(b.last+1, b.now().UnixMicro())
	path := filepath.Join(b.dir, fmt.Sprintf("%016d.eml", b.last))
	if err := os.WriteFile(path+".new", []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	return b.prune()
}

func (b *Mailbox) prune() error {
	names, err := b.names()
	if err != nil {
		return err
	}
	for len(names) > mailboxSize {
		if err := os.Remove(filepath.Join(b.dir, names[0])); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("mailbox: %w", err)
		}
		names = names[1:]
	}
	return nil
}

// names are the mails' files, oldest first.
func (b *Mailbox) names() ([]string, error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".eml") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// List reads the newest mails, at most limit, newest first.
func (b *Mailbox) List(limit int) ([]Received, error) {
	names, err := b.names()
	if err != nil {
		return nil, err
	}
	slices.Reverse(names)
	list := make([]Received, 0, min(limit, len(names)))
	for _, name := range names[:min(limit, len(names))] {
		r, err := b.Read(strings.TrimSuffix(name, ".eml"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile to make room
		}
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// Read reads one mail. It gives fs.ErrNotExist for an id that names none.
func (b *Mailbox) Read(id string) (Received, error) {
	// The id comes from a URL: only what Send makes may reach the file system.
	if len(id) != 16 || strings.Trim(id, "0123456789") != "" {
		return Received{}, fs.ErrNotExist
	}
	file, err := os.Open(filepath.Join(b.dir, id+".eml"))
	if err != nil {
		return Received{}, fmt.Errorf("mailbox: %w", err)
	}
	defer func() { _ = file.Close() }()
	return parse(id, file)
}
