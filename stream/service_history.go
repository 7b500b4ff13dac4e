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
	size, before, err := in.validate()
	if err != nil {
		return veranda.List[Revision]{}, err
	}
	if _, _, err := s.readStatus(ctx, by, in.Org, in.Status, PermReadHistory); err != nil {
		return veranda.List[Revision]{}, err
	}
	var revisions []Revision
	err = each(ctx, s.conn, listRevisions, []any{in.Org, in.Status, before, size + 1}, func(rows *sql.Rows) error {
		var r Revision
		if err := rows.Scan(&r.Version, &r.Text, veranda.Moment(&r.WrittenAt)); err != nil {
			return err
		}
		revisions = append(revisions, r)
		return nil
	})
	if err != nil {
		return veranda.List[Revision]{}, fmt.Errorf("stream: list the history of a status: %w", err)
	}
	return cut(revisions, size, func(last Revision) string {
		return veranda.EncodeCursor(historyList, strconv.FormatInt(last.Version, 10))
	}), nil
}
