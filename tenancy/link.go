package tenancy

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"time"

	"github.com/veranda-go/veranda"
)

// linkPurpose is what a link does.
type linkPurpose string

const (
	linkConfirm    linkPurpose = "confirm"
	linkReset      linkPurpose = "reset"
	linkInvitation linkPurpose = "invitation"
	// linkActivate makes an account that an access manager reserved somebody's: they choose its password.
	linkActivate linkPurpose = "activate"
)

// How long links work. The ten minutes of ASVS 5.0, 6.5.5 are for codes typed by hand; a link carries 256 bits that
// nobody guesses, and mail may take its time.
const (
	confirmLives    = 24 * time.Hour
	resetLives      = time.Hour
	invitationLives = 14 * 24 * time.Hour
	activateLives   = 14 * 24 * time.Hour
)

// nonceOctets are what a link's token is derived from; RFC 4086 and ASVS 5.0, 11.5.1 want 128 bits.
const nonceOctets = 16

func (p linkPurpose) lives() time.Duration {
	switch p {
	case linkReset:
		return resetLives
	case linkInvitation:
		return invitationLives
	case linkActivate:
		return activateLives
	default:
		return confirmLives
	}
}

// path is the page of the host program that shows a button for the link. Opening it changes nothing, for mail scanners
// open every link; the button posts the token.
func (p linkPurpose) path() string {
	switch p {
	case linkReset:
		return "/reset"
	case linkInvitation:
		return "/invitation"
	case linkActivate:
		return "/activate"
	default:
		return "/confirm"
	}
}

// linkRow is a link.
type linkRow struct {
	Hash      []byte
	Nonce     []byte
	Purpose   linkPurpose
	Account   veranda.AccountID
	Key       string // of the address it was sent to, or the number of the phone
	Org       veranda.OrgID
	Subject   InvitationID
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time
}

// works tells whether the link can be used for a purpose.
func (l *linkRow) works(purpose linkPurpose, now time.Time) bool {
	return l.Purpose == purpose && l.UsedAt.IsZero() && now.Before(l.ExpiresAt)
}

// newLink makes a link. Its token is not kept: deriveToken makes it again when the mail is written.
func (s *Service) newLink(purpose linkPurpose, now time.Time) (*linkRow, error) {
	nonce := make([]byte, nonceOctets)
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("tenancy: random nonce: %w", err)
	}
	return &linkRow{
		Hash: tokenHash(s.deriveToken(purpose, nonce)), Nonce: nonce, Purpose: purpose,
		CreatedAt: now, ExpiresAt: now.Add(purpose.lives()),
	}, nil
}

// deriveToken is HMAC-SHA-256 (RFC 2104) of purpose and nonce under the program's secret: who reads the data base has the
// nonce but not the token.
func (s *Service) deriveToken(purpose linkPurpose, nonce []byte) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("veranda link\x00" + string(purpose) + "\x00"))
	mac.Write(nonce)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// linkURL is the link as it stands in a mail. The page it opens must send "Referrer-Policy: no-referrer", so that the
// token stays out of referrers (ASVS 5.0, 3.4.5).
func (s *Service) linkURL(l *linkRow) string {
	return s.baseURL + l.Purpose.path() + "?token=" + url.QueryEscape(s.deriveToken(l.Purpose, l.Nonce))
}
