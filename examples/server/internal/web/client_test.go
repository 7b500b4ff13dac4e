package web

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, test := range map[string]struct {
		peer  string
		lines []string
		want  string
	}{
		"direct":                 {"203.0.113.9", nil, "203.0.113.9"},
		"stranger's claim":       {"203.0.113.9", []string{"198.51.100.1"}, "203.0.113.9"},
		"proxy":                  {"10.0.0.1", []string{"198.51.100.1"}, "198.51.100.1"},
		"claim before the proxy": {"10.0.0.1", []string{"127.0.0.1, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":            {"10.0.0.1", []string{"8.8.8.8, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		"several lines":          {"10.0.0.1", []string{"8.8.8.8", "198.51.100.1"}, "198.51.100.1"},
		"all trusted":            {"10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"no header":              {"10.0.0.1", nil, "10.0.0.1"},
		"nonsense at the right":  {"10.0.0.1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		"nonsense further left":  {"10.0.0.1", []string{"unknown, 10.0.0.2"}, "10.0.0.2"},
		"with a port":            {"10.0.0.1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		"IPv6":                   {"fd00::1", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		"IPv4 in IPv6":           {"10.0.0.1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var header fasthttp.RequestHeader
			for _, line := range test.lines {
				header.Add(fasthttp.HeaderXForwardedFor, line)
			}
			if got := trusted.client(netip.MustParseAddr(test.peer), &header); got.String() != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	plain := start(t, Options{})
	proxied := start(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	for name, test := range map[string]struct {
		b    *bench
		id   string
		kept bool
	}{
		"from a proxy":          {proxied, "abc-123.def:45", true},
		"from anybody":          {plain, "abc-123.def:45", false},
		"too short":             {proxied, "abc", false},
		"too long":              {proxied, strings.Repeat("x", 129), false},
		"would break the log":   {proxied, "abcdefgh ijkl", false},
		"would break something": {proxied, `abcdefgh"<ijkl`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.b.call("GET", "/healthz", "", headerRequestID+": "+test.id).header.Get(headerRequestID)
			if (got == test.id) != test.kept || len(got) < 8 {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	b.call("GET", "/plain/secret-one?token=secret-two", "", "Authorization: ", "Authorization: Bearer secret-three", "Cookie: veranda=secret-four")
	b.call("GET", "/missing/secret-five", "")
	r := b.call("POST", fill(notesPath), `{"title":"secret-six"}`)
	log := b.log.String()
	if strings.Contains(log, "secret") && strings.Contains(strings.ReplaceAll(log, "/plain/:secret", ""), "secret") {
		t.Error(log)
	}
	for _, want := range []string{"route=/plain/:secret", "route=none", "route=" + notesPath, "status=201", "request_id=" + r.header.Get(headerRequestID), "client=127.0.0.1"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in %s", want, log)
		}
	}
}
