package messaging

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// ownMessageJoin brings a message as the caller sees it: $5 is its number.
const (
	ownMessageColumns = `, t.n, t.author_id, t.deleted_at`
	ownMessageJoin    = `
LEFT JOIN veranda_messages t ON t.org_id = p.org_id AND t.conversation_id = p.conversation_id AND t.n = $5 AND t.n > p.from_n
	AND NOT EXISTS (SELECT 1 FROM veranda_message_hidden h WHERE h.org_id = p.org_id AND h.conversation_id = p.conversation_id AND h.account_id = p.account_id AND h.n = t.n)`
)

// ownMessage is a message as the caller's standing brings it; n is zero where they see none.
type ownMessage struct {
	own
	n         int64
	author    veranda.AccountID
	deletedAt time.Time
}

func (m *ownMessage) destinations() []any {
	return append(m.own.destinations(), &m.n, &m.author, veranda.Moment(&m.deletedAt))
}

// $1 is the organization, $2 the reader, t the message.
const (
	notHidden = `NOT EXISTS (SELECT 1 FROM veranda_message_hidden h WHERE h.org_id = $1 AND h.conversation_id = t.conversation_id AND h.account_id = $2 AND h.n = t.n)`

	messageColumns = `t.n, t.id, t.author_id, a.name, t.thread_n, t.body, t.links, t.files, t.created_at, t.edited_at, t.deleted_at, t.reply_count, t.last_reply_n, t.version`
)

// messageRow is a message as reads give it; all zero where a join found none.
type messageRow struct {
	N                              int64
	ID                             MessageID
	Author                         Person
	Thread                         int64
	Body                           string
	Links                          []string
	Files                          int64
	CreatedAt, EditedAt, DeletedAt time.Time
	Replies, LastReply, Version    int64
}

func (r *messageRow) destinations() []any {
	return []any{
		veranda.Optional(&r.N), &r.ID, &r.Author.ID, veranda.Optional(&r.Author.Name), veranda.Optional(&r.Thread), veranda.Optional(&r.Body), jsonList{&r.Links},
		veranda.Optional(&r.Files), veranda.Moment(&r.CreatedAt), veranda.Moment(&r.EditedAt), veranda.Moment(&r.DeletedAt),
		veranda.Optional(&r.Replies), veranda.Optional(&r.LastReply), veranda.Optional(&r.Version),
	}
}

func (r *messageRow) message(org veranda.OrgID, conversation ID) *Message {
	return &Message{
		Files: make([]files.Attachment, 0, r.Files), ID: r.ID, Org: org, Conversation: conversation, Number: r.N, Author: r.Author, Thread: r.Thread, Text: r.Body, Links: r.Links,
		Replies: r.Replies, LastReply: r.LastReply, CreatedAt: r.CreatedAt, EditedAt: optionalTime(r.EditedAt), DeletedAt: optionalTime(r.DeletedAt),
		Version: r.Version,
	}
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// $1 is the organization, $2 the reader, $3 the conversation, $4 the last message they do not see.
const (
	messageSelect = `SELECT ` + messageColumns + ` FROM veranda_messages t JOIN veranda_accounts a ON a.id = t.author_id
WHERE t.org_id = $1 AND t.conversation_id = $3 AND t.n > $4 AND ` + notHidden
	readMessage  = messageSelect + ` AND t.n = $5`
	listMessages = messageSelect + ` AND t.n < $5 ORDER BY t.n DESC LIMIT $6`
	listThread   = messageSelect + ` AND t.thread_n = $5 AND t.n > $6 ORDER BY t.n LIMIT $7`
)

// messages runs a text that begins with messageSelect.
func messages(ctx context.Context, q queryer, text string, org veranda.OrgID, reader veranda.AccountID, id ID, args ...any) ([]Message, error) {
	var out []Message
	err := each(ctx, q, text, append([]any{org, reader, id}, args...), func(rows *sql.Rows) error {
		var row messageRow
		if err := rows.Scan(row.destinations()...); err != nil {
			return err
		}
		out = append(out, *row.message(org, id))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: read messages: %w", err)
	}
	return out, nil
}

// message reads one that the reader saw a moment ago.
func message(ctx context.Context, q queryer, org veranda.OrgID, reader veranda.AccountID, id ID, fromN, n int64) (*Message, error) {
	found, err := messages(ctx, q, readMessage, org, reader, id, fromN, n)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, veranda.ErrNotFound
	}
	return &found[0], nil
}

// A message takes its number with the conversation held; who sends has read it where they had nothing unread, and skips it
// where they had.
const (
	takeNumber = `UPDATE veranda_conversations SET last_n = last_n + 1, last_at = CASE WHEN last_at > $3 THEN last_at ELSE $3 END WHERE org_id = $1 AND id = $2 RETURNING last_n`
	sentOwn    = `UPDATE veranda_conversation_people SET read_n = CASE WHEN read_n + skip = $4 - 1 THEN $4 ELSE read_n END, skip = CASE WHEN read_n + skip = $4 - 1 THEN 0 ELSE skip + 1 END
WHERE org_id = $1 AND conversation_id = $2 AND account_id = $3 RETURNING from_n`
	insertMessage = `INSERT INTO veranda_messages (org_id, conversation_id, n, id, author_id, thread_n, body, links, files, created_at, reply_count, last_reply_n, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 1)`
	// The message that is answered, or the one that hangs on: $4 is its number, $5 the last that the sender does not see.
	threadRoot = `SELECT coalesce(t.thread_n, t.n) FROM veranda_messages t WHERE t.org_id = $1 AND t.conversation_id = $3 AND t.n = $4 AND t.n > $5 AND ` + notHidden
	countReply = `UPDATE veranda_messages SET reply_count = reply_count + 1, last_reply_n = $4 WHERE org_id = $1 AND conversation_id = $2 AND n = $3`

	lockMessage    = `SELECT body, links, files, coalesce(edited_at, created_at), deleted_at, version FROM veranda_messages WHERE org_id = $1 AND conversation_id = $2 AND n = $3`
	insertRevision = `INSERT INTO veranda_message_revisions (org_id, conversation_id, n, version, body, links, written_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	updateMessage  = `UPDATE veranda_messages SET body = $4, links = $5, edited_at = $6, version = version + 1 WHERE org_id = $1 AND conversation_id = $2 AND n = $3`
	eraseMessage   = `UPDATE veranda_messages SET body = '', links = '[]', files = 0, deleted_at = $4, version = version + 1 WHERE org_id = $1 AND conversation_id = $2 AND n = $3`
	eraseRevisions = `DELETE FROM veranda_message_revisions WHERE org_id = $1 AND conversation_id = $2 AND n = $3`
	listRevisions  = `SELECT version, body, links, written_at FROM veranda_message_revisions
WHERE org_id = $1 AND conversation_id = $2 AND n = $3 AND version < $4 ORDER BY version DESC LIMIT $5`

	// A message that nobody can read any more is skipped by those who had it before them.
	skipDeleted = `UPDATE veranda_conversation_people SET skip = skip + 1 WHERE org_id = $1 AND conversation_id = $2 AND read_n < $3 AND account_id <> $4
AND NOT EXISTS (SELECT 1 FROM veranda_message_hidden h WHERE h.org_id = $1 AND h.conversation_id = $2 AND h.account_id = veranda_conversation_people.account_id AND h.n = $3)`
	hideMessage = `INSERT INTO veranda_message_hidden (org_id, conversation_id, account_id, n) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	skipHidden  = `UPDATE veranda_conversation_people SET skip = skip + 1 WHERE org_id = $1 AND conversation_id = $2 AND account_id = $3 AND read_n < $4
AND EXISTS (SELECT 1 FROM veranda_messages t WHERE t.org_id = $1 AND t.conversation_id = $2 AND t.n = $4 AND t.author_id <> $3 AND t.deleted_at IS NULL)`

	// Words: $3 is the number, $4 the list.
	insertWordsPostgres = `INSERT INTO veranda_message_words (org_id, conversation_id, n, word) SELECT $1::uuid, $2::uuid, $3::bigint, w FROM unnest(string_to_array($4::text, ' ')) AS r (w)`
	insertWordsSQLite   = `INSERT INTO veranda_message_words (org_id, conversation_id, n, word) SELECT $1, $2, $3, r.value FROM json_each($4) r`
	deleteWords         = `DELETE FROM veranda_message_words WHERE org_id = $1 AND conversation_id = $2 AND n = $3`
)

// index keeps the words of a message.
func (s *Service) index(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, id ID, n int64, text string) error {
	words := messageWords(text)
	if len(words) == 0 {
		return nil
	}
	return tx.Defer(ctx, s.texts.insertWords, org, id, n, list(tx.DB(), words))
}
