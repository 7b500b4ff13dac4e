package tasks

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/veranda-go/veranda"
)

// ExportInput asks for tasks as List does; limit and cursor mean nothing to it.
type ExportInput = ListInput

// Export is a list of tasks as comma-separated values, made while it is written.
type Export struct {
	service *Service
	by      veranda.Actor
	in      ListInput
	first   veranda.List[Task]
	stages  map[veranda.WorkspaceID]*Board
	ctx     context.Context //nolint:containedctx // the export ends with what it was asked in
}

const selectImportIDs = `SELECT i.task_id, min(i.external_id) FROM veranda_task_imports i WHERE i.org_id = $1 AND i.task_id IN `

const (
	importIDsPostgres = selectImportIDs + `(SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb)) GROUP BY i.task_id`
	importIDsSQLite   = selectImportIDs + `(SELECT value FROM json_each($2)) GROUP BY i.task_id`
)

// Export gives all tasks of a list as comma-separated values (RFC 4180) in UTF-8, with the columns that Import reads. The
// first page is read at once, for its refusals to be an answer; the others while the export is written, each asking again
// who the actor is and what they see. A cell that a spreadsheet would take for a formula has an apostrophe before it.
//
// An assignee is named by their address where the actor's directory shows it, and else by the account's id. A task's
// external_id is the one it was imported with, or else its id; the task above it is named by that one's. A recurrence that
// counts is written with what is left of its count, and none on what is finished: its next instance has it. Reminders and
// files are in no export: those are each reader's own, and these no text.
//
// Permission: as List.
func (s *Service) Export(ctx context.Context, by veranda.Actor, in ExportInput) (*Export, error) {
	in.Page = veranda.Page{Limit: veranda.MaxPageLimit}
	first, err := s.List(ctx, by, in)
	if err != nil {
		return nil, err
	}
	return &Export{service: s, by: by, in: in, first: first, stages: map[veranda.WorkspaceID]*Board{}, ctx: ctx}, nil
}

// WriteTo writes the list. Where it fails in the middle, what was written is not the whole.
func (e *Export) WriteTo(to io.Writer) (int64, error) {
	counted := &counter{to: to}
	b := bufio.NewWriterSize(counted, 32<<10)
	err := e.write(b)
	if err == nil {
		err = b.Flush()
	}
	if err != nil {
		return counted.n, fmt.Errorf("tasks: export: %w", err)
	}
	return counted.n, nil
}

func (e *Export) write(b *bufio.Writer) error {
	if err := writeRecord(b, csvColumns...); err != nil {
		return err
	}
	for page := e.first; ; {
		if err := e.writePage(b, page.Items); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		e.in.Cursor = page.Next
		var err error
		if page, err = e.service.List(e.ctx, e.by, e.in); err != nil {
			return err
		}
	}
}

func (e *Export) writePage(b *bufio.Writer, tasks []Task) error {
	addresses, err := e.addresses(tasks)
	if err != nil {
		return err
	}
	external, err := e.externalIDs(tasks)
	if err != nil {
		return err
	}
	for i := range tasks {
		t := &tasks[i]
		stage, err := e.stage(t)
		if err != nil {
			return err
		}
		people := make([]string, len(t.Assignees))
		for n, account := range t.Assignees {
			if people[n] = addresses[account]; people[n] == "" {
				people[n] = account.String()
			}
		}
		err = writeRecord(b, t.Title, t.Description, string(t.State), priorityNames[t.Priority], momentCell(t.DueAt, t.DueOn),
			strings.Join(people, " "), strings.Join(t.Labels, ", "), checklistText(t.Checklist),
			momentCell(t.StartAt, t.StartOn), t.TimeZone, recurrenceCell(t), idCell(external, t.Parent), stage, idCell(external, t.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

func checklistText(items []ChecklistItem) string {
	lines := make([]string, len(items))
	for i, item := range items {
		lines[i] = "[ ] " + item.Text
		if item.Done {
			lines[i] = "[x] " + item.Text
		}
	}
	return strings.Join(lines, "\n")
}

// addresses are those of a page's assignees.
func (e *Export) addresses(tasks []Task) (map[veranda.AccountID]string, error) {
	if e.service.addresses == nil {
		return nil, nil
	}
	seen := map[veranda.AccountID]bool{}
	var accounts []veranda.AccountID
	for i := range tasks {
		for _, account := range tasks[i].Assignees {
			if !seen[account] {
				accounts = append(accounts, account)
			}
			seen[account] = true
		}
	}
	if len(accounts) == 0 {
		return nil, nil
	}
	return e.service.addresses.AddressesOf(e.ctx, e.by, e.in.Org, accounts)
}

// externalIDs are those of a page's tasks, and of those above them, that were imported.
func (e *Export) externalIDs(tasks []Task) (map[ID]string, error) {
	ids := make([]ID, 0, len(tasks))
	for i := range tasks {
		ids = append(ids, tasks[i].ID)
		if !tasks[i].Parent.IsZero() {
			ids = append(ids, tasks[i].Parent)
		}
	}
	conn := e.service.conn
	rows, err := conn.Query(e.ctx, conn.DB().Pick(importIDsPostgres, importIDsSQLite), e.in.Org, encodeList(ids))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	found := map[ID]string{}
	for rows.Next() {
		var id ID
		var external string
		if err := rows.Scan(&id, &external); err != nil {
			return nil, err
		}
		found[id] = external
	}
	return found, rows.Err()
}

// counter counts what is written.
type counter struct {
	to io.Writer
	n  int64
}

// Write writes and counts.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}
