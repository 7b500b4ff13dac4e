package preview

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// site serves pages on loopback, and a fetcher that may call it, besides public servers, and nothing else.
func site(t *testing.T, pages http.HandlerFunc) (*httptest.Server, *Fetcher) {
	t.Helper()
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	return server, New(Options{Allow: only(server), Timeout: 2 * time.Second})
}

func only(server *httptest.Server) func(netip.AddrPort) error {
	own := netip.MustParseAddrPort(server.Listener.Addr().String())
	return func(at netip.AddrPort) error {
		if at == own {
			return nil
		}
		return Public(at)
	}
}

func page(text, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(text))
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		name, kind, text string
		want             Page
	}{
		{"title", "text/html", "<html><head><title> A\n page </title><meta name=description content='What it is about'></head><body><title>no</title>", Page{"A page", "What it is about", ""}},
		{"graph", "text/html; charset=utf-8", `<title>t</title><meta property="og:title" content="Title &amp; more"><meta property="og:site_name" content="Site"><meta property="og:description" content="D"><meta property="og:image" content="http://127.0.0.1/x.png">`, Page{"Title & more", "D", "Site"}},
		{"latin", "text/html; charset=iso-8859-1", "<title>Caf\xe9</title>", Page{"Café", "", ""}},
		{"said in the page", "text/html", "<meta charset=windows-1251><title>\xcf\xf0\xe8\xe2\xe5\xf2</title>", Page{"Привет", "", ""}},
		{"long", "text/html", "<title>" + strings.Repeat("x", 1000) + "</title>", Page{strings.Repeat("x", 199) + "…", "", ""}},
		{"marked up", "text/html", "<title><script>alert(1)</script>\u202eevil</title>", Page{"<script>alert(1)</script>evil", "", ""}},
	} {
		server, f := site(t, page(one.text, one.kind))
		if got, err := f.Fetch(context.Background(), server.URL+"/x?y=1"); err != nil || got != one.want {
			t.Errorf("%s: %+v, %v", one.name, got, err)
		}
	}
}

func TestUnsuited(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"json":     page(`{"title":"x"}`, "application/json"),
		"no type":  page("<title>x</title>", ""),
		"no title": page("<html><body>x", "text/html"),
		"not found": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(404)
		},
		"declared": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Length", "10000000000")
			_, _ = w.Write([]byte("<title>x</title>"))
		},
		"big header": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 100_000)) },
	} {
		server, f := site(t, handler)
		if got, err := f.Fetch(context.Background(), server.URL); err == nil || got != (Page{}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A body without an end, and one that unpacks without an end, are left off with little read and little kept.
func TestBoundedMemory(t *testing.T) { // alone: it looks at the whole process
	var written atomic.Int64
	endless := func(head string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(head))
			chunk := bytes.Repeat([]byte("<p>x "), 10_000)
			for written.Load() < 10<<30 {
				n, err := w.Write(chunk)
				written.Add(int64(n))
				if err != nil {
					return
				}
			}
		}
	}
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		var packed bytes.Buffer
		z, zeros := gzip.NewWriter(&packed), make([]byte, 100_000)
		for range 1000 {
			_, _ = z.Write(zeros)
		}
		_ = z.Close()
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}
	for name, handler := range map[string]http.HandlerFunc{"endless": endless("<head>"), "one text": endless("<head><title>"), "one element": endless("<head><meta content='"), "bomb": bomb} {
		server, f := site(t, handler)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if got, err := f.Fetch(context.Background(), server.URL); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
		runtime.ReadMemStats(&after)
		if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 64<<20 {
			t.Errorf("%s: %d MB were allocated", name, grown>>20)
		}
	}
	if sent := written.Load(); sent > 100<<20 {
		t.Errorf("the servers got rid of %d MB", sent>>20)
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	for name, handler := range map[string]http.HandlerFunc{
		"silent": func(http.ResponseWriter, *http.Request) { <-stop },
		"dripping": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				w.(http.Flusher).Flush()
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		},
	} {
		server, _ := site(t, handler)
		f := New(Options{Allow: only(server), Timeout: 150 * time.Millisecond})
		began := time.Now()
		if _, err := f.Fetch(context.Background(), server.URL); err == nil || time.Since(began) > 5*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(began))
		}
	}
	close(stop)
}

// A redirect is followed to where a call of its own may go, and nowhere else.
func TestRedirects(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		page("<title>secret</title>", "text/html")(w, nil)
	}))
	t.Cleanup(inner.Close)
	innerPort := inner.URL[strings.LastIndexByte(inner.URL, ':'):]
	server, f := site(t, func(w http.ResponseWriter, r *http.Request) {
		switch to := r.URL.Query().Get("to"); to {
		case "":
			page("<title>"+r.Header.Get("Referer")+"here</title>", "text/html")(w, r)
		case "round":
			http.Redirect(w, r, "/?to=round&n="+r.URL.Query().Get("n")+"1", http.StatusFound)
		default:
			http.Redirect(w, r, to, http.StatusFound)
		}
	})
	if got, err := f.Fetch(context.Background(), server.URL+"/?to=/"); err != nil || got.Title != "here" {
		t.Errorf("within the site: %+v, %v", got, err)
	}
	for _, to := range []string{
		"round", inner.URL, "http://localhost" + innerPort, "http://[::1]" + innerPort, "http://[::ffff:127.0.0.1]" + innerPort, "http://0.0.0.0" + innerPort,
		"http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://user:password@" + server.Listener.Addr().String() + "/", "file:///etc/passwd",
		"gopher://127.0.0.1/", "http://127.1" + innerPort, "http://2130706433" + innerPort, "http://0x7f.1" + innerPort, "//127.0.0.1" + innerPort, "http://[64:ff9b::7f00:1]/",
	} {
		if got, err := f.Fetch(context.Background(), server.URL+"/?to="+to); err == nil {
			t.Errorf("to %s: %+v", to, got)
		}
		if to != "round" {
			if got, err := f.Fetch(context.Background(), to); err == nil {
				t.Errorf("%s itself: %+v", to, got)
			}
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("what lies within was called %d times", n)
	}
}

// A name is resolved once for a connection, and the next time it is resolved it is checked again; one that leads to a
// private address beside a public one leads nowhere.
func TestNames(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	private := netip.MustParseAddr("127.0.0.2")
	var asked atomic.Int64
	allowed := func(to netip.AddrPort) error {
		if to == at {
			return nil
		}
		return fmt.Errorf("%w: %s", ErrRefused, to)
	}
	rebinding := New(Options{Allow: allowed, Lookup: func(context.Context, string) ([]netip.Addr, error) {
		if asked.Add(1) == 1 {
			return []netip.Addr{at.Addr()}, nil
		}
		return []netip.Addr{private}, nil
	}})
	if _, err := rebinding.Fetch(context.Background(), fmt.Sprintf("http://rebinding.example:%d/", at.Port())); !errors.Is(err, ErrRefused) || hits.Load() != 1 || asked.Load() != 2 {
		t.Errorf("rebinding: %v after %d calls and %d questions", err, hits.Load(), asked.Load())
	}
	both := New(Options{Allow: allowed, Lookup: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{at.Addr(), private}, nil }})
	if _, err := both.Fetch(context.Background(), fmt.Sprintf("http://both.example:%d/", at.Port())); !errors.Is(err, ErrRefused) || hits.Load() != 1 {
		t.Errorf("both: %v", err)
	}
	none := New(Options{Lookup: func(context.Context, string) ([]netip.Addr, error) { return nil, nil }})
	if _, err := none.Fetch(context.Background(), "http://none.example/"); !errors.Is(err, ErrRefused) {
		t.Errorf("none: %v", err)
	}
}

// The socket's own address is checked, whatever the dialer was told.
func TestControl(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	for _, address := range []string{"127.0.0.1:80", "[::1]:443", "[fe80::1%lo]:80", "nonsense"} {
		if err := f.control("tcp", address, nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"93.184.215.14:80", "1.1.1.1:443", "[2606:4700::1111]:443", "[2a00:1450:4001::1]:80"} {
		if err := Public(netip.MustParseAddrPort(address)); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{
		"1.1.1.1:22", "1.1.1.1:8080", "0.0.0.0:80", "10.1.2.3:80", "100.64.0.1:80", "127.0.0.1:80", "127.255.0.1:443", "169.254.169.254:80", "172.16.0.1:80",
		"172.31.255.255:80", "192.0.0.1:80", "192.168.1.1:80", "198.18.0.1:80", "224.0.0.1:80", "239.255.255.255:80", "240.0.0.1:80", "255.255.255.255:80",
		"[::]:80", "[::1]:80", "[::ffff:1.1.1.1]:80", "[::ffff:127.0.0.1]:80", "[::127.0.0.1]:80", "[64:ff9b::1.1.1.1]:80", "[64:ff9b:1::1]:80", "[fe80::1]:80",
		"[fec0::1]:80", "[fc00::1]:80", "[fd00:ec2::254]:80", "[ff02::1]:80", "[2002:7f00:1::]:80", "[2001::1]:80", "[2001:db8::1]:80", "[100::1]:80",
	} {
		if err := Public(netip.MustParseAddrPort(address)); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// An answer is kept for a day, and only so many are.
func TestKept(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page(fmt.Sprintf("<title>%d</title>", hits.Add(1)), "text/html")(w, r)
	}))
	t.Cleanup(server.Close)
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	f := New(Options{Allow: only(server), Now: func() time.Time { return now }})
	want := func(title string) {
		t.Helper()
		if got, err := f.Fetch(context.Background(), server.URL); err != nil || got.Title != title {
			t.Errorf("got %+v, %v, want %s", got, err, title)
		}
	}
	want("1")
	now = now.Add(23 * time.Hour)
	want("1")
	now = now.Add(2 * time.Hour)
	want("2")
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Fetch(ended, server.URL+"/ended"); err == nil {
		t.Error("a call that was ended gave a page")
	}
	if _, found := f.recall(server.URL + "/ended"); found {
		t.Error("a call that was ended is kept")
	}
	for n := range 2 * maxKept {
		f.keep(fmt.Sprint(n), kept{until: now.Add(time.Duration(n+1) * time.Second)})
	}
	if len(f.kept) > maxKept {
		t.Errorf("%d answers are kept", len(f.kept))
	}
}

// No proxy that the environment names is asked.
func TestNoProxy(t *testing.T) {
	var hits atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	f := New(Options{Lookup: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
	}})
	if _, err := f.Fetch(context.Background(), "http://somewhere.example/"); !errors.Is(err, ErrRefused) || hits.Load() != 0 {
		t.Errorf("%v, the proxy was asked %d times", err, hits.Load())
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("<title>x</title>"), "text/html")
	f.Add([]byte("<meta charset=utf-16><title>\xff\xfe"), "text/html; charset=utf-7")
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		page, err := read(bytes.NewReader(body), kind)
		if err == nil && (page.Title == "" || strings.ContainsAny(page.Title+page.Description+page.Site, "\n\r\x00") || len([]rune(page.Title)) > maxTitle) {
			t.Fatalf("%q says %+v", body, page)
		}
	})
}
