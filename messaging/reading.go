package messaging

import "github.com/veranda-go/veranda"

// Unread is how much somebody has unread in an organization; muted conversations are left out.
type Unread struct {
	// Messages is how many messages of others, Conversations in how many conversations.
	Messages      int64 `json:"messages"`
	Conversations int64 `json:"conversations"`
}

// UnreadInput asks how much one has unread in an organization.
type UnreadInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// UnreadCounts is how much one has unread in an organization.
type UnreadCounts struct {
	Org veranda.OrgID `json:"organization_id"`
	Unread
	// Items are the conversations with unread messages, muted ones too.
	Items []UnreadConversation `json:"items"`
}

// UnreadConversation is how much one has unread in a conversation.
type UnreadConversation struct {
	Conversation ID    `json:"conversation_id"`
	Unread       int64 `json:"unread"`
	Muted        bool  `json:"muted"`
}

// UnreadEverywhereInput asks how much one has unread in all one's organizations.
type UnreadEverywhereInput struct{}

// UnreadOrganization is how much one has unread in one of one's organizations.
type UnreadOrganization struct {
	Org veranda.OrgID `json:"organization_id"`
	Unread
}

// UnreadEverywhere is how much one has unread in all one's organizations: those with something.
type UnreadEverywhere struct {
	Unread
	Items []UnreadOrganization `json:"items"`
}

// MarkReadInput says how far one has read.
type MarkReadInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Number       int64         `json:"number" minimum:"1" doc:"The number of the last message one saw."`
}

func (in *MarkReadInput) validate() error {
	var c veranda.Checks
	c.Range("/number", in.Number, 1, maxNumber)
	return c.Err()
}

// MarkUnreadInput says from which message on one has not read.
type MarkUnreadInput = MarkReadInput

// ReadState is how far one has read a conversation.
type ReadState struct {
	Conversation ID    `json:"conversation_id"`
	LastNumber   int64 `json:"last_number"`
	ReadNumber   int64 `json:"read_number"`
	Unread       int64 `json:"unread"`
}

// Preferences are what somebody chose about messages in an organization.
type Preferences struct {
	// Receipts tells whether others see how far one has read, and one how far others have.
	Receipts bool `json:"receipts" doc:"Whether others see how far one has read, and one how far others have."`
}

// PreferencesInput asks for one's preferences.
type PreferencesInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// SetPreferencesInput are other preferences.
type SetPreferencesInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	Receipts bool          `json:"receipts" doc:"Whether others see how far one has read, and one how far others have."`
}

// SearchInput looks for messages in one's conversations.
type SearchInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Query        string        `query:"q" json:"-" required:"true" minLength:"1" maxLength:"200" doc:"Beginnings of words, at most five; all must be in the message."`
	Conversation ID            `query:"conversation" json:"-" doc:"Only in this conversation."`
	veranda.Page
}

// Matches is a page of messages found, newest first.
type Matches struct {
	Items []Message `json:"items"`
	Next  string    `json:"next,omitempty"`
	// Truncated tells that there were more matches than a search looks at: those of the conversations that were active last
	// are here, and another word finds the rest.
	Truncated bool `json:"truncated,omitempty" doc:"There were more matches than a search looks at; narrow it."`
}

const (
	searchList    = "messaging.search"
	maxQueryWords = 5
	// maxCandidates is how many matches a search looks at.
	maxCandidates = 5000
)

func (in *SearchInput) validate() (words []string, size int, before MessageID, err error) {
	var c veranda.Checks
	in.Query = c.Line("/q", in.Query, 1, 200)
	words = longestFirst(wordsOf(in.Query))
	switch {
	case c.Failed("/q"):
	case len(words) == 0:
		c.Add("/q", "required", "must have a word of letters or digits")
	case len(words) > maxQueryWords:
		c.Add("/q", "too_many", "must have at most 5 words")
	}
	size, before = in.Size(&c), lastMessage
	if position := in.Position(&c, searchList, 1); position != nil && before.UnmarshalText([]byte(position[0])) != nil {
		badCursor(&c)
	}
	return words, size, before, c.Err()
}

// lastMessage is an id above all others.
var lastMessage = func() (id MessageID) {
	if err := id.UnmarshalText([]byte("ffffffff-ffff-ffff-ffff-ffffffffffff")); err != nil { // a constant
		panic(err)
	}
	return id
}()
