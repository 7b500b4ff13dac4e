package tasks

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Labels reads the labels of a workspace, in the order of their letters, with how many tasks have each. A name that a task
// bears is there from then on, until somebody deletes the label.
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
		label := Label{Org: in.Org, Workspace: in.Workspace}
		if err := rows.Scan(&key, &label.ID, &label.Label, &label.Colour, &label.Version, &label.Tasks); err != nil {
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

// Label reads a label of a workspace.
//
// Permission: task.read.
func (s *Service) Label(ctx context.Context, by veranda.Actor, in LabelInput) (*Label, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	if _, err := s.label(ctx, by, in, PermRead); err != nil {
		return nil, err
	}
	rows, err := s.conn.Query(ctx, selectLabel, in.Org, in.Workspace, in.Label)
	if err != nil {
		return nil, fmt.Errorf("tasks: read label: %w", err)
	}
	defer func() { _ = rows.Close() }()
	l := &Label{Org: in.Org, Workspace: in.Workspace}
	if !rows.Next() { // deleted since it was asked for
		return nil, veranda.ErrNotFound
	}
	if err := rows.Scan(&l.ID, &l.Label, &l.Colour, &l.Version, &l.Tasks); err != nil {
		return nil, fmt.Errorf("tasks: read label: %w", err)
	}
	return l, rows.Err()
}

// CreateLabel makes a label in a workspace's catalogue. Putting an unknown name on a task makes one too, a grey one, for
// which task.edit is enough, and which has no event of its own.
//
// Permission: task.manage_labels. Limit: "task_labels". Errors: tasks.label_exists (conflict). Event: tasks.label_created.
func (s *Service) CreateLabel(ctx context.Context, by veranda.Actor, in CreateLabelInput) (*Label, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermManageLabels)
	if err != nil {
		return nil, err
	}
	l := &Label{Org: in.Org, Workspace: in.Workspace, ID: veranda.NewID[labelKind](), Label: in.Label, Colour: in.Colour, Version: 1}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "task_labels", 1); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertCatalogueText, l.Org, l.ID, l.Workspace, foldCase(l.Label), l.Label, string(l.Colour))
		if veranda.IsUnique(err) {
			return ErrLabelExists
		}
		if err != nil {
			return fmt.Errorf("tasks: make label: %w", err)
		}
		tx.Emit(labelEvent(EventLabelCreated, standing, l.Workspace, l.ID, LabelChanged{Name: l.Label, Colour: l.Colour}))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// UpdateLabel renames or recolours a label. A new name stands on every task that bears the label with the same commit, and
// raises their versions; tasks that are deleted keep the name they had. The tasks have no events of their own: the label's
// event says what they were changed by.
//
// Permission: task.manage_labels. Errors: tasks.label_exists (conflict) where another label has the name (merge them),
// version. Event: tasks.label_updated, unless nothing changes.
func (s *Service) UpdateLabel(ctx context.Context, by veranda.Actor, in UpdateLabelInput) (*Label, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var after *Label
	err := s.changeLabel(ctx, by, in.named(), in.Version, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, l *Label) error {
		changed := *l
		if in.Label != nil {
			changed.Label = *in.Label
		}
		if in.Colour != nil {
			changed.Colour = *in.Colour
		}
		after = &changed
		if changed == *l {
			return nil
		}
		data := LabelChanged{Name: changed.Label, Colour: changed.Colour}
		key := foldCase(changed.Label)
		if key != foldCase(l.Label) {
			other, err := labelWhere(ctx, tx, selectLabelByKey, in.Org, in.Workspace, key)
			if err != nil {
				return err
			}
			if !other.ID.IsZero() {
				return ErrLabelExists
			}
		}
		if changed.Label != l.Label {
			data.OldName = l.Label
			var err error
			if data.Tasks, err = relabel(ctx, tx, l, foldCase(l.Label), changed.Label, tx.DB().Now()); err != nil {
				return err
			}
		}
		if err := tx.Defer(ctx, updateCatalogueText, l.Org, l.ID, key, changed.Label, string(changed.Colour)); err != nil {
			return fmt.Errorf("tasks: change label: %w", err)
		}
		changed.Version++
		tx.Emit(labelEvent(EventLabelUpdated, standing, l.Workspace, l.ID, data))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

// MergeLabel makes one label of two: tasks that bear the first bear the other in its place, once, and the first is gone.
//
// Permission: task.manage_labels. Errors: invalid at /into where the other is none of this workspace, version, which is of
// the first. Event: tasks.label_merged.
func (s *Service) MergeLabel(ctx context.Context, by veranda.Actor, in MergeLabelInput) (*Label, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var into *Label
	err := s.changeLabel(ctx, by, in.named(), in.Version, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, l *Label) error {
		var err error
		if into, err = labelWhere(ctx, tx, selectLabel, in.Org, in.Workspace, in.Into); err != nil {
			return err
		}
		if into.ID.IsZero() {
			var c veranda.Checks
			c.Add("/into", "not_found", "is no label of this workspace")
			return c.Err()
		}
		count, err := relabel(ctx, tx, l, foldCase(l.Label), into.Label, tx.DB().Now())
		if err != nil {
			return err
		}
		if err := tx.Defer(ctx, deleteCatalogueText, l.Org, l.ID); err != nil {
			return fmt.Errorf("tasks: merge labels: %w", err)
		}
		tx.Emit(labelEvent(EventLabelMerged, standing, l.Workspace, l.ID, LabelMerged{Name: l.Label, Into: into.ID, IntoName: into.Label, Tasks: count}))
		into, err = labelWhere(ctx, tx, selectLabel, in.Org, in.Workspace, in.Into)
		return err
	})
	if err != nil {
		return nil, err
	}
	return into, nil
}

// DeleteLabel deletes a label and takes it off every task that bears it.
//
// Permission: task.manage_labels. Errors: version. Event: tasks.label_deleted.
func (s *Service) DeleteLabel(ctx context.Context, by veranda.Actor, in DeleteLabelInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	return s.changeLabel(ctx, by, in.named(), in.Version, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, l *Label) error {
		count, err := relabel(ctx, tx, l, foldCase(l.Label), "", tx.DB().Now())
		if err != nil {
			return err
		}
		if err := tx.Defer(ctx, deleteCatalogueText, l.Org, l.ID); err != nil {
			return fmt.Errorf("tasks: delete label: %w", err)
		}
		tx.Emit(labelEvent(EventLabelDeleted, standing, l.Workspace, l.ID, LabelChanged{Name: l.Label, Colour: l.Colour, Tasks: count}))
		return nil
	})
}

// changeLabel reads and decides, and then has the workspace's labels alone while change runs.
func (s *Service) changeLabel(ctx context.Context, by veranda.Actor, in LabelInput, version int64, change func(context.Context, *veranda.Tx, *veranda.Standing, *Label) error) error {
	standing, err := s.label(ctx, by, in, PermManageLabels)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := ownLabels(ctx, tx, in.Org, in.Workspace); err != nil {
			return err
		}
		l, err := labelWhere(ctx, tx, selectLabel, in.Org, in.Workspace, in.Label)
		if err != nil {
			return err
		}
		if l.ID.IsZero() {
			return veranda.ErrNotFound
		}
		if version != 0 && version != l.Version {
			return veranda.ErrVersion
		}
		return change(ctx, tx, standing, l)
	})
}

// label reads the actor's standing in a label's workspace and asks for a permission there; the label must exist.
func (s *Service) label(ctx context.Context, by veranda.Actor, in LabelInput, permission veranda.Permission) (*veranda.Standing, error) {
	var l Label
	standing, err := s.conn.Read(ctx, s.texts.readLabel, by, in.Org, []any{in.Workspace, in.Label}, &l.ID, &l.Label, (*string)(&l.Colour), &l.Version)
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission, InWorkspace: true, Missing: l.ID.IsZero()})
}

// labelEvent is an event about a label of a workspace.
func labelEvent(kind string, by *veranda.Standing, workspace veranda.WorkspaceID, label LabelID, data any) veranda.Event {
	return veranda.Event{
		Org: by.Org, Workspace: workspace, Kind: kind, Subject: label.String(), By: by.Account, System: by.System, Data: veranda.MarshalData(data),
	}
}
