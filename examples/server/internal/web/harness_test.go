package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
)

// The toy service: notes with a title, kept in memory, or in a table where a transaction is at stake.
type noteKind struct{}

type noteID = veranda.ID[noteKind]

type note struct {
	ID      noteID     `json:"id"`
	Title   string     `json:"title" maxLength:"20"`
	Tags    []string   `json:"tags,omitempty"`
	DueAt   *time.Time `json:"due_at,omitempty"`
	Version int64      `json:"version"`
}

func (n note) ETag() string { return `"` + strconv.FormatInt(n.Version, 10) + `"` }

type notes struct {
	conn    veranda.Conn
	mu      *sync.Mutex
	seen    *[]veranda.Actor
	created *int
}

func newNotes(db *veranda.DB) *notes {
	n := &notes{mu: &sync.Mutex{}, seen: &[]veranda.Actor{}, created: new(int)}
	if db != nil {
		n.conn = db.Conn()
	}
	return n
}

func (n *notes) WithTx(tx *veranda.Tx) *notes {
	bound := *n
	bound.conn = n.conn.Bind(tx)
	return &bound
}

func (n *notes) saw(by veranda.Actor) {
	n.mu.Lock()
	defer n.mu.Unlock()
	*n.seen = append(*n.seen, by)
}

type createNote struct {
	Org           veranda.OrgID         `path:"org" json:"-"`
	Title         string                `json:"title" minLength:"1" maxLength:"20"`
	Priority      int                   `json:"priority,omitempty" minimum:"0" maximum:"4"`
	State         string                `json:"state,omitempty" enum:"open,closed" default:"open"`
	Tags          []string              `json:"tags,omitempty" maxItems:"3" maxLength:"5"`
	DueAt         *time.Time            `json:"due_at,omitempty"`
	Others        []veranda.WorkspaceID `json:"others,omitempty"`
	Steps         []step1               `json:"steps,omitempty"`
	ClientAddress string                `json:"-"`
	Internal      string
}

type step1 struct {
	Text string `json:"text" minLength:"1"`
	Done bool   `json:"done,omitempty"`
}

var errTaken = veranda.NewError(veranda.CodeConflict, "notes.taken", "There is such a note.")

func (n *notes) Create(ctx context.Context, by veranda.Actor, in createNote) (*note, error) {
	n.saw(by)
	if in.Title == "taken" {
		return nil, errTaken
	}
	if in.Title == "panic" {
		panic("a defect")
	}
	out := &note{ID: veranda.NewID[noteKind](), Title: in.Title, Tags: in.Tags, DueAt: in.DueAt, Version: 1}
	if n.conn.DB() != nil {
		err := n.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO notes (id, title) VALUES ($1, $2)`, out.ID, out.Title)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if in.Title == "late" {
		return nil, errTaken
	}
	n.mu.Lock()
	*n.created++
	n.mu.Unlock()
	return out, nil
}

type getNote struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Note noteID        `path:"note" json:"-"`
}

func (n *notes) Get(_ context.Context, by veranda.Actor, in getNote) (*note, error) {
	n.saw(by)
	if in.Note.IsZero() {
		return nil, veranda.ErrNotFound.Because(errors.New("a cause for the log"))
	}
	return &note{ID: in.Note, Title: "a < b", Version: 7}, nil
}

type listNotes struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Labels []string      `query:"label" maxLength:"5"`
	State  string        `query:"state" enum:"open,closed"`
	Before *time.Time    `query:"before"`
	Mine   bool          `query:"mine"`
	By     noteID        `query:"by"`
	veranda.Page
}

func (n *notes) List(_ context.Context, by veranda.Actor, in listNotes) (veranda.List[note], error) {
	n.saw(by)
	list := veranda.List[note]{}
	for _, label := range in.Labels {
		list.Items = append(list.Items, note{Title: label, Version: int64(in.Limit)})
	}
	if in.Before != nil {
		list.Next = in.Before.Format(time.RFC3339)
	}
	return list, nil
}

type updateNote struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Note    noteID        `path:"note" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Title   *string       `json:"title,omitempty" maxLength:"20"`
}

func (n *notes) Update(_ context.Context, _ veranda.Actor, in updateNote) (*note, error) {
	if in.Version != 0 && in.Version != 7 {
		return nil, veranda.ErrVersion
	}
	return &note{ID: in.Note, Title: *in.Title, Version: 8}, nil
}

func (n *notes) Delete(context.Context, veranda.Actor, getNote) error { return nil }

type failInput struct {
	Kind string `path:"kind" json:"-"`
}

// Fail gives the error that is asked for.
func (n *notes) Fail(_ context.Context, _ veranda.Actor, in failInput) error {
	switch in.Kind {
	case "limit":
		return veranda.LimitError("notes", "The plan has no room for more notes.")
	case "rate":
		return veranda.NewError(veranda.CodeLimit, "rate", "Too many attempts.").After(1500 * time.Millisecond).Because(errors.New("too fast"))
	case "full":
		return veranda.ErrStorageFull
	case "contended":
		return veranda.ErrContended
	case "forbidden":
		return veranda.ErrForbidden
	default:
		return errors.New("password=hunter2 leaked from a driver")
	}
}

const (
	notesPath = "/v1/organizations/{org}/notes"
	notePath  = notesPath + "/{note}"
	orgID     = "01920000-0000-7000-8000-000000000001"
	someNote  = "01920000-0000-7000-8000-0000000000aa"
)

func fill(path string) string {
	return strings.NewReplacer("{org}", orgID, "{note}", someNote).Replace(path)
}

// bench is a server with the toy's routes on a real port.
type bench struct {
	t       testing.TB
	server  *Server
	notes   *notes
	address string
	log     *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start builds and serves; more adds routes.
func start(t testing.TB, options Options, more ...func(*bench)) *bench {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, address: listener.Addr().String(), log: &syncBuffer{}}
	if options.BaseURL == nil {
		options.BaseURL = &url.URL{Scheme: "http", Host: b.address}
	}
	options.Log = slog.New(slog.NewTextHandler(b.log, nil))
	if b.server, err = New(options); err != nil {
		t.Fatal(err)
	}
	b.notes = newNotes(options.DB)
	b.routes(options.DB != nil)
	for _, add := range more {
		add(b)
	}
	served := make(chan error, 1)
	go func() { served <- b.server.Listen(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := b.server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) routes(idempotent bool) {
	g := On(b.server, "Notes", "Short texts.", b.notes)
	var options []Option
	if idempotent {
		options = append(options, Idempotent())
	}
	Create(g, notesPath, "Create a note", (*notes).Create, options...)
	Get(g, notesPath, "List notes", (*notes).List)
	Get(g, notePath, "Get a note", (*notes).Get)
	Patch(g, notePath, "Update a note", (*notes).Update)
	Delete(g, notePath, "Delete a note", None((*notes).Delete))
	Post(g, "/v1/fail/{kind}", "Fail", None((*notes).Fail), Public())
	Raw(g, fiber.MethodGet, "/v1/raw/{kind}", "Raw", func(_ *notes, c *fiber.Ctx, _ veranda.Actor, in failInput) error {
		return c.SendString("raw " + in.Kind + " " + strconv.FormatBool(CallOf(c.UserContext()).ID != ""))
	}, Public(), Media("text/plain"))
	b.server.App().Get("/plain/:secret", func(c *fiber.Ctx) error { return c.SendString("plain") })
}

type reply struct {
	status int
	header http.Header
	body   string
}

// call makes a call as a program with a token does; header lines are "Name: value", an empty value takes one away.
func (b *bench) call(method, path, body string, header ...string) reply {
	b.t.Helper()
	request, err := http.NewRequest(method, "http://"+b.address+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer token-of-ann")
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case value == "":
			request.Header.Del(name)
		case name == "Host":
			request.Host = value
		default:
			request.Header.Add(name, value)
		}
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

func (r reply) problem(t testing.TB) Problem {
	t.Helper()
	if got := r.header.Get("Content-Type"); got != mediaProblem {
		t.Fatalf("content type %q of status %d: %s", got, r.status, r.body)
	}
	var p Problem
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	if p.Status != r.status || p.Type != "about:blank" || p.Title == "" || p.Reason == "" {
		t.Errorf("not a whole problem: %s", r.body)
	}
	return p
}

// modules are the core tables and the toy's.
func modules() []veranda.Module {
	table := &fstest.MapFile{Data: []byte("CREATE TABLE notes (id TEXT PRIMARY KEY, title TEXT NOT NULL)")}
	return []veranda.Module{veranda.Core(), {Name: "notes", Migrations: fstest.MapFS{
		"sqlite/0001_notes.sql": table, "postgres/0001_notes.sql": table,
	}}}
}
