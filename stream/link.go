package stream

import (
	"context"
	"net/netip"

	"github.com/veranda-go/veranda/internal/preview"
)

// maxLinks is how many links of a text are shown with previews.
const maxLinks = 5

// LinkState says how far the preview of a link is.
type LinkState string

// The states of a link.
const (
	LinkWaiting LinkState = "waiting" // nobody has looked yet
	LinkReady   LinkState = "ready"   // the page says something of itself
	LinkNone    LinkState = "none"    // there is no preview; why is not told, for it would map the server's own network
)

// Link is a link in a text, and what the page it leads to says of itself. There is no picture: one from elsewhere would tell
// its server who reads.
type Link struct {
	URL         string    `json:"url"`
	State       LinkState `json:"state" enum:"waiting,ready,none"`
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	Site        string    `json:"site,omitempty"`
}

// Preview is what a web page says of itself.
type Preview struct{ Title, Description, Site string }

// Previewer looks at web pages. It is called in the background, by several goroutines at once.
type Previewer interface {
	Preview(ctx context.Context, url string) (Preview, error)
}

// PreviewOptions are for NewPreviewer; the zero value calls public servers alone.
type PreviewOptions struct {
	// Allow says which addresses may be called, after a name was resolved and at every redirect; nil allows public ones at
	// the ports 80 and 443.
	Allow func(netip.AddrPort) error
	// Lookup resolves a name; nil asks the system.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// NewPreviewer makes a Previewer that fetches pages: from public addresses at the ports of the web and nowhere else, the
// first megabyte at most, within ten seconds, and keeps what it found for a day.
func NewPreviewer(o PreviewOptions) Previewer {
	return previewer{preview.New(preview.Options{Allow: o.Allow, Lookup: o.Lookup})}
}

type previewer struct{ fetcher *preview.Fetcher }

func (p previewer) Preview(ctx context.Context, url string) (Preview, error) {
	page, err := p.fetcher.Fetch(ctx, url)
	return Preview(page), err
}
