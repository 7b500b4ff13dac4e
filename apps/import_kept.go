package apps

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/tabular"
	"github.com/veranda-go/veranda/internal/dialect"
)

type importKind struct{}

// ImportID is the id of an import in the background.
type ImportID = veranda.ID[importKind]

// ImportState is what is being done of an import.
type ImportState string

// The states, in their order; the last three are ends.
const (
	ImportReceiving   ImportState = "receiving"   // the file is being sent
	ImportWaiting     ImportState = "waiting"     // for its turn
	ImportChecking    ImportState = "checking"    // every row is looked at, and none written
	ImportWriting     ImportState = "writing"     //
	ImportLinking     ImportState = "linking"     // the file's own records are linked to each other
	ImportWithdrawing ImportState = "withdrawing" // the records that it made are deleted again
	ImportDone        ImportState = "done"
	ImportFailed      ImportState = "failed"
	ImportCancelled   ImportState = "cancelled"
)

// Ended tells whether nothing more will happen.
func (s ImportState) Ended() bool {
	return s == ImportDone || s == ImportFailed || s == ImportCancelled
}

// Import is an import of a file in the background.
type Import struct {
	Org    veranda.OrgID `json:"organization_id"`
	App    ID            `json:"app_id"`
	ID     ImportID      `json:"id"`
	State  ImportState   `json:"state" enum:"receiving,waiting,checking,writing,linking,withdrawing,done,failed,cancelled"`
	DryRun bool          `json:"dry_run,omitempty"`
	Bytes  int64         `json:"bytes"` // of the file
	// Rows is how many rows the file has, 0 until they are counted; Done is how many of them are done of what the state
	// says: checked, written, linked.
	Rows int64 `json:"rows"`
	Done int64 `json:"done"`
	// The counts are those of the dry run until writing begins.
	ImportCounts
	ImportReport
	StartedBy veranda.AccountID `json:"started_by"`
	CreatedAt time.Time         `json:"created_at"`
	EndedAt   *time.Time        `json:"ended_at,omitempty"`

	options importKept
	kept    bool
	cancel  bool
}

// ImportReport is what was found out on the way.
type ImportReport struct {
	About         *tabular.About  `json:"about,omitempty"`
	Columns       []ImportColumn  `json:"columns,omitempty"`
	Findings      []ImportFinding `json:"findings"`
	FindingsCount int64           `json:"findings_count"`
	// Withdrawn is how many records were made and deleted again; Left how many could not be.
	Withdrawn int64 `json:"withdrawn,omitempty"`
	Left      int64 `json:"left,omitempty"`
	// Reason and Message tell why it failed.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// importKept are the options as they are kept.
type importKept struct {
	DryRun bool `json:"dry_run,omitempty"`
	ImportOptions
}

// Location is the address of the import.
func (i *Import) Location() string { return appPath(i.Org, i.App) + "/imports/" + i.ID.String() }

// key is where the file lies.
func (i *Import) key() string { return i.Org.String() + "/" + i.ID.String() }

// StartImportInput imports a file in the background.
type StartImportInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	DryRun bool          `query:"dry_run" json:"-" doc:"Import nothing, and tell everything that is wrong."`
	ImportOptions
}

// ImportNamed names an import.
type ImportNamed struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Import ImportID      `path:"import" json:"-"`
}

func (in *ImportNamed) validate() error {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	veranda.Required(&c, "/import_id", in.Import)
	return c.Err()
}

// ImportsInput lists imports.
type ImportsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	App ID            `path:"app" json:"-"`
	veranda.Page
}

const (
	importsList   = "apps.imports"
	importColumns = `i.app_id, i.id, i.by_id, i.state, i.options, i.bytes, i.rows, i.done, i.created, i.updated, i.unchanged, i.failed, i.report, i.cancel, i.kept, i.created_at, i.ended_at`
	selectImport  = `SELECT ` + importColumns + ` FROM veranda_app_imports i WHERE i.org_id = $1 AND i.app_id = $2 AND i.id = $3`
	// The newest first; those of everybody where $3 is zero.
	selectImports = `SELECT ` + importColumns + ` FROM veranda_app_imports i WHERE i.org_id = $1 AND i.app_id = $2 AND ($3 = '' OR i.by_id = $4) AND i.id < $5 ORDER BY i.id DESC LIMIT $6`
	insertImport  = `INSERT INTO veranda_app_imports (org_id, app_id, id, by_id, state, options, bytes, rows, done, created, updated, unchanged, failed, report, cancel, kept, created_at)
VALUES ($1, $2, $3, $4, 'receiving', $5, 0, 0, 0, 0, 0, 0, 0, '{}', $6, $7, $8)`
	countRunning = `SELECT count(*) FROM veranda_app_imports i WHERE i.org_id = $1 AND i.ended_at IS NULL AND i.state <> 'receiving'`
	// Whoever works on an import has it as they read it, or stops.
	moveImport = `UPDATE veranda_app_imports SET state = $6, done = $7, rows = $8, created = $9, updated = $10, unchanged = $11, failed = $12, report = $13, bytes = $14, ended_at = $15
WHERE org_id = $1 AND app_id = $2 AND id = $3 AND state = $4 AND done = $5`
	advanceImport = `UPDATE veranda_app_imports SET done = $6, created = $7, updated = $8, unchanged = $9, failed = $10
WHERE org_id = $1 AND app_id = $2 AND id = $3 AND state = $4 AND done = $5 RETURNING cancel`
	cancelImport = `UPDATE veranda_app_imports SET cancel = $4 WHERE org_id = $1 AND app_id = $2 AND id = $3 AND ended_at IS NULL`
	dropImport   = `DELETE FROM veranda_app_imports WHERE org_id = $1 AND app_id = $2 AND id = $3`
	unkeepImport = `UPDATE veranda_app_imports SET kept = $4 WHERE org_id = $1 AND app_id = $2 AND id = $3`
	// A background job, which works for all organizations: files of imports that ended, and imports that are old.
	tidyImports = `SELECT i.org_id, ` + importColumns + ` FROM veranda_app_imports i WHERE i.kept = $1 AND i.ended_at IS NOT NULL OR i.created_at < $2 AND i.ended_at IS NOT NULL
	OR i.state = 'receiving' AND i.created_at < $3 ORDER BY i.id LIMIT 500`
)

// queryImports reads imports of an organization.
func (s *Service) queryImports(ctx context.Context, text string, org veranda.OrgID, args ...any) (found []*Import, err error) {
	rows, err := s.conn.Query(ctx, text, append([]any{org}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("apps: read imports: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		i := &Import{Org: org}
		if err := rows.Scan(i.destinations()...); err != nil {
			return nil, fmt.Errorf("apps: read imports: %w", err)
		}
		found = append(found, i)
	}
	return found, rows.Err()
}

// destinations are where the columns of an import go.
func (i *Import) destinations() []any {
	return []any{
		&i.App, &i.ID, &i.StartedBy, (*string)(&i.State), asJSON{&i.options}, &i.Bytes, &i.Rows, &i.Done,
		&i.Created, &i.Updated, &i.Unchanged, &i.Failed, asJSON{&i.ImportReport}, &i.cancel, &i.kept, moment{func(t *time.Time) { i.CreatedAt = *t }}, moment{func(t *time.Time) { i.EndedAt = t }},
	}
}

// asJSON reads a text of JSON.
type asJSON struct{ to any }

func (j asJSON) Scan(src any) error {
	switch text := src.(type) {
	case string:
		return json.Unmarshal([]byte(text), j.to)
	case []byte:
		return json.Unmarshal(text, j.to)
	}
	return fmt.Errorf("apps: %T is no text", src)
}

// moment reads a time that may be absent.
type moment struct{ set func(*time.Time) }

func (m moment) Scan(src any) error {
	var t dialect.Time
	err := t.Scan(src)
	if err == nil && t.Ptr() != nil {
		m.set(t.Ptr())
	}
	return err
}

// importAt reads an import; nil where there is none.
func (s *Service) importAt(ctx context.Context, org veranda.OrgID, app ID, id ImportID) (*Import, error) {
	found, err := s.queryImports(ctx, selectImport, org, app, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	i := found[0]
	i.DryRun = i.options.DryRun
	if i.Findings == nil {
		i.Findings = []ImportFinding{}
	}
	return i, nil
}
