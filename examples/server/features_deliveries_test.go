package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func deliveryFeatures() []feature {
	return []feature{
		{id: "T13", clauses: []clause{
			{name: "log", run: deliveryLog, alone: true},
			{name: "send_again", run: deliverySendAgain, alone: true},
			{name: "bounced_at_once", run: deliveryBouncedAtOnce, alone: true},
			{name: "bounced_later", run: deliveryBouncedLater, alone: true},
			{name: "phone_message", run: deliveryPhoneMessage, alone: true},
			{name: "phone_refused", run: deliveryPhoneRefused, alone: true},
		}},
	}
}

// refusing has the mail server refuse addresses, until it is changed.
func (b *inbox) refusing(answers map[string]*smtp.SMTPError) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = func(to string) error {
		if answer := answers[strings.ToLower(to)]; answer != nil {
			return answer
		}
		return nil
	}
}

// noSuchUser, tryLater and noSuchMail are what mail servers say.
var (
	noSuchUser = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	tryLater   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "busy"}
	noSuchMail = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam"}
)

// entry waits until the newest entry about a recipient is in a state, and gives it.
func (c *caller) entry(t *testing.T, org, recipient, state string) map[string]any {
	t.Helper()
	var found map[string]any
	verandatest.Eventually(t, 30*time.Second, "the delivery to "+recipient+" is "+state, func() bool {
		for _, item := range c.get(t, "/v1/organizations/"+org+"/deliveries?limit=200").want(http.StatusOK).items() {
			if item["recipient"] == recipient {
				found = item
				return item["state"] == state
			}
		}
		return false
	})
	return found
}

func (c *caller) inviteGuest(t *testing.T, org, address string) {
	t.Helper()
	c.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": address, "kind": "guest"}}}).want(http.StatusOK)
}

func deliveryLog(t *testing.T, s *stack) {
	s.start(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Sendings")
	path := "/v1/organizations/" + org + "/deliveries"
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	stranger := s.register(t, "Sven Stranger")
	fine, busy, gone := newAddress("Fine"), newAddress("Busy"), newAddress("Gone")
	s.inbox.refusing(map[string]*smtp.SMTPError{busy: tryLater, gone: noSuchMail})
	for _, address := range []string{fine, busy, gone} {
		owner.inviteGuest(t, org, address)
	}
	sent := owner.entry(t, org, fine, "sent")
	failed := owner.entry(t, org, gone, "failed")
	if reason, _ := failed["reason"].(string); !strings.Contains(reason, "looks like spam") || failed["ended_at"] == nil {
		t.Errorf("%v", failed)
	}
	var queued map[string]any
	verandatest.Eventually(t, 30*time.Second, "an attempt failed", func() bool {
		queued = owner.entry(t, org, busy, "queued")
		return queued["attempts"] != 0.0
	})
	if reason, _ := queued["reason"].(string); !strings.Contains(reason, "busy") || queued["next_attempt_at"] == nil || queued["ended_at"] != nil {
		t.Errorf("%v", queued)
	}
	for query, want := range map[string][]string{
		"?state=failed": {gone}, "?state=queued": {busy}, "?channel=phone": {}, "?template=invitation&state=failed": {gone},
		"?template=welcome&account=" + employee.account: {employee.address}, "?template=nothing": {}, "?channel=mail&template=invitation": {gone, busy, fine, employee.address},
	} {
		if got := owner.get(t, path+query).want(http.StatusOK).column("recipient"); !cmp.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	first := owner.get(t, path+"?limit=1&state=failed").want(http.StatusOK)
	if first.field("next") != nil && first.field("next") != "" {
		t.Errorf("a page of all there is names a next one: %s", first.Body)
	}
	owner.get(t, path+"?state=lost&channel=pigeon&limit=0").invalid("/state one_of", "/channel one_of", "/limit range")
	one := path + "/" + sent["id"].(string)
	if r := owner.get(t, one).want(http.StatusOK); r.text("recipient") != fine || r.text("state") != "sent" || r.field("reason") != nil {
		t.Errorf("%s", r.Body)
	}
	nobody := path + "/" + forgedID()
	same(t, "a delivery of others", employee.get(t, nobody), employee.get(t, one))
	same(t, "a delivery of another tenant", stranger.get(t, "/v1/organizations/"+forgedID()+"/deliveries/"+forgedID()), stranger.get(t, one))
	// The mail server takes it in the end.
	s.inbox.refusing(nil)
	s.advance(t, time.Hour)
	if got := owner.entry(t, org, busy, "sent"); got["reason"] != nil || got["next_attempt_at"] != nil {
		t.Errorf("%v", got)
	}
	s.inbox.wait(t, busy, 1)
}

func deliverySendAgain(t *testing.T, s *stack) {
	s.start(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Again")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	address, replaced := newAddress("Gone"), newAddress("Replaced")
	s.inbox.refusing(map[string]*smtp.SMTPError{address: noSuchMail, replaced: noSuchMail})
	owner.inviteGuest(t, org, address)
	owner.inviteGuest(t, org, replaced)
	failed, ended := owner.entry(t, org, address, "failed"), owner.entry(t, org, replaced, "failed")
	s.inbox.refusing(nil)
	at := func(d map[string]any) string {
		return "/v1/organizations/" + org + "/deliveries/" + d["id"].(string) + "/send-again"
	}
	same(t, "a delivery of others", employee.post(t, "/v1/organizations/"+org+"/deliveries/"+forgedID()+"/send-again", nil), employee.post(t, at(failed), nil))
	r := owner.post(t, at(failed), nil).want(http.StatusCreated)
	if r.text("state") != "queued" || r.text("again_of") != failed["id"] || r.text("recipient") != address || r.text("by") != owner.account {
		t.Errorf("%s", r.Body)
	}
	letter := s.inbox.wait(t, address, 1)
	s.anonymous().post(t, "/v1/invitations/look", map[string]any{"token": letter.token(t)}).want(http.StatusOK)
	owner.entry(t, org, address, "sent")
	if got := owner.get(t, "/v1/organizations/"+org+"/deliveries/"+failed["id"].(string)).want(http.StatusOK); got.text("again_as") != r.text("id") || got.text("state") != "failed" {
		t.Errorf("%s", got.Body)
	}
	owner.post(t, at(failed), nil).refused(http.StatusConflict, "delivery.sent_again")
	owner.post(t, at(map[string]any{"id": r.text("id")}), nil).refused(http.StatusConflict, "delivery.not_failed")
	for _, item := range owner.get(t, "/v1/organizations/"+org+"/invitations").want(http.StatusOK).items() {
		if item["address"] == replaced {
			owner.post(t, "/v1/organizations/"+org+"/invitations/"+item["id"].(string)+"/resend", nil).want(http.StatusOK) // by a new link
		}
	}
	owner.post(t, at(ended), nil).refused(http.StatusConflict, "delivery.link_ended")
}

// bounced is the primary address of an account, as its owner sees it.
func (c *caller) bounced(t *testing.T) (at any, reason string) {
	t.Helper()
	me := c.get(t, "/v1/me").want(http.StatusOK)
	reason, _ = me.field("addresses.0.bounce_reason").(string)
	return me.field("addresses.0.bounced_at"), reason
}

func deliveryBouncedAtOnce(t *testing.T, s *stack) {
	s.start(t)
	h := newHouse(t, s)
	h.owner.workspace(t, h.org, "Cellar", true)
	s.inbox.refusing(map[string]*smtp.SMTPError{h.employee.address: noSuchUser})
	h.owner.add(t, h, h.open, h.employee) // which tells them
	if failed := h.owner.entry(t, h.org, h.employee.address, "failed"); !strings.Contains(failed["reason"].(string), "no such user") {
		t.Errorf("%v", failed)
	}
	if at, reason := h.employee.bounced(t); at == nil || !strings.Contains(reason, "no such user") {
		t.Errorf("%v %q", at, reason)
	}
	if at, _ := h.owner.bounced(t); at != nil {
		t.Error("another address is noted")
	}
	// Nothing more is tried there, and the log says why.
	s.inbox.refusing(nil)
	before := len(s.inbox.to(h.employee.address))
	h.owner.add(t, h, h.owner.workspace(t, h.org, "Attic", true), h.employee)
	failed := h.owner.entry(t, h.org, h.employee.address, "failed")
	if !strings.Contains(failed["reason"].(string), "its owner must prove it") || len(s.inbox.to(h.employee.address)) != before {
		t.Errorf("%v", failed)
	}
	again := h.at("/deliveries/" + failed["id"].(string) + "/send-again")
	h.owner.post(t, again, nil).refused(http.StatusConflict, "delivery.bounced")
	// Its owner asks for a link, uses it, and is written to again.
	h.employee.post(t, "/v1/me/addresses", map[string]any{"address": h.employee.address}).want(http.StatusOK)
	token := s.inbox.last(t, h.employee.address, "/confirm?token=").token(t)
	s.anonymous().post(t, "/v1/accounts/confirm", confirmation(token)).want(http.StatusOK)
	if at, reason := h.employee.bounced(t); at != nil || reason != "" {
		t.Errorf("%v %q", at, reason)
	}
	h.owner.post(t, again, nil).want(http.StatusCreated)
	s.inbox.last(t, h.employee.address, "Attic")
}

// notification is what a mail server writes back about a mail it could not deliver (RFC 3464).
func notification(action, status, diagnostic string) string {
	return strings.ReplaceAll(`From: Mail Delivery Subsystem <MAILER-DAEMON@people.example>
Subject: Returned mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"

--B1
Content-Type: text/plain

It could not be delivered.

--B1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.people.example

Action: `+action+`
Status: `+status+`
Diagnostic-Code: smtp; `+diagnostic+`

--B1--
`, "\n", "\r\n")
}

func deliveryBouncedLater(t *testing.T, s *stack) {
	listen := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	s.env = append(s.env, "INBOUND_LISTEN="+listen)
	s.start(t)
	h := newHouse(t, s)
	returned := func(from, to, text string) error {
		client, err := smtp.Dial(listen)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		return client.SendMail(from, []string{to}, strings.NewReader(text))
	}
	h.owner.add(t, h, h.open, h.employee)
	letter := s.inbox.last(t, h.employee.address, "Garden")
	sent := h.owner.entry(t, h.org, h.employee.address, "sent")
	if !strings.HasPrefix(letter.From, "bounce+"+strings.ReplaceAll(sent["id"].(string), "-", "")+".") || !strings.HasSuffix(letter.From, "@veranda.example") {
		t.Fatalf("the letter comes back to %q", letter.From)
	}
	if from := letter.Header.Get("From"); !strings.Contains(from, "no-reply@veranda.example") {
		t.Errorf("it is from %s", from)
	}
	// Nothing is relayed, and nobody makes an address up.
	for _, to := range []string{h.owner.address, "postmaster@veranda.example", strings.Replace(letter.From, "@", "0@", 1)} {
		if err := returned("", to, notification("failed", "5.1.1", "550")); err == nil || !strings.Contains(err.Error(), "550") {
			t.Errorf("a mail to %s: %v", to, err)
		}
	}
	// Late is not lost.
	if err := returned("", letter.From, notification("delayed", "4.4.1", "no answer")); err != nil {
		t.Fatal(err)
	}
	one := h.at("/deliveries/" + sent["id"].(string))
	if r := h.owner.get(t, one).want(http.StatusOK); r.text("state") != "sent" || r.text("reason") != "4.4.1 smtp; no answer" {
		t.Errorf("%s", r.Body)
	}
	for range 2 { // notifications are repeated
		if err := returned("", letter.From, notification("failed", "5.1.1", "550 5.1.1 no such user")); err != nil {
			t.Fatal(err)
		}
	}
	if r := h.owner.get(t, one).want(http.StatusOK); r.text("state") != "undelivered" || r.text("reason") != "5.1.1 smtp; 550 5.1.1 no such user" || r.text("reported_at") == "" {
		t.Errorf("%s", r.Body)
	}
	if at, reason := h.employee.bounced(t); at == nil || !strings.Contains(reason, "no such user") {
		t.Errorf("%v %q", at, reason)
	}
	if got := h.owner.get(t, h.at("/deliveries?state=undelivered")).want(http.StatusOK).column("recipient"); !cmp.Equal(got, []string{h.employee.address}) {
		t.Errorf("%v", got)
	}
}

// failedTexts writes text messages that failed into the log of a program that is not running yet, and gives their ids.
func failedTexts(t *testing.T, s *stack, org string, numbers ...string) (ids []string) {
	t.Helper()
	ctx := context.Background()
	location := filepath.Join(s.dir, "data", "veranda.db")
	for _, line := range s.env {
		if url, found := strings.CutPrefix(line, "DATABASE_URL="); found {
			location = url
		}
	}
	db, err := veranda.Open(ctx, location)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	parsed, err := veranda.ParseID[struct{}](org)
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		for _, number := range numbers {
			id := veranda.NewID[struct{}]()
			ids = append(ids, id.String())
			if _, err := tx.Exec(ctx, `INSERT INTO veranda_deliveries (org_id, id, channel, recipient, template, language, data, state, reason, attempts, created_at)
VALUES ($1, $2, 'phone', $3, 'news', 'en', $4, 'failed', 'no money', 1, $5)`, parsed, id, number, `{"text":"Grüße: die Pflanzen sind gegossen"}`, db.Time(db.Now())); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// phoneHouse is a running program with a provider of text messages, and its world.
func phoneHouse(t *testing.T, s *stack, numbers ...string) (*phoneProvider, *caller, string, []string) {
	t.Helper()
	provider := newPhoneProvider(t)
	s.env = append(s.env, provider.setting())
	world := furnish(t, s)
	ids := failedTexts(t, s, world.ours.org, numbers...)
	s.start(t)
	return provider, world.actors["owner"], "/v1/organizations/" + world.ours.org + "/deliveries/", ids
}

func deliveryPhoneMessage(t *testing.T, s *stack) {
	const number, other = "+4915112345678", "+4915112345679"
	provider, owner, path, ids := phoneHouse(t, s, number, other)
	org := strings.Split(path, "/")[3]
	provider.fail(phoneFault(http.StatusTooManyRequests, 20429, "Too Many Requests", "Retry-After: 3"), phoneFault(http.StatusInternalServerError, 0, "oops"))
	owner.post(t, path+ids[0]+"/send-again", nil).want(http.StatusCreated)
	text := provider.wait(t, number)
	if text.Get("Body") != "Grüße: die Pflanzen sind gegossen" || text.Get("From") != phoneFrom || !strings.HasPrefix(text.Get("StatusCallback"), s.base+"/hooks/phone?delivery=") {
		t.Errorf("%v", text)
	}
	if waited := provider.tries[1].Sub(provider.tries[0]); waited < 2900*time.Millisecond {
		t.Errorf("tried again after %s, asked to wait three seconds", waited)
	}
	sent := owner.entry(t, org, number, "sent")
	if sent["channel"] != "phone" || sent["attempts"] != 3.0 || sent["reason"] != nil {
		t.Errorf("%v", sent)
	}
	// Reports: forged ones change nothing; right ones come twice and out of turn.
	if status := provider.report(t, text, "another-token", "undelivered", "30005"); status != http.StatusForbidden {
		t.Errorf("a forged report is answered %d", status)
	}
	owner.entry(t, org, number, "sent")
	for _, status := range []string{"queued", "delivered", "sent", "delivered", "undelivered"} {
		if got := provider.report(t, text, phoneToken, status, ""); got != http.StatusNoContent {
			t.Errorf("%s: %d", status, got)
		}
	}
	if d := owner.entry(t, org, number, "delivered"); d["reported_at"] == nil {
		t.Errorf("%v", d)
	}
	owner.post(t, path+ids[1]+"/send-again", nil).want(http.StatusCreated)
	if got := provider.report(t, provider.wait(t, other), phoneToken, "undelivered", "30005"); got != http.StatusNoContent {
		t.Errorf("%d", got)
	}
	if d := owner.entry(t, org, other, "undelivered"); d["reason"] != "30005 the number is not known" {
		t.Errorf("%v", d)
	}
	elsewhere := strings.Replace(text.Get("StatusCallback"), "delivery=", "delivery="+forgedID()+"&was=", 1)
	if got := provider.report(t, map[string][]string{"StatusCallback": {elsewhere}, "To": {number}}, phoneToken, "delivered", ""); got != http.StatusNotFound {
		t.Errorf("a report about nothing: %d", got)
	}
	if strings.Contains(s.output.String(), phoneToken) {
		t.Error("the token is in the log")
	}
}

func deliveryPhoneRefused(t *testing.T, s *stack) {
	const unsubscribed, torn = "+4915112345670", "+4915112345671"
	provider, owner, path, ids := phoneHouse(t, s, unsubscribed, torn)
	org := strings.Split(path, "/")[3]
	provider.fail(phoneFault(http.StatusBadRequest, 21610, "Attempt to send to unsubscribed recipient"))
	owner.post(t, path+ids[0]+"/send-again", nil).want(http.StatusCreated)
	verandatest.Eventually(t, 30*time.Second, "the refusal is in the log", func() bool {
		d := owner.entry(t, org, unsubscribed, "failed")
		return strings.Contains(d["reason"].(string), "21610") && d["attempts"] == 1.0
	})
	if len(provider.to(unsubscribed)) != 0 {
		t.Error("it was tried again")
	}
	// The answer is torn off: nobody knows whether the message went out, so it is tried again.
	provider.fail(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"sid":`))
		if connection, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = connection.Close()
		}
	})
	owner.post(t, path+ids[1]+"/send-again", nil).want(http.StatusCreated)
	provider.wait(t, torn)
	if d := owner.entry(t, org, torn, "sent"); d["attempts"] != 2.0 {
		t.Errorf("%v", d)
	}
	if got := owner.get(t, "/v1/organizations/"+org+"/deliveries?channel=phone&state=failed").want(http.StatusOK).column("recipient"); len(got) != 3 || !slices.Contains(got, unsubscribed) {
		t.Errorf("%v", got)
	}
}
