// Package config reads the server's configuration from the environment.
//
// Load looks at every variable and reports everything that is wrong at once, one line each, beginning with the
// variable's name, so that an operator repairs it in one go. Table is the one description of the variables: the program
// prints it with -config and the README's table is made of it.
package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"time"

	"github.com/veranda-go/veranda/examples/server/internal/mail"
	"github.com/veranda-go/veranda/examples/server/internal/phone"
)

// Config is what the environment says.
type Config struct {
	ListenAddr  string
	DataDir     string
	BaseURL     *url.URL // scheme and host only
	DatabaseURL Secret   // postgres://… or the path of a SQLite file
	RedisURL    Secret   // empty: the queue is inside the process
	// SMTP is where mail is handed in; nil: mails are kept in DataDir and shown at /dev/mail.
	SMTP *mail.Server
	// MailFrom is the sender of every mail.
	MailFrom mail.Address
	// Phone is the provider of text messages; nil: they are kept in DataDir and shown at /dev/phone.
	Phone *phone.Provider
	// InboundListen is the address for mail that comes in, empty: none does; InboundDomain the domain of its addresses.
	InboundListen, InboundDomain string
	// FilesURL is where files are kept: a folder, or a URL.
	FilesURL string
	// LinkPreviews tells whether pages that people link to are looked at.
	LinkPreviews bool
	// TemplatesDir is a folder with mails of the host's own; empty: none.
	TemplatesDir string
	// SecretKey signs and encrypts; at least 32 bytes. Empty after Load when SECRET_KEY is not set: Prepare fills it in.
	SecretKey Secret
	// PolicyFile is a casbin CSV whose rows extend the shipped policy or, with PolicyReplace, take its place; empty: none.
	PolicyFile    string
	PolicyReplace bool
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies  []netip.Prefix
	LogLevel        slog.Level
	LogFormat       string // "text" or "json"
	ShutdownTimeout time.Duration
	BodyLimit       int    // bytes of a request that is read whole
	DNSServer       string // host:port; empty: as the machine is set up
	MetricsToken    Secret // empty: /metrics answers loopback peers only
}

// Secret is a value that must not be printed: every formatting and logging of it gives "[hidden]".
type Secret string

// String hides the value.
func (Secret) String() string { return "[hidden]" }

// GoString hides the value.
func (Secret) GoString() string { return "[hidden]" }

// LogValue hides the value.
func (Secret) LogValue() slog.Value { return slog.StringValue("[hidden]") }

// MarshalText hides the value.
func (Secret) MarshalText() ([]byte, error) { return []byte("[hidden]"), nil }

// Reveal is the value itself.
func (s Secret) Reveal() string { return string(s) }

// The defaults of sizes and times; the table names them too.
const (
	defaultListen          = "127.0.0.1:8080"
	defaultDataDir         = "./data"
	defaultShutdownTimeout = 20 * time.Second
	defaultBodyLimit       = 8 << 20
	// SecretKeyBytes is the least length of the secret key: what HMAC-SHA-256 and AES-256 use.
	SecretKeyBytes = 32
)

// Load reads the configuration. The error joins one line for each variable that is wrong; no line repeats the value of
// a variable that may hold a secret.
func Load(getenv func(string) string) (*Config, error) {
	r := reader{getenv: getenv}
	c := &Config{}
	c.ListenAddr = r.address("LISTEN_ADDR", defaultListen)
	c.DataDir = r.text("DATA_DIR", defaultDataDir)
	c.BaseURL = r.baseURL("BASE_URL", c.ListenAddr)
	c.DatabaseURL = r.database("DATABASE_URL", filepath.Join(c.DataDir, "veranda.db"))
	c.RedisURL = r.redis("REDIS_URL")
	c.SMTP = r.smtp("SMTP_URL")
	c.MailFrom = r.mailFrom("MAIL_FROM", c.SMTP != nil)
	c.Phone = r.phone("PHONE_URL")
	c.InboundListen, c.InboundDomain = r.inbound("INBOUND_LISTEN", "INBOUND_DOMAIN", c.MailFrom)
	c.TemplatesDir = r.folder("TEMPLATES_DIR")
	c.FilesURL = r.bucket("FILES_URL", filepath.Join(c.DataDir, "files"))
	c.LinkPreviews = r.oneOf("LINK_PREVIEWS", "on", "off") == "on"
	c.SecretKey = r.secretKey("SECRET_KEY")
	c.PolicyFile = r.text("POLICY_FILE", "")
	c.PolicyReplace = r.policyReplace("POLICY_REPLACE", c.PolicyFile != "")
	c.TrustedProxies = r.networks("TRUSTED_PROXIES")
	c.LogLevel = r.level("LOG_LEVEL")
	c.LogFormat = r.oneOf("LOG_FORMAT", "text", "json")
	c.ShutdownTimeout = r.duration("SHUTDOWN_TIMEOUT", defaultShutdownTimeout, time.Second, 10*time.Minute)
	c.BodyLimit = r.size("BODY_LIMIT", defaultBodyLimit, 64<<10, 1<<30)
	c.DNSServer = r.dnsServer("DNS_SERVER")
	c.MetricsToken = r.metricsToken("METRICS_TOKEN")
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	return c, nil
}

// HTTPS tells whether browsers reach the server by TLS.
func (c *Config) HTTPS() bool { return c.BaseURL.Scheme == "https" }

// ParseSecretKey reads a key as SECRET_KEY and the file hold it: standard or URL-safe base64, with or without padding.
func ParseSecretKey(text string) (Secret, error) {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		key, err := encoding.DecodeString(text)
		if err != nil {
			continue
		}
		if len(key) < SecretKeyBytes {
			return "", fmt.Errorf("must be base64 of at least %d bytes, this is %d", SecretKeyBytes, len(key))
		}
		return Secret(key), nil
	}
	return "", fmt.Errorf("must be base64 of at least %d bytes", SecretKeyBytes)
}
