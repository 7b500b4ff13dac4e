package tasks

import (
	"strings"

	"github.com/veranda-go/veranda"
)

// CreateLabelInput is a new label of a workspace.
type CreateLabelInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Label     string              `json:"label" minLength:"1" maxLength:"50" doc:"Its name, without commas; case does not tell labels apart."`
	Colour    Colour              `json:"colour,omitempty" enum:"grey,red,orange,yellow,green,teal,blue,purple,pink,brown" doc:"grey when absent."`
}

func (in *CreateLabelInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	in.Label = checkLabel(&c, "/label", in.Label)
	if in.Colour == "" {
		in.Colour = Grey
	}
	checkColour(&c, "/colour", in.Colour)
	return c.Err()
}

// LabelInput names a label of a workspace.
type LabelInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Label     LabelID             `path:"label" json:"-"`
}

func (in *LabelInput) validate() error {
	var c veranda.Checks
	in.check(&c)
	return c.Err()
}

func (in *LabelInput) check(c *veranda.Checks) {
	veranda.Required(c, "/organization_id", in.Org)
	veranda.Required(c, "/workspace_id", in.Workspace)
	veranda.Required(c, "/label_id", in.Label)
}

// UpdateLabelInput renames or recolours a label; what is left out stays as it is.
type UpdateLabelInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	LabelID   LabelID             `path:"label" json:"-"`
	Version   int64               `header:"If-Match" json:"-"`
	Label     *string             `json:"label,omitempty" minLength:"1" maxLength:"50" doc:"The new name, on every task that bears the label too."`
	Colour    *Colour             `json:"colour,omitempty" enum:"grey,red,orange,yellow,green,teal,blue,purple,pink,brown"`
}

func (in *UpdateLabelInput) named() LabelInput { return LabelInput{in.Org, in.Workspace, in.LabelID} }

func (in *UpdateLabelInput) validate() error {
	var c veranda.Checks
	named := in.named()
	named.check(&c)
	checkVersion(&c, in.Version)
	if in.Label != nil {
		label := checkLabel(&c, "/label", *in.Label)
		in.Label = &label
	}
	if in.Colour != nil {
		checkColour(&c, "/colour", *in.Colour)
	}
	return c.Err()
}

// MergeLabelInput makes one label of two.
type MergeLabelInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	LabelID   LabelID             `path:"label" json:"-"`
	Version   int64               `header:"If-Match" json:"-"`
	Into      LabelID             `json:"into" doc:"The label that stays, of the same workspace."`
}

func (in *MergeLabelInput) named() LabelInput { return LabelInput{in.Org, in.Workspace, in.LabelID} }

func (in *MergeLabelInput) validate() error {
	var c veranda.Checks
	named := in.named()
	named.check(&c)
	checkVersion(&c, in.Version)
	veranda.Required(&c, "/into", in.Into)
	if in.Into == in.LabelID && !in.Into.IsZero() {
		c.Add("/into", "same", "must be another label")
	}
	return c.Err()
}

// DeleteLabelInput names a label that is to be deleted.
type DeleteLabelInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	LabelID   LabelID             `path:"label" json:"-"`
	Version   int64               `header:"If-Match" json:"-"`
}

func (in *DeleteLabelInput) named() LabelInput { return LabelInput{in.Org, in.Workspace, in.LabelID} }

func (in *DeleteLabelInput) validate() error {
	var c veranda.Checks
	named := in.named()
	named.check(&c)
	checkVersion(&c, in.Version)
	return c.Err()
}

// checkLabel checks one label as checkLabels does several.
func checkLabel(c *veranda.Checks, pointer, label string) string {
	label = c.Line(pointer, label, 1, MaxLabel)
	if strings.Contains(label, ",") {
		c.Add(pointer, "comma", "must not contain a comma")
	}
	return label
}
