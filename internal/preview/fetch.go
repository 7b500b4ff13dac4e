package preview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// The bounds of a fetch.
const (
	maxBody      = 1 << 20
	maxTime      = 10 * time.Second
	maxRedirects = 5
	maxHeader    = 32 << 10
	maxURL       = 2000
	// maxKept is how many answers are kept, for keepTime each.
	maxKept  = 1000
	keepTime = 24 * time.Hour
)

// What a fetch ends with besides the network's errors. Nothing of them is for the eyes of who posted the link: which
// address answered how would map the server's own network.
var (
	// ErrRefused is an address that nothing is fetched from.
	ErrRefused = errors.New("preview: refused")
	// ErrUnsuited is an answer that no preview is made of.
	ErrUnsuited = errors.New("preview: not a page")
)

// Page is what a web page says of itself: plain text, each a line of bounded length. All are empty where it says nothing.
type Page struct {
	Title, Description, Site string
}

// Options are what a Fetcher works with; the zero value fetches from public servers.
type Options struct {
	// Allow says which addresses may be called; nil is Public. A test allows its own server.
	Allow func(netip.AddrPort) error
	// Lookup resolves a name; nil asks the system.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Now is the clock of what is kept; nil is the system's.
	Now func() time.Time
	// Timeout bounds a fetch with its redirects; zero is 10 seconds.
	Timeout time.Duration
}

// Fetcher fetches previews. It is safe for concurrent use.
type Fetcher struct {
	allow   func(netip.AddrPort) error
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	now     func() time.Time
	timeout time.Duration
	client  *http.Client

	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	page  Page
	err   error
	until time.Time
}

// New makes a Fetcher.
func New(o Options) *Fetcher {
	f := &Fetcher{allow: o.Allow, lookup: o.Lookup, now: o.Now, timeout: o.Timeout, kept: map[string]kept{}}
	if f.allow == nil {
		f.allow = Public
	}
	if f.lookup == nil {
		f.lookup = resolve
	}
	if f.now == nil {
		f.now = time.Now
	}
	if f.timeout == 0 {
		f.timeout = maxTime
	}
	f.client = &http.Client{
		// A transport of its own: no proxy of the environment, no connection that somebody else's call left open, and
		// nothing unpacked, for what is unpacked has no bound.
		Transport: &http.Transport{
			Proxy: nil, DialContext: f.dial, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxHeader,
			TLSHandshakeTimeout: f.timeout, ResponseHeaderTimeout: f.timeout, ForceAttemptHTTP2: false,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("%w: too many redirects", ErrRefused)
			}
			r.Header.Del("Referer")
			return checkURL(r.URL)
		},
	}
	return f
}

// checkURL refuses addresses that nothing is fetched from, whatever they resolve to.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.User != nil, u.Hostname() == "", len(u.String()) > maxURL:
		return fmt.Errorf("%w: address", ErrRefused)
	}
	return nil
}

// Fetch reads what the page at an address says of itself. Every answer, a refusal too, is kept for a day, the newest thousand
// of them; a call that its caller ended is not.
func (f *Fetcher) Fetch(ctx context.Context, address string) (Page, error) {
	if k, found := f.recall(address); found {
		return k.page, k.err
	}
	inner, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	page, err := f.fetch(inner, address)
	if ctx.Err() == nil {
		f.keep(address, kept{page: page, err: err, until: f.now().Add(keepTime)})
	}
	return page, err
}

func (f *Fetcher) fetch(ctx context.Context, address string) (Page, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Page{}, errors.Join(ErrRefused, err)
	}
	if err := checkURL(u); err != nil {
		return Page{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Page{}, errors.Join(ErrRefused, err)
	}
	request.Header.Set("User-Agent", "Veranda link preview")
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Accept-Encoding", "identity")
	response, err := f.client.Do(request)
	if err != nil {
		return Page{}, err
	}
	defer func() { _ = response.Body.Close() }()
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	encoding := response.Header.Get("Content-Encoding")
	switch {
	case response.StatusCode != http.StatusOK:
		return Page{}, fmt.Errorf("%w: status %d", ErrUnsuited, response.StatusCode)
	case err != nil || kind != "text/html":
		return Page{}, fmt.Errorf("%w: of another type", ErrUnsuited)
	case encoding != "" && encoding != "identity":
		return Page{}, fmt.Errorf("%w: compressed", ErrUnsuited)
	case response.ContentLength > maxBody:
		return Page{}, fmt.Errorf("%w: too large", ErrUnsuited)
	}
	return read(io.LimitReader(response.Body, maxBody), response.Header.Get("Content-Type"))
}

func (f *Fetcher) recall(address string) (kept, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, found := f.kept[address]
	return k, found && f.now().Before(k.until)
}

func (f *Fetcher) keep(address string, k kept) {
	if len(address) > maxURL {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.kept) >= maxKept {
		oldest, first := "", time.Time{}
		for other, o := range f.kept {
			if first.IsZero() || o.until.Before(first) {
				oldest, first = other, o.until
			}
		}
		delete(f.kept, oldest)
	}
	f.kept[address] = k
}
