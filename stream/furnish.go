package stream

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// furnish completes statuses that were read: each kind of thing they have is read at once for all that have it, and not at
// all where none has.
func (s *Service) furnish(ctx context.Context, org veranda.OrgID, reader veranda.AccountID, statuses ...*Status) error {
	var polls, links, attached []string
	byID := make(map[string]*Status, len(statuses))
	for _, status := range statuses {
		if status.HTML == "" {
			status.HTML = s.markdown.HTML(status.Text)
		}
		id := status.ID.String()
		byID[id] = status
		if status.Poll != nil {
			polls = append(polls, id)
		}
		if status.Links == nil {
			status.Links, links = []Link{}, append(links, id)
		}
		if status.Attachments == nil {
			status.Attachments, attached = []files.Attachment{}, append(attached, id)
		}
	}
	if err := s.readPolls(ctx, org, reader, polls, byID); err != nil {
		return err
	}
	if err := s.readLinks(ctx, org, links, func(holder string, l Link) { byID[holder].Links = append(byID[holder].Links, l) }); err != nil {
		return err
	}
	if s.files == nil {
		return nil
	}
	held, err := s.files.Of(ctx, s.conn, org, holderStatus, attached...)
	for holder, list := range held {
		byID[holder].Attachments = list
	}
	return err
}

// furnishItems completes the statuses of a page.
func (s *Service) furnishItems(ctx context.Context, org veranda.OrgID, reader veranda.AccountID, items []Item) error {
	var statuses []*Status
	for i := range items {
		if items[i].Status != nil {
			statuses = append(statuses, items[i].Status)
		}
	}
	return s.furnish(ctx, org, reader, statuses...)
}

// furnishComments is furnish for comments.
func (s *Service) furnishComments(ctx context.Context, org veranda.OrgID, comments ...*Comment) error {
	var links, attached []string
	byID := make(map[string]*Comment, len(comments))
	for _, comment := range comments {
		if comment.HTML == "" {
			comment.HTML = s.markdown.HTML(comment.Text)
		}
		id := comment.ID.String()
		byID[id] = comment
		if comment.Links == nil {
			comment.Links, links = []Link{}, append(links, id)
		}
		if comment.Attachments == nil {
			comment.Attachments, attached = []files.Attachment{}, append(attached, id)
		}
	}
	if err := s.readLinks(ctx, org, links, func(holder string, l Link) { byID[holder].Links = append(byID[holder].Links, l) }); err != nil {
		return err
	}
	if s.files == nil {
		return nil
	}
	held, err := s.files.Of(ctx, s.conn, org, holderComment, attached...)
	for holder, list := range held {
		byID[holder].Attachments = list
	}
	return err
}

func (s *Service) readLinks(ctx context.Context, org veranda.OrgID, holders []string, add func(holder string, l Link)) error {
	if len(holders) == 0 {
		return nil
	}
	list, err := json.Marshal(holders)
	if err != nil {
		return err
	}
	err = each(ctx, s.conn, s.conn.DB().Pick(linksPostgres, linksSQLite), []any{org, string(list)}, func(rows *sql.Rows) error {
		var holder string
		var l Link
		if err := rows.Scan(&holder, &l.URL, &l.State, &l.Title, &l.Description, &l.Site); err != nil {
			return err
		}
		add(holder, l)
		return nil
	})
	if err != nil {
		return fmt.Errorf("stream: read links: %w", err)
	}
	return nil
}
