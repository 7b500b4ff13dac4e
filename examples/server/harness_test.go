package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dnstest"
	"github.com/veranda-go/veranda/verandatest"
)

// The acceptance tests drive the real program in a process of its own: this test binary, started again, runs the same
// run as main does. The one thing tests add is a clock that can be moved from outside, by a file.
const (
	childVariable = "VERANDA_SERVER_CHILD"
	clockVariable = "VERANDA_SERVER_CLOCK"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		options := []veranda.Option{}
		if path := os.Getenv(clockVariable); path != "" {
			options = append(options, veranda.WithClock(&fileClock{path: path}))
		}
		os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr, options...))
	}
	os.Exit(m.Run())
}

// fileClock is the system's clock, moved by the seconds a file says.
type fileClock struct {
	path string
	mu   sync.Mutex
	read time.Time
	move time.Duration
}

// Now looks at the file every 20 ms.
func (c *fileClock) Now() time.Time {
	now := time.Now().UTC()
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.read) > 20*time.Millisecond {
		c.read = now
		if text, err := os.ReadFile(c.path); err == nil {
			if seconds, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				c.move = time.Duration(seconds) * time.Second
			}
		}
	}
	return now.Add(c.move).Truncate(time.Microsecond)
}

// stack is a running program and what it needs: "embedded" has SQLite and the queue inside the process, "postgres" has
// PostgreSQL and Redis.
type stack struct {
	name    string
	base    string // http://127.0.0.1:port
	inbox   *inbox
	dns     *dnstest.Server
	dir     string
	env     []string
	process *exec.Cmd
	output  *lockedBuffer
	moved   time.Duration
}

// stackNames are the stacks to test on: VERANDA_STACKS picks some.
func stackNames() []string {
	if picked := os.Getenv("VERANDA_STACKS"); picked != "" {
		return strings.Split(picked, ",")
	}
	return []string{"embedded", "postgres"}
}

// newStack prepares a stack without starting it. more is further environment, "NAME=value".
func newStack(t *testing.T, name string, more ...string) *stack {
	t.Helper()
	s := &stack{name: name, dir: t.TempDir(), inbox: newInbox(t), dns: dnstest.New(t)}
	port := freePort(t)
	s.base = fmt.Sprintf("http://127.0.0.1:%d", port)
	s.env = []string{
		childVariable + "=1", clockVariable + "=" + filepath.Join(s.dir, "clock"), "PATH=" + os.Getenv("PATH"), "HOME=" + s.dir,
		fmt.Sprintf("LISTEN_ADDR=127.0.0.1:%d", port), "DATA_DIR=" + filepath.Join(s.dir, "data"),
		"SMTP_URL=" + s.inbox.url, "MAIL_FROM=Veranda <no-reply@veranda.example>",
		"DNS_SERVER=" + s.dns.Address,
	}
	switch name {
	case "embedded":
	case "postgres":
		if verandatest.RedisURL() == "" {
			verandatest.Missing(t, "redis", "VERANDA_TEST_REDIS")
		}
		// A database of Redis for each run would be too few; what is in it under other ids is nobody's.
		s.env = append(s.env, "DATABASE_URL="+verandatest.Location(t, verandatest.Postgres, nil), "REDIS_URL="+verandatest.RedisURL())
	default:
		t.Fatalf("VERANDA_STACKS: there is no stack %q; there are embedded and postgres", name)
	}
	s.env = append(s.env, more...)
	return s
}

// startStack prepares and starts a stack, and stops it after the test.
func startStack(t *testing.T, name string, more ...string) *stack {
	t.Helper()
	s := newStack(t, name, more...)
	s.start(t)
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// command is the program with other arguments, in the stack's environment.
func (s *stack) command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env, c.Dir = s.env, s.dir
	return c
}

// start runs the program until it is ready.
func (s *stack) start(t *testing.T, args ...string) {
	t.Helper()
	s.process, s.output = s.command(args...), &lockedBuffer{}
	s.process.Stdout, s.process.Stderr = s.output, s.output
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	process := s.process
	go func() { exited <- process.Wait() }()
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(30 * time.Second):
			_ = process.Process.Kill()
			t.Error("the program did not stop within 30 seconds")
		}
		if t.Failed() {
			t.Logf("what the program said:\n%s", s.output.tail(200))
		}
	})
	verandatest.Eventually(t, 60*time.Second, "the program is ready", func() bool {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("the program ended: %v\n%s", err, s.output.tail(50))
		default:
		}
		response, err := http.Get(s.base + "/readyz")
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusOK
	})
}

// advance moves the program's clock.
func (s *stack) advance(t *testing.T, by time.Duration) {
	t.Helper()
	s.moved += by
	path := filepath.Join(s.dir, "clock")
	if err := os.WriteFile(path+".new", []byte(strconv.FormatInt(int64(s.moved/time.Second), 10)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond) // the program looks every 20 ms
}

// now is the program's time.
func (s *stack) now() time.Time { return time.Now().UTC().Add(s.moved) }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// tail is the last lines.
func (l *lockedBuffer) tail(lines int) string {
	all := strings.Split(l.String(), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// caller calls the program as somebody.
type caller struct {
	stack *stack
	// token is sent as a bearer token when not empty.
	token   string
	account string
	name    string
	address string
	// from is the loopback address the calls come from, where guesses and registrations are counted by it; empty for the usual.
	from string
}

// anonymous calls without a session.
func (s *stack) anonymous() *caller { return &caller{stack: s} }

var elsewhereNumber atomic.Uint32

// elsewhere calls without a session, from a network of its own: on Linux all of 127.0.0.0/8 is this machine. What a
// network may do within an hour is then not used up by other tests on the same program.
func (s *stack) elsewhere() *caller {
	n := elsewhereNumber.Add(1)
	return &caller{stack: s, from: netip.AddrFrom4([4]byte{127, 1 + byte(n>>16), byte(n >> 8), byte(n)}).String()}
}

// client makes the calls, from the caller's address. Redirects are answers.
func (c *caller) client() *http.Client {
	client := &http.Client{Timeout: 60 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if c.from != "" {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(c.from)}}
		client.Transport = &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	}
	return client
}

// reply is an answer.
type reply struct {
	t      *testing.T
	call   string
	Status int
	Header http.Header
	Body   []byte
}

// send makes a call; body is marshalled unless it is a string, which is sent as it stands. header is "Name: value".
func (c *caller) send(t *testing.T, method, path string, body any, header ...string) *reply {
	t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.stack.base+path, content)
	if err != nil {
		t.Fatal(err)
	}
	if content != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := c.client().Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := readAnswer(response)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return &reply{t: t, call: method + " " + path, Status: response.StatusCode, Header: response.Header, Body: answer}
}

func (c *caller) get(t *testing.T, path string, header ...string) *reply {
	t.Helper()
	return c.send(t, http.MethodGet, path, nil, header...)
}

func (c *caller) post(t *testing.T, path string, body any, header ...string) *reply {
	t.Helper()
	return c.send(t, http.MethodPost, path, body, header...)
}

func (c *caller) put(t *testing.T, path string, body any, header ...string) *reply {
	t.Helper()
	return c.send(t, http.MethodPut, path, body, header...)
}

func (c *caller) patch(t *testing.T, path string, body any, header ...string) *reply {
	t.Helper()
	return c.send(t, http.MethodPatch, path, body, header...)
}

func (c *caller) delete(t *testing.T, path string, header ...string) *reply {
	t.Helper()
	return c.send(t, http.MethodDelete, path, nil, header...)
}

// want asserts the status, and stops the test otherwise.
func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s: status %d, want %d: %s", r.call, r.Status, status, r.Body)
	}
	return r
}

// problem is the body of an error (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Reason string `json:"reason"`
	Errors []struct {
		Pointer string `json:"pointer"`
		Rule    string `json:"rule"`
		Detail  string `json:"detail"`
	} `json:"errors"`
}

// refused asserts a problem with a status and a reason.
func (r *reply) refused(status int, reason string) problem {
	r.t.Helper()
	r.want(status)
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") {
		r.t.Errorf("%s: content type %q, want application/problem+json", r.call, kind)
	}
	var p problem
	r.decode(&p)
	if p.Reason != reason || p.Status != status {
		r.t.Errorf("%s: reason %q, status %d, want %q, %d: %s", r.call, p.Reason, p.Status, reason, status, r.Body)
	}
	return p
}

// invalid asserts that exactly these fields are refused, as "pointer rule".
func (r *reply) invalid(fields ...string) {
	r.t.Helper()
	p := r.refused(http.StatusUnprocessableEntity, "invalid")
	got := map[string]bool{}
	for _, e := range p.Errors {
		got[e.Pointer+" "+e.Rule] = true
	}
	for _, f := range fields {
		if !got[f] {
			r.t.Errorf("%s: %q is not among the bad fields: %s", r.call, f, r.Body)
		}
		delete(got, f)
	}
	for f := range got {
		r.t.Errorf("%s: %q is refused beyond what was expected", r.call, f)
	}
}

func (r *reply) decode(into any) *reply {
	r.t.Helper()
	if err := json.Unmarshal(r.Body, into); err != nil {
		r.t.Fatalf("%s: %v: %s", r.call, err, r.Body)
	}
	return r
}

// field is a member of the answer's object, followed by its path: "organization.id", "items.0.name".
func (r *reply) field(path string) any {
	r.t.Helper()
	var value any
	r.decode(&value)
	for step := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// text is a field that must be a text.
func (r *reply) text(path string) string {
	r.t.Helper()
	value, ok := r.field(path).(string)
	if !ok {
		r.t.Fatalf("%s: no text at %s: %s", r.call, path, r.Body)
	}
	return value
}

// items are the members of a list, as objects.
func (r *reply) items() []map[string]any {
	r.t.Helper()
	var list struct {
		Items []map[string]any `json:"items"`
	}
	r.decode(&list)
	return list.Items
}

// column collects a text of every item.
func (r *reply) column(name string) []string {
	r.t.Helper()
	out := []string{}
	for _, item := range r.items() {
		text, _ := item[name].(string)
		out = append(out, text)
	}
	return out
}
