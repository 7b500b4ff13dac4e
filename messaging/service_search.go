package messaging

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Search finds messages of the conversations the caller takes part in, newest first, by the beginnings of words, without
// regard to case and accents. It looks at 5,000 matches of the longest word at most, in the conversations that were active
// last, and says when there were more.
//
// Permission: message.read; taking part, where a conversation is named. Errors: not_found, invalid at /q and /cursor.
func (s *Service) Search(ctx context.Context, by veranda.Actor, in SearchInput) (*Matches, error) {
	words, size, before, err := in.validate()
	if err != nil {
		return nil, err
	}
	var standing *veranda.Standing
	if in.Conversation.IsZero() {
		standing, err = s.inOrganization(ctx, by, in.Org, PermRead)
	} else {
		standing, _, err = s.inConversation(ctx, by, in.Org, in.Conversation, PermRead)
	}
	if err != nil {
		return nil, err
	}
	text, args := s.texts.searchAll, searchArgs(in.Org, standing.Account, words, before, size+1)
	if !in.Conversation.IsZero() {
		text, args = s.texts.searchOne, append(args, in.Conversation)
	}
	var items []Message
	var candidates int64
	err = each(ctx, s.conn, text, args, func(rows *sql.Rows) error {
		var row messageRow
		var conversation ID
		if err := rows.Scan(append([]any{&conversation, &candidates}, row.destinations()...)...); err != nil {
			return err
		}
		items = append(items, *row.message(in.Org, conversation))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: search: %w", err)
	}
	page := cut(items, size, func(last Message) string { return veranda.EncodeCursor(searchList, last.ID.String()) })
	if err := s.withFiles(ctx, s.conn, in.Org, pointers(page.Items)...); err != nil {
		return nil, err
	}
	return &Matches{Items: page.Items, Next: page.Next, Truncated: candidates > maxCandidates}, nil
}

// searchArgs are the placeholders of a search: words are the query's, the longest first.
func searchArgs(org veranda.OrgID, account veranda.AccountID, words []string, before MessageID, limit int) []any {
	args := []any{org, account, maxCandidates + 1}
	for i := range maxQueryWords {
		first, last := "", ""
		if i < len(words) {
			first, last = words[i], wordEnd(words[i])
		}
		args = append(args, first, last)
	}
	return append(args, before, limit)
}
