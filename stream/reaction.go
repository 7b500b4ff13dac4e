package stream

import (
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// Reaction is what somebody thinks of a status or a comment in one word.
type Reaction string

// The reactions. The schema lists them too.
const (
	ReactionLike      Reaction = "like"
	ReactionLove      Reaction = "love"
	ReactionLaugh     Reaction = "laugh"
	ReactionSurprised Reaction = "surprised"
	ReactionSad       Reaction = "sad"
	ReactionThanks    Reaction = "thanks"
)

// allReactions are the reactions in the order in which they are counted and shown.
var allReactions = [...]Reaction{ReactionLike, ReactionLove, ReactionLaugh, ReactionSurprised, ReactionSad, ReactionThanks}

// Reactions are those to one status or comment. A person may react in several ways, and once in each.
type Reactions struct {
	// Counts says how many people reacted how; a reaction nobody chose is absent.
	Counts map[Reaction]int64 `json:"counts"`
	// Mine are the caller's own.
	Mine []Reaction `json:"mine"`
}

// counted is a row's counters, in the order of allReactions.
type counted [len(allReactions)]int64

// destinations are where a read puts the counters.
func (c *counted) destinations() []any {
	out := make([]any, len(c))
	for i := range c {
		out[i] = veranda.Optional(&c[i])
	}
	return out
}

// reactions makes the API's form of the counters and of the caller's own reactions, which a read gives separated by spaces.
func (c *counted) reactions(mine string) Reactions {
	r := Reactions{Counts: map[Reaction]int64{}, Mine: []Reaction{}}
	own := strings.Fields(mine)
	for i, name := range allReactions {
		if c[i] != 0 {
			r.Counts[name] = c[i]
		}
		for _, o := range own {
			if o == string(name) {
				r.Mine = append(r.Mine, name)
			}
		}
	}
	return r
}

// ReactInput names a reaction to a status.
type ReactInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	Status   ID            `path:"status" json:"-"`
	Reaction Reaction      `path:"reaction" json:"-" enum:"like,love,laugh,surprised,sad,thanks"`
}

// ReactToCommentInput names a reaction to a comment.
type ReactToCommentInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	Status   ID            `path:"status" json:"-"`
	Comment  CommentID     `path:"comment" json:"-"`
	Reaction Reaction      `path:"reaction" json:"-" enum:"like,love,laugh,surprised,sad,thanks"`
}

func (r Reaction) validate() error {
	var c veranda.Checks
	veranda.OneOf(&c, "/reaction", r, allReactions[:]...)
	return c.Err()
}

// Reactor is somebody who reacted.
type Reactor struct {
	Person   Person    `json:"person"`
	Reaction Reaction  `json:"reaction"`
	At       time.Time `json:"at"`
}

// ListReactionsInput asks who reacted to a status.
type ListReactionsInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
	veranda.Page
}

// ListCommentReactionsInput asks who reacted to a comment.
type ListCommentReactionsInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Status  ID            `path:"status" json:"-"`
	Comment CommentID     `path:"comment" json:"-"`
	veranda.Page
}

const reactionList = "stream.reactions"

// reactionPosition is where a page of reactions goes on: after a person's reaction.
type reactionPosition struct {
	account  veranda.AccountID
	reaction string
}

// reactionPage checks a page of reactions.
func reactionPage(p veranda.Page) (size int, after reactionPosition, err error) {
	var c veranda.Checks
	size = p.Size(&c)
	if position := p.Position(&c, reactionList, 2); position != nil {
		if after.account.UnmarshalText([]byte(position[0])) != nil {
			badCursor(&c)
		}
		after.reaction = position[1]
	}
	return size, after, c.Err()
}
