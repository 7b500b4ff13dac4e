package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/examples/server/internal/config"
)

// wrongConfiguration: a wrong variable stops the program at start, with status 2 and one line that names it; several are
// told at once; no value that may be a secret is repeated.
func wrongConfiguration(t *testing.T, s *stack) {
	const secret = "hunter2-hunter2"
	wrong := map[string][]string{
		"LISTEN_ADDR":      {"8080", "localhost:port", "localhost:70000"},
		"BASE_URL":         {"veranda.example", "http://veranda.example", "https://u:" + secret + "@a", "https://a/b"},
		"DATABASE_URL":     {"mysql://u:" + secret + "@a", "postgres://u:" + secret + " @/", "file.db?mode=" + secret},
		"REDIS_URL":        {"http://:" + secret + "@a", secret},
		"SMTP_URL":         {"http://u:" + secret + "@a", "smtp://u:" + secret + "@a?starttls=none", "smtp://u@a"},
		"MAIL_FROM":        {"nobody", ""},
		"PHONE_URL":        {"https://AC1:" + secret + "@a?from=+15550001111", "twilio://AC1:" + secret + "@a", secret},
		"INBOUND_LISTEN":   {"25", "localhost:port"},
		"INBOUND_DOMAIN":   {"mail@veranda.example", "veranda.example"},
		"TEMPLATES_DIR":    {"/nowhere/at/all"},
		"FILES_URL":        {"s3://" + secret, "ftp://a"},
		"LINK_PREVIEWS":    {"maybe"},
		"SECRET_KEY":       {secret, "aHVudGVyMg=="},
		"POLICY_REPLACE":   {"maybe", "true"},
		"TRUSTED_PROXIES":  {"10.0.0.0/40", "proxy"},
		"LOG_LEVEL":        {"loud"},
		"LOG_FORMAT":       {"xml"},
		"SHUTDOWN_TIMEOUT": {"20", "-1s", "1h"},
		"BODY_LIMIT":       {"1", "8MB", "99999999GiB"},
		"METRICS_TOKEN":    {"short"},
		"DNS_SERVER":       {"9.9.9.9", ":53", "dns.example:0", "dns.example:dns"},
	}
	// What has no wrong form of its own is checked when it is used.
	used := []string{"DATA_DIR", "POLICY_FILE"}
	for _, v := range config.Table() {
		if len(wrong[v.Name]) == 0 && !slices.Contains(used, v.Name) {
			t.Errorf("no wrong value of %s is tried", v.Name)
		}
	}
	refuse := func(lines []string, names ...string) {
		t.Helper()
		c := s.with(lines...).launch(t)
		status := c.status(t)
		var got []string
		said := c.output.String()
		for line := range strings.Lines(said) {
			name, reason, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			got = append(got, name)
			if len(reason) < 4 {
				t.Errorf("%v: the line %q gives no reason", lines, line)
			}
		}
		if diff := cmp.Diff(names, got); diff != "" || status != 2 {
			t.Errorf("%v: status %d, lines (-want +got):\n%s%s", lines, status, diff, said)
		}
		if strings.Contains(said, secret) || c.told.String() != "" {
			t.Errorf("%v: the program says %q", lines, said)
		}
	}
	for name, values := range wrong {
		for _, value := range values {
			refuse([]string{name + "=" + value}, name)
		}
	}
	refuse([]string{"LOG_FORMAT=xml", "LISTEN_ADDR=8080", "SECRET_KEY=" + secret, "BODY_LIMIT=1"}, "LISTEN_ADDR", "SECRET_KEY", "LOG_FORMAT", "BODY_LIMIT")
	refuse([]string{"LISTEN_ADDR=0.0.0.0:0"}, "BASE_URL")
	refuse([]string{"DATA_DIR=" + os.Args[0] + "/data"}, "DATA_DIR")

	// What can only be found out by trying ends the program with a line that names the variable, too.
	tried := map[string]string{
		"DATABASE_URL": "postgres://veranda:" + secret + "@127.0.0.1:1/veranda?connect_timeout=2",
		"REDIS_URL":    "redis://:" + secret + "@127.0.0.1:1/0",
		"LISTEN_ADDR":  strings.TrimPrefix(s.base, "http://"),
		"POLICY_FILE":  s.dir, // a folder
	}
	s.start(t) // holds the address
	for name, value := range tried {
		node := s.another(t).with("DATA_DIR="+t.TempDir(), name+"="+value)
		c := node.launch(t)
		status := c.status(t)
		said := c.output.String()
		named := 0
		for line := range strings.Lines(said) {
			if strings.Contains(line, name+": ") {
				named++
			}
		}
		if status == 0 || named != 1 || strings.Contains(said, secret) {
			t.Errorf("%s: status %d, %d lines name it:\n%s", name, status, named, said)
		}
	}
	for _, arguments := range [][]string{{"serve"}, {"-nonsense"}} {
		if c := s.launch(t, arguments...); c.status(t) != 2 {
			t.Errorf("%v: status %d", arguments, c.status(t))
		}
	}
}

// environmentCounts: what the variables say is what happens.
func environmentCounts(t *testing.T, s *stack) {
	const token = "a-token-for-the-scraper"
	set := s.with("BODY_LIMIT=64KiB", "METRICS_TOKEN="+token, "TRUSTED_PROXIES=127.0.0.0/8", "LOG_LEVEL=warn", "SECRET_KEY="+strings.Repeat("QUJD", 11))
	c := set.run(t)
	owner, org, _, tasks := set.garden(t, "Enzo Environment")
	owner.post(t, tasks, map[string]any{"title": "a", "description": strings.Repeat("x", 20_000)}).want(http.StatusCreated)
	owner.post(t, tasks, `{"title":"a"}`+strings.Repeat(" ", 64<<10)).refused(http.StatusRequestEntityTooLarge, "http.request_entity_too_large")
	set.anonymous().get(t, "/metrics").refused(http.StatusNotFound, "not_found")
	set.anonymous().get(t, "/metrics", "Authorization: Bearer "+token+"x").refused(http.StatusNotFound, "not_found")
	set.anonymous().get(t, "/metrics", "Authorization: Bearer "+token).want(http.StatusOK)
	// A configured proxy's word about the client counts, as far as the proxy could know it.
	signed := set.anonymous().post(t, "/v1/sessions", map[string]any{"address": owner.address, "password": password, "kind": "program"}, "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 127.0.0.2").want(http.StatusCreated)
	if from := signed.text("client_address"); from != "198.51.100.7" {
		t.Errorf("the session's client is %q", from)
	}
	if said := c.output.String(); strings.Contains(said, "msg=call ") {
		t.Errorf("LOG_LEVEL=warn logs calls:\n%s", c.output.tail(5))
	}
	if _, err := os.Stat(filepath.Join(s.dir, "data", "secret.key")); err == nil {
		t.Error("a key was made although SECRET_KEY gives one")
	}
	c.stop(t)
	// Without configured proxies nobody's word counts.
	s.run(t)
	signed = s.anonymous().post(t, "/v1/sessions", map[string]any{"address": owner.address, "password": password, "kind": "program"}, "X-Forwarded-For: 203.0.113.9").want(http.StatusCreated)
	if from := signed.text("client_address"); from != "127.0.0.1" {
		t.Errorf("the session's client is %q", from)
	}
	owner.get(t, "/v1/organizations/"+org).want(http.StatusOK)
}

// readmePart is what stands between the marks <!-- name --> and <!-- /name --> in the README.
func readmePart(t *testing.T, name string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(readme), "<!-- "+name+" -->\n")
	part, _, closed := strings.Cut(after, "<!-- /"+name+" -->")
	if !found || !closed {
		t.Fatalf("README.md has no part between <!-- %[1]s --> and <!-- /%[1]s -->", name)
	}
	return part
}

// The README's table of variables is what the program prints.
func TestReadmeConfigurationIsWhatTheProgramPrints(t *testing.T) {
	t.Parallel()
	var printed, complaints bytes.Buffer
	if status := run(context.Background(), []string{"-config"}, func(string) string { return "" }, &printed, &complaints); status != 0 || complaints.Len() > 0 {
		t.Fatalf("-config: status %d: %s", status, complaints.String())
	}
	if diff := cmp.Diff(strings.TrimSpace(printed.String()), strings.TrimSpace(readmePart(t, "config"))); diff != "" {
		t.Errorf("go run ./examples/server -config (-) and the README (+):\n%s", diff)
	}
}
