package phone

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testToken = "12345"

// provider is a server that takes messages as Twilio's does: it checks who calls and what the form holds, and answers
// faults in its words. answers are given in turn before it takes one.
type provider struct {
	t       *testing.T
	server  *httptest.Server
	forms   []url.Values
	answers []http.HandlerFunc
}

func newProvider(t *testing.T, answers ...http.HandlerFunc) *provider {
	p := &provider{t: t, answers: answers}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, token, ok := r.BasicAuth()
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/AC1/Messages.json":
		fault(http.StatusNotFound, 20404, "The requested resource was not found")(w, r)
		return
	case !ok || user != "AC1" || token != testToken:
		fault(http.StatusUnauthorized, 20003, "Authenticate")(w, r)
		return
	case r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		p.t.Errorf("content type %q", r.Header.Get("Content-Type"))
	}
	if err := r.ParseForm(); err != nil {
		p.t.Error(err)
	}
	p.forms = append(p.forms, r.PostForm)
	if len(p.answers) > 0 {
		answer := p.answers[0]
		p.answers = p.answers[1:]
		answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(w, `{"sid":"SM%032d","status":"queued","error_code":null,"error_message":null,"to":%q}`, len(p.forms), r.PostForm.Get("To"))
}

func fault(status, code int, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"code":%d,"message":%q,"more_info":"https://www.twilio.com/docs/errors/%d","status":%d}`, code, message, code, status)
	}
}

func (p *provider) sender(t *testing.T, user string) *Sender {
	t.Helper()
	parsed, err := ParseURL("twilio+http://" + user + "@" + strings.TrimPrefix(p.server.URL, "http://") + "?from=+15550001111")
	if err != nil {
		t.Fatal(err)
	}
	return NewSender(parsed, func(id string) string { return "https://veranda.example/hooks/phone?delivery=" + id }, time.Now)
}

func TestSend(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := p.sender(t, "AC1:"+testToken)
	if err := s.Send(t.Context(), Message{ID: "one", To: "+4915112345678", Text: "Grüße & mehr +1"}); err != nil {
		t.Fatal(err)
	}
	want := []url.Values{{
		"To": {"+4915112345678"}, "From": {"+15550001111"}, "Body": {"Grüße & mehr +1"},
		"StatusCallback": {"https://veranda.example/hooks/phone?delivery=one"},
	}}
	if diff := cmp.Diff(want, p.forms); diff != "" {
		t.Error(diff)
	}
	s.provider.From, s.provider.Service, s.callback = "", "MG1", nil
	if err := s.Send(t.Context(), Message{ID: "two", To: "+4915112345678", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(url.Values{"To": {"+4915112345678"}, "MessagingServiceSid": {"MG1"}, "Body": {"x"}}, p.forms[1]); diff != "" {
		t.Error(diff)
	}
	for name, m := range map[string]Message{
		"no number": {To: "0151 12345", Text: "x"}, "a number and more": {To: "+4915112345678\nBcc", Text: "x"}, "no text": {To: "+4915112345678", Text: " "},
		"too long": {To: "+4915112345678", Text: strings.Repeat("ü", 1601)}, "not UTF-8": {To: "+4915112345678", Text: "\xff"},
	} {
		if err := s.Send(t.Context(), m); !errors.Is(err, ErrMalformed) || !Permanent(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(p.forms) != 2 {
		t.Errorf("%d calls", len(p.forms))
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	text := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for _, h := range header {
				name, value, _ := strings.Cut(h, ": ")
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		answer       http.HandlerFunc
		status, code int
		permanent    bool
		wait         time.Duration
	}{
		"invalid number":      {fault(400, 21211, "The 'To' number +4915112345678 is not a valid phone number."), 400, 21211, true, 0},
		"unsubscribed":        {fault(400, 21610, "Attempt to send to unsubscribed recipient"), 400, 21610, true, 0},
		"no mobile":           {fault(400, 21614, "'To' number is not a valid mobile number"), 400, 21614, true, 0},
		"sender not set up":   {fault(400, 21606, "The 'From' phone number is not SMS-capable"), 400, 21606, false, 0},
		"too many requests":   {text(429, `{"code":20429,"message":"Too Many Requests","status":429}`, "Retry-After: 7"), 429, 20429, false, 7 * time.Second},
		"their fault":         {text(500, "<html>oops"), 500, 0, false, 0},
		"out for a while":     {text(503, "", "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT"), 503, 0, false, -1},
		"not JSON":            {text(201, `{"sid":`), 201, 0, false, 0},
		"of a proxy":          {text(200, `<html>log in</html>`), 200, 0, false, 0},
		"no message":          {text(201, `{"status":"queued"}`), 201, 0, false, 0},
		"taken and failed":    {text(201, `{"sid":"SM1","status":"failed","error_code":21610,"error_message":"unsubscribed"}`), 201, 21610, true, 0},
		"a redirect":          {text(307, "", "Location: http://127.0.0.1:1/elsewhere"), 307, 0, false, 0},
		"more than is read":   {text(201, strings.Repeat(" ", answerOctets)+`{"sid":"SM1"}`), 201, 0, false, 0},
		"nothing of the sort": {fault(404, 20404, "not found"), 404, 20404, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, c.answer)
			err := p.sender(t, "AC1:"+testToken).Send(t.Context(), Message{ID: "one", To: "+4915112345678", Text: "secret words"})
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Status != c.status || refused.Code != c.code || Permanent(err) != c.permanent || c.wait >= 0 && refused.RetryAfter() != c.wait || c.wait < 0 && refused.RetryAfter() < time.Hour {
				t.Fatalf("%#v", err)
			}
			for _, secret := range []string{testToken, "secret words", "4915112345678"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells %q: %v", secret, err)
				}
			}
		})
	}
	t.Run("wrong token", func(t *testing.T) {
		t.Parallel()
		p := newProvider(t)
		err := p.sender(t, "AC1:wrong-token").Send(t.Context(), Message{To: "+4915112345678", Text: "x"})
		if err == nil || Permanent(err) || strings.Contains(err.Error(), "wrong-token") || len(p.forms) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		gone := make(chan struct{})
		p := newProvider(t, func(http.ResponseWriter, *http.Request) { <-gone })
		t.Cleanup(func() { close(gone) })
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := p.sender(t, "AC1:"+testToken).Send(ctx, Message{To: "+4915112345678", Text: "x"})
		var refused *RefusedError
		if !errors.As(err, &refused) || Permanent(err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		p := newProvider(t)
		s := p.sender(t, "AC1:"+testToken)
		p.server.Close()
		if err := s.Send(t.Context(), Message{To: "+4915112345678", Text: "x"}); err == nil || Permanent(err) || strings.Contains(err.Error(), "AC1") {
			t.Errorf("%v", err)
		}
	})
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	p, err := ParseURL("twilio://AC1:to%2Fken@api.twilio.com?from=+15551234567")
	if err != nil || p.Base.String() != "https://api.twilio.com" || p.Account != "AC1" || p.token != "to/ken" || p.From != "+15551234567" || p.Service != "" {
		t.Errorf("%+v %v", p, err)
	}
	if p, err = ParseURL("twilio://AC1:t@api.twilio.com/?service=MG1"); err != nil || p.Service != "MG1" {
		t.Errorf("%+v %v", p, err)
	}
	if p, err = ParseURL("twilio://AC1:hunter2@api.twilio.com?from=Veranda"); err != nil || p.From != "Veranda" {
		t.Errorf("%+v %v", p, err)
	}
	if text := fmt.Sprintf("%v %+v %#v", p, p, p); strings.Contains(text, "hunter2") {
		t.Errorf("the token is shown: %s", text)
	}
	for _, text := range []string{
		"", "twilio://", "https://AC1:hunter2@api.twilio.com?from=+15551234567", "twilio://AC1@api.twilio.com?from=+15551234567", "twilio://AC1:hunter2@api.twilio.com",
		"twilio://AC1:hunter2@api.twilio.com?from=+15551234567&service=MG1", "twilio://AC1:hunter2@api.twilio.com?from=+15551234567&x=1", "twilio://AC1:hunter2@api.twilio.com?from=+0555",
		"twilio://AC1:hunter2@api.twilio.com/v2?from=+15551234567", "twilio+http://AC1:hunter2@api.twilio.com?from=+15551234567", "twilio://AC/1:hunter2@api.twilio.com?from=+15551234567", "twilio://AC1:hunter2@api.twilio.com?service=M/G",
	} {
		if _, err := ParseURL(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The example of the provider's documentation on webhook security.
func TestSigned(t *testing.T) {
	t.Parallel()
	p := Provider{token: testToken}
	const address = "https://mycompany.com/myapp.php?foo=1&bar=2"
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}}
	const signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
	if got := base64.StdEncoding.EncodeToString(p.sign(address, form)); got != signature {
		t.Errorf("%s", got)
	}
	changed := url.Values{}
	for name, values := range form {
		changed[name] = values
	}
	changed["Digits"] = []string{"1235"}
	for name, c := range map[string]struct {
		address, signature string
		form               url.Values
		want               bool
	}{
		"right":             {address, signature, form, true},
		"port named":        {"https://mycompany.com:443/myapp.php?foo=1&bar=2", signature, form, true},
		"another port":      {"https://mycompany.com:8443/myapp.php?foo=1&bar=2", signature, form, false},
		"another address":   {"https://mycompany.com/myapp.php?foo=1&bar=3", signature, form, false},
		"another form":      {address, signature, changed, false},
		"no signature":      {address, "", form, false},
		"too short":         {address, "RSOYDt4T", form, false},
		"not base64":        {address, "RSOYDt4T1cUTdK1PDd93/VVr8B8!", form, false},
		"of another secret": {address, base64.StdEncoding.EncodeToString((Provider{token: "54321"}).sign(address, form)), form, false},
	} {
		if got := p.Signed(c.address, c.form, c.signature); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParseReport(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]Report{
		"sent": {"sent", ""}, "delivered": {"delivered", ""}, "read": {"delivered", ""}, "undelivered": {"undelivered", "30005 the number is not known"},
		"failed": {"undelivered", "30005 the number is not known"}, "queued": {}, "sending": {}, "": {}, "anything": {},
	} {
		got, known := ParseReport(url.Values{"MessageStatus": {status}, "ErrorCode": {"30005"}})
		if got != want || known != (want.State != "") {
			t.Errorf("%s: %+v", status, got)
		}
	}
}

func TestBox(t *testing.T) {
	t.Parallel()
	b, err := NewBox(t.TempDir()+"/phone", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range boxSize + 3 {
		if err := b.Send(t.Context(), Message{ID: fmt.Sprint(i), To: "+4915112345678", Text: fmt.Sprint("text ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(t.Context(), Message{To: "1", Text: "x"}); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
	kept, err := b.List(boxSize * 2)
	if err != nil || len(kept) != boxSize || kept[0].Text != fmt.Sprint("text ", boxSize+2) || kept[0].To != "+4915112345678" || kept[boxSize-1].ID != "3" {
		t.Errorf("%d %+v %v", len(kept), kept[0], err)
	}
}
