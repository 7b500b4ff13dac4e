package audit

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/veranda-go/veranda"
)

// Kinds of this package's own events.
const (
	// EventExported says that somebody exported the log; its subject is who did.
	EventExported = "audit.exported" // Exported
	// EventTrimmed says that entries older than the retention were removed; its subject is the organization.
	EventTrimmed = "audit.trimmed" // Trimmed
)

// Exported is the data of EventExported.
type Exported struct {
	Format string `json:"format"`
}

// Trimmed is the data of EventTrimmed.
type Trimmed struct {
	Entries int64     `json:"entries"`
	Before  time.Time `json:"before"`
}

// Entry is an entry of the audit log.
type Entry struct {
	ID   veranda.EventID `json:"id"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind" doc:"What happened, as tenancy.member_roles_changed."`
	By   string          `json:"by,omitempty" doc:"The account that did it."`
	// ByName is that account's name, where it belongs to the organization.
	ByName string `json:"by_name,omitempty"`
	// System names the background job, or the host program, that did it.
	System    string          `json:"system,omitempty"`
	Subject   string          `json:"subject_id" doc:"The id of what changed."`
	Workspace string          `json:"workspace_id,omitempty"`
	Data      json.RawMessage `json:"data" doc:"What the kind says about the change."`
}

// Filter chooses entries; what is empty chooses all.
type Filter struct {
	Kind    string            `query:"kind" json:"-" maxLength:"80" doc:"A kind, or the beginning of kinds with an asterisk: tenancy.member_*."`
	By      veranda.AccountID `query:"by" json:"-" doc:"Who did it."`
	Subject string            `query:"subject" json:"-" maxLength:"80" doc:"The id of what changed."`
	From    time.Time         `query:"from" json:"-" doc:"Not before."`
	To      time.Time         `query:"to" json:"-" doc:"Before."`
}

// ListInput asks for a page of the log, newest first.
type ListInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	Filter
	veranda.Page
}

// ExportInput asks for the log as a file, newest first.
type ExportInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Format string        `query:"format" json:"-" enum:"csv,jsonl" default:"csv" doc:"Comma-separated values (RFC 4180), or a JSON object on each line."`
	Filter
}

// The formats of an export.
const (
	FormatCSV   = "csv"
	FormatLines = "jsonl"
)

// MineInput asks for a page of the log of one's own account.
type MineInput struct {
	veranda.Page
}

var kindPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]*)?\*?$`)

func (f *Filter) check(c *veranda.Checks) {
	if f.Kind != "" && !kindPattern.MatchString(f.Kind) {
		c.Add("/kind", "kind", "must be a kind such as tenancy.member_removed, or a beginning with an asterisk")
	}
	f.Subject = c.Line("/subject", f.Subject, 0, 80)
	if !f.From.IsZero() {
		f.From = c.Moment("/from", f.From)
	}
	if !f.To.IsZero() {
		f.To = c.Moment("/to", f.To)
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		c.Add("/to", "range", "must be later than from")
	}
}
