package veranda

import (
	"bytes"
	"database/sql/driver"
	"fmt"

	"github.com/google/uuid"
)

// ID is the id of one kind of thing: a UUIDv7 (RFC 9562), made in Go, so that ids sort by the time they were made. Each
// kind has a Go type of its own (tasks.ID is ID of an unexported kind), so that the id of a task cannot be passed for
// the id of a workspace.
type ID[Kind any] struct{ value uuid.UUID }

// NewID makes an id.
func NewID[Kind any]() ID[Kind] { return ID[Kind]{uuid.Must(uuid.NewV7())} }

// ParseID reads an id from its text form.
func ParseID[Kind any](text string) (ID[Kind], error) {
	var id ID[Kind]
	return id, id.UnmarshalText([]byte(text))
}

// ConvertID gives an id another kind. It is for the few tables that refer to things of several kinds.
func ConvertID[To, From any](id ID[From]) ID[To] { return ID[To](id) }

// String is the lower-case form with hyphens; the zero id is all zeros.
func (id ID[Kind]) String() string { return id.value.String() }

// IsZero tells whether the id names nothing.
func (id ID[Kind]) IsZero() bool { return id.value == uuid.Nil }

// Value stores the id as text; PostgreSQL keeps it as uuid.
func (id ID[Kind]) Value() (driver.Value, error) { return id.value.String(), nil }

// Scan reads an id from a row; NULL is the zero id.
func (id *ID[Kind]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		id.value = uuid.Nil
		return nil
	case []byte:
		if len(v) == 16 {
			copy(id.value[:], v)
			return nil
		}
	case [16]byte:
		id.value = v
		return nil
	}
	return id.value.Scan(src)
}

// MarshalText writes the id into JSON and URLs.
func (id ID[Kind]) MarshalText() ([]byte, error) { return id.value.MarshalText() }

// UnmarshalText reads the 36-character form in lower case and no other, so that one id has one spelling.
func (id *ID[Kind]) UnmarshalText(text []byte) error {
	if len(text) != 36 || bytes.ContainsAny(text, "ABCDEF") {
		return fmt.Errorf("not an id: want the 36 characters of a UUID in lower case")
	}
	return id.value.UnmarshalText(text)
}

// UUIDFormat marks the type for whoever describes it: JSON Schema's format "uuid".
func (ID[Kind]) UUIDFormat() {}

type (
	organizationKind struct{}
	accountKind      struct{}
	workspaceKind    struct{}
	eventKind        struct{}
)

// The ids that cross packages.
type (
	OrgID       = ID[organizationKind]
	AccountID   = ID[accountKind]
	WorkspaceID = ID[workspaceKind]
	EventID     = ID[eventKind]
)

// NewOrgID makes an organization's id.
func NewOrgID() OrgID { return NewID[organizationKind]() }

// NewAccountID makes an account's id.
func NewAccountID() AccountID { return NewID[accountKind]() }

// NewWorkspaceID makes a workspace's id.
func NewWorkspaceID() WorkspaceID { return NewID[workspaceKind]() }
