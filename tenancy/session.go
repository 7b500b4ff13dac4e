package tenancy

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

type sessionKind struct{}

// SessionID is the id of a session. It opens nothing: the token does.
type SessionID = veranda.ID[sessionKind]

// SessionKind says who holds a session.
type SessionKind string

// The kinds of sessions.
const (
	SessionBrowser SessionKind = "browser" // ends after 14 days without use, and after 90 days
	SessionProgram SessionKind = "program" // a token for a program; ends after a year
)

// How long sessions live (ASVS 5.0, 7.3). The idle end is written into expires_at and moved on with use, so that one
// comparison tells whether a session is alive.
const (
	browserIdle     = 14 * 24 * time.Hour
	browserAbsolute = 90 * 24 * time.Hour
	programAbsolute = 365 * 24 * time.Hour
	// seenEvery is how often use is written down.
	seenEvery = 5 * time.Minute
)

// tokenOctets are 256 bits; ASVS 5.0, 7.2.3 wants 128.
const tokenOctets = 32

// Session is somebody's being signed in.
type Session struct {
	ID    SessionID   `json:"id"`
	Kind  SessionKind `json:"kind"`
	Label string      `json:"label" doc:"What its holder called it: a browser, a program."`
	// Address is the IP address it was made from.
	Address   string    `json:"client_address"`
	CreatedAt time.Time `json:"created_at"`
	// SeenAt is when it was last used, to five minutes.
	SeenAt time.Time `json:"seen_at"`
	// ExpiresAt is when it ends unless it is used before.
	ExpiresAt time.Time `json:"expires_at"`
	// SecondFactor tells whether it was made with a second factor, or one was set up in it.
	SecondFactor bool `json:"second_factor"`
	// Current tells whether it is the session of this call.
	Current bool `json:"current"`
}

// NewSession is a session that was just made, with its token: the only time the token is told.
type NewSession struct {
	Session
	Account veranda.AccountID `json:"account_id"`
	Token   string            `json:"token"`
}

// SignInInput signs in, by an address or a phone number.
type SignInInput struct {
	Address  string `json:"address,omitempty" maxLength:"254"`
	Phone    string `json:"phone,omitempty" maxLength:"40" doc:"A phone number with its country's code, in place of an address."`
	Password string `json:"password" maxLength:"256"`
	// Code is asked of accounts with a second factor.
	Code string `json:"code,omitempty" maxLength:"40" doc:"Where the account has a second factor: a code of the authenticator app, or a recovery code."`

	Kind  SessionKind `json:"kind,omitempty" enum:"browser,program" default:"browser"`
	Label string      `json:"label,omitempty" maxLength:"200" doc:"What to call the session in the list of sessions."`

	ClientAddress string `json:"-"`
}

// validate checks the form only: a password that could not be one is as wrong as any other.
func (in *SignInInput) validate() (identity, error) {
	var c veranda.Checks
	who := checkIdentity(&c, in.Address, in.Phone)
	if in.Kind == "" {
		in.Kind = SessionBrowser
	}
	veranda.OneOf(&c, "/kind", in.Kind, SessionBrowser, SessionProgram)
	in.Label = c.Line("/label", in.Label, 0, 200)
	if len(in.Password) > maxGivenPassword {
		c.Add("/password", "too_long", "must have at most 256 characters")
	}
	if len(in.Code) > maxGivenCode {
		c.Add("/code", "too_long", "is too long")
	}
	return who, c.Err()
}

// RevokeSessionInput ends one of one's own sessions.
type RevokeSessionInput struct {
	Session SessionID `path:"session" json:"-"`
}

// sessionEnds is when a session ends that is used at a moment.
func sessionEnds(kind SessionKind, created, used time.Time) time.Time {
	if kind == SessionProgram {
		return created.Add(programAbsolute)
	}
	idle, absolute := used.Add(browserIdle), created.Add(browserAbsolute)
	if idle.After(absolute) {
		return absolute
	}
	return idle
}

// newToken makes a token and what is stored of it.
func newToken() (token string, hash []byte, err error) {
	secret := make([]byte, tokenOctets)
	if _, err := rand.Read(secret); err != nil {
		return "", nil, fmt.Errorf("tenancy: random token: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(secret)
	sum := sha256.Sum256([]byte(token))
	return token, sum[:], nil
}
