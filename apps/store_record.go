package apps

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/internal/dialect"
)

// recordRow is a row of records in the order of recordColumns.
type recordRow struct {
	id       RecordID
	version  int64
	stamp    field.Stamp
	document string
}

const (
	recordColumns = `r.id, r.version, r.created_at, r.created_by, r.changed_at, r.changed_by, r.doc`
	recordJoin    = `
LEFT JOIN veranda_records r ON r.org_id = $2 AND r.app_id = $4 AND r.id = $6`
	plainColumns = `org_id, app_id, id, version, created_at, created_by, changed_at, changed_by, doc, search`

	historyOne = `INSERT INTO veranda_record_history (org_id, app_id, record_id, version, kind, at, by_id, before) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
)

// storeTexts are the statements that work on many rows, which are given as one JSON text.
type storeTexts struct {
	gate, lockApp, lockGoneApp string
	// find finds the records of unique values.
	find string
	// history is for lists of storedRow; at and by are those of all.
	history              string
	dropKeys, addKeys    string
	count                string
	dropTrash, lockTrash string
	// setTrash changes documents and what records are searched by, and nothing else.
	setTrash string
}

var storePostgres = storeTexts{
	gate: gatePostgres, lockApp: lockAppPostgres, lockGoneApp: lockGonePG,
	find: `SELECT k.value, k.record_id FROM veranda_record_keys k WHERE k.org_id = $1 AND k.app_id = $2 AND k.slot = $3
	AND k.value = ANY (SELECT value FROM jsonb_array_elements_text($4::jsonb))`,
	history: `INSERT INTO veranda_record_history (org_id, app_id, record_id, version, kind, at, by_id, before)
SELECT $1::uuid, $2::uuid, (v->>'i')::uuid, (v->>'v')::bigint, v->>'k', $3::bigint, $4::text, v->'b' FROM jsonb_array_elements($5::jsonb) v`,
	dropKeys: `DELETE FROM veranda_record_keys k USING jsonb_array_elements($3::jsonb) v
WHERE k.org_id = $1 AND k.app_id = $2 AND k.slot = v->>'s' AND k.value = v->>'v' AND k.record_id = (v->>'i')::uuid`,
	addKeys: `INSERT INTO veranda_record_keys (org_id, app_id, slot, value, record_id)
SELECT $1::uuid, $2::uuid, v->>'s', v->>'v', (v->>'i')::uuid FROM jsonb_array_elements($3::jsonb) v ORDER BY 3, 4
ON CONFLICT DO NOTHING RETURNING slot, value, record_id`,
	count:     numberText,
	dropTrash: dropTrashText,
	lockTrash: lockTrashText + ` FOR UPDATE`,
	setTrash: `UPDATE veranda_record_trash r SET doc = v->'d', search = v->>'s'
FROM jsonb_array_elements($3::jsonb) v WHERE r.org_id = $1 AND r.app_id = $2 AND r.id = (v->>'i')::uuid`,
}

var storeSQLite = storeTexts{
	gate: gateText, lockApp: selectApp, lockGoneApp: selectGoneApp,
	find: `SELECT k.value, k.record_id FROM veranda_record_keys k WHERE k.org_id = $1 AND k.app_id = $2 AND k.slot = $3
	AND k.value IN (SELECT value FROM json_each($4))`,
	history: `INSERT INTO veranda_record_history (org_id, app_id, record_id, version, kind, at, by_id, before)
SELECT $1, $2, v.value->>'i', v.value->>'v', v.value->>'k', $3, $4, v.value->'b' FROM json_each($5) v`,
	dropKeys: `DELETE FROM veranda_record_keys WHERE org_id = $1 AND app_id = $2 AND (slot, value, record_id) IN
	(SELECT v.value->>'s', v.value->>'v', v.value->>'i' FROM json_each($3) v)`,
	addKeys: `INSERT INTO veranda_record_keys (org_id, app_id, slot, value, record_id)
SELECT $1, $2, v.value->>'s', v.value->>'v', v.value->>'i' FROM json_each($3) v WHERE TRUE
ON CONFLICT DO NOTHING RETURNING slot, value, record_id`,
	count:     numberText,
	dropTrash: dropTrashText,
	lockTrash: lockTrashText,
	setTrash: `UPDATE veranda_record_trash AS r SET doc = v.value->'d', search = v.value->>'s'
FROM json_each($3) v WHERE r.org_id = $1 AND r.app_id = $2 AND r.id = v.value->>'i'`,
}

const (
	numberText = `INSERT INTO veranda_app_counters (org_id, app_id, slot, last) VALUES ($1, $2, $3, $4)
ON CONFLICT (org_id, app_id, slot) DO UPDATE SET last = veranda_app_counters.last + excluded.last RETURNING last`

	dropTrashText = `DELETE FROM veranda_record_trash WHERE org_id = $1 AND app_id = $2 AND id = $3`
	lockTrashText = `SELECT ` + recordColumns + `, r.deleted_at, r.deleted_by FROM veranda_record_trash r WHERE r.org_id = $1 AND r.app_id = $2 AND r.id = $3`
)

func (r *recordRow) destinations() []any {
	return []any{&r.id, &r.version, &r.stamp.CreatedAt, &r.stamp.CreatedBy, &r.stamp.ChangedAt, &r.stamp.ChangedBy, &r.document}
}

func (r *recordRow) record() (*record, error) {
	doc, err := field.Decode([]byte(r.document))
	if err != nil {
		return nil, fmt.Errorf("apps: record %s: %w", r.id, err)
	}
	return &record{id: r.id, version: r.version, stamp: r.stamp, doc: doc}, nil
}

// scanRecords reads rows of recordColumns.
func scanRecords(rows *sql.Rows, err error, each func(r *record) error) error {
	if err != nil {
		return fmt.Errorf("apps: read records: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var row recordRow
	destinations := row.destinations()
	for rows.Next() {
		if err := rows.Scan(destinations...); err != nil {
			return fmt.Errorf("apps: read records: %w", err)
		}
		r, err := row.record()
		if err != nil {
			return err
		}
		if err := each(r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("apps: read records: %w", err)
	}
	return nil
}

// held is what writers hold of an application: its design, and where its records lie.
type held struct {
	version int64 // 0 where there is no application
	tier    string
}

// is tells whether a sight is of what is held.
func (h held) is(g *sight) bool { return h.version == g.schema.version && h.tier == g.place.state }

// gate holds an application's design, and where its records lie, until the commit.
func (s *Service) gate(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, app ID) (h held, err error) {
	rows, err := tx.Query(ctx, s.texts.store.gate, org, app)
	if err != nil {
		return h, fmt.Errorf("apps: hold design: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		err = rows.Scan(&h.version, &h.tier)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return h, fmt.Errorf("apps: hold design: %w", err)
	}
	return h, nil
}

// holdText is the gate for who knows what is behind it. It travels with the next statement on PostgreSQL, and breaks a
// rule of the table, which fails the transaction, where things are not as they are known.
const holdText = `INSERT INTO veranda_app_moves (org_id, app_id, phase, mark, was, at) SELECT $1::uuid, $2::uuid, 'stale', '', '', 0 WHERE NOT EXISTS
	(SELECT 1 FROM veranda_apps a WHERE a.org_id = $1 AND a.id = $2 AND a.deleted_at IS NULL AND a.schema_version = $3 AND a.tier = $4 FOR SHARE)`

// hold holds an application as a sight has it until the commit; errStale, or an error that stale knows and that may come
// from a later statement, where it is not so any more.
func (s *Service) hold(ctx context.Context, tx *veranda.Tx, g *sight) error {
	if tx.DB().Embedded() {
		held, err := s.gate(ctx, tx, g.app.Org, g.app.ID)
		if err == nil && !held.is(g) {
			err = errStale
		}
		return err
	}
	if err := tx.Defer(ctx, holdText, g.app.Org, g.app.ID, g.schema.version, g.place.state); err != nil {
		return fmt.Errorf("apps: hold design: %w", err)
	}
	return nil
}

// stale tells whether hold found that an application is not as it was known.
func stale(err error) bool {
	failure, constraint := dialect.Classify(err)
	return failure == dialect.FailureCheck && constraint == "veranda_app_moves_phase_check"
}

// lockRecords reads records by their ids and holds them.
func (s *Service) lockRecords(ctx context.Context, tx *veranda.Tx, g *sight, ids []RecordID) (map[RecordID]*record, error) {
	found := make(map[RecordID]*record, len(ids))
	rows, err := tx.Query(ctx, g.place.texts.lock, g.app.Org, g.app.ID, marshal(ids))
	return found, scanRecords(rows, err, func(r *record) error {
		found[r.id] = r
		return nil
	})
}

// marshal is a list as an argument.
func marshal(list any) string {
	text, err := json.Marshal(list)
	if err != nil { // lists of ids and texts always marshal
		panic(err)
	}
	return string(text)
}

// storedRow is what a list of rows says of one of them: the members that its statement reads.
type storedRow struct {
	Record  RecordID        `json:"i"`
	Version int64           `json:"v,omitempty"`
	Doc     json.RawMessage `json:"d,omitempty"`
	Search  string          `json:"s"`
	Kind    string          `json:"k,omitempty"`
	Before  json.RawMessage `json:"b,omitempty"`
}

// uniqueKey is a value of a unique field.
type uniqueKey struct {
	Slot   string   `json:"s"`
	Value  string   `json:"v"`
	Record RecordID `json:"i"`
}

// keysOf are the unique values of a record.
func (s *schema) keysOf(r *record) (keys []uniqueKey) {
	if r == nil {
		return nil
	}
	for _, f := range s.unique {
		if value := f.UniqueKey(r.doc); value != "" {
			keys = append(keys, uniqueKey{Slot: f.Slot, Value: value, Record: r.id})
		}
	}
	return keys
}

// addKeys stores unique values and gives those that other records have.
func (s *Service) addKeys(ctx context.Context, tx *veranda.Tx, g *sight, keys []uniqueKey) (taken []uniqueKey, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, s.texts.store.addKeys, g.app.Org, g.app.ID, marshal(keys))
	if err != nil {
		return nil, fmt.Errorf("apps: store unique values: %w", err)
	}
	defer func() { _ = rows.Close() }()
	stored := make(map[uniqueKey]bool, len(keys))
	for rows.Next() {
		var k uniqueKey
		if err := rows.Scan(&k.Slot, &k.Value, &k.Record); err != nil {
			return nil, fmt.Errorf("apps: store unique values: %w", err)
		}
		stored[k] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("apps: store unique values: %w", err)
	}
	for _, k := range keys {
		if !stored[k] {
			taken = append(taken, k)
		}
	}
	return taken, nil
}

const hopeKeys = `INSERT INTO veranda_record_keys (org_id, app_id, slot, value, record_id)
SELECT $1::uuid, $2::uuid, v->>'s', v->>'v', (v->>'i')::uuid FROM jsonb_array_elements($3::jsonb) v`

// hopeKeys stores unique values on PostgreSQL on the way to a later statement, which fails where others have them; see
// takenKey.
func (s *Service) hopeKeys(ctx context.Context, tx *veranda.Tx, g *sight, keys []uniqueKey) error {
	if len(keys) == 0 {
		return nil
	}
	if err := tx.Defer(ctx, hopeKeys, g.app.Org, g.app.ID, marshal(keys)); err != nil {
		return fmt.Errorf("apps: store unique values: %w", err)
	}
	return nil
}

// takenKey tells whether a transaction failed because another record has a unique value.
func takenKey(err error) bool { return veranda.IsUnique(err, "veranda_record_keys_pkey") }

// dropKeys forgets unique values. What another record has meanwhile stays.
func (s *Service) dropKeys(ctx context.Context, tx *veranda.Tx, g *sight, keys []uniqueKey) error {
	if len(keys) == 0 {
		return nil
	}
	if err := tx.Defer(ctx, s.texts.store.dropKeys, g.app.Org, g.app.ID, marshal(keys)); err != nil {
		return fmt.Errorf("apps: forget unique values: %w", err)
	}
	return nil
}

// count takes numbers of a counted field and gives the last of them.
func (s *Service) count(ctx context.Context, tx *veranda.Tx, g *sight, slot string, n int) (last int64, err error) {
	rows, err := tx.Query(ctx, s.texts.store.count, g.app.Org, g.app.ID, slot, n)
	if err != nil {
		return 0, fmt.Errorf("apps: count %s: %w", slot, err)
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		err = rows.Scan(&last)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("apps: count %s: %w", slot, err)
	}
	return last, nil
}

func cursorNumber(n int64) string { return strconv.FormatInt(n, 10) }
