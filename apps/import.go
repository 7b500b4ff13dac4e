package apps

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/tabular"
)

// The bounds of imports.
const (
	MaxImportRows  = 10_000   // of Import, which is one transaction
	MaxImportBytes = 16 << 20 // of Import's file, which is held in memory
	MaxFileBytes   = 1 << 30  // of StartImport's file
	MaxFindings    = 2000     // findings that are told; all are counted
	// MaxWaiting is how many imports of an organization are waiting or under way at once.
	MaxWaiting = 100
	// PreviewRows is how many rows PreviewImport looks at, and PreviewSample how many it shows.
	PreviewRows, PreviewSample = 1000, 20
)

// Addresses turns mail addresses into accounts, as far as the actor may know them; tenancy/directory does so.
type Addresses interface {
	// ByAddress finds members of an organization, by address as given.
	ByAddress(ctx context.Context, by veranda.Actor, org veranda.OrgID, addresses []string) (map[string]veranda.AccountID, error)
}

// Blobs is where files lie until they are imported. Its keys consist of ids and a slash. It must be safe for concurrent use.
type Blobs interface {
	// Write stores all that r gives under a key, or nothing: after an error nothing may be found there.
	Write(ctx context.Context, key string, r io.Reader) error
	// Read opens what lies under a key.
	Read(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes what lies under a key; that there is nothing is no error.
	Delete(ctx context.Context, key string) error
}

// FileOptions say what is known of a file; what is absent is found out.
type FileOptions struct {
	Format    tabular.Format `query:"format" json:"format,omitempty" enum:"csv,xlsx,json,jsonl" doc:"The file's format; found out where absent."`
	Encoding  string         `query:"encoding" json:"encoding,omitempty" maxLength:"40" doc:"The encoding of CSV, by its name: utf-8, windows-1252; found out where absent."`
	Delimiter string         `query:"delimiter" json:"delimiter,omitempty" maxLength:"4" doc:"What separates the cells of CSV: a character, or tab; found out where absent."`
	Sheet     string         `query:"sheet" json:"sheet,omitempty" maxLength:"100" doc:"The sheet of an XLSX file; the first where absent."`
	NoHeader  bool           `query:"no_header" json:"no_header,omitempty" doc:"The first row is data; columns are then called Column 1, Column 2 and so on."`
}

func (o *FileOptions) check(c *veranda.Checks) tabular.Options {
	if o.Format != "" {
		veranda.OneOf(c, "/format", o.Format, tabular.CSV, tabular.XLSX, tabular.JSON, tabular.Lines)
	}
	known := tabular.Options{Format: o.Format, Encoding: o.Encoding, Sheet: o.Sheet, NoHeader: o.NoHeader}
	switch {
	case o.Delimiter == "":
	case strings.EqualFold(o.Delimiter, "tab"):
		known.Delimiter = '\t'
	case utf8.RuneCountInString(o.Delimiter) != 1 || strings.ContainsAny(o.Delimiter, "\"\r\n\uFFFD"):
		c.Add("/delimiter", "delimiter", "must be one character, or tab")
	default:
		known.Delimiter, _ = utf8.DecodeRuneInString(o.Delimiter)
	}
	return known
}

// ImportOptions say how a file becomes records.
type ImportOptions struct {
	FileOptions
	// MatchBy is the key of a unique field that a column holds: a row whose value a record has changes that record.
	MatchBy string `query:"match_by" json:"match_by,omitempty" maxLength:"40" doc:"A unique field: rows whose value a record has change that record, the others make one."`
	// SkipBad leaves bad rows out; otherwise all rows are imported or none.
	SkipBad bool `query:"skip_bad" json:"skip_bad,omitempty" doc:"Leave bad rows out; otherwise all rows are imported, or none."`
	// Mapping is a list of ImportMapping as JSON. Columns that it does not name are mapped by the names of fields.
	Mapping  string `query:"mapping" json:"mapping,omitempty" maxLength:"20000" doc:"A list in JSON of which column holds which field: [{\"column\": \"Kunde\", \"field\": \"customer\", \"by\": \"number\"}]. Columns that it does not name go to the fields of their names."`
	TimeZone string `query:"time_zone" json:"time_zone,omitempty" maxLength:"60" doc:"Where moments without an offset lie, as Europe/Berlin; the application's time zone where absent."`
}

// ImportMapping says what a column holds.
type ImportMapping struct {
	Column string `json:"column"`
	// Field is the key of the field; empty: the column is left out.
	Field string `json:"field,omitempty"`
	// By is, for relations, the key of the unique field of the other application whose values the cells hold. Absent: that
	// application's title, or else its first unique field. Ids of records are understood always.
	By string `json:"by,omitempty"`
	// Layout is how dates are written, spelled with Mon Jan 2 15:04:05 2006; DecimalComma tells that 1,5 is one and a half.
	// Both are found out where absent.
	Layout       string `json:"layout,omitempty"`
	DecimalComma *bool  `json:"decimal_comma,omitempty"`
}

// checkedOptions are options that make sense by themselves.
type checkedOptions struct {
	ImportOptions
	file    tabular.Options
	mapping []ImportMapping
	zone    *time.Location // nil: the application's
}

func (o *ImportOptions) check(c *veranda.Checks) *checkedOptions {
	checked := &checkedOptions{ImportOptions: *o, file: o.FileOptions.check(c)}
	if o.Mapping != "" {
		decoder := json.NewDecoder(strings.NewReader(o.Mapping))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&checked.mapping); err != nil || decoder.More() {
			c.Add("/mapping", "mapping", "must be a list in JSON of objects with column, field, by, layout and decimal_comma")
		}
		if len(checked.mapping) > tabular.MaxColumns {
			c.Add("/mapping", "too_many", "must name at most 500 columns")
		}
	}
	if o.TimeZone != "" {
		zone, err := time.LoadLocation(o.TimeZone)
		if err != nil || o.TimeZone == "Local" {
			c.Add("/time_zone", "time_zone", "must be a name of the IANA's time zone database")
		}
		checked.zone = zone
	}
	return checked
}

// ImportInput imports a file at once.
type ImportInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	DryRun bool          `query:"dry_run" json:"-" doc:"Import nothing, and tell everything that is wrong."`
	ImportOptions
}

// ImportResult is what an import did, or what a dry run found.
type ImportResult struct {
	DryRun bool          `json:"dry_run,omitempty"`
	About  tabular.About `json:"about"`
	// Columns are those of the file, in their order.
	Columns []ImportColumn `json:"columns"`
	Rows    int64          `json:"rows"`
	ImportCounts
	// Findings are what is wrong, by row; FindingsCount is how many there are, of which the first MaxFindings are told.
	Findings      []ImportFinding `json:"findings"`
	FindingsCount int64           `json:"findings_count"`
}

// ImportCounts are what became of rows.
type ImportCounts struct {
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Failed    int64 `json:"failed"` // rows that are bad
}

// ImportColumn says what was made of a column.
type ImportColumn struct {
	Column string `json:"column"`
	// Field is the key of the field that the column holds; absent: it is left out.
	Field string `json:"field,omitempty"`
	// By is the field of the other application by which linked records are found.
	By string `json:"by,omitempty"`
	// Writing is how the cells were found to be written.
	Writing tabular.Writing `json:"writing"`
}

// ImportFinding is something wrong with a cell or a row.
type ImportFinding struct {
	Row    int    `json:"row"` // as a spreadsheet counts: the row of titles is 1
	Column string `json:"column,omitempty"`
	Field  string `json:"field,omitempty"`
	// Value is the cell's text, its beginning where it is long.
	Value   string `json:"value,omitempty"`
	Rule    string `json:"rule"`
	Message string `json:"detail"`
}

// PreviewImportInput has a file looked at that is to become an application.
type PreviewImportInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	FileOptions
}

// ImportPreview proposes an application that a file could be imported into.
type ImportPreview struct {
	About tabular.About `json:"about"`
	// Fields are what Create takes, without the columns that hold nothing of use.
	Fields  []FieldInput    `json:"fields"`
	Columns []GuessedColumn `json:"columns"`
	// Sample are the first rows as they are; Rows is how many were looked at.
	Sample [][]string `json:"sample"`
	Rows   int        `json:"rows"`
}

// GuessedColumn is what a column probably holds.
type GuessedColumn struct {
	Column  string          `json:"column"`
	Kind    field.Kind      `json:"kind"`
	Skip    bool            `json:"skip,omitempty"` // there is no field for it among Fields
	Writing tabular.Writing `json:"writing"`
	// Evidence are sentences for people.
	Evidence []string `json:"evidence"`
}
