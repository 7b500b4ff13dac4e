package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

const (
	labelColumns = `l.id, l.name, l.colour, l.version`
	labelJoin    = `LEFT JOIN veranda_labels l ON l.org_id = $2 AND l.workspace_id = $4 AND l.id = $5`
	labelCount   = `(SELECT count(*) FROM veranda_task_labels c WHERE c.org_id = l.org_id AND c.workspace_id = l.workspace_id AND c.label_key = l.label_key)`

	selectLabels = `SELECT l.label_key, ` + labelColumns + `, ` + labelCount + ` FROM veranda_labels l
WHERE l.org_id = $1 AND l.workspace_id = $2 AND l.label_key > $3 ORDER BY l.label_key LIMIT $4`
	selectLabel      = `SELECT ` + labelColumns + `, ` + labelCount + ` FROM veranda_labels l WHERE l.org_id = $1 AND l.workspace_id = $2 AND l.id = $3`
	selectLabelByKey = `SELECT ` + labelColumns + `, ` + labelCount + ` FROM veranda_labels l WHERE l.org_id = $1 AND l.workspace_id = $2 AND l.label_key = $3`

	insertCatalogueText = `INSERT INTO veranda_labels (org_id, id, workspace_id, label_key, name, colour, version) VALUES ($1, $2, $3, $4, $5, $6, 1)`
	updateCatalogueText = `UPDATE veranda_labels SET label_key = $3, name = $4, colour = $5, version = version + 1 WHERE org_id = $1 AND id = $2`
	deleteCatalogueText = `DELETE FROM veranda_labels WHERE org_id = $1 AND id = $2`

	// $3 is a list of keys: those that the catalogue has.
	knownLabelsPostgres = `SELECT l.label_key FROM veranda_labels l WHERE l.org_id = $1 AND l.workspace_id = $2 AND l.label_key IN (SELECT jsonb_array_elements_text($3::jsonb))`
	knownLabelsSQLite   = `SELECT l.label_key FROM veranda_labels l WHERE l.org_id = $1 AND l.workspace_id = $2 AND l.label_key IN (SELECT value FROM json_each($3))`
	enterLabelText      = insertCatalogueText + ` ON CONFLICT (org_id, workspace_id, label_key) DO NOTHING`

	// Whoever puts labels on tasks shares this lock, and whoever changes the catalogue has it alone: so a change meets every
	// task that bears the label, also those of transactions under way. SQLite has one writer.
	shareLabelsPostgres = `SELECT pg_advisory_xact_lock_shared($1)`
	ownLabelsPostgres   = `SELECT pg_advisory_xact_lock($1)`

	selectBearers   = `SELECT t.id, t.labels FROM veranda_task_labels b JOIN veranda_tasks t ON t.org_id = b.org_id AND t.id = b.task_id WHERE b.org_id = $1 AND b.workspace_id = $2 AND b.label_key = $3 ORDER BY t.id`
	bearersPostgres = selectBearers + ` FOR NO KEY UPDATE OF t`

	// $2 is a list of bearer.
	relabelPostgres = `UPDATE veranda_tasks t SET labels = l.labels, updated_at = $3, version = t.version + 1
FROM jsonb_to_recordset($2::jsonb) AS l (id uuid, labels text) WHERE t.org_id = $1 AND t.id = l.id`
	relabelSQLite = `UPDATE veranda_tasks AS t SET labels = json_extract(l.value, '$.labels'), updated_at = $3, version = t.version + 1
FROM json_each($2) AS l WHERE t.org_id = $1 AND t.id = json_extract(l.value, '$.id')`
	dropBearersText    = `DELETE FROM veranda_task_labels WHERE org_id = $1 AND workspace_id = $2 AND label_key = $3`
	addBearersPostgres = `INSERT INTO veranda_task_labels (org_id, task_id, label_key, label, workspace_id)
SELECT $1::uuid, value::uuid, $4, $5, $2::uuid FROM jsonb_array_elements_text($3::jsonb) ON CONFLICT (org_id, task_id, label_key) DO UPDATE SET label = excluded.label`
	addBearersSQLite = `INSERT INTO veranda_task_labels (org_id, task_id, label_key, label, workspace_id)
SELECT $1, value, $4, $5, $2 FROM json_each($3) WHERE TRUE ON CONFLICT (org_id, task_id, label_key) DO UPDATE SET label = excluded.label`
)

// labelLock is the number of a workspace's lock.
func labelLock(org veranda.OrgID, workspace veranda.WorkspaceID) int64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte("tasks.labels " + org.String() + " " + workspace.String())) // never fails
	return int64(sum.Sum64())                                                           //nolint:gosec // any number will do
}

// shareLabels is called before labels are put on tasks, and before a task's row is held for that.
func shareLabels(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, workspace veranda.WorkspaceID) error {
	return lockLabels(ctx, tx, shareLabelsPostgres, org, workspace)
}

// ownLabels is called before the catalogue is changed.
func ownLabels(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, workspace veranda.WorkspaceID) error {
	return lockLabels(ctx, tx, ownLabelsPostgres, org, workspace)
}

func lockLabels(ctx context.Context, tx *veranda.Tx, text string, org veranda.OrgID, workspace veranda.WorkspaceID) error {
	if tx.DB().Embedded() {
		return nil
	}
	if err := tx.Defer(ctx, text, labelLock(org, workspace)); err != nil {
		return fmt.Errorf("tasks: lock labels: %w", err)
	}
	return nil
}

// enterLabels puts labels that a task bears into the catalogue, where they are not there yet. That has no event of its own:
// the task's says which labels it bears.
func (s *Service) enterLabels(ctx context.Context, tx *veranda.Tx, by *veranda.Standing, workspace veranda.WorkspaceID, labels []string) error {
	if len(labels) == 0 {
		return nil
	}
	known, err := queryTexts(ctx, tx, tx.DB().Pick(knownLabelsPostgres, knownLabelsSQLite), by.Org, workspace, encodeList(labelKeys(labels)))
	if err != nil {
		return fmt.Errorf("tasks: read labels: %w", err)
	}
	fresh := slices.DeleteFunc(slices.Clone(labels), func(label string) bool { return slices.Contains(known, foldCase(label)) })
	if len(fresh) == 0 {
		return nil
	}
	if err := s.limits.Allow(ctx, tx, by.Org, "task_labels", int64(len(fresh))); err != nil {
		return err
	}
	// In one order, for who enters the same ones at once waits.
	slices.SortFunc(fresh, func(a, b string) int { return strings.Compare(foldCase(a), foldCase(b)) })
	for _, name := range fresh {
		if err := tx.Defer(ctx, enterLabelText, by.Org, veranda.NewID[labelKind](), workspace, foldCase(name), name, string(Grey)); err != nil {
			return fmt.Errorf("tasks: enter label: %w", err)
		}
	}
	return nil
}

// bearer is a task that bears a label; its JSON is what is stored of it then.
type bearer struct {
	ID     ID     `json:"id"`
	Labels string `json:"labels"`
}

// relabel puts a label in another's place on all tasks that bear it, once where a task bears both; to is empty to take it
// away. It tells how many tasks it changed.
func relabel(ctx context.Context, tx *veranda.Tx, l *Label, from, to string, now time.Time) (int, error) {
	bearers, err := queryBearers(ctx, tx, l, from)
	if err != nil || len(bearers) == 0 {
		return 0, err
	}
	for i := range bearers {
		labels, err := decodeStrings(bearers[i].Labels)
		if err != nil {
			return 0, fmt.Errorf("tasks: labels of task %s: %w", bearers[i].ID, err)
		}
		bearers[i].Labels = encodeList(replaceLabel(labels, from, to))
	}
	db := tx.DB()
	if err := tx.Defer(ctx, dropBearersText, l.Org, l.Workspace, from); err != nil {
		return 0, fmt.Errorf("tasks: change labels: %w", err)
	}
	for batch := range slices.Chunk(bearers, handOverBatch) {
		text, err := json.Marshal(batch)
		if err != nil {
			return 0, err
		}
		if err := tx.Defer(ctx, db.Pick(relabelPostgres, relabelSQLite), l.Org, string(text), db.Time(now)); err != nil {
			return 0, fmt.Errorf("tasks: change labels: %w", err)
		}
		if to == "" {
			continue
		}
		ids := make([]ID, len(batch))
		for i := range batch {
			ids[i] = batch[i].ID
		}
		if err := tx.Defer(ctx, db.Pick(addBearersPostgres, addBearersSQLite), l.Org, l.Workspace, encodeList(ids), foldCase(to), to); err != nil {
			return 0, fmt.Errorf("tasks: change labels: %w", err)
		}
	}
	return len(bearers), nil
}

// replaceLabel gives a task's labels with one of them replaced, or taken away; from is a key.
func replaceLabel(labels []string, from, to string) (after []string) {
	placed := false
	for _, label := range labels {
		key := foldCase(label)
		if key != from && (to == "" || key != foldCase(to)) {
			after = append(after, label)
			continue
		}
		if to != "" && !placed {
			after, placed = append(after, to), true
		}
	}
	return after
}

func queryBearers(ctx context.Context, tx *veranda.Tx, l *Label, key string) (bearers []bearer, err error) {
	rows, err := tx.Query(ctx, tx.DB().Pick(bearersPostgres, selectBearers), l.Org, l.Workspace, key)
	if err != nil {
		return nil, fmt.Errorf("tasks: read labels: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var b bearer
		if err := rows.Scan(&b.ID, &b.Labels); err != nil {
			return nil, fmt.Errorf("tasks: read labels: %w", err)
		}
		bearers = append(bearers, b)
	}
	return bearers, rows.Err()
}

// labelWhere reads one label within a transaction; one that does not exist has the zero id.
func labelWhere(ctx context.Context, tx *veranda.Tx, text string, org veranda.OrgID, workspace veranda.WorkspaceID, arg any) (*Label, error) {
	l := &Label{Org: org, Workspace: workspace}
	rows, err := tx.Query(ctx, text, org, workspace, arg)
	if err != nil {
		return nil, fmt.Errorf("tasks: read label: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		if err := rows.Scan(&l.ID, &l.Label, &l.Colour, &l.Version, &l.Tasks); err != nil {
			return nil, fmt.Errorf("tasks: read label: %w", err)
		}
	}
	return l, rows.Err()
}

func queryTexts(ctx context.Context, tx *veranda.Tx, text string, args ...any) (texts []string, err error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		texts = append(texts, one)
	}
	return texts, rows.Err()
}
