package stream

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// reactionTexts are the texts for reactions to statuses, and the same for those to comments. The organization is $1, the
// status $2; a comment's id is the last argument.
type reactionTexts struct{ insert, remove, count, read, list string }

// The counters of a row, counted by $5 where they are $4's.
const countReaction = `like_count = like_count + CASE WHEN CAST($4 AS TEXT) = 'like' THEN CAST($5 AS BIGINT) ELSE 0 END,
	love_count = love_count + CASE WHEN CAST($4 AS TEXT) = 'love' THEN CAST($5 AS BIGINT) ELSE 0 END,
	laugh_count = laugh_count + CASE WHEN CAST($4 AS TEXT) = 'laugh' THEN CAST($5 AS BIGINT) ELSE 0 END,
	surprised_count = surprised_count + CASE WHEN CAST($4 AS TEXT) = 'surprised' THEN CAST($5 AS BIGINT) ELSE 0 END,
	sad_count = sad_count + CASE WHEN CAST($4 AS TEXT) = 'sad' THEN CAST($5 AS BIGINT) ELSE 0 END,
	thanks_count = thanks_count + CASE WHEN CAST($4 AS TEXT) = 'thanks' THEN CAST($5 AS BIGINT) ELSE 0 END`

const reactionCounts = `like_count, love_count, laugh_count, surprised_count, sad_count, thanks_count`

// On $1 organization, $2 status, $3 account, $4 reaction, $5 moment or number to add; lists: $3 and $4 where to go on, $5 how many.
const (
	statusMine = `(SELECT string_agg(r.reaction, ' ') FROM veranda_status_reactions r WHERE r.org_id = $1 AND r.status_id = $2 AND r.account_id = $3)`

	insertStatusReaction = `INSERT INTO veranda_status_reactions (org_id, status_id, account_id, reaction, created_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	removeStatusReaction = `DELETE FROM veranda_status_reactions WHERE org_id = $1 AND status_id = $2 AND account_id = $3 AND reaction = $4`
	countStatusReaction  = `UPDATE veranda_statuses SET ` + countReaction + ` WHERE org_id = $1 AND id = $2
RETURNING ` + reactionCounts + `, ` + statusMine
	readStatusReactions = `SELECT ` + reactionCounts + `, ` + statusMine + ` FROM veranda_statuses WHERE org_id = $1 AND id = $2`
	listStatusReactions = `SELECT r.account_id, a.name, r.reaction, r.created_at FROM veranda_status_reactions r JOIN veranda_accounts a ON a.id = r.account_id
WHERE r.org_id = $1 AND r.status_id = $2 AND (r.account_id, r.reaction) > ($3, $4) ORDER BY r.account_id, r.reaction LIMIT $5`
)

const (
	commentMine = `(SELECT string_agg(r.reaction, ' ') FROM veranda_status_comment_reactions r
	WHERE r.org_id = $1 AND r.status_id = $2 AND r.account_id = $3 AND r.comment_id = `

	insertCommentReaction = `INSERT INTO veranda_status_comment_reactions (org_id, status_id, account_id, reaction, created_at, comment_id)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	removeCommentReaction = `DELETE FROM veranda_status_comment_reactions
WHERE org_id = $1 AND status_id = $2 AND account_id = $3 AND reaction = $4 AND comment_id = $5`
	countCommentReaction = `UPDATE veranda_status_comments SET ` + countReaction + ` WHERE org_id = $1 AND status_id = $2 AND id = $6
RETURNING ` + reactionCounts + `, ` + commentMine + `$6)`
	readCommentReactions = `SELECT ` + reactionCounts + `, ` + commentMine + `$4) FROM veranda_status_comments WHERE org_id = $1 AND status_id = $2 AND id = $4`
	listCommentReactions = `SELECT r.account_id, a.name, r.reaction, r.created_at FROM veranda_status_comment_reactions r JOIN veranda_accounts a ON a.id = r.account_id
WHERE r.org_id = $1 AND r.status_id = $2 AND r.comment_id = $6 AND (r.account_id, r.reaction) > ($3, $4) ORDER BY r.account_id, r.reaction LIMIT $5`
)

// reactedTo is a status or a comment that somebody may see and reacts to.
type reactedTo struct {
	texts  reactionTexts
	org    veranda.OrgID
	status ID
	// comment is set when it is one.
	comment *CommentID
	author  veranda.AccountID
}

func toStatus(org veranda.OrgID, status ID, author veranda.AccountID) reactedTo {
	return reactedTo{org: org, status: status, author: author, texts: reactionTexts{
		insertStatusReaction, removeStatusReaction, countStatusReaction, readStatusReactions, listStatusReactions,
	}}
}

func toComment(org veranda.OrgID, status ID, comment CommentID, author veranda.AccountID) reactedTo {
	return reactedTo{org: org, status: status, comment: &comment, author: author, texts: reactionTexts{
		insertCommentReaction, removeCommentReaction, countCommentReaction, readCommentReactions, listCommentReactions,
	}}
}

// arguments begin with organization and status and end with the comment, if it is one.
func (r reactedTo) arguments(more ...any) []any {
	args := append([]any{r.org, r.status}, more...)
	if r.comment != nil {
		args = append(args, *r.comment)
	}
	return args
}

// subject is the id of what is reacted to.
func (r reactedTo) subject() string {
	if r.comment != nil {
		return r.comment.String()
	}
	return r.status.String()
}

// state reads the counters and the caller's own reactions with a text that gives them.
func (r reactedTo) state(ctx context.Context, q queryer, text string, args []any) (*Reactions, error) {
	var counts counted
	var mine string
	found, err := one(ctx, q, text, args, append(counts.destinations(), veranda.Optional(&mine))...)
	if err != nil {
		return nil, fmt.Errorf("stream: count reactions: %w", err)
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	reactions := counts.reactions(mine)
	return &reactions, nil
}

// reactors reads who reacted, after a position, at most limit.
func (r reactedTo) reactors(ctx context.Context, q queryer, after reactionPosition, limit int) ([]Reactor, error) {
	var out []Reactor
	err := each(ctx, q, r.texts.list, r.arguments(after.account, after.reaction, limit), func(rows *sql.Rows) error {
		var reactor Reactor
		var at time.Time
		if err := rows.Scan(&reactor.Person.ID, &reactor.Person.Name, &reactor.Reaction, veranda.Moment(&at)); err != nil {
			return err
		}
		reactor.At = at
		out = append(out, reactor)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("stream: list reactions: %w", err)
	}
	return out, nil
}
