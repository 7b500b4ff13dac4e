package phone

import (
	"context"
	"encoding/json"
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

// boxSize is how many messages a box keeps.
const boxSize = 500

// Box keeps messages on disk instead of sending them, the newest 500. It is for development and for trying the product out:
// whoever reads it can sign in as others.
type Box struct {
	dir  string
	now  func() time.Time
	mu   sync.Mutex
	last int64
}

// Kept is a message of a box.
type Kept struct {
	At       time.Time `json:"at"`
	ID       string    `json:"id"`
	To, Text string
}

// NewBox makes the folder, readable by its owner alone, and a box in it.
func NewBox(dir string, now func() time.Time) (*Box, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("phone box: %w", err)
	}
	return &Box{dir: dir, now: now}, nil
}

// Send puts a message into the box. It gives ErrMalformed exactly where a Sender would.
func (b *Box) Send(_ context.Context, m Message) error {
	if _, err := (&Sender{}).form(m); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	text, err := json.Marshal(Kept{At: now, ID: m.ID, To: m.To, Text: m.Text})
	if err != nil {
		return fmt.Errorf("phone box: %w", err)
	}
	// The name sorts by time; two messages of one microsecond get different ones.
	b.last = max(b.last+1, now.UnixMicro())
	path := filepath.Join(b.dir, fmt.Sprintf("%016d.json", b.last))
	if err := errors.Join(os.WriteFile(path+".new", text, 0o600), os.Rename(path+".new", path)); err != nil {
		return fmt.Errorf("phone box: %w", err)
	}
	names, err := b.names()
	if err != nil {
		return err
	}
	for _, name := range names[min(boxSize, len(names)):] {
		if err := os.Remove(filepath.Join(b.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("phone box: %w", err)
		}
	}
	return nil
}

// names are the messages' files, newest first.
func (b *Box) names() ([]string, error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("phone box: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names, nil
}

// List reads the newest messages, at most limit, newest first.
func (b *Box) List(limit int) ([]Kept, error) {
	names, err := b.names()
	if err != nil {
		return nil, err
	}
	list := []Kept{}
	for _, name := range names[:min(limit, len(names))] {
		text, err := os.ReadFile(filepath.Join(b.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile to make room
		}
		var kept Kept
		if err == nil {
			err = json.Unmarshal(text, &kept)
		}
		if err != nil {
			return nil, fmt.Errorf("phone box: %w", err)
		}
		list = append(list, kept)
	}
	return list, nil
}
