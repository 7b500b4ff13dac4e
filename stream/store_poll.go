package stream

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// $1 is the organization, $2 the status.
const (
	insertPoll   = `INSERT INTO veranda_status_polls (org_id, status_id, multiple, anonymous, final, hidden, closes_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	insertOption = `INSERT INTO veranda_status_poll_options (org_id, status_id, number, body) VALUES ($1, $2, $3, $4)`

	// Whoever votes or closes holds the poll, so that what they find stays true until they are done.
	lockPollSQLite = `SELECT multiple, anonymous, final, closes_at, closed_at,
	(SELECT count(*) FROM veranda_status_poll_options o WHERE o.org_id = p.org_id AND o.status_id = p.status_id)
FROM veranda_status_polls p WHERE p.org_id = $1 AND p.status_id = $2`
	lockPollPostgres = lockPollSQLite + ` FOR NO KEY UPDATE`

	ownVotes    = `SELECT number FROM veranda_status_poll_votes WHERE org_id = $1 AND status_id = $2 AND account_id = $3 ORDER BY number`
	insertVote  = `INSERT INTO veranda_status_poll_votes (org_id, status_id, account_id, number) VALUES ($1, $2, $3, $4)`
	removeVote  = `DELETE FROM veranda_status_poll_votes WHERE org_id = $1 AND status_id = $2 AND account_id = $3 AND number = $4`
	countVote   = `UPDATE veranda_status_poll_options SET vote_count = vote_count + $4 WHERE org_id = $1 AND status_id = $2 AND number = $3`
	countVoters = `UPDATE veranda_status_polls SET voter_count = voter_count + $3 WHERE org_id = $1 AND status_id = $2`
	closePoll   = `UPDATE veranda_status_polls SET closed_at = $3 WHERE org_id = $1 AND status_id = $2 AND closed_at IS NULL`

	duePolls = `SELECT p.org_id, p.status_id, p.anonymous, p.closes_at, t.workspace_id, t.author_id
FROM veranda_status_polls p JOIN veranda_statuses t ON t.org_id = p.org_id AND t.id = p.status_id
WHERE p.closed_at IS NULL AND p.closes_at IS NOT NULL AND p.closes_at <= $1 ORDER BY p.closes_at LIMIT 500`

	listVoters = `SELECT v.account_id, a.name, v.number FROM veranda_status_poll_votes v JOIN veranda_accounts a ON a.id = v.account_id
WHERE v.org_id = $1 AND v.status_id = $2 AND (v.account_id, v.number) > ($3, $4) AND (CAST($5 AS BIGINT) = 0 OR v.number = $5) ORDER BY v.account_id, v.number LIMIT $6`

	pollColumns = `SELECT p.status_id, p.multiple, p.anonymous, p.final, p.hidden, p.closes_at, p.closed_at, p.voter_count, o.number, o.body, o.vote_count,
	EXISTS (SELECT 1 FROM veranda_status_poll_votes v WHERE v.org_id = o.org_id AND v.status_id = o.status_id AND v.account_id = $3 AND v.number = o.number)
FROM veranda_status_polls p JOIN veranda_status_poll_options o ON o.org_id = p.org_id AND o.status_id = p.status_id
WHERE p.org_id = $1 AND p.status_id`
	pollsPostgres = pollColumns + ` IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb)) ORDER BY p.status_id, o.number`
	pollsSQLite   = pollColumns + ` IN (SELECT value FROM json_each($2)) ORDER BY p.status_id, o.number`
)

// storePoll keeps the poll of a new status.
func storePoll(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, status ID, in *PollInput) error {
	if in == nil {
		return nil
	}
	var closes any
	if in.ClosesAt != nil {
		closes = tx.DB().Time(*in.ClosesAt)
	}
	if err := tx.Defer(ctx, insertPoll, org, status, in.Multiple, in.Anonymous, in.Final, in.HideResults, closes); err != nil {
		return fmt.Errorf("stream: store a poll: %w", err)
	}
	for i, text := range in.Options {
		if err := tx.Defer(ctx, insertOption, org, status, i+1, text); err != nil {
			return fmt.Errorf("stream: store a poll: %w", err)
		}
	}
	return nil
}

// readPolls reads the polls of statuses as a reader sees them.
func (s *Service) readPolls(ctx context.Context, org veranda.OrgID, reader veranda.AccountID, ids []string, statuses map[string]*Status) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	err = each(ctx, s.conn, s.conn.DB().Pick(pollsPostgres, pollsSQLite), []any{org, string(list), reader}, func(rows *sql.Rows) error {
		p := Poll{Options: []PollOption{}, Mine: []int64{}}
		var id string
		var o PollOption
		var votes int64
		var closes, closed time.Time
		var mine bool
		if err := rows.Scan(&id, &p.Multiple, &p.Anonymous, &p.Final, &p.HideResults, veranda.Moment(&closes), veranda.Moment(&closed), &p.Voters, &o.Number, &o.Text, &votes, &mine); err != nil {
			return err
		}
		o.Votes = &votes
		status := statuses[id]
		if status.Poll == nil || status.Poll.Options == nil {
			p.ClosesAt, p.ClosedAt = optionalTime(closes), optionalTime(closed)
			status.Poll = &p
		}
		status.Poll.Options = append(status.Poll.Options, o)
		if mine {
			status.Poll.Mine = append(status.Poll.Mine, o.Number)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("stream: read polls: %w", err)
	}
	for _, id := range ids {
		if poll := statuses[id].Poll; poll != nil && poll.Options != nil {
			poll.finish(s.conn.DB().Now())
		}
	}
	return nil
}

// heldPoll is a poll that the transaction holds.
type heldPoll struct {
	multiple, anonymous, final bool
	closes, closed             time.Time
	options                    int64
}

// holdPoll takes hold of a status's poll; ErrNotFound where there is none, ErrPollClosed where it is over.
func holdPoll(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, status ID) (heldPoll, error) {
	var p heldPoll
	found, err := one(ctx, tx, tx.DB().Pick(lockPollPostgres, lockPollSQLite), []any{org, status},
		&p.multiple, &p.anonymous, &p.final, veranda.Moment(&p.closes), veranda.Moment(&p.closed), &p.options)
	switch {
	case err != nil:
		return p, fmt.Errorf("stream: read a poll: %w", err)
	case !found:
		return p, veranda.ErrNotFound
	case !p.closed.IsZero() || !p.closes.IsZero() && !tx.DB().Now().Before(p.closes):
		return p, ErrPollClosed
	}
	return p, nil
}
