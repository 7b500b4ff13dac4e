package tasks

import (
	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// holderTask is the kind of what files hang on here.
const holderTask = "task"

func holder(org veranda.OrgID, task ID) files.Holder {
	return files.Holder{Org: org, Kind: holderTask, ID: task.String()}
}

// AttachInput hangs uploaded files on a task.
type AttachInput struct {
	Org         veranda.OrgID `path:"org" json:"-"`
	Task        ID            `path:"task" json:"-"`
	Attachments []files.ID    `json:"attachments" minItems:"1" maxItems:"20" doc:"Files of one's own that are uploaded and not attached yet."`
}

func (in *AttachInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	c.Count("/attachments", len(in.Attachments), 1, files.MaxAttached)
	return c.Err()
}

// ListAttachmentsInput names a task whose files are asked for.
type ListAttachmentsInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Task ID            `path:"task" json:"-"`
}

func (in *ListAttachmentsInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	return c.Err()
}

// AttachmentInput names a file that hangs on a task.
type AttachmentInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Task       ID            `path:"task" json:"-"`
	Attachment files.ID      `path:"attachment" json:"-"`
}

func (in *AttachmentInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	veranda.Required(&c, "/attachment", in.Attachment)
	return c.Err()
}

// The events of a task's files; subject: the task.
const (
	EventTaskFilesAttached = "tasks.task_files_attached" // data: TaskFiles
	EventTaskFileRemoved   = "tasks.task_file_removed"   // data: TaskFiles
)

// TaskFiles is the data of events about files of a task. Their names are left out, for events outlive them.
type TaskFiles struct {
	Title       string     `json:"title"`
	Attachments []files.ID `json:"attachments"`
}
