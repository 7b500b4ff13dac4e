package messaging

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// The kinds of notices this package gives.
const (
	NoticeReceived  = "messaging.message_received"
	NoticeMentioned = "messaging.mentioned"
	NoticeAdded     = "messaging.participant_added"
)

// A message concerns those who take part, have not read it by then and belong to the organization.
const (
	noticeMessage = `SELECT t.body, t.author_id, a.name, k.subject, t.edited_at IS NOT NULL FROM veranda_messages t
JOIN veranda_conversations k ON k.org_id = t.org_id AND k.id = t.conversation_id JOIN veranda_accounts a ON a.id = t.author_id
WHERE t.org_id = $1 AND t.conversation_id = $2 AND t.n = $3 AND t.deleted_at IS NULL`
	noticePeople = `SELECT p.account_id, p.muted FROM veranda_conversation_people p
JOIN veranda_memberships m ON m.org_id = p.org_id AND m.account_id = p.account_id AND m.disabled_at IS NULL
WHERE p.org_id = $1 AND p.conversation_id = $2 AND p.read_n < $3 AND p.from_n < $3 ORDER BY p.account_id`
	noticeSubject = `SELECT k.subject, a.name FROM veranda_conversations k, veranda_accounts a WHERE k.org_id = $1 AND k.id = $2 AND a.id = $3`
)

// Notices are what this package tells people: that somebody wrote to them, mentioned them, or added them to a conversation.
// A notice names the subject, or who wrote, and never what was said.
func (s *Service) Notices() veranda.NoticeSource {
	return veranda.NoticeSource{
		Kinds: []veranda.NoticeKind{
			{Name: NoticeReceived, Meaning: "Somebody wrote to you in a conversation that you have not muted.", Mail: true, Sentences: map[string]string{
				"en": "{{.By}} wrote to you: {{.Title}}",
				"ru": "{{.By}}: вам сообщение, {{.Title}}",
				"tr": "{{.By}} size yazdı: {{.Title}}",
			}},
			{Name: NoticeMentioned, Meaning: "Somebody mentioned you in a conversation.", Mail: true, Sentences: map[string]string{
				"en": "{{.By}} mentioned you in {{.Title}}",
				"ru": "{{.By}}: вас упомянули, {{.Title}}",
				"tr": "{{.By}} sizden söz etti: {{.Title}}",
			}},
			{Name: NoticeAdded, Meaning: "Somebody added you to a conversation.", Mail: true, Sentences: map[string]string{
				"en": "{{.By}} added you to {{.Title}}",
				"ru": "{{.By}}: вас добавили в беседу, {{.Title}}",
				"tr": "{{.By}} sizi bir konuşmaya ekledi: {{.Title}}",
			}},
		},
		Events:  []string{EventMessageSent, EventMessageEdited, EventParticipantAdded},
		Notices: s.notices,
	}
}

func (s *Service) notices(ctx context.Context, tx *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
	if e.Kind == EventParticipantAdded {
		return addedNotices(ctx, tx, e)
	}
	var data MessageData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, fmt.Errorf("messaging: data of %s: %w", e.Kind, err)
	}
	var body, subject string
	var author Person
	var edited bool
	found, err := one(ctx, tx, noticeMessage, []any{e.Org, data.Conversation, data.Number}, &body, &author.ID, &author.Name, &subject, veranda.Optional(&edited))
	if err != nil {
		return nil, fmt.Errorf("messaging: read a message: %w", err)
	}
	if !found { // taken back
		return nil, nil
	}
	mentioned, err := s.mentionedBy(ctx, tx, e, data, body)
	if err != nil {
		return nil, err
	}
	if subject == "" {
		subject = author.Name
	}
	var notices []veranda.Notice
	err = each(ctx, tx, noticePeople, []any{e.Org, data.Conversation, data.Number}, func(rows *sql.Rows) error {
		var to veranda.AccountID
		var muted bool
		if err := rows.Scan(&to, veranda.Optional(&muted)); err != nil {
			return err
		}
		kind := NoticeReceived
		switch {
		case to == author.ID:
			return nil
		case slices.Contains(mentioned, to):
			kind = NoticeMentioned
		case muted || e.Kind != EventMessageSent:
			return nil
		}
		notices = append(notices, notice(e, to, kind, subject, data.Conversation))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: read who is told: %w", err)
	}
	return notices, nil
}

// formerText is what a message said before the version of an event.
const formerText = `SELECT r.body FROM veranda_message_revisions r WHERE r.org_id = $1 AND r.conversation_id = $2 AND r.n = $3 AND r.version = $4`

// mentionedBy are those whom an event mentions: all of a new message, and those an edit added.
func (s *Service) mentionedBy(ctx context.Context, tx *veranda.Tx, e veranda.Event, data MessageData, body string) ([]veranda.AccountID, error) {
	if e.Kind == EventMessageSent {
		return veranda.Mentions(body), nil
	}
	var former string
	if _, err := one(ctx, tx, formerText, []any{e.Org, data.Conversation, data.Number, data.Version - 1}, &former); err != nil {
		return nil, fmt.Errorf("messaging: read a history: %w", err)
	}
	return veranda.NewMentions(former, body), nil
}

func addedNotices(ctx context.Context, tx *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
	var data ParticipantData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, fmt.Errorf("messaging: data of %s: %w", e.Kind, err)
	}
	var subject, name string
	if found, err := one(ctx, tx, noticeSubject, []any{e.Org, data.Conversation, e.By}, &subject, &name); err != nil || !found {
		return nil, err
	}
	if subject == "" {
		subject = name
	}
	there, err := accounts(ctx, tx, takingPart, e.Org, data.Conversation)
	if err != nil {
		return nil, err
	}
	var notices []veranda.Notice
	for _, to := range data.Accounts {
		if slices.Contains(there, to) {
			notices = append(notices, notice(e, to, NoticeAdded, subject, data.Conversation))
		}
	}
	return notices, nil
}

func notice(e veranda.Event, to veranda.AccountID, kind, title string, id ID) veranda.Notice {
	return veranda.Notice{To: to, Kind: kind, Title: title, Subject: id.String(), Path: path(e.Org, id), Group: "conversation/" + id.String()}
}
