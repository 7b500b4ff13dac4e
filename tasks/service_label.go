package tasks

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

const selectLabels = `SELECT l.label_key, min(l.label), count(*) FROM veranda_task_labels l
WHERE l.org_id = $1 AND l.workspace_id = $2 AND l.label_key > $3 GROUP BY l.label_key ORDER BY l.label_key LIMIT $4`

// Labels reads the labels used in a workspace, in the order of their letters, with how many tasks have each.
//
// Permission: task.read.
func (s *Service) Labels(ctx context.Context, by veranda.Actor, in LabelsInput) (veranda.List[Label], error) {
	none := veranda.List[Label]{}
	size, after, err := in.validate()
	if err != nil {
		return none, err
	}
	if _, err := s.workspace(ctx, by, in.Org, in.Workspace, PermRead); err != nil {
		return none, err
	}
	rows, err := s.conn.Query(ctx, selectLabels, in.Org, in.Workspace, after, size+1)
	if err != nil {
		return none, fmt.Errorf("tasks: read labels: %w", err)
	}
	defer func() { _ = rows.Close() }()
	page := veranda.List[Label]{Items: make([]Label, 0, size)}
	var key, last string
	for rows.Next() {
		var label Label
		if err := rows.Scan(&key, &label.Label, &label.Tasks); err != nil {
			return none, fmt.Errorf("tasks: read labels: %w", err)
		}
		if len(page.Items) == size {
			page.Next = veranda.EncodeCursor(labelsList, last)
			break
		}
		page.Items = append(page.Items, label)
		last = key
	}
	if err := rows.Err(); err != nil {
		return none, fmt.Errorf("tasks: read labels: %w", err)
	}
	return page, nil
}
