package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/examples/server/internal/mail"
)

func TestMailPages(t *testing.T) {
	t.Parallel()
	box, err := mail.NewMailbox(t.TempDir(), mail.Address{Address: "veranda@localhost"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	message := mail.Message{
		ID: "one", To: "ann@example.org", ToName: "Ann <script>", Subject: "Welcome <b>", UnsubscribeURL: "http://localhost/u",
		Text: "Hello, confirm at http://localhost:8080/confirm#abc.\n<script>alert(1)</script>\n", HTML: "<p onclick=x()>Hello</p>",
	}
	if err := box.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	b := start(t, Options{}, func(b *bench) { b.server.ShowMailbox(box) })
	list := b.call("GET", "/dev/mail", "")
	found := regexp.MustCompile(`/dev/mail/[0-9]+`).FindString(list.body)
	if list.status != http.StatusOK || found == "" || !strings.Contains(list.body, "Welcome &lt;b&gt;") {
		t.Fatalf("%d %s", list.status, list.body)
	}
	one := b.call("GET", found, "")
	if !strings.Contains(one.body, `<a href="http://localhost:8080/confirm#abc">`) || strings.Contains(one.body, "<script") || !strings.Contains(one.body, "ann@example.org") {
		t.Error(one.body)
	}
	html := b.call("GET", found+"/html", "")
	if html.body != "<p onclick=x()>Hello</p>" || !strings.HasPrefix(html.header.Get("Content-Security-Policy"), "sandbox ") || strings.Contains(html.header.Get("Content-Security-Policy"), "allow-scripts") {
		t.Errorf("%s %v", html.body, html.header)
	}
	for _, path := range []string{"/dev/mail/1", "/dev/mail/..%2f..%2fetc", "/dev/mail/9999999999999999", "/dev/mail/x/html"} {
		if r := b.call("GET", path, ""); r.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	for name, header := range map[string]string{
		"through a proxy":     "X-Forwarded-For: 127.0.0.1",
		"through another":     "Forwarded: for=127.0.0.1",
		"through a third":     "Via: 1.1 proxy",
		"a name of elsewhere": "Host: rebound.example:8080",
	} {
		for _, path := range []string{"/dev/mail", found, found + "/html"} {
			if r := b.call("GET", path, "", header); r.status != http.StatusNotFound || strings.Contains(r.body, "Welcome") {
				t.Errorf("%s: %s: %d", name, path, r.status)
			}
		}
	}
	if r := b.call("GET", "/dev/mail", "", "Host: localhost:1"); r.status != http.StatusOK {
		t.Errorf("%d", r.status)
	}
}

func TestLinked(t *testing.T) {
	t.Parallel()
	got := linked("See https://a.example/b?c=d, or (http://e.example).")
	want := []piece{{Plain: "See "}, {Link: "https://a.example/b?c=d"}, {Plain: ", or ("}, {Link: "http://e.example"}, {Plain: ")."}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
