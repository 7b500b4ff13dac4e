package apps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// maxCascade is how many records may be deleted, or changed, because another one is.
const maxCascade = 1000

// storedLink is a link as statements read it.
type storedLink struct {
	Field field.ID `json:"f"`
	Src   RecordID `json:"s"`
	Dst   RecordID `json:"d"`
}

const (
	addLinksPG = `INSERT INTO veranda_record_links (org_id, field_id, src_id, dst_id, cut)
SELECT $1::uuid, (v->>'f')::uuid, (v->>'s')::uuid, (v->>'d')::uuid, FALSE FROM jsonb_array_elements($2::jsonb) v
ON CONFLICT (org_id, field_id, src_id, dst_id) DO UPDATE SET cut = FALSE`
	addLinks = `INSERT INTO veranda_record_links (org_id, field_id, src_id, dst_id, cut)
SELECT $1, v.value->>'f', v.value->>'s', v.value->>'d', 0 FROM json_each($2) v WHERE TRUE
ON CONFLICT (org_id, field_id, src_id, dst_id) DO UPDATE SET cut = 0`
	dropLinksPG = `DELETE FROM veranda_record_links l USING jsonb_array_elements($2::jsonb) v
WHERE l.org_id = $1 AND l.field_id = (v->>'f')::uuid AND l.src_id = (v->>'s')::uuid AND l.dst_id = (v->>'d')::uuid`
	dropLinks = `DELETE FROM veranda_record_links WHERE org_id = $1 AND (field_id, src_id, dst_id) IN
	(SELECT v.value->>'f', v.value->>'s', v.value->>'d' FROM json_each($2) v)`
	cutLinksPG = `INSERT INTO veranda_record_links (org_id, field_id, src_id, dst_id, cut)
SELECT $1::uuid, (v->>'f')::uuid, (v->>'s')::uuid, (v->>'d')::uuid, TRUE FROM jsonb_array_elements($2::jsonb) v
ON CONFLICT (org_id, field_id, src_id, dst_id) DO UPDATE SET cut = TRUE`
	cutLinks = `INSERT INTO veranda_record_links (org_id, field_id, src_id, dst_id, cut)
SELECT $1, v.value->>'f', v.value->>'s', v.value->>'d', 1 FROM json_each($2) v WHERE TRUE
ON CONFLICT (org_id, field_id, src_id, dst_id) DO UPDATE SET cut = 1`

	// The records that are linked to some, of one field; limited, for a record may have any number.
	linkedPG = `SELECT l.dst_id, l.src_id FROM veranda_record_links l WHERE l.org_id = $1 AND l.field_id = $2 AND l.cut = $4
	AND l.dst_id = ANY (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb)) ORDER BY l.dst_id, l.src_id LIMIT $5`
	linked = `SELECT l.dst_id, l.src_id FROM veranda_record_links l WHERE l.org_id = $1 AND l.field_id = $2 AND l.cut = $4
	AND l.dst_id IN (SELECT value FROM json_each($3)) ORDER BY l.dst_id, l.src_id LIMIT $5`
)

// linkIDs are the records that a document links to by a field.
func linkIDs(doc field.Doc, f *field.Field) (ids []RecordID) {
	for _, text := range doc.People(f) { // a text or a list, as of people
		if id, err := veranda.ParseID[recordKind](text); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// forward are the relations whose links the records of the application keep.
func (s *schema) forward() (list []*column) {
	for _, col := range s.relations {
		if !col.Reverse {
			list = append(list, col)
		}
	}
	return list
}

// reachable are the records that a batch may link to, by the application at the other side.
type reachable map[ID]map[string]bool

// reach reads the records that rows name in relations, and holds them until the commit. Of those that the actor does not
// see it knows nothing.
func (s *Service) reachLinks(ctx context.Context, tx *veranda.Tx, g *sight, rows []*change) (reachable, error) {
	forward := g.schema.forward()
	if len(forward) == 0 {
		return nil, nil
	}
	wanted := map[ID][]RecordID{}
	for _, row := range rows {
		for _, col := range forward {
			wanted[targetOf(&col.Field)] = append(wanted[targetOf(&col.Field)], row.links(col.Key)...)
		}
	}
	found := reachable{}
	for target, ids := range wanted {
		found[target] = map[string]bool{}
		if len(ids) == 0 {
			continue
		}
		there := g
		if target != g.app.ID {
			var err error
			there, err = s.WithTx(tx).open(ctx, g.standing.Actor(), g.app.Org, target, PermReadRecord)
			switch veranda.CodeOf(err) {
			case veranda.CodeNotFound, veranda.CodeForbidden:
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		held, err := tx.Query(ctx, there.place.texts.hold, g.app.Org, target, marshal(ids))
		if err := scanRecords(held, err, func(r *record) error {
			if there.sees(r) {
				found[target][r.id.String()] = true
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// links are the records that a row names in a relation.
func (row *change) links(key string) (ids []RecordID) {
	if row.parsed == nil {
		return namedIn(row.values[key])
	}
	var list []string
	switch v := row.parsed[key].(type) {
	case string:
		list = []string{v}
	case []string:
		list = v
	}
	for _, text := range list {
		if id, err := veranda.ParseID[recordKind](text); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// namedIn are the ids in a value of a relation, as far as they are some.
func namedIn(raw json.RawMessage) (ids []RecordID) {
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		var one string
		if json.Unmarshal(raw, &one) != nil {
			return nil
		}
		list = []string{one}
	}
	for _, text := range list {
		if id, err := veranda.ParseID[recordKind](text); err == nil && len(ids) < field.MaxLinks {
			ids = append(ids, id)
		}
	}
	return ids
}

// checkLinks reports records newly linked that do not exist or that the actor does not see.
func (g *sight) checkLinks(c *veranda.Checks, before *record, doc field.Doc, there reachable) {
	for _, col := range g.schema.forward() {
		f := g.schema.set.Field(col.Key)
		var former []string
		if before != nil {
			former = before.doc.People(f)
		}
		for i, id := range doc.People(f) {
			if slices.Contains(former, id) || there[targetOf(f)][id] {
				continue
			}
			place := "/values/" + f.Key
			if f.Multiple {
				place = at(place, i)
			}
			c.Add(place, "not_found", "is no record of the related application")
		}
	}
}

// storeLinks stores the links of what rows became in the place of those that were.
func (s *Service) storeLinks(ctx context.Context, tx *veranda.Tx, g *sight, rows []*change) error {
	var add, drop []storedLink
	for _, col := range g.schema.forward() {
		f := g.schema.set.Field(col.Key)
		for _, row := range rows {
			var before, after []RecordID
			if row.before != nil {
				before = linkIDs(row.before.doc, f)
			}
			if row.after != nil {
				after = linkIDs(row.after.doc, f)
			}
			for _, id := range before {
				if !slices.Contains(after, id) {
					drop = append(drop, storedLink{Field: col.Links, Src: row.record(), Dst: id})
				}
			}
			for _, id := range after {
				if !slices.Contains(before, id) {
					add = append(add, storedLink{Field: col.Links, Src: row.record(), Dst: id})
				}
			}
		}
	}
	db := tx.DB()
	if err := changeLinks(ctx, tx, db.Pick(dropLinksPG, dropLinks), g.app.Org, drop); err != nil {
		return err
	}
	return changeLinks(ctx, tx, db.Pick(addLinksPG, addLinks), g.app.Org, add)
}

func changeLinks(ctx context.Context, tx *veranda.Tx, text string, org veranda.OrgID, links []storedLink) error {
	if len(links) == 0 {
		return nil
	}
	if err := tx.Defer(ctx, text, org, marshal(links)); err != nil {
		return fmt.Errorf("apps: store links: %w", err)
	}
	return nil
}

// linkedTo are the records that link to some by a field, by those; at most limit in all.
func (s *Service) linkedTo(ctx context.Context, org veranda.OrgID, links field.ID, ids []RecordID, cut bool, limit int) (map[RecordID][]RecordID, error) {
	found := map[RecordID][]RecordID{}
	db := s.conn.DB()
	var flag any = cut
	if db.Embedded() {
		flag = int64(0)
		if cut {
			flag = int64(1)
		}
	}
	rows, err := s.conn.Query(ctx, db.Pick(linkedPG, linked), org, links, marshal(ids), flag, limit)
	if err != nil {
		return nil, fmt.Errorf("apps: read links: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var dst, src RecordID
		if err := rows.Scan(&dst, &src); err != nil {
			return nil, fmt.Errorf("apps: read links: %w", err)
		}
		found[dst] = append(found[dst], src)
	}
	return found, rows.Err()
}

// MaxShown is how many records a field shows that is the other side of a relation; a roll-up counts them all.
const MaxShown = 100

// fill puts what lies at the other sides of relations into documents that are to be shown. Where the actor may not read
// the records there, the field stays empty.
func (s *Service) fill(ctx context.Context, g *sight, records []*record, without map[string]bool) error {
	if len(records) == 0 {
		return nil
	}
	var ids []RecordID
	for _, r := range records {
		ids = append(ids, r.id)
	}
	for _, col := range g.schema.relations {
		if !col.Reverse || without[col.Key] || g.hidden(col.Key) {
			continue
		}
		if target := targetOf(&col.Field); target != g.app.ID {
			there, err := s.open(ctx, g.standing.Actor(), g.app.Org, target, PermReadRecord)
			switch veranda.CodeOf(err) {
			case veranda.CodeNotFound, veranda.CodeForbidden:
				continue
			}
			if err != nil {
				return err
			}
			if len(there.where) > 0 {
				continue // which of them they see is not told here
			}
		}
		found, err := s.linkedTo(ctx, g.app.Org, col.Links, ids, false, MaxShown*len(ids))
		if err != nil {
			return err
		}
		for _, r := range records {
			list := make([]string, 0, min(len(found[r.id]), MaxShown))
			for _, id := range found[r.id][:min(len(found[r.id]), MaxShown)] {
				list = append(list, id.String())
			}
			if len(list) > 0 {
				r.doc[col.Slot] = list
			}
		}
	}
	return nil
}
