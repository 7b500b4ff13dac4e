package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

// The walk of the README runs as it is printed, with bash, curl and jq; only the server's address is another.
func TestReadmeWalk(t *testing.T) {
	t.Parallel()
	bash := verandatest.Program(t, "walk", "bash")
	verandatest.Program(t, "walk", "curl")
	verandatest.Program(t, "walk", "jq")
	const printed = "http://127.0.0.1:8080"
	script, fenced := strings.CutPrefix(readmePart(t, "walk"), "```sh\n")
	script, closed := strings.CutSuffix(strings.TrimSpace(script), "```")
	if !fenced || !closed || strings.Count(script, printed) != 1 {
		t.Fatalf("the walk is no sh block with the address %s once", printed)
	}
	s := newStack(t, "embedded").with("SMTP_URL", "MAIL_FROM")
	s.run(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	walk := exec.CommandContext(ctx, bash, "-u", "-o", "pipefail", "-c", strings.Replace(script, printed, s.base, 1))
	walk.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LANG=C.UTF-8"}
	var out, complaints bytes.Buffer
	walk.Stdout, walk.Stderr = &out, &complaints
	if err := walk.Run(); err != nil || complaints.Len() > 0 {
		t.Errorf("%v: %s", err, complaints.String())
	}
	// The last command prints the stream, newest first.
	for _, want := range []string{`Olga Owner tasks\.task_finished`, `Olga Owner tasks\.task_created`, `Olga Owner workspace\.workspace_created`} {
		if !regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\S+Z ` + want + `$`).Match(out.Bytes()) {
			t.Errorf("the walk does not print %s:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), `"reason"`) || strings.Contains(out.String(), "null") {
		t.Errorf("a call of the walk was refused:\n%s", out.String())
	}
	// What it made is there for who signs in with what it says.
	signed := s.anonymous().post(t, "/v1/sessions", map[string]any{"address": "olga@works.example", "password": "seven birds sing", "kind": "program"}).want(http.StatusCreated)
	olga := &caller{stack: s, token: signed.text("token")}
	org := olga.get(t, "/v1/me/organizations").want(http.StatusOK).text("items.0.organization_id")
	task := olga.get(t, "/v1/organizations/"+org+"/tasks?state=finished").want(http.StatusOK)
	if task.text("items.0.title") != "Water the roses" {
		t.Errorf("%s", task.Body)
	}
}
