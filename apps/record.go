package apps

import (
	"encoding/json"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// MaxBulk is how many records one call writes.
const MaxBulk = 500

// Values are what a record says, by the keys of the fields, in the shapes of the API: see package field.
type Values = map[string]json.RawMessage

// Record is a record of an application as somebody sees it.
type Record struct {
	Org veranda.OrgID `json:"organization_id"`
	App ID            `json:"app_id"`
	ID  RecordID      `json:"id"`
	// Title is the record's value of the application's title field; "" where it is empty or hidden.
	Title string `json:"title"`
	// Values has every field that the reader may see and asked for; what is empty is null.
	Values json.RawMessage `json:"values" doc:"The fields' values, by their keys."`
	// Locked tells whether the application's lock keeps the reader from changing the record.
	Locked bool `json:"locked,omitempty"`
	// CreatedBy and ChangedBy are absent where a background job did it.
	CreatedBy veranda.AccountID `json:"created_by,omitzero"`
	CreatedAt time.Time         `json:"created_at"`
	ChangedBy veranda.AccountID `json:"changed_by,omitzero"`
	ChangedAt time.Time         `json:"changed_at"`
	Version   int64             `json:"version"`
}

// ETag is the version, for conditional requests.
func (r *Record) ETag() string { return etag(r.Version) }

// Location is the address of the record.
func (r *Record) Location() string { return appPath(r.Org, r.App) + "/records/" + r.ID.String() }

// record is a record as it is kept.
type record struct {
	id      RecordID
	version int64
	stamp   field.Stamp
	doc     field.Doc
}

// found is the record as filters see it.
func (r *record) found() *query.Record {
	return &query.Record{ID: r.id.String(), Doc: r.doc, Stamp: r.stamp}
}

// show is a record as somebody sees it, without the fields that are left out besides.
func (g *sight) show(r *record, without map[string]bool) Record {
	if without == nil {
		without = g.asking.Hidden
	}
	shown := Record{
		Org: g.app.Org, App: g.app.ID, ID: r.id, Values: g.schema.set.Show(r.doc, r.stamp, without),
		CreatedBy: accountOf(r.stamp.CreatedBy), CreatedAt: momentOf(r.stamp.CreatedAt),
		ChangedBy: accountOf(r.stamp.ChangedBy), ChangedAt: momentOf(r.stamp.ChangedAt), Version: r.version,
	}
	if f := g.schema.set.Field(g.schema.Title); f != nil && !g.hidden(f.Key) {
		shown.Title = f.Text(r.doc)
	}
	shown.Locked = g.locked(r)
	return shown
}

func momentOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// accountOf is the account of a record's text, which the program wrote.
func accountOf(text string) (account veranda.AccountID) {
	if text != "" {
		_ = account.UnmarshalText([]byte(text))
	}
	return account
}

// CreateRecordInput is a new record.
type CreateRecordInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Values Values        `json:"values" doc:"The fields' values, by their keys; defaults fill in what is absent."`
}

// RecordInput names a record.
type RecordInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Record RecordID      `path:"record" json:"-"`
}

func (in *RecordInput) validate() error {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	return c.Err()
}

// UpdateRecordInput changes some values of a record; the others stay.
type UpdateRecordInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Record  RecordID      `path:"record" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Values  Values        `json:"values" doc:"The values that change, by the fields' keys; null empties a field."`
}

// RecordVersionInput names a record, and its version where it must not have changed.
type RecordVersionInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Record  RecordID      `path:"record" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

func (in *RecordVersionInput) validate() error {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	checkVersion(&c, in.Version)
	return c.Err()
}

func checkRecord(c *veranda.Checks, org veranda.OrgID, app ID, id RecordID) {
	checkApp(c, org, app)
	veranda.Required(c, "/record_id", id)
}

// Verb is what a row of a bulk call does.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Update Verb = "update"
	Upsert Verb = "upsert" // change the record that has the row's value of the unique field, or make one
	Delete Verb = "delete"
)

// BulkInput creates, changes and deletes records at once.
type BulkInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	App  ID            `path:"app" json:"-"`
	Rows []BulkRow     `json:"rows" minItems:"1" maxItems:"500"`
	// MatchBy is the key of the unique field by which rows with upsert find their records.
	MatchBy string `json:"match_by,omitempty" maxLength:"40" doc:"The unique field by which upsert finds records."`
	// Partial writes the rows that can be written; otherwise all are or none.
	Partial bool `json:"partial,omitempty" doc:"Write the rows that can be written; otherwise all are or none."`
}

// BulkRow is one row of a bulk call.
type BulkRow struct {
	Do Verb `json:"do" enum:"create,update,upsert,delete"`
	// Record is for update and delete; Version where it must not have changed.
	Record  RecordID `json:"record_id,omitzero"`
	Version int64    `json:"version,omitempty" minimum:"0"`
	Values  Values   `json:"values,omitempty"`
}

// Outcome is what became of a row.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged" // the record was so already
	Deleted   Outcome = "deleted"
	Failed    Outcome = "failed"
)

// BulkResult is what became of the rows of a bulk call, in their order.
type BulkResult struct {
	Rows      []RowResult `json:"rows"`
	Created   int         `json:"created"`
	Updated   int         `json:"updated"`
	Unchanged int         `json:"unchanged"`
	Deleted   int         `json:"deleted"`
	Failed    int         `json:"failed"`
}

// RowResult is what became of one row.
type RowResult struct {
	Outcome Outcome  `json:"outcome" enum:"created,updated,unchanged,deleted,failed"`
	Record  RecordID `json:"record_id,omitzero"`
	Version int64    `json:"version,omitempty"`
	// Reason and Message tell why the row failed, Errors which of its values are wrong, at pointers below the row.
	Reason  string               `json:"reason,omitempty"`
	Message string               `json:"message,omitempty"`
	Errors  []veranda.FieldError `json:"errors,omitempty"`
}

func (in *BulkInput) validate() error {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	c.Count("/rows", len(in.Rows), 1, MaxBulk)
	if c.Failed("/rows") {
		return c.Err()
	}
	for i := range in.Rows {
		row, place := &in.Rows[i], at("/rows", i)
		veranda.OneOf(&c, place+"/do", row.Do, Create, Update, Upsert, Delete)
		named := row.Do == Update || row.Do == Delete
		switch {
		case named && row.Record.IsZero():
			c.Add(place+"/record_id", "required", "must be given")
		case !named && !row.Record.IsZero():
			c.Add(place+"/record_id", "exclusive", "is for rows that update or delete")
		}
		if row.Do == Delete && len(row.Values) > 0 {
			c.Add(place+"/values", "exclusive", "is not for rows that delete")
		}
		if row.Do == Upsert && in.MatchBy == "" && !c.Failed("/match_by") {
			c.Add("/match_by", "required", "must be given for rows with upsert")
		}
		if row.Version < 0 || row.Version > 0 && !named {
			c.Add(place+"/version", "range", "must be a version, of a row that updates or deletes")
		}
	}
	return c.Err()
}
