package stream

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// The bounds of a poll.
const (
	minOptions    = 2
	maxOptions    = 20
	maxOptionText = 200
)

// PollInput is a poll of a new status.
type PollInput struct {
	Options     []string   `json:"options" minItems:"2" maxItems:"20" doc:"What can be voted for, each once."`
	Multiple    bool       `json:"multiple,omitempty" doc:"One may vote for several options."`
	Anonymous   bool       `json:"anonymous,omitempty" doc:"Nobody is told who voted for what."`
	Final       bool       `json:"final,omitempty" doc:"A vote can be neither changed nor withdrawn."`
	HideResults bool       `json:"hide_results,omitempty" doc:"The results show to those who have voted, and to all once it is closed."`
	ClosesAt    *time.Time `json:"closes_at,omitempty" doc:"When it closes by itself."`
}

func (in *PollInput) check(c *veranda.Checks, now time.Time) {
	c.Count("/poll/options", len(in.Options), minOptions, maxOptions)
	former := map[string]bool{}
	for i, text := range in.Options {
		pointer := "/poll/options/" + strconv.Itoa(i)
		in.Options[i] = c.Line(pointer, text, 1, maxOptionText)
		if former[in.Options[i]] && !c.Failed(pointer) {
			c.Add(pointer, "duplicate", "is an option already")
		}
		former[in.Options[i]] = true
	}
	if in.ClosesAt != nil {
		at := c.Moment("/poll/closes_at", *in.ClosesAt)
		if !c.Failed("/poll/closes_at") && !at.After(now) {
			c.Add("/poll/closes_at", "past", "must lie in the future")
		}
		in.ClosesAt = &at
	}
}

// Poll is what a status asks, and how it was answered so far.
type Poll struct {
	Multiple    bool `json:"multiple"`
	Anonymous   bool `json:"anonymous"`
	Final       bool `json:"final"`
	HideResults bool `json:"hide_results"`
	// Closed tells that nobody votes any more; ClosesAt is when that happens or happened by itself, ClosedAt when it did.
	Closed   bool       `json:"closed"`
	ClosesAt *time.Time `json:"closes_at,omitempty"`
	ClosedAt *time.Time `json:"closed_at,omitempty"`
	// Voters is how many people voted.
	Voters  int64        `json:"voters"`
	Options []PollOption `json:"options"`
	// Mine are the numbers of the options the caller voted for.
	Mine []int64 `json:"mine"`
}

// PollOption is one of a poll's options.
type PollOption struct {
	Number int64  `json:"number"`
	Text   string `json:"text"`
	// Votes is absent while the results are hidden from the caller.
	Votes *int64 `json:"votes,omitempty"`
}

// finish hides what the reader may not see yet.
func (p *Poll) finish(now time.Time) {
	p.Closed = p.ClosedAt != nil || p.ClosesAt != nil && !now.Before(*p.ClosesAt)
	if p.HideResults && !p.Closed && len(p.Mine) == 0 {
		for i := range p.Options {
			p.Options[i].Votes = nil
		}
	}
}

// VoteInput is the caller's vote.
type VoteInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Status  ID            `path:"status" json:"-"`
	Options []int64       `json:"options" minItems:"1" maxItems:"20" doc:"The numbers of the options."`
}

func (in *VoteInput) validate() error {
	var c veranda.Checks
	c.Count("/options", len(in.Options), 1, maxOptions)
	former := map[int64]bool{}
	for i, number := range in.Options {
		pointer := "/options/" + strconv.Itoa(i)
		c.Range(pointer, number, 1, maxOptions)
		if former[number] {
			c.Add(pointer, "duplicate", "is named twice")
		}
		former[number] = true
	}
	return c.Err()
}

// PollStatusInput names the status whose poll is meant.
type PollStatusInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
}

// ListVotersInput asks who voted for what.
type ListVotersInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
	Option int64         `query:"option" json:"-" minimum:"0" maximum:"20" doc:"Only those who voted for this option."`
	veranda.Page
}

// Voter is somebody who voted for an option.
type Voter struct {
	Person Person `json:"person"`
	Option int64  `json:"option"`
}

const voterList = "stream.voters"

// voterPosition is where a page of voters goes on.
type voterPosition struct {
	account veranda.AccountID
	number  int64
}

func (in *ListVotersInput) validate() (size int, after voterPosition, err error) {
	var c veranda.Checks
	size = in.Size(&c)
	c.Range("/option", in.Option, 0, maxOptions)
	if position := in.Position(&c, voterList, 2); position != nil {
		number, bad := strconv.ParseInt(position[1], 10, 64)
		if bad != nil || after.account.UnmarshalText([]byte(position[0])) != nil {
			badCursor(&c)
		}
		after.number = number
	}
	return size, after, c.Err()
}
