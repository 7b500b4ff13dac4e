package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sender is what both ways of sending have in common.
type sender interface {
	Send(ctx context.Context, m Message) error
}

func newTestMailbox(t *testing.T) *Mailbox {
	t.Helper()
	b, err := NewMailbox(filepath.Join(t.TempDir(), "mail"), from, func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What cannot be sent is refused alike in development and in production, and before anybody is spoken to.
func TestMalformedMailsAreRefusedAlike(t *testing.T) {
	t.Parallel()
	mailbox := newTestMailbox(t)
	smtpSender := NewSender(Server{Host: "localhost", Port: 1, TLS: TLSNone}, from, time.Now, nil)
	for name, change := range map[string]func(*Message){
		"header in the subject":       func(m *Message) { m.Subject = "Hello\r\nBcc: eve@example.com" },
		"header in the name":          func(m *Message) { m.ToName = "Ann\nBcc: eve@example.com" },
		"header in the address":       func(m *Message) { m.To = "ann@example.com\r\nBcc: eve@example.com" },
		"header in the id":            func(m *Message) { m.ID = "a\r\nBcc: eve@example.com" },
		"header in the sender":        func(m *Message) { m.From = Address{Name: "V\r\nBcc: x", Address: "v@example.org"} },
		"header in the link":          func(m *Message) { m.UnsubscribeURL = "https://a/\r\nBcc: x" },
		"line separator":              func(m *Message) { m.Subject = "a\u2028b" },
		"two addresses":               func(m *Message) { m.To = "ann@example.com, eve@example.com" },
		"name in the address":         func(m *Message) { m.To = "Ann <ann@example.com>" },
		"no address":                  func(m *Message) { m.To = "" },
		"no at sign":                  func(m *Message) { m.To = "ann" },
		"bad sender":                  func(m *Message) { m.From = Address{Address: "v"} },
		"no text":                     func(m *Message) { m.Text = " \n" },
		"no subject":                  func(m *Message) { m.Subject = "" },
		"no id":                       func(m *Message) { m.ID = "" },
		"brackets in the id":          func(m *Message) { m.ID = "a>b" },
		"no UTF-8":                    func(m *Message) { m.Text = "\xff" },
		"link of another kind":        func(m *Message) { m.UnsubscribeURL = "javascript:alert(1)" },
		"second link in the link":     func(m *Message) { m.UnsubscribeURL = "https://a/>,<https://b/" },
		"unsubscribe without a host":  func(m *Message) { m.UnsubscribeURL = "https:///x" },
		"subject of white space only": func(m *Message) { m.Subject = "  " },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := hello()
			change(&m)
			for _, s := range []sender{mailbox, smtpSender} {
				if err := s.Send(t.Context(), m); !errors.Is(err, ErrMalformed) || !Permanent(err) {
					t.Errorf("%T: %v", s, err)
				}
			}
		})
	}
}

func TestMailboxKeepsTheNewest(t *testing.T) {
	t.Parallel()
	b := newTestMailbox(t)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range (mailboxSize + 12) / 4 {
				m := hello()
				m.ID = fmt.Sprintf("%d-%d", worker, i)
				if err := b.Send(context.Background(), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	last := hello()
	last.ID, last.Subject, last.HTML = "last@elsewhere", "Last", ""
	if err := b.Send(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(b.dir)
	if err != nil || len(entries) != mailboxSize {
		t.Fatal(len(entries), err)
	}
	list, err := b.List(3)
	if err != nil || len(list) != 3 {
		t.Fatal(len(list), err)
	}
	if list[0].Subject != "Last" || list[0].MessageID != "<last@elsewhere>" || list[0].HTML != "" || list[0].ID <= list[1].ID {
		t.Errorf("%+v", list[0])
	}
	one, err := b.Read(list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list[0], one); diff != "" {
		t.Error(diff)
	}
	info, err := entries[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}

func TestMailboxReadsNothingElse(t *testing.T) {
	t.Parallel()
	b := newTestMailbox(t)
	if err := os.WriteFile(filepath.Join(b.dir, "..", "0000000000000001.eml"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "../0000000000000001", "0000000000000001", "000000000000000a", "..%2f0000000000000001", "1"} {
		if _, err := b.Read(id); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", id, err)
		}
	}
}
