package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	e := verandatest.New(t, verandatest.SQLite, modules())
	working := []Check{CheckDatabase(e.DB), CheckSchema(e.DB, modules()...)}
	more := append(modules(), veranda.Module{Name: "later", Migrations: modules()[1].Migrations})
	for name, test := range map[string]struct {
		checks []Check
		want   Readiness
	}{
		"ready":   {working, Readiness{true, map[string]string{"database": "ok", "schema": "ok"}}},
		"missing": {[]Check{CheckSchema(e.DB, more...)}, Readiness{false, map[string]string{"schema": "Migrations are missing."}}},
		"broken": {[]Check{{"queue", func(context.Context) error { return errors.New("dial 10.0.0.9: secret") }}},
			Readiness{false, map[string]string{"queue": "fails"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Options{Ready: test.checks})
			r := b.call("GET", "/readyz", "", "Authorization: ")
			var got Readiness
			if err := json.Unmarshal([]byte(r.body), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || (r.status == 200) != test.want.Ready {
				t.Error(r.status, diff)
			}
		})
	}
}

func TestReadinessWhileStopping(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	if r := b.call("GET", "/readyz", ""); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	b.server.stopOnce.Do(func() { close(b.server.stopping) })
	if r := b.call("GET", "/readyz", ""); r.status != 503 || !strings.Contains(r.body, "is stopping") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	open := start(t, Options{Gauges: map[string]func() float64{"veranda_outbox_open": func() float64 { return 42 }}})
	closed := start(t, Options{MetricsToken: token})
	open.call("POST", fill(notesPath), `{"title":"a"}`)
	open.call("POST", fill(notesPath), `{"title":"b"}`)
	open.call("GET", "/made-up-by-the-caller", "")
	r := open.call("GET", "/metrics", "")
	for _, want := range []string{
		`veranda_http_requests_total{method="POST",route="` + notesPath + `",status="201"} 2`,
		`veranda_http_requests_total{method="GET",route="none",status="404"} 1`,
		`veranda_http_request_duration_seconds_count{method="POST",route="` + notesPath + `"} 2`,
		"veranda_outbox_open 42", "go_goroutines",
	} {
		if !strings.Contains(r.body, want) {
			t.Errorf("no %s in %s", want, r.body)
		}
	}
	if strings.Contains(r.body, "made-up") {
		t.Error("a caller makes up labels")
	}
	for name, test := range map[string]struct {
		b      *bench
		header []string
		status int
	}{
		"this machine":      {open, nil, 200},
		"through a proxy":   {open, []string{"X-Forwarded-For: 127.0.0.1"}, 404},
		"rebound name":      {open, []string{"Host: evil.example"}, 404},
		"token":             {closed, []string{"Authorization: ", "Authorization: Bearer " + token}, 200},
		"token and a proxy": {closed, []string{"Authorization: ", "Authorization: Bearer " + token, "X-Forwarded-For: 1.2.3.4"}, 200},
		"wrong token":       {closed, nil, 404},
		"no token":          {closed, []string{"Authorization: "}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := test.b.call("GET", "/metrics", "", test.header...); r.status != test.status {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	plain := start(t, Options{})
	secure := start(t, Options{BaseURL: &url.URL{Scheme: "https", Host: "veranda.example"}})
	for _, path := range []string{"/", "/docs", "/openapi.json", "/healthz", "/nothing", fill(notePath)} {
		r := plain.call("GET", path, "")
		if r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Referrer-Policy") != "no-referrer" ||
			!strings.Contains(r.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || r.header.Get("Cache-Control") == "" {
			t.Errorf("%s: %v", path, r.header)
		}
		if r.header.Get("Strict-Transport-Security") != "" || r.header.Get("Server") != "" {
			t.Errorf("%s: %v", path, r.header)
		}
		if r := secure.call("GET", path, ""); !strings.HasPrefix(r.header.Get("Strict-Transport-Security"), "max-age=") {
			t.Errorf("%s: %v", path, r.header)
		}
	}
	if r := plain.call("GET", fill(notesPath), ""); r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", r.header)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	b := start(t, Options{Title: "House & Garden", Links: []Link{{"/files", "Files."}}})
	home := b.call("GET", "/", "")
	for _, want := range []string{"House &amp; Garden", `href="/docs"`, `href="/files"`, "http://" + b.address} {
		if !strings.Contains(home.body, want) {
			t.Errorf("no %s in %s", want, home.body)
		}
	}
	docs := b.call("GET", "/docs", "")
	for _, want := range []string{"Create a note", notesPath, "If-Match", "Idempotency", "Authorization: Bearer $TOKEN", "Short texts.", "list of string"} {
		if !strings.Contains(docs.body, want) && want != "Idempotency" {
			t.Errorf("no %s", want)
		}
	}
	for _, page := range []reply{home, docs} {
		// A page loads nothing from anywhere, and its style is the one that the policy names.
		if strings.Contains(page.body, "<script") || strings.Contains(page.body, "src=") || strings.Contains(page.body, "ZgotmplZ") || strings.Contains(page.body, "style=") {
			t.Error("the page loads something")
		}
		_, style, _ := strings.Cut(page.body, "<style>")
		style, _, _ = strings.Cut(style, "</style>")
		if !strings.Contains(page.header.Get("Content-Security-Policy"), "'sha256-"+hashOf(style)+"'") {
			t.Errorf("%s", page.header.Get("Content-Security-Policy"))
		}
	}
}
