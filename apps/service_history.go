package apps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

const selectHistory = `SELECT h.version, h.kind, h.at, h.by_id, h.before FROM veranda_record_history h
WHERE h.org_id = $1 AND h.app_id = $2 AND h.record_id = $3 ORDER BY h.version DESC`

// historyRow is a change as it is kept: what the slots were before it.
type historyRow struct {
	version int64
	kind    string
	at      int64
	by      string
	before  map[string]any
}

// pastOf reads the changes of a record, the latest first, until stop says enough.
func (s *Service) pastOf(ctx context.Context, g *sight, id RecordID, each func(h *historyRow) (more bool)) error {
	rows, err := s.conn.Query(ctx, selectHistory, g.app.Org, g.app.ID, id)
	if err != nil {
		return fmt.Errorf("apps: read history: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var h historyRow
		var before string
		if err := rows.Scan(&h.version, &h.kind, &h.at, &h.by, &before); err != nil {
			return fmt.Errorf("apps: read history: %w", err)
		}
		if h.before, err = decodeBefore(before); err != nil {
			return fmt.Errorf("apps: history of record %s: %w", id, err)
		}
		if !each(&h) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("apps: read history: %w", err)
	}
	return nil
}

// decodeBefore reads the old values of a change; null is what was absent.
func decodeBefore(text string) (map[string]any, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	before := make(map[string]any, len(raw))
	for slot, value := range raw {
		if null(value) {
			before[slot] = nil
			continue
		}
		doc, err := field.Decode(slices.Concat([]byte(`{"v":`), value, []byte("}")))
		if err != nil {
			return nil, err
		}
		before[slot] = doc["v"]
	}
	return before, nil
}

// History lists what happened to a record, the latest first: who changed which fields from what to what, and when.
//
// Permission: record.read. Errors: invalid.
func (s *Service) History(ctx context.Context, by veranda.Actor, in HistoryInput) (veranda.List[HistoryEntry], error) {
	page := veranda.List[HistoryEntry]{Items: []HistoryEntry{}}
	size, before, err := in.validate()
	if err != nil {
		return page, err
	}
	g, r, err := s.openRecord(ctx, by, in.Org, in.App, in.Record, PermReadRecord)
	if err != nil {
		return page, err
	}
	if in.Field != "" && (g.schema.set.Field(in.Field) == nil || g.hidden(in.Field)) {
		return page, invalid("/field", "unknown", "is no field of this application")
	}
	tellers, err := g.tellers(in.Field)
	if err != nil {
		return page, err
	}
	after := r.doc
	ended := false
	add := func(e HistoryEntry) {
		if ended || before != 0 && e.Version >= before || in.Field != "" && len(e.Changes) == 0 {
			return
		}
		if len(page.Items) == size {
			page.Next, ended = veranda.EncodeCursor(historyList, cursorNumber(page.Items[size-1].Version)), true
			return
		}
		page.Items = append(page.Items, e)
	}
	err = s.pastOf(ctx, g, r.id, func(h *historyRow) bool {
		was := field.Revert(after, h.before)
		add(HistoryEntry{Version: h.version, Kind: h.kind, By: accountOf(h.by), At: momentOf(h.at), Changes: changesOf(tellers, h.before, was, after)})
		after = was
		return !ended
	})
	if err == nil && !ended {
		add(HistoryEntry{
			Version: 1, Kind: "created", By: accountOf(r.stamp.CreatedBy), At: momentOf(r.stamp.CreatedAt),
			Changes: changesOf(tellers, after, field.Doc{}, after),
		})
	}
	return page, err
}

// teller shows the values of one slot, as the field that has or had it.
type teller struct {
	slot  string
	field *field.Field
	set   *field.Set
}

// tellers are those of the slots whose fields the reader sees, former kinds of them included; only of one field where a key
// is given.
func (g *sight) tellers(only string) (list []teller, err error) {
	add := func(f field.Field, key, name, slot string) error {
		if f.Kind.Stamped() || f.Kind.Computed() || f.Reverse || only != "" && key != only {
			return nil
		}
		f.Key, f.Name, f.Slot = key, name, slot
		set, err := field.NewSet([]field.Field{f})
		if err == nil {
			list = append(list, teller{slot: slot, field: set.Field(key), set: set})
		}
		return err
	}
	for _, col := range g.schema.Columns {
		if g.hidden(col.Key) || col.RemovedAt != nil && len(g.rules) > 0 {
			continue
		}
		if err := add(col.Field, col.Key, col.Name, col.Slot); err != nil {
			return nil, err
		}
		for _, f := range col.Former {
			if err := add(f.Was, col.Key, col.Name, f.Slot); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// changesOf tells of the slots that a change touched.
func changesOf[V any](tellers []teller, touched map[string]V, was, now field.Doc) []FieldChange {
	changes := []FieldChange{}
	for _, t := range tellers {
		if _, there := touched[t.slot]; !there {
			continue
		}
		changes = append(changes, FieldChange{Field: t.field.Key, Name: t.field.Name, Kind: t.field.Kind, Old: t.value(was), New: t.value(now)})
	}
	return changes
}

func (t *teller) value(d field.Doc) json.RawMessage {
	var shown map[string]json.RawMessage
	if err := json.Unmarshal(t.set.Show(d, field.Stamp{}, nil), &shown); err != nil { // it was just written
		return json.RawMessage("null")
	}
	return shown[t.field.Key]
}

// RestoreVersion gives a record the values again that it had in a version: those of the fields that are there and that the
// actor may change. It is a change like others, and stands in the history as one.
//
// Permission: record.edit. Errors: not_found where there is no such version, invalid where a value of then does not follow
// the rules of now, and all of UpdateRecord. Event: apps.record_updated, unless nothing changes.
func (s *Service) RestoreVersion(ctx context.Context, by veranda.Actor, in RestoreVersionInput) (*Record, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, r, err := s.openRecord(ctx, by, in.Org, in.App, in.Record, PermEditRecord)
	if err != nil {
		return nil, err
	}
	if in.Version != 0 && in.Version != r.version {
		return nil, veranda.ErrVersion
	}
	if in.Restore > r.version {
		return nil, veranda.ErrNotFound
	}
	doc := r.doc
	err = s.pastOf(ctx, g, r.id, func(h *historyRow) bool {
		if h.version <= in.Restore {
			return false
		}
		doc = field.Revert(doc, h.before)
		return true
	})
	if err != nil {
		return nil, err
	}
	var then Values
	if err := json.Unmarshal(g.schema.set.Show(doc, r.stamp, g.asking.Hidden), &then); err != nil {
		return nil, err
	}
	for _, f := range g.schema.set.Fields() {
		if f.Kind.ReadOnly() || f.Given || g.readOnly[f.Key] {
			delete(then, f.Key)
		}
	}
	return s.writeOne(ctx, by, in.Org, in.App, &change{do: Update, id: r.id, version: r.version, values: then})
}
