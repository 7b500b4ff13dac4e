package main

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPostgresArguments(t *testing.T) {
	t.Parallel()
	fast := postgresArguments("/bin/postgres", "/data", 5555, false)
	durable := postgresArguments("/bin/postgres", "/data", 5555, true)
	for _, want := range []string{"listen_addresses=127.0.0.1", "port=5555", "unix_socket_directories=", "max_connections=400"} {
		for _, arguments := range [][]string{fast, durable} {
			if at := slices.Index(arguments, want); at < 1 || arguments[at-1] != "-c" {
				t.Errorf("%q lacks -c %s", arguments, want)
			}
		}
	}
	if !slices.Contains(fast, "fsync=off") {
		t.Errorf("%q syncs", fast)
	}
	if text := strings.Join(durable, " "); strings.Contains(text, "=off") {
		t.Errorf("durable, but %s", text)
	}
}

func TestPostmasterReady(t *testing.T) {
	t.Parallel()
	file := "4711\n/data\n1700000000\n5555\n\n127.0.0.1\n   123456    0\n"
	for status, want := range map[string]bool{"ready   \n": true, "starting\n": false, "": false} {
		if got := postmasterReady(file+status, 4711); got != want {
			t.Errorf("status %q: got %v, want %v", status, got, want)
		}
	}
	if postmasterReady(file+"ready   \n", 4712) {
		t.Error("the file of another process counts as ours")
	}
}

func TestRedisProcess(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]int{
		"$90\r\n# Server\r\nredis_version:7.0.15\r\nprocess_id:321\r\nrun_id:ab\r\n\r\n+OK\r\n": 321,
		"-NOAUTH Authentication required.\r\n":                                                  0,
		"":                                                                                      0,
	} {
		if got := redisProcess(answer); got != want {
			t.Errorf("%q: got %d, want %d", answer, got, want)
		}
	}
}

func TestServersEnvironment(t *testing.T) {
	t.Parallel()
	s := servers{
		postgres: &postgres{server: &server{port: 5555}, password: "p/w@"},
		redis:    &redis{&server{port: 6666}},
	}
	environment := s.environment()
	if !slices.Contains(environment, "VERANDA_TEST_REDIS=redis://127.0.0.1:6666") ||
		!slices.Contains(environment, "VERANDA_REQUIRE=postgres,redis,walk,khal") {
		t.Errorf("got %q", environment)
	}
	text, ok := strings.CutPrefix(environment[0], "VERANDA_TEST_POSTGRES=")
	parsed, err := url.Parse(text)
	if !ok || err != nil {
		t.Fatalf("%s: %v", environment[0], err)
	}
	if password, _ := parsed.User.Password(); password != "p/w@" || parsed.Host != "127.0.0.1:5555" || parsed.Path != "/postgres" {
		t.Errorf("got %s", text)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tail(path, 2); got != "two\nthree" {
		t.Errorf("got %q", got)
	}
	if got := tail(path, 9); got != "one\ntwo\nthree" {
		t.Errorf("got %q", got)
	}
}
