package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/phone"
)

func TestHook(t *testing.T) {
	t.Parallel()
	var got Hook
	b := start(t, Options{}, func(b *bench) {
		b.server.AddHook("/hooks/test", func(_ context.Context, h Hook) error {
			if h.Header("X-Signature") != "right" {
				return veranda.ErrForbidden
			}
			got = h
			return nil
		})
	})
	form := "Content-Type: application/x-www-form-urlencoded"
	if r := b.call("POST", "/hooks/test?a=1&b=%20x", "To=%2B49&Body=x+y", form, "X-Signature: right"); r.status != http.StatusNoContent || r.body != "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if !strings.HasSuffix(got.Address, "/hooks/test?a=1&b=%20x") || !strings.Contains(got.Address, "://") || got.Query.Get("b") != " x" || got.Form.Get("To") != "+49" || got.Form.Get("Body") != "x y" {
		t.Errorf("%+v", got)
	}
	for name, c := range map[string]struct {
		method, body, signature string
		status                  int
	}{
		"no signature": {"POST", "To=1", "", http.StatusForbidden}, "a form that is none": {"POST", "%zz", "right", http.StatusBadRequest},
		"too long": {"POST", strings.Repeat("x", hookOctets+1), "right", http.StatusUnprocessableEntity},
	} {
		if r := b.call(c.method, "/hooks/test", c.body, form, "X-Signature: "+c.signature); r.status != c.status {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

func TestPhonePages(t *testing.T) {
	t.Parallel()
	box, err := phone.NewBox(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, Options{}, func(b *bench) { b.server.ShowPhone(box) })
	if r := b.call("GET", "/dev/phone/newest.txt", ""); r.status != http.StatusNotFound {
		t.Errorf("%d", r.status)
	}
	if err := box.Send(t.Context(), phone.Message{ID: "one", To: "+4915112345678", Text: "Hello <script>alert(1)</script>"}); err != nil {
		t.Fatal(err)
	}
	if r := b.call("GET", "/dev/phone", ""); r.status != http.StatusOK || !strings.Contains(r.body, "Hello &lt;script&gt;") || strings.Contains(r.body, "<script") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := b.call("GET", "/dev/phone/newest.txt", ""); r.body != "To: +4915112345678\n\nHello <script>alert(1)</script>" {
		t.Errorf("%q", r.body)
	}
	for _, header := range []string{"X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "Host: rebound.example:8080"} {
		for _, path := range []string{"/dev/phone", "/dev/phone/newest.txt"} {
			if r := b.call("GET", path, "", header); r.status != http.StatusNotFound || strings.Contains(r.body, "Hello") {
				t.Errorf("%s with %s: %d", path, header, r.status)
			}
		}
	}
}
