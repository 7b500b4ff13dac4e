package messaging

import (
	"net/url"
	"strconv"
	"time"
	"unicode"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

type messageKind struct{}

// MessageID is the id of a message. Within its conversation it is named by its number.
type MessageID = veranda.ID[messageKind]

// Message is what somebody said in a conversation.
type Message struct {
	ID           MessageID     `json:"id"`
	Org          veranda.OrgID `json:"organization_id"`
	Conversation ID            `json:"conversation_id"`
	// Number counts the messages of a conversation from 1, without gaps.
	Number int64  `json:"number"`
	Author Person `json:"author"`
	// Thread is the number of the message that is answered; absent for what stands by itself.
	Thread int64    `json:"thread,omitempty" doc:"The number of the message it answers."`
	Text   string   `json:"text"`
	Links  []string `json:"links"`
	// Files hang on the message; their contents are read below its path.
	Files []files.Attachment `json:"files"`
	// Replies is how many messages answer this one, deleted ones included, LastReply the number of the last.
	Replies   int64     `json:"replies"`
	LastReply int64     `json:"last_reply,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// EditedAt is absent until the message is changed for the first time.
	EditedAt *time.Time `json:"edited_at,omitempty"`
	// DeletedAt is set when its author took it back; nothing is left but the number.
	DeletedAt *time.Time `json:"deleted_at,omitempty"`
	Version   int64      `json:"version"`
}

// ETag is the message's version for If-Match.
func (m Message) ETag() string { return strconv.Quote(strconv.FormatInt(m.Version, 10)) }

// Location is the message's path.
func (m Message) Location() string {
	return path(m.Org, m.Conversation) + "/messages/" + strconv.FormatInt(m.Number, 10)
}

// validate checks what a message says; complete asks that it is not empty.
func (m *Content) validate(c *veranda.Checks, complete bool) {
	m.Text = c.Text("/text", m.Text, 0, maxText)
	if !shows(m.Text) {
		m.Text = "" // white space and invisible characters say nothing
	}
	c.Mentions("/text", m.Text)
	c.Count("/links", len(m.Links), 0, maxLinks)
	for i, link := range m.Links {
		m.Links[i] = checkLink(c, "/links/"+strconv.Itoa(i), link)
	}
	c.Count("/files", len(m.Files), 0, files.MaxAttached)
	if complete && m.Text == "" && len(m.Links) == 0 && len(m.Files) == 0 && !c.Failed("/text") {
		c.Add("/text", "required", "must not be empty where there is no link and no file")
	}
}

// shows tells whether a text shows anything: the rule by which package veranda asks for texts.
func shows(text string) bool {
	var c veranda.Checks
	c.Text("", text, 1, maxText+1)
	return !isRequired(c.Err())
}

func isRequired(err error) bool {
	e, ok := err.(*veranda.Error)
	return ok && len(e.Fields) > 0 && e.Fields[0].Rule == "required"
}

// subjectLine checks a subject; what shows nothing is none.
func subjectLine(c *veranda.Checks, subject string) string {
	subject = c.Line("/subject", subject, 0, maxSubject)
	if !shows(subject) {
		return ""
	}
	return subject
}

// checkLink checks an address of the web (RFC 3986): absolute, of http or https, without a name and password in it.
func checkLink(c *veranda.Checks, pointer, link string) string {
	link = c.Line(pointer, link, 1, maxLink)
	if c.Failed(pointer) {
		return link
	}
	at, err := url.Parse(link)
	hidden := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	for _, r := range link {
		if hidden(r) {
			err = url.InvalidHostError(link)
		}
	}
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Hostname() == "" || at.User != nil {
		c.Add(pointer, "link", "must be an address that begins with https:// or http://")
	}
	return link
}

func (in *StartInput) validate() error {
	var c veranda.Checks
	c.Count("/recipients", len(in.Recipients), 0, MaxPeople-1)
	if len(in.Recipients) == 0 && in.Workspace.IsZero() {
		c.Add("/recipients", "required", "must name somebody to write to")
	}
	in.Subject = subjectLine(&c, in.Subject)
	in.Content.validate(&c, in.Subject == "" && !c.Failed("/subject"))
	return c.Err()
}

// SendInput is a further message of a conversation.
type SendInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	// Thread is the message it answers; an answer to an answer hangs on the same message.
	Thread int64 `json:"thread,omitempty" minimum:"1" doc:"The number of the message it answers."`
	Content
}

func (in *SendInput) validate() error {
	var c veranda.Checks
	if in.Thread != 0 {
		c.Range("/thread", in.Thread, 1, maxNumber)
	}
	in.Content.validate(&c, true)
	return c.Err()
}

// maxNumber is above every message's number; JSON keeps it exactly.
const maxNumber = 1 << 53

// MessageInput names a message.
type MessageInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Number       int64         `path:"number" json:"-" minimum:"1" doc:"The message's number in the conversation."`
}

// EditInput is a new text of a message.
type EditInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Number       int64         `path:"number" json:"-" minimum:"1" doc:"The message's number in the conversation."`
	Version      int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any."`
	Text         string        `json:"text" maxLength:"10000" doc:"Markdown, at most 10,000 characters."`
	Links        *[]string     `json:"links,omitempty" maxItems:"20" doc:"Addresses of the web; absent leaves them as they are."`
}

func (in *EditInput) validate() error {
	var c veranda.Checks
	content := Content{Text: in.Text}
	if in.Links != nil {
		content.Links = *in.Links
	}
	content.validate(&c, false) // whether anything is left is known with the message
	in.Text = content.Text
	return c.Err()
}

// DeleteInput names a message to delete for everybody.
type DeleteInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Number       int64         `path:"number" json:"-" minimum:"1" doc:"The message's number in the conversation."`
	Version      int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any."`
}

// ListMessagesInput asks for the messages of a conversation, newest first.
type ListMessagesInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	veranda.Page
}

// ListThreadInput asks for the answers to a message, oldest first.
type ListThreadInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Number       int64         `path:"number" json:"-" minimum:"1" doc:"The message's number in the conversation."`
	veranda.Page
}

// HistoryInput asks for what a message said before, newest first.
type HistoryInput = ListThreadInput

// Revision is what a message said in a former version.
type Revision struct {
	Version   int64     `json:"version"`
	Text      string    `json:"text"`
	Links     []string  `json:"links"`
	WrittenAt time.Time `json:"written_at"`
}

const (
	messageList  = "messaging.messages"
	threadList   = "messaging.thread"
	revisionList = "messaging.revisions"
)

// number reads a page whose position is a number; first is where the first page begins.
func number(page veranda.Page, list string, first int64) (size int, at int64, err error) {
	var c veranda.Checks
	size, at = page.Size(&c), first
	if position := page.Position(&c, list, 1); position != nil {
		var bad error
		if at, bad = strconv.ParseInt(position[0], 10, 64); bad != nil || at < 0 || at > maxNumber {
			badCursor(&c)
		}
	}
	return size, at, c.Err()
}
