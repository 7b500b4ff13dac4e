package inbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/veranda-go/veranda/examples/server/internal/mail"
)

// world is a server that listens, with what it was told.
type world struct {
	address string
	returns *mail.Returns
	log     bytes.Buffer
	mu      sync.Mutex
	bounced []string
	written []string
	fails   error
}

func (w *world) Receive(_ context.Context, from, to string, raw []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written = append(w.written, fmt.Sprintf("%s %s %d", from, to, len(raw)))
	return w.fails
}

func (w *world) told() (bounced, written []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bounced, w.written
}

func open(t *testing.T, support bool) *world {
	t.Helper()
	w := &world{returns: mail.NewReturns("veranda.example", []byte("secret"))}
	o := Options{Domain: "veranda.example", Returns: w.returns, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Bounced: func(_ context.Context, delivery, status, diagnostic string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.bounced = append(w.bounced, delivery+" "+status+" "+diagnostic)
			return w.fails
		}}
	if support {
		o.Support = w
	}
	server := New(o)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) send(from, to, text string) error {
	client, err := smtp.Dial(w.address)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	return client.SendMail(from, []string{to}, strings.NewReader(text))
}

// code is the reply of an error.
func code(err error) int {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

const id = "01a2099e-0d27-797b-8c27-45df01370620"

func notification(action, status string) string {
	return "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; cs.example\r\n\r\n" +
		"Action: " + action + "\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; 550\r\n\r\n--x--\r\n"
}

func TestWhatIsTaken(t *testing.T) {
	t.Parallel()
	w := open(t, true)
	to := w.returns.Address(id)
	for _, c := range []struct{ action, status, want string }{
		{"failed", "5.1.1", id + " 5.1.1 smtp; 550"}, {"delayed", "4.4.1", id + " 4.4.1 smtp; 550"}, {"failed", "4.4.7", id + " 5.4.7 smtp; 550"},
		{"delivered", "2.0.0", id + " 2.0.0 smtp; 550"}, {"relayed", "2.0.0", ""},
	} {
		before, _ := w.told()
		if err := w.send("", to, notification(c.action, c.status)); err != nil {
			t.Fatal(err)
		}
		after, _ := w.told()
		if got := strings.Join(after[len(before):], ";"); got != c.want {
			t.Errorf("%s %s: %q", c.action, c.status, got)
		}
	}
	before, _ := w.told()
	if err := w.send("", to, "Subject: away\r\n\r\nI am away.\r\n"); err != nil { // taken, and nothing noted
		t.Error(err)
	}
	if after, _ := w.told(); len(after) != len(before) {
		t.Errorf("%v", after)
	}
	if err := w.send("ann@else.example", "Support@Veranda.Example", "Subject: help\r\n\r\nPlease.\r\n"); err != nil {
		t.Error(err)
	}
	if _, written := w.told(); len(written) != 1 || !strings.HasPrefix(written[0], "ann@else.example Support@Veranda.Example") {
		t.Errorf("%v", written)
	}
	if strings.Contains(w.log.String(), "Please.") {
		t.Errorf("a mail is in the log: %s", w.log.String())
	}
}

func TestNothingElseIsTaken(t *testing.T) {
	t.Parallel()
	w := open(t, false)
	right := w.returns.Address(id)
	for _, to := range []string{
		"ann@else.example", "support@veranda.example", "postmaster@veranda.example", "bounce@veranda.example", "support@veranda.example@else.example",
		strings.Replace(right, "01a2", "01a3", 1), "ann%else.example@veranda.example", "ann",
	} {
		if err := w.send("", to, notification("failed", "5.1.1")); code(err) != 550 && code(err) != 501 {
			t.Errorf("%s: %v", to, err)
		}
	}
	// One of ours beside others takes none of them along.
	client, err := smtp.Dial(w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := client.Mail("", nil); err != nil {
		t.Fatal(err)
	}
	if err := client.Rcpt(right, nil); err != nil {
		t.Fatal(err)
	}
	if err := client.Rcpt("ann@else.example", nil); code(err) != 550 {
		t.Error(err)
	}
	for range recipients {
		err = client.Rcpt(right, nil)
	}
	if code(err) != 452 {
		t.Errorf("too many recipients: %v", err)
	}
	if err := w.send("", right, notification("failed", "5.1.1")+strings.Repeat("x", messageOctets)); err == nil {
		t.Errorf("too much: %v", err)
	}
	if bounced, _ := w.told(); len(bounced) != 0 {
		t.Errorf("%v", bounced)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	w := open(t, true)
	w.fails = errors.New("the database is away")
	if err := w.send("", w.returns.Address(id), notification("failed", "5.1.1")); code(err) != 451 || strings.Contains(err.Error(), "database") {
		t.Error(err)
	}
	w.fails = refused{errors.New("too strange")}
	if err := w.send("ann@else.example", "support@veranda.example", "x: y\r\n\r\nz"); code(err) != 554 {
		t.Error(err)
	}
}

type refused struct{ error }

func (refused) Permanent() bool { return true }

func TestLimits(t *testing.T) {
	t.Parallel()
	w := open(t, false)
	var kept []net.Conn
	greeted := func() bool {
		conn, err := net.Dial("tcp", w.address)
		if err != nil {
			return false
		}
		kept = append(kept, conn)
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, _ := conn.Read(make([]byte, 3))
		return n == 3
	}
	defer func() {
		for _, c := range kept {
			_ = c.Close()
		}
	}()
	for i := range connectionsEach {
		if !greeted() {
			t.Fatalf("connection %d was refused", i)
		}
	}
	if greeted() {
		t.Error("one client has more connections than it may")
	}
	l := newLimited(nil)
	now := time.Now()
	l.now = func() time.Time { return now }
	at := func(n int) bool {
		of := networkOf(&net.TCPAddr{IP: net.IPv4(10, 0, byte(n>>8), byte(n)), Port: 1})
		if !l.enter(of) {
			return false
		}
		l.leave(of)
		return true
	}
	for range visitsEach {
		if !at(1) {
			t.Fatal("a visit was refused")
		}
	}
	if at(1) || !at(2) {
		t.Error("visits are not counted, or together")
	}
	now = now.Add(visitWindow + time.Second)
	if !at(1) {
		t.Error("still refused after the window")
	}
	for n := range clientsKnown + 100 {
		at(n)
	}
	if len(l.clients) > clientsKnown {
		t.Errorf("%d clients are kept", len(l.clients))
	}
	if a, b := networkOf(&net.TCPAddr{IP: net.ParseIP("2001:db8::1")}), networkOf(&net.TCPAddr{IP: net.ParseIP("2001:db8::2")}); a != b {
		t.Errorf("%s, %s", a, b)
	}
}
