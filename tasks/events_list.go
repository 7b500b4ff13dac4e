package tasks

import (
	"time"

	"github.com/veranda-go/veranda"
)

// The kinds of events about a workspace's labels, and the one that says that a deleted task is gone for good, which no
// stream shows. The subject of the label_ kinds is the label's id, that of the other the task's.
const (
	EventLabelCreated = "tasks.label_created" // data: LabelChanged
	EventLabelUpdated = "tasks.label_updated" // data: LabelChanged
	EventLabelMerged  = "tasks.label_merged"  // data: LabelMerged
	EventLabelDeleted = "tasks.label_deleted" // data: LabelChanged
	EventTrashPurged  = "tasks.trash_purged"  // no data
)

// The kinds of events about saved filters shared in a workspace; those of one person have none. The subject is the filter.
const (
	EventFilterCreated = "tasks.filter_created" // data: FilterChanged
	EventFilterUpdated = "tasks.filter_updated" // data: FilterChanged
	EventFilterDeleted = "tasks.filter_deleted" // data: FilterChanged
)

// TaskRestored is the data of EventTaskRestored.
type TaskRestored struct {
	Title     string              `json:"title"`
	State     State               `json:"state"`
	Assignees []veranda.AccountID `json:"assignees"`
	// DeletedAt and DeletedBy are of the deletion that was taken back.
	DeletedAt time.Time         `json:"deleted_at"`
	DeletedBy veranda.AccountID `json:"deleted_by,omitzero"`
}

// LabelChanged is the data of events about a label.
type LabelChanged struct {
	Name string `json:"name"`
	// OldName is the name before, where it changed.
	OldName string `json:"old_name,omitempty"`
	Colour  Colour `json:"colour"`
	// Tasks is how many tasks were changed with it. They have no events of their own.
	Tasks int `json:"task_count"`
}

// LabelMerged is the data of EventLabelMerged, whose subject is the label that is gone.
type LabelMerged struct {
	Name     string  `json:"name"`
	Into     LabelID `json:"into"`
	IntoName string  `json:"into_name"`
	Tasks    int     `json:"task_count"`
}

// FilterChanged is the data of events about a shared filter.
type FilterChanged struct {
	Name string `json:"name"`
}
