package config

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/examples/server/internal/mail"
)

func env(lines ...string) func(string) string {
	values := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := Load(env())
	if err != nil {
		t.Fatal(err)
	}
	if c.ListenAddr != "127.0.0.1:8080" || c.DataDir != "./data" || c.BaseURL.String() != "http://127.0.0.1:8080" || c.HTTPS() ||
		c.DatabaseURL.Reveal() != filepath.Join("data", "veranda.db") || c.RedisURL != "" || c.SMTP != nil || c.SecretKey != "" ||
		c.LogLevel != slog.LevelInfo || c.LogFormat != "text" || c.ShutdownTimeout != 20*time.Second || c.BodyLimit != 8<<20 || c.MetricsToken != "" {
		t.Errorf("%+v", c)
	}
}

func TestEverythingSet(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{7}, 32)
	c, err := Load(env("LISTEN_ADDR=:443", "DATA_DIR=/var/lib/veranda", "BASE_URL=https://Veranda.example/", "DATABASE_URL=postgres://a:b@db/x",
		"REDIS_URL=rediss://r", "SMTP_URL=smtp://u:p%40@mail.example?starttls=optional", "MAIL_FROM=Veranda <v@example.org>",
		"SECRET_KEY="+base64.StdEncoding.EncodeToString(key), "TRUSTED_PROXIES=10.1.2.3/8, 192.0.2.1,", "LOG_LEVEL=warn", "LOG_FORMAT=json",
		"SHUTDOWN_TIMEOUT=1m", "BODY_LIMIT=2MiB", "METRICS_TOKEN=0123456789abcdef", "PHONE_URL=twilio://AC1:token@api.twilio.com?service=MG1", "INBOUND_LISTEN=:2525", "TEMPLATES_DIR=/"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("https://veranda.example", c.BaseURL.String()); diff != "" || !c.HTTPS() {
		t.Error(diff)
	}
	if c.Phone == nil || c.Phone.Service != "MG1" || c.InboundListen != ":2525" || c.InboundDomain != "example.org" || c.TemplatesDir != "/" {
		t.Errorf("%+v", c)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}
	if diff := cmp.Diff(want, c.TrustedProxies, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if c.SMTP == nil || c.SMTP.Port != 587 || c.SMTP.TLS != mail.TLSOptional || c.SMTP.User != "u" || c.MailFrom.Address != "v@example.org" {
		t.Errorf("%+v %+v", c.SMTP, c.MailFrom)
	}
	if c.SecretKey.Reveal() != string(key) || c.LogLevel != slog.LevelWarn || c.LogFormat != "json" || c.ShutdownTimeout != time.Minute || c.BodyLimit != 2<<20 {
		t.Errorf("%+v", c)
	}
}

func TestEveryWrongVariableIsNamedOnce(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"LISTEN_ADDR=8080", "LISTEN_ADDR=localhost:99999", "BASE_URL=veranda.example", "BASE_URL=http://veranda.example", "BASE_URL=https://a/b",
		"BASE_URL=https://u:hunter2@a", "BASE_URL=ftp://a", "DATABASE_URL=mysql://u:hunter2@a", "DATABASE_URL=postgres://u:hunter2 @/", "DATABASE_URL=a.db?x=1",
		"REDIS_URL=http://:hunter2@a", "SMTP_URL=http://u:hunter2@a", "SMTP_URL=smtp://u:hunter2@a?starttls=maybe", "SMTP_URL=smtps://u:hunter2@a?starttls=none",
		"SMTP_URL=smtp://u@a", "SMTP_URL=smtp://u:hunter2@a?starttls=none", "SMTP_URL=smtp://u:hunter2@a:0", "SMTP_URL=smtp://u:hunter2@a?tls=1", "MAIL_FROM=nobody", "SECRET_KEY=hunter2", "SECRET_KEY=aHVudGVyMg==",
		"POLICY_REPLACE=true", "POLICY_REPLACE=yes", "TRUSTED_PROXIES=10.0.0.0/40", "TRUSTED_PROXIES=proxy", "LOG_LEVEL=loud", "LOG_FORMAT=xml", "SHUTDOWN_TIMEOUT=20", "SHUTDOWN_TIMEOUT=1h",
		"BODY_LIMIT=1", "BODY_LIMIT=8MB", "BODY_LIMIT=9999999999999GiB", "METRICS_TOKEN=hunter2", "DNS_SERVER=9.9.9.9", "DNS_SERVER=:53", "DNS_SERVER=a:0",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			name, _, _ := strings.Cut(line, "=")
			_, err := Load(env(line, "MAIL_FROM=v@example.org", line))
			if err == nil {
				t.Fatal("accepted")
			}
			if text := err.Error(); !strings.HasPrefix(text, name+": ") || strings.Contains(text, "\n") || strings.Contains(text, "hunter2") {
				t.Error(text)
			}
		})
	}
}

func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Load(env("LISTEN_ADDR=0.0.0.0:80", "SMTP_URL=smtp://a", "LOG_FORMAT=xml"))
	if err == nil {
		t.Fatal("accepted")
	}
	var names []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	if diff := cmp.Diff([]string{"BASE_URL", "MAIL_FROM", "LOG_FORMAT"}, names); diff != "" {
		t.Error(diff)
	}
}

// The table is the documentation: it names what Load asks for, no more and no less.
func TestTableNamesWhatIsRead(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	if _, err := Load(func(name string) string { asked[name] = true; return "" }); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	for _, v := range Table() {
		if !asked[v.Name] || v.Default == "" || v.Meaning == "" || !strings.Contains(text.String(), "| `"+v.Name+"` | ") {
			t.Errorf("%+v", v)
		}
		delete(asked, v.Name)
	}
	if len(asked) > 0 {
		t.Errorf("not in the table: %v", asked)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	c, err := Load(env("DATABASE_URL=postgres://u:hunter2@db/x", "REDIS_URL=redis://:hunter2@r", "SMTP_URL=smtp://u:hunter2@a", "MAIL_FROM=v@example.org", "METRICS_TOKEN=hunter2hunter2hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("config", "config", c, "database", c.DatabaseURL, "smtp", c.SMTP)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{log.String(), string(asJSON), fmt.Sprint(c), fmt.Sprintf("%+v %v %s %q", *c, c.DatabaseURL, c.RedisURL, c.MetricsToken), fmt.Sprint(c.SMTP)} {
		if strings.Contains(text, "hunter2") {
			t.Error(text)
		}
	}
}

func TestSecretKeyIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	keys := make([]Secret, 8)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			c := &Config{DataDir: dir}
			if err := c.Prepare(); err != nil {
				t.Error(err)
			}
			keys[i] = c.SecretKey
		})
	}
	group.Wait()
	for _, key := range keys {
		if key != keys[0] || len(key) != SecretKeyBytes {
			t.Errorf("%d bytes, the same %t", len(key), key == keys[0])
		}
	}
	info, err := os.Stat(filepath.Join(dir, secretFile))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Error(entries, err)
	}
	given := &Config{DataDir: dir, SecretKey: "given"}
	if err := given.Prepare(); err != nil || given.SecretKey != "given" {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, secretFile), []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&Config{DataDir: dir}).Prepare(); err == nil || !strings.HasPrefix(err.Error(), "SECRET_KEY: ") {
		t.Error(err)
	}
}
