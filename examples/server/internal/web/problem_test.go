package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
)

func TestStatusAndReason(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	for kind, want := range map[string]string{
		"limit":     "403 limit.notes",
		"rate":      "429 rate 2",
		"full":      "507 storage_full",
		"contended": "503 contended 1",
		"forbidden": "403 forbidden",
		"defect":    "500 internal",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := b.call("POST", "/v1/fail/"+kind, "")
			got := strings.TrimSpace(fmt.Sprintf("%d %s %s", r.status, r.problem(t).Reason, r.header.Get("Retry-After")))
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestDefectsAreLoggedAndNotTold(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	r := b.call("POST", "/v1/fail/defect", "")
	if strings.Contains(r.body, "hunter2") || strings.Contains(r.body, "driver") {
		t.Error(r.body)
	}
	if log := b.log.String(); !strings.Contains(log, r.header.Get(headerRequestID)) || !strings.Contains(log, "leaked from a driver") {
		t.Error(log)
	}
}

// What does not exist, what may not be seen, what is spelled wrongly and what no route knows answer alike.
func TestNotFoundIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	zero := strings.Repeat("0", 8) + "-0000-0000-0000-" + strings.Repeat("0", 12)
	var bodies []string
	for _, path := range []string{
		strings.Replace(fill(notesPath), orgID, zero, 1) + "/" + zero, fill(notesPath) + "/" + zero,
		fill(notesPath) + "/not-an-id", "/v1/organizations/x/notes", "/nothing", "/nothing/else?x=1", "/v1/",
	} {
		r := b.call("GET", path, "")
		if r.status != http.StatusNotFound {
			if !strings.HasSuffix(path, zero) {
				t.Errorf("%s: %d", path, r.status)
			}
			continue
		}
		r.problem(t)
		bodies = append(bodies, r.body)
	}
	for _, body := range bodies[1:] {
		if diff := cmp.Diff(bodies[0], body); diff != "" {
			t.Error(diff)
		}
	}
	if strings.Contains(bodies[0], zero) || strings.Contains(bodies[0], "nothing/") {
		t.Error(bodies[0])
	}
}

func TestRouterRefusals(t *testing.T) {
	t.Parallel()
	b := start(t, Options{BodyLimit: 64 << 10})
	if r := b.call("PUT", fill(notePath), ""); r.status != 405 || r.problem(t).Reason != "http.method_not_allowed" || !strings.Contains(r.header.Get("Allow"), "PATCH") {
		t.Errorf("%d %s %v", r.status, r.body, r.header)
	}
	if r := b.call("OPTIONS", fill(notePath), ""); r.status != 405 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := b.call("PURGE", fill(notePath), ""); r.status != 501 || r.problem(t).Reason != "http.not_implemented" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := b.call("GET", "/healthz", "", "X-Long: "+strings.Repeat("x", 20_000)); r.status != 431 || r.problem(t).Title == "" || r.header.Get(headerRequestID) == "" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestBodiesThatAreTooLarge(t *testing.T) {
	t.Parallel()
	b := start(t, Options{BodyLimit: 64 << 10})
	large := `{"title":"` + strings.Repeat("x", 100<<10) + `"}`
	for _, path := range []string{fill(notesPath), "/nothing"} {
		r := b.call("POST", path, large)
		if r.status != http.StatusRequestEntityTooLarge || r.problem(t).Reason != "http.request_entity_too_large" {
			t.Errorf("%d %s", r.status, r.body)
		}
		if r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get(headerRequestID) == "" {
			t.Errorf("headers %v", r.header)
		}
	}
	chunked := func(body string) reply {
		request, err := http.NewRequest("POST", "http://"+b.address+fill(notesPath), io.MultiReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer x")
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, _ := io.ReadAll(response.Body)
		return reply{response.StatusCode, response.Header, string(text)}
	}
	if r := chunked(large); r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("chunked: %d %s", r.status, r.body)
	}
	if r := chunked(`{"title":"in parts"}`); r.status != http.StatusCreated {
		t.Errorf("chunked: %d %s", r.status, r.body)
	}
	// Between what the HTTP server reads ahead and the limit.
	if r := b.call("POST", fill(notesPath), `{"title":"a","tags":["`+strings.Repeat("x", 40<<10)+`"]}`); r.status != http.StatusUnprocessableEntity || r.problem(t).Errors[0].Pointer != "/tags/0" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// raw sends bytes and reads one answer.
func (b *bench) raw(text string) (status int, body string, header http.Header, closes bool) {
	b.t.Helper()
	conn, err := net.Dial("tcp", b.address)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		b.t.Fatal(err)
	}
	if _, err := conn.Write([]byte(text)); err != nil {
		b.t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(all), response.Header, response.Close
}

func TestWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	b := start(t, Options{ReadTimeout: 300 * time.Millisecond})
	for name, test := range map[string]struct {
		text   string
		status int
	}{
		"nonsense":     {"GET\r\n\r\n", 400},
		"bad length":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400},
		"cut off":      {"POST " + fill(notesPath) + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"title\"", 408},
		"slow headers": {"GET / HTTP/1.1\r\nHost:", 408},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body, header, closes := b.raw(test.text)
			if status != test.status || header.Get("Content-Type") != mediaProblem || !strings.Contains(body, `"about:blank"`) {
				t.Errorf("%d %v %s", status, header, body)
			}
			if !closes {
				t.Errorf("the connection goes on: %v", header)
			}
		})
	}
}

func TestPanicIsAnswered(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	r := b.call("POST", fill(notesPath), `{"title":"panic"}`)
	if r.status != 500 || r.problem(t).Reason != "internal" || strings.Contains(r.body, "defect") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if log := b.log.String(); !strings.Contains(log, "a defect") || !strings.Contains(log, "harness_test.go") {
		t.Error("the log has no stack:", log)
	}
	if r := b.call("POST", fill(notesPath), `{"title":"next"}`); r.status != 201 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestErrorsOfPlainAndLibraryRoutes(t *testing.T) {
	t.Parallel()
	type input struct {
		Body struct {
			Password string `json:"password" minLength:"8"`
		}
	}
	b := start(t, Options{}, func(b *bench) {
		b.server.App().Get("/own/teapot", func(*fiber.Ctx) error { return fiber.ErrTeapot })
		huma.Register(b.server.API(), huma.Operation{Method: "POST", Path: "/own/huma", OperationID: "own"},
			func(context.Context, *input) (*struct{}, error) { return nil, nil })
	})
	if r := b.call("GET", "/own/teapot", ""); r.status != 418 || r.problem(t).Reason != "http.i'm_a_teapot" {
		t.Errorf("%d %s", r.status, r.body)
	}
	r := b.call("POST", "/own/huma", `{"password":"hunter2","x":1}`)
	p := r.problem(t)
	if r.status != 422 || len(p.Errors) != 2 || p.Errors[0].Pointer != "/password" && p.Errors[1].Pointer != "/password" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if strings.Contains(r.body, "hunter2") {
		t.Error("the value is repeated:", r.body)
	}
}
