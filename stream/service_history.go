package stream

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/veranda-go/veranda"
)

// History lists the former texts of a status, the latest first; the present one is not among them.
//
// Permission: status.read_history, as shipped for one's own and for those in workspaces one manages. Errors: not_found,
// forbidden, invalid for a malformed cursor.
func (s *Service) History(ctx context.Context, by veranda.Actor, in HistoryInput) (veranda.List[Revision], error) {
	size, before, err := revisionPage(in.Page)
	if err != nil {
		return veranda.List[Revision]{}, err
	}
	if _, _, err := s.readStatus(ctx, by, in.Org, in.Status, PermReadHistory); err != nil {
		return veranda.List[Revision]{}, err
	}
	return s.revisions(ctx, listRevisions, []any{in.Org, in.Status, before, size + 1}, size)
}

// CommentHistory is History for a comment.
//
// Permission: status.read_comment_history, as shipped for one's own and in workspaces one manages. Errors: not_found,
// forbidden, invalid for a malformed cursor.
func (s *Service) CommentHistory(ctx context.Context, by veranda.Actor, in CommentHistoryInput) (veranda.List[Revision], error) {
	size, before, err := revisionPage(in.Page)
	if err != nil {
		return veranda.List[Revision]{}, err
	}
	if _, _, err := s.readComment(ctx, by, in.Org, in.Status, in.Comment, PermReadCommentHistory); err != nil {
		return veranda.List[Revision]{}, err
	}
	return s.revisions(ctx, listCommentRevisions, []any{in.Org, in.Status, before, size + 1, in.Comment}, size)
}

// revisions reads a page of former texts.
func (s *Service) revisions(ctx context.Context, text string, args []any, size int) (veranda.List[Revision], error) {
	var revisions []Revision
	err := each(ctx, s.conn, text, args, func(rows *sql.Rows) error {
		var r Revision
		if err := rows.Scan(&r.Version, &r.Text, veranda.Moment(&r.WrittenAt)); err != nil {
			return err
		}
		revisions = append(revisions, r)
		return nil
	})
	if err != nil {
		return veranda.List[Revision]{}, fmt.Errorf("stream: list former texts: %w", err)
	}
	return cut(revisions, size, func(last Revision) string {
		return veranda.EncodeCursor(historyList, strconv.FormatInt(last.Version, 10))
	}), nil
}
