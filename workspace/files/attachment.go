package files

import (
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

type attachmentKind struct{}

// ID is the id of a file.
type ID = veranda.ID[attachmentKind]

// The bounds.
const (
	// MaxBytes is how large a file may be where Deps says nothing else.
	MaxBytes = 100 << 20
	// MaxAttached is how many files hang on one thing.
	MaxAttached = 20
	// MaxPending is how many files of one person may wait to be attached.
	MaxPending = 100
	// MaxName is how long a name may be, in characters.
	MaxName = 200
)

// pendingFor is how long a file waits to be attached.
const pendingFor = 24 * time.Hour

// Attachment is a file.
type Attachment struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
	// MediaType is what the content is, such as image/png; application/octet-stream where that cannot be told.
	MediaType string `json:"media_type"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// SHA256 is the hash of the content, in hexadecimal.
	SHA256     string            `json:"sha256"`
	UploadedBy veranda.AccountID `json:"uploaded_by"`
	UploadedAt time.Time         `json:"uploaded_at"`

	org veranda.OrgID
}

// key is where the content lies among the blobs: ids alone, never a name.
func (a *Attachment) key() string { return a.org.String() + "/" + a.ID.String() }

// Holder is the thing a file hangs on.
type Holder struct {
	Org veranda.OrgID
	// Kind is the package's word for it, "task".
	Kind string
	ID   string
}

// UploadInput is a new file; its content comes as a stream beside it.
type UploadInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Name string        `query:"name" json:"-" minLength:"1" maxLength:"200" doc:"The file's name, without a path."`
}

func (in *UploadInput) validate() error {
	var c veranda.Checks
	in.Name = c.Line("/name", in.Name, 1, MaxName)
	if strings.ContainsAny(in.Name, `/\`) || in.Name == "." || in.Name == ".." {
		c.Add("/name", "file_name", "must be a name without a path")
	}
	return c.Err()
}

// DiscardInput names a file that waits to be attached.
type DiscardInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Attachment ID            `path:"attachment" json:"-"`
}
