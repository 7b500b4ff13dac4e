package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

// phoneProvider takes text messages as Twilio's interface does, on a real port, and reports what becomes of them.
type phoneProvider struct {
	server *httptest.Server

	mu    sync.Mutex
	texts []url.Values
	tries []time.Time
	// faults are answered first, in turn.
	faults []http.HandlerFunc
}

const (
	phoneAccount = "AC00000000000000000000000000000001"
	phoneToken   = "the-account-token"
	phoneFrom    = "+15550001111"
)

func newPhoneProvider(t *testing.T) *phoneProvider {
	t.Helper()
	p := &phoneProvider{}
	p.server = httptest.NewServer(http.HandlerFunc(p.take))
	t.Cleanup(p.server.Close)
	return p
}

// setting is the environment of a program that sends by this provider.
func (p *phoneProvider) setting() string {
	return "PHONE_URL=twilio+http://" + phoneAccount + ":" + phoneToken + "@" + strings.TrimPrefix(p.server.URL, "http://") + "?from=" + phoneFrom
}

func (p *phoneProvider) take(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries = append(p.tries, time.Now())
	account, token, _ := r.BasicAuth()
	switch {
	case account != phoneAccount || token != phoneToken:
		phoneFault(http.StatusUnauthorized, 20003, "Authenticate")(w, r)
	case r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/"+phoneAccount+"/Messages.json":
		phoneFault(http.StatusNotFound, 20404, "not found")(w, r)
	case r.ParseForm() != nil || r.PostForm.Get("From") != phoneFrom || r.PostForm.Get("Body") == "" || r.PostForm.Get("To") == "":
		phoneFault(http.StatusBadRequest, 21602, "Message body is required")(w, r)
	case len(p.faults) > 0:
		fault := p.faults[0]
		p.faults = p.faults[1:]
		fault(w, r)
	default:
		p.texts = append(p.texts, r.PostForm)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"sid":"SM%032d","status":"queued","error_code":null,"error_message":null}`, len(p.texts))
	}
}

func phoneFault(status, code int, message string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, line := range header {
			name, value, _ := strings.Cut(line, ": ")
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"code":%d,"message":%q,"more_info":"https://www.twilio.com/docs/errors/%d","status":%d}`, code, message, code, status)
	}
}

func (p *phoneProvider) fail(faults ...http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = faults
}

// to are the messages to a number so far.
func (p *phoneProvider) to(number string) []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.texts), func(f url.Values) bool { return f.Get("To") != number })
}

// wait waits for the first message to a number.
func (p *phoneProvider) wait(t *testing.T, number string) url.Values {
	t.Helper()
	verandatest.Eventually(t, 30*time.Second, "a text message to "+number, func() bool { return len(p.to(number)) > 0 })
	return p.to(number)[0]
}

// report tells the program what became of a message, signed with a token, and gives the status of the answer.
func (p *phoneProvider) report(t *testing.T, text url.Values, token, status, code string) int {
	t.Helper()
	callback := text.Get("StatusCallback")
	form := url.Values{"MessageStatus": {status}, "MessageSid": {"SM1"}, "AccountSid": {phoneAccount}, "To": {text.Get("To")}, "From": {phoneFrom}}
	if code != "" {
		form.Set("ErrorCode", code)
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(callback))
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range form {
			if !yield(name) {
				return
			}
		}
	}) {
		mac.Write([]byte(name + form.Get(name)))
	}
	request, err := http.NewRequest(http.MethodPost, callback, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}
