package tasks

import (
	"strings"

	"github.com/veranda-go/veranda"
)

// Label is a label used in a workspace.
type Label struct {
	// Label is its text; where tasks spell it in several ways, one of them.
	Label string `json:"label"`
	// Tasks is how many tasks have it, finished ones included.
	Tasks int64 `json:"task_count"`
}

// LabelsInput asks for the labels of a workspace.
type LabelsInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	veranda.Page
}

// labelsList names the cursors of the labels list.
const labelsList = "tasks.labels"

// validate gives the size of the page and the key of the label it comes after.
func (in *LabelsInput) validate() (size int, after string, err error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	size = in.Size(&c)
	if position := in.Position(&c, labelsList, 1); position != nil {
		after = position[0]
	}
	return size, after, c.Err()
}

// checkLabels gives labels back in the form in which they are stored. nil stays nil.
func checkLabels(c *veranda.Checks, pointer string, labels []string) []string {
	if labels == nil {
		return nil
	}
	c.Count(pointer, len(labels), 0, MaxLabels)
	if c.Failed(pointer) {
		return labels
	}
	checked := make([]string, len(labels))
	seen := make(map[string]bool, len(labels))
	for i, label := range labels {
		label = c.Line(at(pointer, i), label, 1, MaxLabel)
		if strings.Contains(label, ",") {
			// Lists of labels travel separated by commas, in queries and in spreadsheets.
			c.Add(at(pointer, i), "comma", "must not contain a comma")
		}
		key := foldCase(label)
		if seen[key] {
			c.Add(at(pointer, i), "duplicate", "is named twice")
		}
		seen[key] = true
		checked[i] = label
	}
	return checked
}

func labelKeys(labels []string) []string {
	keys := make([]string, len(labels))
	for i, label := range labels {
		keys[i] = foldCase(label)
	}
	return keys
}
