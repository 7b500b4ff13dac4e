package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// Options say how a server is built. BaseURL is required; everything else has a default.
type Options struct {
	// BaseURL is where browsers reach the server: scheme and host. Cookies, the check of Origin and every link follow it.
	BaseURL *url.URL
	// Title, Version and Description head the description of the API.
	Title, Version, Description string
	// TrustedProxies are the networks whose X-Forwarded-For and X-Request-Id are believed.
	TrustedProxies []netip.Prefix
	// BodyLimit bounds a request that is read whole, in bytes; default 8 MiB. Uploads are streamed and not bounded by it.
	BodyLimit int
	// ReadTimeout is how long a request may take to arrive, WriteTimeout an answer to leave, IdleTimeout how long a
	// connection may rest. Defaults 30 s, 60 s, 120 s. Streams move them with every part.
	ReadTimeout, WriteTimeout, IdleTimeout time.Duration
	// Connections is how many are served at once; more are answered 503. Default 20,000.
	Connections int
	// MetricsToken is what /metrics asks for; empty: it answers loopback peers only.
	MetricsToken string
	// Log takes the access log and what went wrong; default slog.Default().
	Log *slog.Logger
	// DB is where answers to calls with Idempotency-Key are kept; required by Idempotent routes only.
	DB *veranda.DB
	// Ready says what /readyz asks.
	Ready []Check
	// Gauges are shown at /metrics under their names, each asked when a scraper comes.
	Gauges map[string]func() float64
	// Links are shown on the page at "/", after those of the kit.
	Links []Link
}

// Link is a line of the page at "/".
type Link struct{ Path, Text string }

// Server is the HTTP side of the product. Make it with New, add routes with On, Get, Create and the like, then Listen.
type Server struct {
	options     Options
	app         *fiber.App
	api         huma.API
	description *huma.OpenAPI
	registry    *registry
	compiler    *compiler
	tags        map[string]bool
	items       map[string]bool // paths of collections whose things can be read by their id
	uploads     []uploadPath
	credentials credentials
	proxies     proxies
	log         *slog.Logger
	metrics     *meter
	answers     *answers
	inner       fasthttp.RequestHandler
	hsts        bool
	pages       *pages
	docs        sync.Once
	docsPage    []byte
	spec        []byte
	stopping    chan struct{}
	stopOnce    sync.Once
	mu          sync.Mutex // guards listener
	listener    net.Listener
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, fallback time.Duration) {
		if *d <= 0 {
			*d = fallback
		}
	}
	set(&o.ReadTimeout, 30*time.Second)
	set(&o.WriteTimeout, 60*time.Second)
	set(&o.IdleTimeout, 120*time.Second)
	if o.BodyLimit <= 0 {
		o.BodyLimit = 8 << 20
	}
	if o.Connections <= 0 {
		o.Connections = 20_000
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Title == "" {
		o.Title = "Veranda"
	}
	if o.Version == "" {
		o.Version = "0"
	}
	return o
}

// headerBytes bounds the header of a request.
const headerBytes = 16 << 10

// New builds a server with the routes that every server has: /, /healthz, /readyz, /metrics, /openapi.json and /docs.
func New(options Options) (*Server, error) {
	options = options.withDefaults()
	if options.BaseURL == nil || options.BaseURL.Host == "" {
		return nil, fmt.Errorf("web: BaseURL is required")
	}
	trusted := make([]string, len(options.TrustedProxies))
	for i, prefix := range options.TrustedProxies {
		trusted[i] = prefix.String()
	}
	s := &Server{
		options: options, log: options.Log, proxies: options.TrustedProxies, credentials: newCredentials(options.BaseURL),
		hsts: options.BaseURL.Scheme == "https", metrics: newMeter(options.Gauges), tags: map[string]bool{},
		items: map[string]bool{}, stopping: make(chan struct{}),
	}
	if options.DB != nil {
		s.answers = &answers{db: options.DB}
	}
	s.app = fiber.New(fiber.Config{
		// Strings that are reused after the handler would end up in stored rows.
		Immutable:             true,
		DisableStartupMessage: true,
		CaseSensitive:         true,
		StrictRouting:         true,
		BodyLimit:             options.BodyLimit,
		StreamRequestBody:     true, // uploads are read as they come; serve bounds everything else
		ReadTimeout:           options.ReadTimeout,
		WriteTimeout:          options.WriteTimeout,
		IdleTimeout:           options.IdleTimeout,
		ReadBufferSize:        headerBytes,
		Concurrency:           options.Connections,
		// Whoever else asks fiber for host or protocol gets them from trusted proxies only.
		EnableTrustedProxyCheck:      true,
		TrustedProxies:               trusted,
		DisablePreParseMultipartForm: true,
		ErrorHandler:                 s.fail,
	})
	var err error
	if s.pages, err = newPages(); err != nil {
		return nil, err
	}
	s.inner = s.app.Server().Handler
	s.app.Server().Handler = s.serve
	s.app.Server().CloseOnShutdown = true
	tune(s.app.Server())
	s.app.Use(s.learnPattern)
	s.describe()
	s.addOperations()
	return s, nil
}

// App is the router, for plain handlers beside the operations. They get request ids, logs, headers and problems all the
// same; they call Actor to learn who calls.
func (s *Server) App() *fiber.App { return s.app }

// API is the same server for routes declared with huma's own Register; their errors take the shape of the others.
func (s *Server) API() huma.API { return s.api }

// Listen serves until Shutdown. It returns nil after a proper stop, also when the stop came first.
func (s *Server) Listen(listener net.Listener) error {
	s.mu.Lock()
	s.listener = listener
	s.mu.Unlock()
	select {
	case <-s.stopping:
		return s.closeListener()
	default:
	}
	if err := s.app.Listener(listener); err != nil {
		return fmt.Errorf("web: serve: %w", err)
	}
	return nil
}

// Stopping is closed when the server begins to stop; whoever holds an answer open ends it then.
func (s *Server) Stopping() <-chan struct{} { return s.stopping }

// Shutdown stops: no new connections, calls under way are finished, until the context ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopOnce.Do(func() { close(s.stopping) })
	if err := s.app.ShutdownWithContext(ctx); err != nil {
		return fmt.Errorf("web: stop: %w", err)
	}
	// The HTTP server forgets a stop that comes before it has begun.
	return s.closeListener()
}

func (s *Server) closeListener() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("web: stop: %w", err)
	}
	return nil
}

// Actor is who calls a plain handler. It refuses like an operation does: a caller without session, unless public, and
// what a page of another site may have caused.
func (s *Server) Actor(c *fiber.Ctx, public bool) (veranda.Actor, error) {
	access := accessSession
	if public {
		access = accessPublic
	}
	return s.credentials.actor(c.Context(), &route{access: access})
}
