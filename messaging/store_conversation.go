package messaging

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// ownJoin and ownColumns bring what decides about a conversation: $4 is its id. Who does not take part finds nothing.
const (
	ownColumns = `k.id, k.kind, k.last_n, k.people, p.from_n, p.read_n`
	ownJoin    = `LEFT JOIN veranda_conversation_people p ON p.org_id = $2 AND p.conversation_id = $4 AND p.account_id = coalesce(s.account_id, $3)
LEFT JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id`
)

// own is a conversation as the caller's standing brings it.
type own struct {
	id                          ID
	kind                        string
	lastN, people, fromN, readN int64
}

func (o *own) destinations() []any {
	return []any{&o.id, &o.kind, &o.lastN, &o.people, &o.fromN, &o.readN}
}

// isGroup refuses what cannot be done with a conversation of two.
func (o *own) isGroup() error {
	if o.kind != KindGroup {
		return ErrDirect
	}
	return nil
}

// Conversations as one of their people sees them: $1 is the organization, $2 the person. The innermost select is a page of
// the person's own rows; names and last messages are looked up for the page alone.
const (
	mineSelect = `SELECT k.id, k.kind, k.subject, k.created_by, k.created_at, k.last_n, k.last_at, k.people, k.version,
	p.from_n, p.read_n, k.last_n - p.read_n - p.skip AS unread, p.muted, p.pinned, ` + archived + ` AS archived
FROM veranda_conversation_people p JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id
WHERE p.account_id = $2 AND p.org_id = $1`
	// Put away until the next message, or for good where it is muted.
	archived = `(p.archived_n >= k.last_n OR p.archived_n >= 0 AND p.muted)`

	conversationSelect = `SELECT k.id, k.kind, k.subject, k.created_by, k.created_at, k.last_n, k.last_at, k.people, k.version,
	k.read_n, k.unread, k.muted, k.pinned, k.archived,
	(SELECT string_agg(concat(x.account_id, ' ', x.name), '
') FROM (SELECT q.account_id, b.name FROM veranda_conversation_people q JOIN veranda_accounts b ON b.id = q.account_id
		WHERE q.org_id = $1 AND q.conversation_id = k.id ORDER BY q.account_id LIMIT 8) x),
	` + messageColumns + `
FROM (` + mineSelect
	conversationJoins = `) k
LEFT JOIN veranda_messages t ON t.org_id = $1 AND t.conversation_id = k.id AND t.n = k.last_n AND t.n > k.from_n AND ` + notHidden + `
LEFT JOIN veranda_accounts a ON a.id = t.author_id`

	readConversation  = conversationSelect + ` AND k.id = $3` + conversationJoins
	listConversations = conversationSelect + ` AND NOT (p.hidden AND k.last_n <= p.from_n) AND (k.last_at, k.id) < ($3, $4)
	AND ($5 = 0 OR k.last_n - p.read_n - p.skip > 0) AND ($6 = 1) = ` + archived + ` AND ($7 = 0 OR p.pinned)
	ORDER BY k.last_at DESC, k.id DESC LIMIT $8` + conversationJoins + ` ORDER BY k.last_at DESC, k.id DESC`
)

func scanConversation(rows *sql.Rows, org veranda.OrgID) (Conversation, error) {
	c := Conversation{Org: org, People: []Person{}}
	var people string
	last := messageRow{}
	err := rows.Scan(append([]any{
		&c.ID, &c.Kind, &c.Subject, &c.CreatedBy, veranda.Moment(&c.CreatedAt), &c.LastNumber, veranda.Moment(&c.LastAt), &c.PeopleCount, &c.Version,
		&c.ReadNumber, &c.Unread, veranda.Optional(&c.Muted), veranda.Optional(&c.Pinned), veranda.Optional(&c.Archived), veranda.Optional(&people),
	}, last.destinations()...)...)
	if err != nil {
		return c, err
	}
	for line := range strings.SplitSeq(people, "\n") {
		id, name, _ := strings.Cut(line, " ")
		p := Person{Name: name}
		if err := p.ID.UnmarshalText([]byte(id)); err != nil {
			return c, fmt.Errorf("messaging: people of a conversation: %w", err)
		}
		c.People = append(c.People, p)
	}
	if last.N != 0 {
		c.Last = last.message(org, c.ID)
	}
	return c, nil
}

// conversation reads a conversation as somebody sees it; ErrNotFound where they take no part.
func conversation(ctx context.Context, q queryer, org veranda.OrgID, account veranda.AccountID, id ID) (*Conversation, error) {
	var found *Conversation
	err := each(ctx, q, readConversation, []any{org, account, id}, func(rows *sql.Rows) error {
		c, err := scanConversation(rows, org)
		found = &c
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: read a conversation: %w", err)
	}
	if found == nil {
		return nil, veranda.ErrNotFound
	}
	return found, nil
}

// Whatever changes who takes part, how many messages there are, or what somebody has unread holds the conversation.
const (
	lockConversation   = `SELECT kind, last_n, people, version FROM veranda_conversations WHERE org_id = $1 AND id = $2`
	insertConversation = `INSERT INTO veranda_conversations (org_id, id, kind, pair, subject, created_by, created_at, last_n, last_at, people, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $7, $8, 1) ON CONFLICT (org_id, pair) DO NOTHING`
	findPair           = `SELECT id FROM veranda_conversations WHERE org_id = $1 AND pair = $2`
	renameConversation = `UPDATE veranda_conversations SET subject = $3, version = version + 1 WHERE org_id = $1 AND id = $2`
	countPeople        = `UPDATE veranda_conversations SET people = people + $3, version = version + 1 WHERE org_id = $1 AND id = $2`

	// $3 is the list, $4 the moment, $5 the last message they do not see.
	insertPeople = `INSERT INTO veranda_conversation_people (org_id, conversation_id, account_id, joined_at, from_n, read_n, skip, hidden, muted, pinned, archived_n)
SELECT $1, $2, r.value, $4, $5, $5, 0, false, false, false, -1`
	deletePerson = `DELETE FROM veranda_conversation_people WHERE org_id = $1 AND conversation_id = $2 AND account_id = $3`

	hideConversation = `UPDATE veranda_conversation_people SET from_n = $4, read_n = $4, skip = 0, hidden = true, pinned = false, archived_n = -1
WHERE org_id = $1 AND conversation_id = $2 AND account_id = $3`
	arrangeConversation = `UPDATE veranda_conversation_people SET muted = coalesce($4, muted), pinned = coalesce($5, pinned), archived_n = coalesce($6, archived_n)
WHERE org_id = $1 AND conversation_id = $2 AND account_id = $3`
)

// locked is a conversation that a transaction holds.
type locked struct {
	kind                   string
	lastN, people, version int64
}

// lock holds a conversation until the transaction ends.
func (s *Service) lock(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, id ID) (*locked, error) {
	var l locked
	found, err := one(ctx, tx, s.texts.lockConversation, []any{org, id}, &l.kind, &l.lastN, &l.people, &l.version)
	if err != nil {
		return nil, fmt.Errorf("messaging: hold a conversation: %w", err)
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	return &l, nil
}

// micros is a moment as a cursor holds it.
func micros(t time.Time) int64 { return t.UnixMicro() }
