package phone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of a call: the time for all of it, and how much of an answer is read.
const (
	sendTimeout  = 10 * time.Second
	answerOctets = 64 << 10
	// textLength is how much text a message takes (code 21617 beyond), in characters.
	textLength = 1600
)

// Message is a text to a number.
type Message struct {
	// ID is the message's: reports name it.
	ID   string
	To   string // E.164
	Text string
}

// Sender hands messages in, a call for each.
type Sender struct {
	provider Provider
	callback func(id string) string
	client   *http.Client
	now      func() time.Time
}

// NewSender makes a sender. callback gives the address where the provider reports what became of a message, with the
// message's id in it; nil asks for no reports. now reads the dates of Retry-After.
func NewSender(provider Provider, callback func(id string) string, now func() time.Time) *Sender {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, TLSHandshakeTimeout: 5 * time.Second,
		ResponseHeaderTimeout: sendTimeout, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 32 << 10, ForceAttemptHTTP2: true,
	}
	return &Sender{provider: provider, callback: callback, now: now, client: &http.Client{
		Transport: transport, Timeout: sendTimeout,
		// The token would go along to wherever a redirect leads.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what the provider says: a message it took, or an error.
type answer struct {
	SID          string `json:"sid"`
	Status       any    `json:"status"` // of the message a text, of an error a number
	Code         int    `json:"code"`
	Message      string `json:"message"`
	ErrorCode    *int   `json:"error_code"`
	ErrorMessage string `json:"error_message"`
}

// Send hands a message in. It gives ErrMalformed for one that can never be sent, and *RefusedError for everything the
// provider or the way to it answers; Permanent tells whether to try again.
func (s *Sender) Send(ctx context.Context, m Message) error {
	form, err := s.form(m)
	if err != nil {
		return err
	}
	target := *s.provider.Base
	target.Path = "/2010-04-01/Accounts/" + s.provider.Account + "/Messages.json"
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("phone: %w", err)
	}
	request.SetBasicAuth(s.provider.Account, string(s.provider.token))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		// What net/http says repeats the address, which holds the account; its cause says enough.
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err
		}
		return &RefusedError{message: err.Error(), cause: err}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerOctets))
	if err != nil {
		return &RefusedError{Status: response.StatusCode, message: "the answer broke off", cause: err}
	}
	return s.judge(m, response, body)
}

func (s *Sender) form(m Message) (url.Values, error) {
	switch {
	case !number.MatchString(m.To):
		return nil, fmt.Errorf("%w: the number is not in the form of E.164", ErrMalformed)
	case strings.TrimSpace(m.Text) == "" || !utf8.ValidString(m.Text):
		return nil, fmt.Errorf("%w: the text is empty or not UTF-8", ErrMalformed)
	case utf8.RuneCountInString(m.Text) > textLength:
		return nil, fmt.Errorf("%w: the text has more than %d characters", ErrMalformed, textLength)
	}
	form := url.Values{"To": {m.To}, "Body": {m.Text}}
	if s.provider.From != "" {
		form.Set("From", s.provider.From)
	} else {
		form.Set("MessagingServiceSid", s.provider.Service)
	}
	if s.callback != nil {
		form.Set("StatusCallback", s.callback(m.ID))
	}
	return form, nil
}

// judge reads an answer. One of success that cannot be read may be of a proxy in between: it is not taken for success.
func (s *Sender) judge(m Message, response *http.Response, body []byte) error {
	var a answer
	malformed := json.Unmarshal(body, &a)
	refused := &RefusedError{Status: response.StatusCode, Code: a.Code, message: strings.ReplaceAll(a.Message, m.To, "…"), cause: malformed}
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		status, _ := a.Status.(string)
		switch {
		case malformed != nil || a.SID == "":
			refused.message = "the answer is not that of a message"
			return refused
		case status != "failed" && status != "undelivered":
			return nil
		}
		refused.message = strings.ReplaceAll(a.ErrorMessage, m.To, "…")
		if a.ErrorCode != nil {
			refused.Code = *a.ErrorCode
		}
	}
	refused.Permanent = permanentCode(refused.Code)
	refused.wait = retryAfter(response.Header.Get("Retry-After"), s.now())
	return refused
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
