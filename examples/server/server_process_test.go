package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/veranda-go/veranda/verandatest"
)

// registerByMailbox makes an account whose confirmation is read at /dev/mail, as somebody without a mail server does.
func (s *stack) registerByMailbox(t *testing.T, name string) *caller {
	t.Helper()
	address := newAddress(name)
	nobody := s.elsewhere()
	nobody.post(t, "/v1/accounts", map[string]any{"address": address, "password": password, "name": name}).want(http.StatusAccepted)
	var text string
	verandatest.Eventually(t, 30*time.Second, "the mail is at /dev/mail", func() bool {
		r := s.anonymous().get(t, "/dev/mail/newest.txt")
		text = string(r.Body)
		return r.Status == http.StatusOK && strings.Contains(text, address)
	})
	nobody.post(t, "/v1/accounts/confirm", confirmation(letter{Text: text}.token(t))).want(http.StatusOK)
	return s.signIn(t, name, address)
}

// nothingButGo: without configuration the program makes its database and key itself, readable by its owner alone, and
// shows mails to this machine; with a mail server configured there is no such page.
func nothingButGo(t *testing.T, s *stack) {
	mailing := s.run(t)
	s.anonymous().get(t, "/dev/mail").refused(http.StatusNotFound, "not_found")
	s.anonymous().get(t, "/dev/mail/newest.txt").refused(http.StatusNotFound, "not_found")

	mailing.stop(t) // on PostgreSQL it would send what is queued

	bare := s.another(t).with("SMTP_URL", "MAIL_FROM", "BASE_URL", "DATA_DIR="+filepath.Join(s.dir, "new", "data"))
	bare.run(t)
	person := bare.registerByMailbox(t, "Nora Nothing")
	org := person.found(t, "From nothing")
	person.task(t, org, person.workspace(t, org, "Garden", true), "Works")
	data := filepath.Join(s.dir, "new", "data")
	mode := func(name string, want os.FileMode) {
		t.Helper()
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}
	mode("", 0o700)
	mode("secret.key", 0o600)
	_, err := os.Stat(filepath.Join(data, "veranda.db"))
	if embedded := s.name == "embedded"; embedded != (err == nil) {
		t.Errorf("the database file: %v", err)
	}
	list := bare.anonymous().get(t, "/dev/mail").want(http.StatusOK)
	if !strings.Contains(string(list.Body), person.address) {
		t.Errorf("/dev/mail does not show the mail to %s", person.address)
	}
	if link := regexp.MustCompile(`href="(/dev/mail/[^"]+)"`).FindSubmatch(list.Body); link == nil {
		t.Error("/dev/mail links to no mail")
	} else if page := bare.anonymous().get(t, string(link[1])).want(http.StatusOK); !strings.Contains(string(page.Body), "/confirm?token=") {
		t.Error("a mail's page has no link to confirm by")
	}
	bare.anonymous().get(t, "/dev/mail", "X-Forwarded-For: 127.0.0.1").refused(http.StatusNotFound, "not_found")
	bare.anonymous().get(t, "/dev/mail/../../secret.key").want(http.StatusNotFound)
	bare.anonymous().get(t, "/dev/mail/..%2f..%2fsecret.key").want(http.StatusNotFound)
}

// gracefulStop: a request under way is finished, new ones are not taken, and the exit status is 0.
func gracefulStop(t *testing.T, s *stack) {
	c := s.run(t)
	owner, org, _, tasks := s.garden(t, "Grace Stop")
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(60 * time.Second))
	body := `{"title":"Under way"}`
	_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		tasks, strings.TrimPrefix(s.base, "http://"), owner.token, len(body), body[:5])
	if err != nil {
		t.Fatal(err)
	}
	// A second call on the way in, so that the first is certainly with the program.
	owner.get(t, "/v1/me").want(http.StatusOK)
	c.terminate(t)
	verandatest.Eventually(t, 30*time.Second, "the program says that it stops", func() bool { return strings.Contains(c.output.String(), "stopping") })
	verandatest.Eventually(t, 30*time.Second, "no new calls are taken", func() bool { return c.answers("/healthz") == 0 })
	select {
	case <-c.exited:
		t.Fatal("the program ended while a request was under way")
	default:
	}
	if _, err := io.WriteString(connection, body[5:]); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatalf("the request under way got no answer: %v\n%s", err, c.output.tail(20))
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("the request under way: %d, %v: %s", response.StatusCode, err, answer)
	}
	if status := c.status(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	id, err := idOf(answer)
	if err != nil {
		t.Fatal(err)
	}
	hasty := s.with("SHUTDOWN_TIMEOUT=1s")
	c = hasty.run(t)
	// Who never finishes does not hold up the stop for ever.
	stuck, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stuck.Close() }()
	if _, err := fmt.Fprintf(stuck, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 9\r\n\r\nnever", tasks, strings.TrimPrefix(s.base, "http://")); err != nil {
		t.Fatal(err)
	}
	owner.get(t, "/v1/me").want(http.StatusOK)
	c.terminate(t)
	c.status(t)
	if title := func() string {
		s.run(t)
		return owner.get(t, "/v1/organizations/"+org+"/tasks/"+id).want(http.StatusOK).text("title")
	}(); title != "Under way" {
		t.Errorf("title %q", title)
	}
}

// restartKeepsEverything: after a stop and a start every answer is the same, sessions go on, and links in mails work.
func restartKeepsEverything(t *testing.T, s *stack) {
	c := s.run(t)
	owner, org, garden, tasks := s.garden(t, "Rosa Restart")
	task := owner.post(t, tasks, map[string]any{"title": "Kept"}, "Idempotency-Key: kept").want(http.StatusCreated)
	paths := []string{"/v1/me", "/v1/me/organizations", "/v1/organizations/" + org, "/v1/organizations/" + org + "/members", "/v1/organizations/" + org + "/workspaces/" + garden,
		"/v1/organizations/" + org + "/tasks", "/v1/organizations/" + org + "/policy", "/v1/organizations/" + org + "/workspaces/" + garden + "/stream", "/openapi.json"}
	read := func() (answers []*reply) {
		t.Helper()
		for _, path := range paths {
			answers = append(answers, owner.get(t, path).want(http.StatusOK))
		}
		return answers
	}
	token := owner.invite(t, org, "", "internal", newAddress("Later"))
	// The mail server is away; what is queued meanwhile is sent after the restart.
	s.inbox.turnAway(&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"})
	waiting := newAddress("Waiting")
	owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": waiting, "kind": "internal"}}}).want(http.StatusOK)
	before := read()
	c.stop(t)
	s.run(t)
	for i, after := range read() {
		if !bytes.Equal(before[i].Body, after.Body) || before[i].Header.Get("ETag") != after.Header.Get("ETag") {
			t.Errorf("%s before: %s\nafter: %s", paths[i], before[i].Body, after.Body)
		}
	}
	if again := owner.post(t, tasks, map[string]any{"title": "Kept"}, "Idempotency-Key: kept").want(http.StatusCreated); !bytes.Equal(again.Body, task.Body) {
		t.Errorf("repeated after the restart: %s", again.Body)
	}
	if early := s.inbox.to(waiting); len(early) > 0 {
		t.Errorf("%d letters arrived although the mail server was away", len(early))
	}
	s.inbox.turnAway(nil)
	s.advance(t, 10*time.Minute)
	s.inbox.last(t, waiting, "/invitation?token=")
	s.elsewhere().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "Lara Later", "password": password}).want(http.StatusOK)
}

// turnAway makes the mail server refuse everybody, until err is nil.
func (b *inbox) turnAway(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = nil
	if err != nil {
		b.refuse = func(string) error { return err }
	}
}

// logsHoldNoSecrets: what the program says is structured, names the request, and holds no password, token, link or body.
func logsHoldNoSecrets(t *testing.T, s *stack) {
	logged := s.with("LOG_FORMAT=json", "LOG_LEVEL=debug")
	c := logged.run(t)
	owner, org, garden, tasks := logged.garden(t, "Lola Log")
	secrets := []string{password, owner.token, owner.address, "Lola Log"}
	for _, l := range s.inbox.to(owner.address) {
		if tokenPattern.MatchString(l.Text) {
			secrets = append(secrets, l.token(t))
		}
	}
	owner.post(t, tasks, map[string]any{"title": "Title that is nobody's business"}).want(http.StatusCreated)
	owner.post(t, tasks, map[string]any{"titel": "Misspelt and nobody's business"}).want(http.StatusUnprocessableEntity)
	owner.get(t, "/v1/organizations/"+org+"/tasks?search=query-nobody-sees&workspace="+garden)
	s.anonymous().post(t, "/v1/sessions", map[string]any{"address": owner.address, "password": "wrong guess of a password"}).want(http.StatusUnauthorized)
	owner.put(t, "/v1/me/password", map[string]any{"current_password": password, "new_password": "eight owls hoot at noon"})
	s.elsewhere().post(t, "/v1/passwords/reset-requests", map[string]any{"address": owner.address}).want(http.StatusAccepted)
	reset := s.inbox.last(t, owner.address, "/reset?token=").token(t)
	s.elsewhere().get(t, "/reset?token="+reset).want(http.StatusOK)
	s.elsewhere().post(t, "/v1/passwords/reset", map[string]any{"token": reset, "password": "nine larks rise at six"}).want(http.StatusOK)
	cookie := "nobody-has-this-cookie"
	s.anonymous().get(t, "/v1/me", "Cookie: veranda="+cookie).want(http.StatusUnauthorized)
	request := s.anonymous().get(t, "/v1/me", "Authorization: Bearer nobody-has-this-token").want(http.StatusUnauthorized).Header.Get("X-Request-Id")
	secrets = append(secrets, reset, cookie, "nobody-has-this-token", "nobody's business", "query-nobody-sees", "wrong guess", "eight owls", "nine larks")
	c.stop(t)
	said := c.output.String()
	for _, secret := range secrets {
		if strings.Contains(said, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(said, `"request_id":"`+request+`"`) {
		t.Errorf("the log does not name the request %s", request)
	}
	calls := 0
	for line := range strings.Lines(said) {
		var record struct {
			Time      time.Time
			Level     string
			Msg       string
			RequestID string `json:"request_id"`
			Route     string
			Status    int
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Time.IsZero() || record.Level == "" || record.Msg == "" {
			t.Errorf("no record: %s (%v)", line, err)
			continue
		}
		if record.Msg == "call" {
			calls++
			if record.RequestID == "" || record.Route == "" || record.Status == 0 {
				t.Errorf("a call without id, route or status: %s", line)
			}
		}
	}
	if calls < 15 {
		t.Errorf("%d calls are logged", calls)
	}
}

var (
	demoPasswordLine = regexp.MustCompile(`(?m)^  ([a-z0-9]{16})$`)
	demoPersonLine   = regexp.MustCompile(`(?m)^  (\S+@\S+)\s+(.+), ([a-z ]+)$`)
)

// demoPrintsLogin: -demo says how to sign in, everybody it names can, and there is something to see. A second start leaves
// it alone.
func demoPrintsLogin(t *testing.T, s *stack) {
	c := s.run(t, "-demo")
	told := c.told.String()
	word := demoPasswordLine.FindStringSubmatch(told)
	people := demoPersonLine.FindAllStringSubmatch(told, -1)
	if word == nil || len(people) < 4 {
		t.Fatalf("no login in:\n%s", told)
	}
	for _, person := range people {
		signed := s.elsewhere().post(t, "/v1/sessions", map[string]any{"address": person[1], "password": word[1], "kind": "program"}).want(http.StatusCreated)
		who := &caller{stack: s, token: signed.text("token")}
		if name := who.get(t, "/v1/me").want(http.StatusOK).text("name"); name != person[2] {
			t.Errorf("%s is told to be %q and is %q", person[1], person[2], name)
		}
		mine := who.get(t, "/v1/me/organizations").want(http.StatusOK)
		org := mine.text("items.0.organization_id")
		if tasks := who.get(t, "/v1/organizations/"+org+"/tasks"); person[3] != "guest" && tasks.want(http.StatusOK).field("items.0.title") == nil {
			t.Errorf("%s, %s, sees no task", person[1], person[3])
		}
	}
	c.stop(t)
	again := s.run(t, "-demo")
	if strings.Contains(again.told.String(), word[1]) || demoPasswordLine.MatchString(again.told.String()) {
		t.Errorf("the second start tells a password:\n%s", again.told.String())
	}
	s.elsewhere().post(t, "/v1/sessions", map[string]any{"address": people[0][1], "password": word[1], "kind": "program"}).want(http.StatusCreated)
}
