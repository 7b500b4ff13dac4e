package tenancy

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

type deliveryKind struct{}

// DeliveryID is the id of something sent. It stands in a mail's Message-ID, so that a repeated mail is recognised.
type DeliveryID = veranda.ID[deliveryKind]

// Mail is a mail ready to be sent.
type Mail struct {
	// ID is the delivery's: the same when a mail is sent again after a crash.
	ID             string
	To             string // in the form mail servers take
	ToName         string
	Subject        string
	Text           string
	HTML           string
	UnsubscribeURL string // for List-Unsubscribe (RFC 8058); empty where nothing was subscribed to
}

// Mailer sends mails. An error is met with another attempt, later, unless it has a method Permanent() bool that says
// true: the address does not exist, the message is refused. Where it also has a method AddressRefused() bool that says
// true, it is the address that no server takes mail for, and nothing is sent there any more. A method RetryAfter()
// time.Duration says when another attempt is welcome.
type Mailer interface {
	Send(ctx context.Context, mail Mail) error
}

// The channels by which people are told.
const (
	ChannelMail  = "mail"
	ChannelPhone = "phone"
)

// TextMessage is a short message to a phone, ready to be sent.
type TextMessage struct {
	// ID is the delivery's: the same when a message is sent again after a crash.
	ID   string
	To   string // a number in the form of E.164
	Text string
}

// PhoneSender sends text messages. Its errors are met as those of a Mailer.
type PhoneSender interface {
	SendText(ctx context.Context, message TextMessage) error
}

// permanent is an error after which sending again is of no use.
type permanent interface{ Permanent() bool }

// Delivery is an entry of the delivery log.
type Delivery struct {
	ID        DeliveryID        `json:"id"`
	Account   veranda.AccountID `json:"account_id"`
	By        veranda.AccountID `json:"by" doc:"Whose call caused it."`
	Channel   string            `json:"channel" enum:"mail,phone"`
	Recipient string            `json:"recipient"`
	Template  string            `json:"template"`
	Language  string            `json:"language"`
	State     string            `json:"state" enum:"queued,sent,delivered,undelivered,failed,given_up" doc:"queued: to be sent, or to be tried again; sent: the mail server or the provider took it; delivered and undelivered: what was reported afterwards; failed: refused for good; given_up: tried for half a day."`
	Reason    string            `json:"reason,omitempty" doc:"Why it failed, or why the last attempt did."`
	Attempts  int64             `json:"attempts"`
	CreatedAt time.Time         `json:"created_at"`
	EndedAt   *time.Time        `json:"ended_at,omitempty" doc:"When it was sent, refused or given up."`

	NextAttemptAt *time.Time  `json:"next_attempt_at,omitempty" doc:"When it is tried again."`
	ReportedAt    *time.Time  `json:"reported_at,omitempty" doc:"When it was reported what became of it."`
	AgainOf       *DeliveryID `json:"again_of,omitempty" doc:"The delivery this one repeats."`
	AgainAs       *DeliveryID `json:"again_as,omitempty" doc:"The delivery that repeats this one."`
}

// DeliveriesInput asks for the delivery log of an organization, newest first.
type DeliveriesInput struct {
	Org   veranda.OrgID `path:"org" json:"-"`
	State string        `query:"state" json:"-" enum:"queued,sent,delivered,undelivered,failed,given_up" doc:"Only those in this state."`
	// Channel, Account and Template narrow the log further.
	Channel  string            `query:"channel" json:"-" enum:"mail,phone" doc:"Only what went this way."`
	Account  veranda.AccountID `query:"account" json:"-" doc:"Only what this person was sent."`
	Template string            `query:"template" json:"-" maxLength:"100" doc:"Only what is called this."`
	veranda.Page
}

// MailRequest is a mail to be queued: by the name of a template and its data, or rendered already.
type MailRequest struct {
	// Org is the organization in whose delivery log it stands; zero for what concerns an account alone.
	Org veranda.OrgID
	// Account is who is written to, at their primary address and in their language.
	Account veranda.AccountID
	// To is the address of somebody without an account; used where Account is zero.
	To string
	// By is whose call causes the mail.
	By veranda.AccountID
	// Language is the mail's; empty for the account's.
	Language string
	// Template is a template of this package, or what the delivery log calls a mail that is rendered already.
	Template string
	// Data is what the template says: no secrets, for it is kept.
	Data map[string]string
	// Channel is how it goes, ChannelMail or ChannelPhone; empty: by what is known of the account and what it prefers. What
	// is rendered already goes by mail unless this says otherwise.
	Channel string
	// Subject, Text and HTML are the mail where the template is another package's. HTML may be empty.
	Subject, Text, HTML string
	UnsubscribeURL      string
}

// Post queues mails. Its zero value is ready; packages that send mails declare an interface it fulfils.
type Post struct{}

// Queue stores a mail with the transaction; it is sent after the commit. It goes to the phone of who has no
// confirmed address, or prefers it, where the template has a short form. It gives not_found for an account that does not exist
// or cannot be reached like this. Event: tenancy.delivery_queued.
func (Post) Queue(ctx context.Context, tx *veranda.Tx, m MailRequest) (DeliveryID, error) {
	row := mailRow{
		Org: m.Org, ID: veranda.NewID[deliveryKind](), Account: m.Account, By: m.By, Recipient: m.To, Template: m.Template, Language: m.Language,
		mailContent: mailContent{Data: m.Data, Subject: m.Subject, Text: m.Text, HTML: m.HTML, UnsubscribeURL: m.UnsubscribeURL},
	}
	if !m.Account.IsZero() {
		var name, language, zone, fallback, channel, phone string
		_, err := readOne(ctx, tx.Query, `SELECT d.address, a.name, a.language, a.time_zone,
	(SELECT m.fallback_language FROM veranda_memberships m WHERE m.org_id = $2 AND m.account_id = a.id), a.channel,
	(SELECT p.number FROM veranda_phones p WHERE p.account_id = a.id AND p.confirmed_at IS NOT NULL ORDER BY p.created_at, p.number LIMIT 1)
FROM veranda_accounts a LEFT JOIN veranda_addresses d ON d.account_id = a.id AND d.confirmed_at IS NOT NULL
WHERE a.id = $1 ORDER BY d.is_primary DESC, d.created_at LIMIT 1`,
			[]any{m.Account, m.Org}, veranda.Optional(&row.Recipient), &name, &language, &zone, veranda.Optional(&fallback), &channel, veranda.Optional(&phone))
		if err != nil {
			return row.ID, err
		}
		switch {
		case m.Channel == ChannelPhone:
			row.Channel, row.Recipient = ChannelPhone, phone
		case m.Channel == "" && phone != "" && (row.Recipient == "" || channel == ChannelPhone) && m.Subject == "" && hasMessage(m.Template):
			row.Channel, row.Recipient = ChannelPhone, phone
		}
		if row.Recipient == "" {
			return row.ID, veranda.ErrNotFound
		}
		if row.Language == "" {
			row.Language = mailLanguage(language, fallback)
		}
		row.Zone = zone
		data := mailData{"Name": name}
		for key, value := range m.Data {
			data[key] = value
		}
		row.Data = data
	}
	if row.Language == "" {
		row.Language = fallbackLanguage
	}
	return row.ID, queueMail(ctx, tx, row)
}

// mailData is what a template says.
type mailData map[string]string

// mailRow is a queued mail.
type mailRow struct {
	Org       veranda.OrgID
	ID        DeliveryID
	Account   veranda.AccountID
	By        veranda.AccountID
	Channel   string // ChannelMail where it is empty
	Recipient string
	Template  string
	Language  string
	Link      []byte // the hash of its link's token
	AgainOf   DeliveryID

	mailContent
}

// mailContent is the part of a mailRow kept as JSON.
type mailContent struct {
	Data           mailData `json:"data,omitempty"`
	Zone           string   `json:"time_zone,omitempty"`
	Subject        string   `json:"subject,omitempty"`
	Text           string   `json:"text,omitempty"`
	HTML           string   `json:"html,omitempty"`
	UnsubscribeURL string   `json:"unsubscribe_url,omitempty"`
	// Language is the one to write in, where the delivery log must not show it.
	Language string `json:"language,omitempty"`
}

const insertDelivery = `INSERT INTO veranda_deliveries (org_id, id, account_id, by_id, channel, recipient, template, language, data, link_hash, state, reason, attempts, created_at, again_of)
VALUES ($1, $2, $3, $4, $11, $5, $6, $7, $8, $9, 'queued', '', 0, $10, $12)`

// queueMail stores a mail and the event that has it sent.
func queueMail(ctx context.Context, tx *veranda.Tx, m mailRow) error {
	if m.ID.IsZero() {
		m.ID = veranda.NewID[deliveryKind]()
	}
	if m.Channel == "" {
		m.Channel = ChannelMail
	}
	content, err := json.Marshal(m.mailContent)
	if err != nil {
		return fmt.Errorf("tenancy: queue mail: %w", err)
	}
	var link any
	if m.Link != nil {
		link = m.Link
	}
	_, err = tx.Exec(ctx, insertDelivery, m.Org, m.ID, nullID(m.Account), nullID(m.By), m.Recipient, m.Template, m.Language, string(content), link,
		tx.DB().Time(tx.DB().Now()), m.Channel, nullID(m.AgainOf))
	if err != nil {
		return fmt.Errorf("tenancy: queue mail: %w", err)
	}
	tx.Emit(veranda.Event{Org: m.Org, Kind: EventDeliveryQueued, Subject: m.ID.String(), By: m.By})
	return nil
}
