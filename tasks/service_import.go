package tasks

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// Addresses turns mail addresses into accounts and back, as far as the actor may know them; tenancy/directory does so.
type Addresses interface {
	// ByAddress finds members of an organization, by address as given.
	ByAddress(ctx context.Context, by veranda.Actor, org veranda.OrgID, addresses []string) (map[string]veranda.AccountID, error)
	// AddressesOf gives members' addresses.
	AddressesOf(ctx context.Context, by veranda.Actor, org veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]string, error)
}

const (
	// $3 is a list of ids of other systems: those that are imported already, or are ids of the workspace's own tasks.
	knownImportsPostgres = `SELECT i.external_id, i.task_id FROM veranda_task_imports i JOIN veranda_tasks t ON t.org_id = i.org_id AND t.id = i.task_id AND t.deleted_at IS NULL
WHERE i.org_id = $1 AND i.workspace_id = $2 AND i.external_id IN (SELECT jsonb_array_elements_text($3::jsonb))
UNION SELECT t.id::text, t.id FROM veranda_tasks t WHERE t.org_id = $1 AND t.workspace_id = $2 AND t.deleted_at IS NULL AND t.id IN (SELECT value::uuid FROM jsonb_array_elements_text($4::jsonb))`
	knownImportsSQLite = `SELECT i.external_id, i.task_id FROM veranda_task_imports i JOIN veranda_tasks t ON t.org_id = i.org_id AND t.id = i.task_id AND t.deleted_at IS NULL
WHERE i.org_id = $1 AND i.workspace_id = $2 AND i.external_id IN (SELECT value FROM json_each($3))
UNION SELECT t.id, t.id FROM veranda_tasks t WHERE t.org_id = $1 AND t.workspace_id = $2 AND t.deleted_at IS NULL AND t.id IN (SELECT value FROM json_each($4))`
	// Where an earlier import's task is deleted the later one takes the id over.
	insertImportText = `INSERT INTO veranda_task_imports (org_id, workspace_id, external_id, task_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (org_id, workspace_id, external_id) DO UPDATE SET task_id = excluded.task_id`
	importLockPostgres = `SELECT pg_advisory_xact_lock($1)`
)

// Import makes tasks of comma-separated values: all of them or, where anything is wrong with any row, none. A dry run makes
// none and tells what is wrong with each row.
//
// The text is UTF-8 with a row of titles, separated by commas, semicolons or tabs. The columns are title, which must be
// there, description, state (open, finished), priority (0 to 4, or none to urgent), start_at and due_at (a moment, a local
// time, or a date), time_zone, recurrence (a rule of RFC 5545, or as "3 day after completion"), assignees (addresses or
// account ids, separated by spaces or commas), labels (separated by commas), checklist (a line for each step, "[x] " before
// those that are done), parent (the external_id of another row or of a task that was imported before, the id of a task of
// the workspace, or "#7" for row 7), stage (the name or the id of a stage of the workspace's board), and external_id. A row
// whose external_id was imported into the workspace before, or is the id of a task there, is skipped, so that the same text
// imported twice makes its tasks once. An apostrophe that guards a cell against spreadsheets is taken away. Where a row has
// a stage and no state, the stage says the state; where they disagree, the task comes to the first stage of its state.
//
// Assignees are members whom the actor's directory shows with a confirmed address, and who see the workspace.
//
// Permission: task.create, and task.edit where a task is finished. Limits: "tasks", "task_labels". Errors: invalid, with a
// field for everything wrong with a row at "/rows/<row>/<column>". Events: those of Create and Finish for each task.
func (s *Service) Import(ctx context.Context, by veranda.Actor, in ImportInput, body io.Reader) (*ImportResult, error) {
	zone, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermCreate)
	if err != nil {
		return nil, err
	}
	rows, bad, err := readCSV(body)
	if err != nil {
		return nil, err
	}
	result := &ImportResult{DryRun: in.DryRun, Rows: len(rows)}
	all := make([]*imported, 0, len(rows))
	external := map[string]bool{}
	for _, row := range rows {
		one, wrong := importRow(&in, zone, row)
		if one.external != "" && external[one.external] {
			wrong = append(wrong, BadRow{Row: row.number, Column: "external_id", Rule: "duplicate", Message: "is another row's too"})
		}
		external[one.external] = true
		bad = append(bad, wrong...)
		all = append(all, one)
	}
	wrong, err := s.resolvePeople(ctx, standing, all)
	if err != nil {
		return nil, err
	}
	bad = append(bad, wrong...)
	known, wrong, err := s.placeRows(ctx, s.conn, &in, all)
	if err != nil {
		return nil, err
	}
	bad = append(bad, wrong...)
	slices.SortStableFunc(bad, func(a, b BadRow) int { return a.Row - b.Row })
	result.BadRows = list(bad)
	if len(bad) > 0 && !in.DryRun {
		return nil, refuseRows(bad)
	}
	if slices.ContainsFunc(all, func(i *imported) bool { return i.finished }) {
		if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermEdit, InWorkspace: true, Own: true}); err != nil {
			return nil, err
		}
	}
	if in.DryRun {
		result.Skipped = len(all) - len(remaining(all, known))
		if len(bad) == 0 {
			result.Created = len(all) - result.Skipped
		}
		return result, nil
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		return s.importAll(ctx, tx, standing, &in, all, result)
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// refuseRows is the error of an import that was no dry run.
func refuseRows(bad []BadRow) error {
	var c veranda.Checks
	for _, b := range bad {
		pointer := "/rows/" + strconv.Itoa(b.Row)
		if b.Column != "" {
			pointer += "/" + b.Column
		}
		c.Add(pointer, b.Rule, b.Message)
	}
	return c.Err()
}

// importAll stores what an import makes.
func (s *Service) importAll(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, in *ImportInput, all []*imported, result *ImportResult) error {
	if !tx.DB().Embedded() { // of two who import the same text at once the later one skips what the first made
		if err := tx.Defer(ctx, importLockPostgres, labelLock(in.Org, in.Workspace)+1); err != nil {
			return fmt.Errorf("tasks: import: %w", err)
		}
	}
	if slices.ContainsFunc(all, func(i *imported) bool { return i.place.above != "" || i.place.column != "" }) {
		if err := lockGraph(ctx, tx, in.Org); err != nil {
			return err
		}
	}
	if err := shareLabels(ctx, tx, in.Org, in.Workspace); err != nil {
		return err
	}
	known, bad, err := s.placeRows(ctx, s.conn.Bind(tx), in, all)
	if err != nil {
		return err
	}
	if len(bad) > 0 { // what was there a moment ago is there no more
		return refuseRows(bad)
	}
	rows := len(all)
	all = remaining(all, known)
	result.Created, result.Skipped = len(all), rows-len(all)
	if len(all) == 0 {
		return nil
	}
	if err := s.limits.Allow(ctx, tx, in.Org, "tasks", int64(len(all))); err != nil {
		return err
	}
	if err := s.enterLabels(ctx, tx, standing, in.Workspace, labelsOf(all)); err != nil {
		return err
	}
	now := tx.DB().Now()
	for _, i := range all { // in the order of the rows, which is that of their ranks
		i.place.task = newTask(&i.create, i.scheduled, standing.Account, now)
	}
	// Those above before those beneath them.
	slices.SortStableFunc(all, func(a, b *imported) int { return a.place.depth - b.place.depth })
	for _, i := range all {
		if err := s.importOne(ctx, tx, standing, i, now); err != nil {
			return err
		}
	}
	return countImported(ctx, tx, all)
}

// labelsOf are the labels of rows, each once.
func labelsOf(all []*imported) (labels []string) {
	seen := map[string]bool{}
	for _, i := range all {
		for _, label := range i.create.Labels {
			if key := foldCase(label); !seen[key] {
				seen[key] = true
				labels = append(labels, label)
			}
		}
	}
	return labels
}

func (s *Service) importOne(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, i *imported, now time.Time) error {
	t := i.place.task
	i.put(t)
	mentioned := veranda.Mentions(t.Description)
	t.follow(mentioned...)
	if i.finished {
		t.State, t.FinishedAt, t.FinishedBy = Finished, &now, standing.Account
	}
	if err := insertTask(ctx, tx, t); err != nil {
		return err
	}
	if !t.Parent.IsZero() {
		if err := tx.Defer(ctx, insertChildText, t.Org, t.ID, t.Parent); err != nil {
			return fmt.Errorf("tasks: import: %w", err)
		}
	}
	if i.external != "" {
		if err := tx.Defer(ctx, insertImportText, t.Org, t.Workspace, i.external, t.ID); err != nil {
			return fmt.Errorf("tasks: import: %w", err)
		}
	}
	tx.Emit(taskEvent(EventTaskCreated, t, standing, now, TaskCreated{
		Title: t.Title, Assignees: t.Assignees, DueAt: t.DueAt, Priority: t.Priority, Labels: t.Labels, Mentioned: mentioned,
	}))
	if i.finished {
		tx.Emit(taskEvent(EventTaskFinished, t, standing, now, TaskFinished{
			Title: t.Title, Assignees: t.Assignees, CreatedBy: t.CreatedBy, DueAt: t.DueAt, Late: t.DueAt != nil && t.DueAt.Before(now),
		}))
	}
	return nil
}

// resolvePeople turns what rows name into assignees, and looks at mentions; each person is looked up once.
func (s *Service) resolvePeople(ctx context.Context, standing *veranda.Standing, all []*imported) (bad []BadRow, err error) {
	byAddress, err := s.accountsOf(ctx, standing, all)
	if err != nil {
		return nil, err
	}
	sees := map[veranda.AccountID]bool{}
	look := func(workspace veranda.WorkspaceID, account veranda.AccountID) (bool, error) {
		seen, known := sees[account]
		if known {
			return seen, nil
		}
		blind, err := s.blind(ctx, standing, workspace, []veranda.AccountID{account})
		sees[account] = err == nil && len(blind) == 0
		return sees[account], err
	}
	for _, i := range all {
		var c veranda.Checks
		for _, text := range i.people {
			account, found := byAddress[text]
			if !found {
				found = account.UnmarshalText([]byte(text)) == nil && !account.IsZero()
			}
			if found {
				if found, err = look(i.create.Workspace, account); err != nil {
					return nil, err
				}
			}
			switch {
			case !found:
				c.Add("/assignees", "not_found", "names somebody who does not see this workspace")
			case slices.Contains(i.create.Assignees, account):
				c.Add("/assignees", "duplicate", "names somebody twice")
			default:
				i.create.Assignees = append(i.create.Assignees, account)
			}
		}
		for _, account := range veranda.Mentions(i.create.Description) {
			seen, err := look(i.create.Workspace, account)
			if err != nil {
				return nil, err
			}
			if !seen {
				c.Add("/description", "mention", "must not mention anybody who does not see this workspace")
			}
		}
		bad = append(bad, badRows(i.row, c.Err())...)
	}
	return bad, nil
}

// accountsOf finds the accounts of all addresses that rows name, a part of them at a time.
func (s *Service) accountsOf(ctx context.Context, standing *veranda.Standing, all []*imported) (map[string]veranda.AccountID, error) {
	found := map[string]veranda.AccountID{}
	if s.addresses == nil {
		return found, nil
	}
	named := map[string]bool{}
	var addresses []string
	for _, i := range all {
		for _, text := range i.people {
			if !named[text] && strings.Contains(text, "@") {
				addresses = append(addresses, text)
			}
			named[text] = true
		}
	}
	for part := range slices.Chunk(addresses, handOverBatch) {
		accounts, err := s.addresses.ByAddress(ctx, standing.Actor(), standing.Org, part)
		if err != nil {
			return nil, err
		}
		for address, account := range accounts {
			found[address] = account
		}
	}
	return found, nil
}
