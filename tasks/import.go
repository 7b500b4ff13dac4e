package tasks

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// ImportInput imports tasks into a workspace.
type ImportInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	DryRun    bool                `query:"dry_run" json:"-" doc:"Look at every row and make nothing."`
	TimeZone  string              `query:"time_zone" json:"-" maxLength:"60" doc:"The time zone (IANA) of due dates that name none; UTC when absent."`
}

// ImportResult is what an import did, or would do.
type ImportResult struct {
	DryRun bool `json:"dry_run"`
	// Rows is how many rows there are below the titles that could be read.
	Rows int `json:"rows"`
	// Created is how many tasks were made, or would be; Skipped how many rows were imported before, by their external ids.
	Created int `json:"created"`
	Skipped int `json:"skipped"`
	// BadRows is everything that is wrong. Where there is anything, nothing can be imported.
	BadRows []BadRow `json:"bad_rows"`
}

func (in *ImportInput) validate() (*time.Location, error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	zone := time.UTC
	if in.TimeZone != "" {
		var err error
		if zone, err = time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "Local" {
			c.Add("/time_zone", "time_zone", "must be a name in the IANA time zone database")
		}
	}
	return zone, c.Err()
}

// imported is a row that is to become a task.
type imported struct {
	row      int
	create   CreateInput
	finished bool
	people   []string // as the row names them: addresses, or ids
	external string
	// scheduled has the moments that the row's dates mean.
	scheduled *Task
}

var priorityNames = []string{"none", "low", "normal", "high", "urgent"}

// importRow reads a row; what is wrong with it is reported by column.
func importRow(in *ImportInput, zone *time.Location, row csvRow) (*imported, []BadRow) {
	var c veranda.Checks
	i := &imported{row: row.number, create: CreateInput{
		Org: in.Org, Workspace: in.Workspace, Title: row.cells["title"], Description: row.cells["description"],
	}}
	i.create.DueAt = dueOf(&c, row.cells["due_at"], zone)
	i.create.Priority = priorityOf(&c, row.cells["priority"])
	for label := range strings.SplitSeq(row.cells["labels"], ",") {
		if label = strings.TrimSpace(label); label != "" {
			i.create.Labels = append(i.create.Labels, label)
		}
	}
	for line := range strings.Lines(row.cells["checklist"]) {
		if item := checklistLine(line); item.Text != "" {
			i.create.Checklist = append(i.create.Checklist, item)
		}
	}
	i.people = strings.FieldsFunc(row.cells["assignees"], func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) })
	c.Count("/assignees", len(i.people), 0, MaxAssignees)
	switch strings.ToLower(row.cells["state"]) {
	case "", string(Open):
	case string(Finished), "done":
		i.finished = true
	default:
		c.Add("/state", "one_of", "must be one of: open, finished")
	}
	i.external = c.Line("/external_id", row.cells["external_id"], 0, MaxExternalID)
	scheduled, err := i.create.validate()
	i.scheduled = scheduled
	return i, badRows(row.number, c.Err(), err)
}

// badRows are the fields of errors, each once by column and rule.
func badRows(row int, problems ...error) (bad []BadRow) {
	for _, problem := range problems {
		var invalid *veranda.Error
		if !errors.As(problem, &invalid) {
			continue
		}
		for _, field := range invalid.Fields {
			column, _, _ := strings.Cut(strings.TrimPrefix(field.Pointer, "/"), "/")
			one := BadRow{Row: row, Column: column, Rule: field.Rule, Message: field.Message}
			if !slices.Contains(bad, one) {
				bad = append(bad, one)
			}
		}
	}
	return bad
}

func priorityOf(c *veranda.Checks, text string) int {
	if text == "" {
		return PriorityNone
	}
	if i := slices.Index(priorityNames, strings.ToLower(text)); i >= 0 {
		return i
	}
	priority, err := strconv.Atoi(text)
	if err != nil || priority < PriorityNone || priority > PriorityUrgent {
		c.Add("/priority", "one_of", "must be 0 to 4, or one of: "+strings.Join(priorityNames, ", "))
		return PriorityNone
	}
	return priority
}

// dueOf reads a moment (RFC 3339), a date and a time of day, or a date, which means its last second.
func dueOf(c *veranda.Checks, text string, zone *time.Location) *time.Time {
	if text == "" {
		return nil
	}
	if moment, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return &moment
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if moment, err := time.ParseInLocation(layout, text, zone); err == nil {
			return &moment
		}
	}
	if day, err := time.ParseInLocation("2006-01-02", text, zone); err == nil {
		moment := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, zone)
		return &moment
	}
	c.Add("/due_at", "format", "must be a moment as 2026-03-31T17:00:00Z, a time as 2026-03-31 17:00, or a date as 2026-03-31")
	return nil
}

// checklistLine reads "[x] done", "[ ] open", or a plain text; a dash before it is taken for a bullet.
func checklistLine(line string) (item ChecklistItem) {
	line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "- "))
	for mark, done := range map[string]bool{"[x]": true, "[X]": true, "[ ]": false, "[]": false} {
		if rest, found := strings.CutPrefix(line, mark); found {
			return ChecklistItem{Text: strings.TrimSpace(rest), Done: done}
		}
	}
	return ChecklistItem{Text: line}
}
