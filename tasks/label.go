package tasks

import (
	"strings"

	"github.com/veranda-go/veranda"
)

type labelKind struct{}

// LabelID is the id of a label in a workspace's catalogue.
type LabelID = veranda.ID[labelKind]

// Colour is a colour of a label: a name, which those who show it turn into a shade that fits theirs.
type Colour string

// The palette. A label that came into the catalogue with a task is grey.
const (
	Grey   Colour = "grey"
	Red    Colour = "red"
	Orange Colour = "orange"
	Yellow Colour = "yellow"
	Green  Colour = "green"
	Teal   Colour = "teal"
	Blue   Colour = "blue"
	Purple Colour = "purple"
	Pink   Colour = "pink"
	Brown  Colour = "brown"
)

func checkColour(c *veranda.Checks, pointer string, colour Colour) {
	veranda.OneOf(c, pointer, colour, Grey, Red, Orange, Yellow, Green, Teal, Blue, Purple, Pink, Brown)
}

// Label is a label of a workspace's catalogue.
type Label struct {
	Org       veranda.OrgID       `json:"organization_id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	ID        LabelID             `json:"id"`
	// Label is its name. Tasks may spell it in another case.
	Label  string `json:"label"`
	Colour Colour `json:"colour" enum:"grey,red,orange,yellow,green,teal,blue,purple,pink,brown"`
	// Tasks is how many tasks have it, finished ones included.
	Tasks   int64 `json:"task_count"`
	Version int64 `json:"version"`
}

// ETag is the version as HTTP's entity tag.
func (l Label) ETag() string { return etag(l.Version) }

// Location is the label's path over HTTP.
func (l Label) Location() string {
	return "/v1/organizations/" + l.Org.String() + "/workspaces/" + l.Workspace.String() + "/labels/" + l.ID.String()
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
