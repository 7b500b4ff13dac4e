package tasks

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

// ImportInput imports tasks into a workspace.
type ImportInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	DryRun    bool                `query:"dry_run" json:"-" doc:"Look at every row and make nothing."`
	TimeZone  string              `query:"time_zone" json:"-" maxLength:"60" doc:"The time zone (IANA) of the dates of rows that name none; UTC when absent."`
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
	checkZone(&c, "/time_zone", in.TimeZone)
	zone := recurrence.Zone(in.TimeZone)
	if zone == nil {
		zone = time.UTC
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
	place    importedPlace
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
	i.schedule(&c, in, zone, row)
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
	case "":
	case string(Open):
		i.place.stated = true
	case string(Finished), "done":
		i.finished, i.place.stated = true, true
	default:
		c.Add("/state", "one_of", "must be one of: open, finished")
	}
	i.external = c.Line("/external_id", row.cells["external_id"], 0, MaxExternalID)
	i.place.above = c.Line("/parent", row.cells["parent"], 0, MaxExternalID)
	i.place.column = c.Line("/stage", row.cells["stage"], 0, MaxStageName)
	if i.create.Recurrence != nil {
		if i.finished {
			c.Add("/recurrence", "exclusive", "is not for finished tasks")
		}
		if i.place.above != "" {
			c.Add("/recurrence", "exclusive", "is not for sub-tasks: they repeat with the task above them")
		}
	}
	scheduled, err := i.create.validate()
	i.scheduled = scheduled
	return i, badRows(row.number, c.Err(), err)
}

// columnsOfFields are the columns that have other names than the fields of what they become.
var columnsOfFields = map[string]string{"start_on": "start_at", "due_on": "due_at"}

// badRows are the fields of errors, each once by column and rule.
func badRows(row int, problems ...error) (bad []BadRow) {
	for _, problem := range problems {
		var invalid *veranda.Error
		if !errors.As(problem, &invalid) {
			continue
		}
		for _, field := range invalid.Fields {
			column, _, _ := strings.Cut(strings.TrimPrefix(field.Pointer, "/"), "/")
			if name, found := columnsOfFields[column]; found {
				column = name
			}
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
