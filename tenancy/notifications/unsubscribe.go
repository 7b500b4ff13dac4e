package notifications

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"

	"github.com/veranda-go/veranda"
)

// ErrLink is the answer to a link that is none of ours.
var ErrLink = veranda.NewError(veranda.CodeNotFound, "notifications.link", "This link does not work.")

// UnsubscribeInput is the token of a link in a mail.
type UnsubscribeInput struct {
	Token string `json:"token" maxLength:"200"`
}

// Subscribed is what a link ends.
type Subscribed struct {
	// Kinds is the pattern of the notices that are mailed no more, "tasks.*", or the name of another package's mails.
	Kinds string `json:"kinds"`
	// Meaning says it to a reader; empty where the kinds say it.
	Meaning string `json:"meaning"`
}

// macSize is 128 bits: who has no mail of somebody's cannot make a link that ends them.
const macSize = 16

const idSize = 16

// UnsubscribeURL is the link that ends mails to somebody without signing in: a pattern of kinds of notices, or the name of
// a Subscription. It works for ever and any number of times, as RFC 8058 wants it; it opens nothing else, and whoever
// forwards a mail gives away no more than that mails end, which the person can undo in their preferences. Put it into the
// mail's List-Unsubscribe and List-Unsubscribe-Post: the headers must be covered by the mail's DKIM signature (RFC 8058,
// section 4), which is made by the mail server that signs.
func (s *Service) UnsubscribeURL(account veranda.AccountID, org veranda.OrgID, kinds string) string {
	accountID, _ := account.MarshalText()
	orgID, _ := org.MarshalText()
	payload := append(append(append(pack(accountID), pack(orgID)...), kinds...), s.mac(accountID, orgID, kinds)...)
	return s.baseURL + "/unsubscribe?token=" + url.QueryEscape(base64.RawURLEncoding.EncodeToString(payload))
}

func (s *Service) mac(account, org []byte, kinds string) []byte {
	m := hmac.New(sha256.New, s.secret)
	m.Write([]byte("veranda unsubscribe 1\x00"))
	m.Write(account)
	m.Write([]byte{0})
	m.Write(org)
	m.Write([]byte{0})
	m.Write([]byte(kinds))
	return m.Sum(nil)[:macSize]
}

// opened is a link's content.
type opened struct {
	account veranda.AccountID
	org     veranda.OrgID
	Subscribed
}

// open reads a link's token; every other text is ErrLink.
func (s *Service) open(token string) (*opened, error) {
	octets, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(octets) <= 2*idSize+macSize || len(s.secret) == 0 {
		return nil, ErrLink
	}
	account, org := unpack(octets[:idSize]), unpack(octets[idSize:2*idSize])
	o := &opened{Subscribed: Subscribed{Kinds: string(octets[2*idSize : len(octets)-macSize])}}
	if !hmac.Equal(octets[len(octets)-macSize:], s.mac(account, org, o.Kinds)) {
		return nil, ErrLink
	}
	if o.account.UnmarshalText(account) != nil || o.org.UnmarshalText(org) != nil {
		return nil, ErrLink
	}
	o.Meaning = s.subscriptions[o.Kinds].Meaning
	return o, nil
}

// pack writes an id's text in 16 octets, unpack reads them.
func pack(text []byte) []byte {
	out := make([]byte, 0, idSize)
	text = bytes.ReplaceAll(text, []byte("-"), nil)
	for i := 0; i+1 < len(text); i += 2 {
		out = append(out, digit(text[i])<<4|digit(text[i+1]))
	}
	return out
}

func digit(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func unpack(octets []byte) []byte {
	const digits = "0123456789abcdef"
	var out []byte
	for i, o := range octets {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, digits[o>>4], digits[o&15])
	}
	return out
}

// Subscribed says what the link of a token ends, and changes nothing: mail programs and scanners open links.
//
// Permission: notification.unsubscribe (anonymous). Errors: notifications.link.
func (s *Service) Subscribed(ctx context.Context, by veranda.Actor, in UnsubscribeInput) (*Subscribed, error) {
	if _, err := s.asks(ctx, by, PermUnsubscribe); err != nil {
		return nil, err
	}
	o, err := s.open(in.Token)
	if err != nil {
		return nil, err
	}
	return &o.Subscribed, nil
}

// Unsubscribe ends the mails a token is for, however often it is called. They begin again when the person chooses so in
// their preferences.
//
// Permission: notification.unsubscribe (anonymous). Errors: notifications.link. Event: notifications.preferences_changed.
func (s *Service) Unsubscribe(ctx context.Context, by veranda.Actor, in UnsubscribeInput) (*Subscribed, error) {
	if _, err := s.asks(ctx, by, PermUnsubscribe); err != nil {
		return nil, err
	}
	o, err := s.open(in.Token)
	if err != nil {
		return nil, err
	}
	return &o.Subscribed, s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if other, known := s.subscriptions[o.Kinds]; known {
			return other.End(ctx, tx, o.account, o.org)
		}
		if _, wild := cutWild(o.Kinds); !wild {
			return ErrLink // of a package that is no more
		}
		return s.endMails(ctx, tx, o)
	})
}

const (
	// Whatever was chosen for these kinds anywhere is mailed no more.
	endMailsText = `UPDATE veranda_notice_choices SET mail = NULL WHERE account_id = $1 AND ($2 = '*' OR kind LIKE $3)`
	endMailText  = `INSERT INTO veranda_notice_choices AS c (account_id, org_id, kind, mail)
SELECT a.id, $2, $3, $4 FROM veranda_accounts a WHERE a.id = $1
ON CONFLICT (account_id, org_id, kind) DO UPDATE SET mail = excluded.mail`
)

// endMails chooses no mail for a pattern of kinds, everywhere.
func (s *Service) endMails(ctx context.Context, tx *veranda.Tx, o *opened) error {
	prefix, _ := cutWild(o.Kinds)
	if _, err := tx.Exec(ctx, endMailsText, o.account, o.Kinds, prefix+"%"); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, endMailText, o.account, veranda.OrgID{}, o.Kinds, false)
	if err != nil || n == 0 { // the account is gone
		return err
	}
	if _, err := tx.Exec(ctx, deleteEmptyChoices, o.account); err != nil {
		return err
	}
	emit(tx, EventChanged, veranda.OrgID{}, o.account, o.account.String(), PreferencesChanged{Kind: o.Kinds, Unsubscribed: true})
	return s.reschedule(ctx, tx, o.account)
}
