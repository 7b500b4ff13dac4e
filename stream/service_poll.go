package stream

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// Vote makes the caller's vote what is given, and gives the poll back. The same vote again changes nothing.
//
// Permission: status.vote in the status's workspace. Errors: not_found, also where the status has no poll; forbidden;
// invalid at /options; stream.poll_closed; stream.vote_final for a second vote in a poll whose votes are final;
// stream.no_author for background jobs. Event, when something changed: EventPollVoted, which names nobody in an anonymous
// poll.
func (s *Service) Vote(ctx context.Context, by veranda.Actor, in VoteInput) (*Poll, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.vote(ctx, by, in.Org, in.Status, in.Options)
}

// Withdraw takes the caller's vote back and gives the poll back. Where there is none, nothing changes.
//
// Permission and errors are Vote's. Event, when something changed: EventVoteWithdrawn.
func (s *Service) Withdraw(ctx context.Context, by veranda.Actor, in PollStatusInput) (*Poll, error) {
	return s.vote(ctx, by, in.Org, in.Status, nil)
}

func (s *Service) vote(ctx context.Context, by veranda.Actor, org veranda.OrgID, status ID, options []int64) (*Poll, error) {
	standing, author, err := s.readStatus(ctx, by, org, status, PermVote)
	if err != nil {
		return nil, err
	}
	if standing.Account.IsZero() {
		return nil, ErrNoAuthor
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		poll, err := holdPoll(ctx, tx, org, status)
		if err != nil {
			return err
		}
		if err := poll.check(options); err != nil {
			return err
		}
		var former []int64
		err = each(ctx, tx, ownVotes, []any{org, status, standing.Account}, func(rows *sql.Rows) error {
			var number int64
			err := rows.Scan(&number)
			former = append(former, number)
			return err
		})
		switch {
		case err != nil:
			return fmt.Errorf("stream: read a vote: %w", err)
		case poll.final && len(former) > 0:
			return ErrVoteFinal
		}
		changed, err := replaceVote(ctx, tx, standing, status, former, options)
		if err != nil || !changed {
			return err
		}
		event := veranda.Event{
			Org: org, Workspace: standing.Workspace, Kind: EventPollVoted, Subject: status.String(), By: standing.Account,
			Data: veranda.MarshalData(PollData{Author: author, Anonymous: poll.anonymous}),
		}
		if len(options) == 0 {
			event.Kind = EventVoteWithdrawn
		}
		if poll.anonymous { // who watches the counts beside the events would know
			event.By = veranda.AccountID{}
		}
		tx.Emit(event)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.poll(ctx, standing, status)
}

// check holds a vote to its poll.
func (p heldPoll) check(options []int64) error {
	var c veranda.Checks
	if !p.multiple && len(options) > 1 {
		c.Add("/options", "too_many", "must be one option in this poll")
	}
	for i, number := range options {
		if number > p.options {
			c.Add("/options/"+strconv.Itoa(i), "not_found", "is no option of this poll")
		}
	}
	return c.Err()
}

// replaceVote stores a vote in place of the former one, and counts, in a poll that the transaction holds.
func replaceVote(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, status ID, former, options []int64) (changed bool, err error) {
	write := func(text string, args ...any) {
		if err == nil {
			err = tx.Defer(ctx, text, append([]any{standing.Org, status}, args...)...)
		}
	}
	for _, number := range former {
		if !slices.Contains(options, number) {
			changed = true
			write(removeVote, standing.Account, number)
			write(countVote, number, -1)
		}
	}
	for _, number := range options {
		if !slices.Contains(former, number) {
			changed = true
			write(insertVote, standing.Account, number)
			write(countVote, number, 1)
		}
	}
	switch {
	case len(former) == 0 && len(options) > 0:
		write(countVoters, 1)
	case len(former) > 0 && len(options) == 0:
		write(countVoters, -1)
	}
	if err != nil {
		return false, fmt.Errorf("stream: store a vote: %w", err)
	}
	return changed, nil
}

// poll reads the poll of a status that the caller may see.
func (s *Service) poll(ctx context.Context, standing *veranda.Standing, status ID) (*Poll, error) {
	only := &Status{ID: status}
	id := status.String()
	if err := s.readPolls(ctx, standing.Org, standing.Account, []string{id}, map[string]*Status{id: only}); err != nil {
		return nil, err
	}
	if only.Poll == nil {
		return nil, veranda.ErrNotFound
	}
	return only.Poll, nil
}

// ClosePoll closes a poll before its time, or one that has none, for good.
//
// Permission: status.close_poll, as shipped for one's own and in workspaces one manages. Errors: not_found, forbidden,
// stream.poll_closed. Event: EventPollClosed.
func (s *Service) ClosePoll(ctx context.Context, by veranda.Actor, in PollStatusInput) (*Poll, error) {
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermClosePoll)
	if err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		poll, err := holdPoll(ctx, tx, in.Org, in.Status)
		if err != nil {
			return err
		}
		now := tx.DB().Now()
		if err := tx.Defer(ctx, closePoll, in.Org, in.Status, tx.DB().Time(now)); err != nil {
			return fmt.Errorf("stream: close a poll: %w", err)
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Workspace: standing.Workspace, Kind: EventPollClosed, Subject: in.Status.String(), By: standing.Account, System: standing.System, At: now,
			Data: veranda.MarshalData(PollData{Author: author, Anonymous: poll.anonymous}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.poll(ctx, standing, in.Status)
}

// ListVoters lists who voted for what, by person.
//
// Permission: status.read in the status's workspace. Errors: not_found, also where the status has no poll;
// stream.poll_anonymous; stream.results_hidden; invalid for a malformed cursor.
func (s *Service) ListVoters(ctx context.Context, by veranda.Actor, in ListVotersInput) (veranda.List[Voter], error) {
	size, after, err := in.validate()
	if err != nil {
		return veranda.List[Voter]{}, err
	}
	standing, _, err := s.readStatus(ctx, by, in.Org, in.Status, PermRead)
	if err != nil {
		return veranda.List[Voter]{}, err
	}
	poll, err := s.poll(ctx, standing, in.Status)
	switch {
	case err != nil:
		return veranda.List[Voter]{}, err
	case poll.Anonymous:
		return veranda.List[Voter]{}, ErrPollAnonymous
	case poll.Options[0].Votes == nil:
		return veranda.List[Voter]{}, ErrResultsHidden
	}
	var voters []Voter
	err = each(ctx, s.conn, listVoters, []any{in.Org, in.Status, after.account, after.number, in.Option, size + 1}, func(rows *sql.Rows) error {
		var v Voter
		err := rows.Scan(&v.Person.ID, &v.Person.Name, &v.Option)
		voters = append(voters, v)
		return err
	})
	if err != nil {
		return veranda.List[Voter]{}, fmt.Errorf("stream: list voters: %w", err)
	}
	return cut(voters, size, func(last Voter) string {
		return veranda.EncodeCursor(voterList, last.Person.ID.String(), strconv.FormatInt(last.Option, 10))
	}), nil
}

// PollsJob closes the polls whose time has come, so that those concerned are told. Register it with DB.Every.
//
// Event: EventPollClosed, once for each poll.
func (s *Service) PollsJob() veranda.Periodic {
	return veranda.Periodic{Name: "stream.polls", Every: time.Minute, Run: func(ctx context.Context, _ time.Time) error { return s.closeDue(ctx) }}
}

// duePoll is a poll whose time has come.
type duePoll struct {
	org       veranda.OrgID
	status    ID
	anonymous bool
	closes    time.Time
	workspace veranda.WorkspaceID
	author    veranda.AccountID
}

func (s *Service) closeDue(ctx context.Context) error {
	var due []duePoll
	err := each(ctx, s.conn, duePolls, []any{s.conn.DB().Time(s.conn.DB().Now())}, func(rows *sql.Rows) error {
		var p duePoll
		err := rows.Scan(&p.org, &p.status, &p.anonymous, veranda.Moment(&p.closes), &p.workspace, &p.author)
		due = append(due, p)
		return err
	})
	if err != nil {
		return fmt.Errorf("stream: look for polls to close: %w", err)
	}
	for _, p := range due {
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			closed, err := tx.Exec(ctx, closePoll, p.org, p.status, tx.DB().Time(p.closes))
			if err != nil || closed == 0 {
				return err
			}
			tx.Emit(veranda.Event{
				Org: p.org, Workspace: p.workspace, Kind: EventPollClosed, Subject: p.status.String(), System: "polls",
				Data: veranda.MarshalData(PollData{Author: p.author, Anonymous: p.anonymous}),
			})
			return nil
		})
		if err != nil {
			return fmt.Errorf("stream: close a poll: %w", err)
		}
	}
	return nil
}
