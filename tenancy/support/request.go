package support

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

type (
	requestKind struct{}
	messageKind struct{}
	actionKind  struct{}
)

// RequestID is the id of a request, MessageID of a message in it, ActionID of an action proposed about it.
type (
	RequestID = veranda.ID[requestKind]
	MessageID = veranda.ID[messageKind]
	ActionID  = veranda.ID[actionKind]
)

// What requests are about.
const (
	TopicSignIn     = "sign_in"    // trouble with signing in
	TopicDeletion   = "deletion"   // of an account or a tenant
	TopicInvitation = "invitation" // to be taken back
	TopicOther      = "other"
)

// The states of a request.
const (
	StateOpen     = "open"     // support's turn
	StateAnswered = "answered" // the writer's turn
	StateClosed   = "closed"
)

// Who wrote a message.
const (
	AuthorWriter  = "writer"
	AuthorSupport = "support"
)

// How a message came.
const (
	ChannelForm = "form"
	ChannelMail = "mail"
)

// Request is a request to platform support.
type Request struct {
	ID      RequestID         `json:"id"`
	Account veranda.AccountID `json:"account_id"`
	Address string            `json:"address"`
	// Proved tells whether the address is known to be the writer's: who writes without signing in may give any.
	Proved     bool              `json:"proved"`
	Org        veranda.OrgID     `json:"organization_id"`
	Topic      string            `json:"topic" enum:"sign_in,deletion,invitation,other"`
	Subject    string            `json:"subject"`
	State      string            `json:"state" enum:"open,answered,closed"`
	AssignedTo veranda.AccountID `json:"assigned_to"`
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
	Version    int64             `json:"version"`
	// Messages and Actions are left out of lists.
	Messages []Message  `json:"messages,omitempty"`
	Actions  []Proposal `json:"actions,omitempty"`
}

// ETag is the request's version, quoted.
func (r *Request) ETag() string { return strconv.Quote(strconv.FormatInt(r.Version, 10)) }

// Message is what the writer or support wrote.
type Message struct {
	ID        MessageID         `json:"id"`
	Author    string            `json:"author" enum:"writer,support"`
	By        veranda.AccountID `json:"by"`
	Channel   string            `json:"channel" enum:"form,mail"`
	Text      string            `json:"text"`
	CreatedAt time.Time         `json:"created_at"`
}

// WriteInput is a new request.
type WriteInput struct {
	Address  string        `json:"address,omitempty" maxLength:"254" doc:"Where to answer; needed without signing in, else the account's primary address."`
	Topic    string        `json:"topic" enum:"sign_in,deletion,invitation,other"`
	Org      veranda.OrgID `json:"organization_id,omitempty" doc:"The organization it concerns."`
	Subject  string        `json:"subject" minLength:"1" maxLength:"200"`
	Text     string        `json:"text" minLength:"1" maxLength:"10000"`
	Language string        `json:"language,omitempty" maxLength:"35" doc:"The language of answers; the account's, else English."`

	ClientAddress string `json:"-"`
}

// Written is the answer to a new request: with its id for who is signed in, else empty, for the address is not proved.
type Written struct {
	Request *RequestID `json:"id,omitempty"`
}

// maxText is how long a message may be, in characters.
const maxText = 10_000

func (in *WriteInput) validate(signedIn bool) (tenancy.Address, error) {
	var c veranda.Checks
	var address tenancy.Address
	if in.Address == "" && !signedIn {
		c.Add("/address", "required", "must be given without signing in")
	}
	if in.Address != "" {
		var err error
		if address, err = tenancy.ParseAddress(in.Address); err != nil {
			c.Add("/address", "email", "is not an e-mail address")
		}
	}
	veranda.OneOf(&c, "/topic", in.Topic, TopicSignIn, TopicDeletion, TopicInvitation, TopicOther)
	in.Subject = c.Line("/subject", in.Subject, 1, 200)
	in.Text = c.Text("/text", in.Text, 1, maxText)
	in.Language = c.Line("/language", in.Language, 0, 35)
	return address, c.Err()
}

// RequestInput names a request.
type RequestInput struct {
	Request RequestID `path:"request" json:"-"`
}

// MessageInput adds to a request.
type MessageInput struct {
	Request RequestID `path:"request" json:"-"`
	Text    string    `json:"text" minLength:"1" maxLength:"10000"`
}

func (in *MessageInput) validate() error {
	var c veranda.Checks
	in.Text = c.Text("/text", in.Text, 1, maxText)
	return c.Err()
}

// MineInput asks for one's own requests, newest first.
type MineInput struct {
	veranda.Page
}

// QueueInput asks for requests to work on: the oldest first where a state is named, else the newest first.
type QueueInput struct {
	State string `query:"state" json:"-" enum:"open,answered,closed" doc:"Only requests in this state, the oldest first."`
	veranda.Page
}

// ChangeInput takes a request, closes it or opens it again; what is absent stays.
type ChangeInput struct {
	Request RequestID `path:"request" json:"-"`
	Version int64     `header:"If-Match" json:"-"`
	State   *string   `json:"state,omitempty" enum:"open,closed"`
	Take    bool      `json:"take,omitempty" doc:"Take the request upon oneself."`
}

func (in *ChangeInput) validate() error {
	var c veranda.Checks
	if in.State != nil {
		veranda.OneOf(&c, "/state", *in.State, StateOpen, StateClosed)
	}
	if in.State == nil && !in.Take {
		c.Add("", "required", "must change something")
	}
	return c.Err()
}
