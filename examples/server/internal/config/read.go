package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda/examples/server/internal/mail"
)

// reader takes variables from the environment and gathers what is wrong.
type reader struct {
	getenv   func(string) string
	problems []error
}

func (r *reader) wrong(name, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(name+": "+format, args...))
}

func (r *reader) text(name, fallback string) string {
	if value := strings.TrimSpace(r.getenv(name)); value != "" {
		return value
	}
	return fallback
}

func (r *reader) address(name, fallback string) string {
	value := r.text(name, fallback)
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		r.wrong(name, "want host:port, such as %s", fallback)
		return fallback
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		r.wrong(name, "the port must be a number from 0 to 65535")
		return fallback
	}
	return value
}

// loopback tells whether a host name can only mean this machine. "localhost" is loopback by RFC 6761, section 6.3.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// baseURL is where browsers reach the server. Every link in a mail is built from it, so it is never guessed from what a
// request says.
func (r *reader) baseURL(name, listen string) *url.URL {
	value := r.text(name, "")
	if value == "" {
		host, _, _ := net.SplitHostPort(listen)
		if !loopback(host) {
			r.wrong(name, "must be set, because LISTEN_ADDR is reachable from elsewhere; want https://host")
		}
		return &url.URL{Scheme: "http", Host: listen}
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		r.wrong(name, "want https://host or https://host:port")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		r.wrong(name, "want scheme and host only, without a path")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		r.wrong(name, "must be https:// unless its host is this machine, for sessions would travel in the clear")
	default:
		return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	}
	return &url.URL{Scheme: "http", Host: listen}
}

func (r *reader) database(name, fallback string) Secret {
	value := r.text(name, fallback)
	scheme, _, hasScheme := strings.Cut(value, "://")
	switch {
	case hasScheme && scheme != "postgres" && scheme != "postgresql":
		r.wrong(name, "want postgres://… or the path of a SQLite file")
	case hasScheme:
		if u, err := url.Parse(value); err != nil || u.Host == "" && u.Query().Get("host") == "" {
			r.wrong(name, "want postgres://user:password@host:port/database")
		}
	case strings.ContainsAny(value, "?#"):
		r.wrong(name, "the path of a SQLite file must not hold ? or #")
	}
	return Secret(value)
}

var redisSchemes = []string{"redis", "rediss", "redis-socket", "redis-sentinel", "redis-cluster"}

func (r *reader) redis(name string) Secret {
	value := r.text(name, "")
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || !slices.Contains(redisSchemes, u.Scheme) {
		r.wrong(name, "want one of %s://…", strings.Join(redisSchemes, "://, "))
	}
	return Secret(value)
}

func (r *reader) smtp(name string) *mail.Server {
	value := r.text(name, "")
	if value == "" {
		return nil
	}
	server, err := mail.ParseURL(value)
	if err != nil {
		r.wrong(name, "%v", err)
		return nil
	}
	return &server
}

func (r *reader) mailFrom(name string, required bool) mail.Address {
	value := r.text(name, "")
	if value == "" {
		if required {
			r.wrong(name, "must be set together with SMTP_URL; want an address, such as Veranda <veranda@example.org>")
		}
		return mail.Address{Name: "Veranda", Address: "veranda@localhost"}
	}
	address, err := mail.ParseAddress(value)
	if err != nil {
		r.wrong(name, "want an address, such as Veranda <veranda@example.org>")
	}
	return address
}

func (r *reader) secretKey(name string) Secret {
	value := r.text(name, "")
	if value == "" {
		return ""
	}
	key, err := ParseSecretKey(value)
	if err != nil {
		r.wrong(name, "%v", err)
	}
	return key
}

// policyReplace without rows to put in place of the shipped ones would take every right from everybody.
func (r *reader) policyReplace(name string, file bool) bool {
	replace := r.oneOf(name, "false", "true") == "true"
	if replace && !file {
		r.wrong(name, "needs POLICY_FILE")
	}
	return replace
}

func (r *reader) networks(name string) []netip.Prefix {
	var prefixes []netip.Prefix
	for part := range strings.SplitSeq(r.text(name, ""), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			address, addressErr := netip.ParseAddr(part)
			if addressErr != nil {
				r.wrong(name, "%q is neither an address nor a network, such as 10.0.0.0/8", part)
				continue
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes
}

func (r *reader) level(name string) slog.Level {
	var level slog.Level
	switch value := strings.ToLower(r.text(name, "info")); value {
	case "debug", "info", "warn", "error":
		_ = level.UnmarshalText([]byte(value)) // one of the four
	default:
		r.wrong(name, "want debug, info, warn or error")
	}
	return level
}

// oneOf is one of some words; the first is the default.
func (r *reader) oneOf(name string, words ...string) string {
	value := r.text(name, words[0])
	if !slices.Contains(words, value) {
		r.wrong(name, "want %s", strings.Join(words, " or "))
		return words[0]
	}
	return value
}

func (r *reader) duration(name string, fallback, least, most time.Duration) time.Duration {
	value := r.text(name, "")
	if value == "" {
		return fallback
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > most {
		r.wrong(name, "want a time from %s to %s, such as %s", least, most, fallback)
		return fallback
	}
	return d
}

// size is a number of bytes, with an optional KiB, MiB or GiB.
func (r *reader) size(name string, fallback, least, most int) int {
	value := r.text(name, "")
	if value == "" {
		return fallback
	}
	digits, factor := value, 1
	for _, unit := range []struct {
		suffix string
		factor int
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		if rest, ok := strings.CutSuffix(value, unit.suffix); ok {
			digits, factor = strings.TrimSpace(rest), unit.factor
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > most/factor || n*factor < least || n*factor > most {
		r.wrong(name, "want a number of bytes from %d to %d, or with a unit, such as 8MiB", least, most)
		return fallback
	}
	return n * factor
}

// metricsToken is compared with what a scraper sends; a short one could be guessed.
func (r *reader) metricsToken(name string) Secret {
	value := r.text(name, "")
	if value != "" && len(value) < 16 {
		r.wrong(name, "must have at least 16 characters")
	}
	return Secret(value)
}
