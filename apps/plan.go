package apps

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// plan decides whether a row may be, and what its record becomes. What is wrong with the row is the row's; an error is one
// of the program.
func (s *Service) plan(ctx context.Context, g *sight, b *batch, row *change, people map[string]bool, there reachable, now int64) error {
	switch {
	case row.do == Delete:
		if b.withdraw {
			row.outcome = Deleted
			return nil
		}
		row.err = s.planDelete(ctx, g, row)
		return internal(&row.err)
	case row.before == nil && row.do == Update:
		row.err = veranda.ErrNotFound
	case row.before == nil:
		row.err = s.decideNew(ctx, g)
	default:
		row.err = s.decideRecord(ctx, g, row.before, PermEditRecord, false)
	}
	if row.before != nil && row.err == nil {
		switch {
		case row.version != 0 && row.version != row.before.version:
			row.err = veranda.ErrVersion
		case g.locked(row.before):
			row.err = ErrRecordLocked
		}
	}
	if row.err != nil {
		return internal(&row.err)
	}
	var c veranda.Checks
	doc := g.parse(&c, row)
	if err := s.checkPeople(ctx, g, &c, row.before, doc, people); err != nil {
		return err
	}
	g.checkLinks(&c, row.before, doc, there)
	if row.err = c.Err(); row.err != nil {
		return nil
	}
	row.become(g, doc, now)
	return nil
}

// internal hands an error that is not for the caller of the API over to the program.
func internal(err *error) error {
	if *err != nil && veranda.CodeOf(*err) == veranda.CodeInternal {
		return *err
	}
	return nil
}

func (s *Service) decideNew(ctx context.Context, g *sight) error {
	return s.decide(ctx, g, PermCreateRecord)
}

func (s *Service) planDelete(ctx context.Context, g *sight, row *change) error {
	if err := s.decideRecord(ctx, g, row.before, PermDeleteRecord, false); err != nil {
		return err
	}
	switch {
	case row.version != 0 && row.version != row.before.version:
		return veranda.ErrVersion
	case g.locked(row.before):
		return ErrRecordLocked
	}
	row.outcome = Deleted
	return nil
}

// parse reads a row's values as the actor may give them: what is hidden from them does not exist, what they may only read
// is refused, and nobody must fill in what they cannot.
func (g *sight) parse(c *veranda.Checks, row *change) field.Doc {
	var former field.Doc
	if row.before != nil {
		former = row.before.doc
	}
	now := field.Now{At: g.asking.Now, Location: g.asking.Location, Me: g.asking.Me}
	for _, f := range row.wrong {
		c.Add(f.Pointer, f.Rule, f.Message)
	}
	values, parsed := row.values, row.parsed
	read := func(c *veranda.Checks) (doc field.Doc) {
		if parsed != nil {
			doc = g.schema.set.Assemble(c, "/values", parsed, former, now)
		} else {
			doc = g.schema.set.ParseInto(c, "/values", values, former, now)
		}
		g.need(c, doc, row.before)
		return doc
	}
	if len(g.asking.Hidden) == 0 && len(g.readOnly) == 0 {
		return read(c)
	}
	values, parsed = granted(c, g, values), granted(c, g, parsed)
	own := *c
	doc := read(&own)
	for _, f := range fieldsOf(own.Err())[len(fieldsOf(c.Err())):] {
		key := strings.TrimPrefix(f.Pointer, "/values/")
		if f.Rule == "required" && (g.hidden(key) || g.readOnly[key]) {
			continue
		}
		c.Add(f.Pointer, f.Rule, f.Message)
	}
	return doc
}

// granted are the values that the actor may give; the others are reported.
func granted[V any](c *veranda.Checks, g *sight, values map[string]V) map[string]V {
	given := values
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !g.hidden(key) && !g.readOnly[key] {
			continue
		}
		if len(given) == len(values) {
			given = maps.Clone(values)
		}
		delete(given, key)
		if g.hidden(key) {
			c.Add("/values/"+key, "unknown", "is no field of this application")
		} else {
			c.Add("/values/"+key, "read_only", "is not yours to change")
		}
	}
	return given
}

// need reports fields that must not be empty under a condition that the record meets.
func (g *sight) need(c *veranda.Checks, doc field.Doc, before *record) {
	for _, n := range g.schema.needed {
		f := g.schema.set.Field(n.key)
		place := "/values/" + n.key
		if !doc.IsEmpty(f) || c.Failed(place) {
			continue
		}
		asking := g.asking
		asking.Hidden = nil
		var ignored veranda.Checks
		found := query.Record{Doc: doc}
		if before != nil {
			found.Stamp, found.ID = before.stamp, before.id.String()
		} else {
			found.Stamp = field.Stamp{CreatedBy: g.me(), ChangedBy: g.me(), CreatedAt: asking.Now.UnixMicro(), ChangedAt: asking.Now.UnixMicro()}
		}
		if when := query.Check(&ignored, "", n.when, g.schema.set, asking); ignored.Err() == nil && when.Match(&found) {
			c.Add(place, "required", "must not be empty in such a record")
		}
	}
}

// checkPeople reports people newly named who do not see the workspace. Each is looked up once in a batch: people remembers.
func (s *Service) checkPeople(ctx context.Context, g *sight, c *veranda.Checks, before *record, doc field.Doc, people map[string]bool) error {
	for _, f := range g.schema.people {
		named := doc.People(f)
		if len(named) == 0 {
			continue
		}
		var former []string
		if before != nil {
			former = before.doc.People(f)
		}
		for i, text := range named {
			if slices.Contains(former, text) || text == g.me() {
				continue
			}
			sees, known := people[text]
			if !known {
				var err error
				if sees, err = s.seesWorkspace(ctx, g, accountOf(text)); err != nil {
					return err
				}
				people[text] = sees
			}
			if !sees {
				place := "/values/" + f.Key
				if f.Multiple {
					place = at(place, i)
				}
				c.Add(place, "not_found", "is nobody who sees this workspace")
			}
		}
	}
	return nil
}

// seesWorkspace tells whether somebody sees the application's workspace; it is looked up as if they called themselves.
func (s *Service) seesWorkspace(ctx context.Context, g *sight, account veranda.AccountID) (bool, error) {
	standing, err := s.conn.Read(ctx, s.texts.readWorkspace, veranda.AccountActor(account), g.app.Org, []any{g.app.Workspace})
	if err == nil {
		err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, InWorkspace: true, Assigned: true})
	}
	switch veranda.CodeOf(err) {
	case veranda.CodeNotFound, veranda.CodeForbidden, veranda.CodeUnauthenticated:
		return false, nil
	}
	return err == nil, err
}

// become makes the row's record what the document says.
func (row *change) become(g *sight, doc field.Doc, now int64) {
	if row.before == nil {
		row.outcome = Created
		id := row.fresh
		if id.IsZero() {
			id = veranda.NewID[recordKind]()
		}
		row.after = &record{
			id: id, version: 1, doc: doc,
			stamp: field.Stamp{CreatedBy: g.me(), ChangedBy: g.me(), CreatedAt: now, ChangedAt: now},
		}
		return
	}
	after := *row.before
	after.doc = doc
	row.after = &after
	row.old = field.Changed(row.before.doc, doc)
	if len(row.old) == 0 {
		row.outcome, row.after = Unchanged, row.before
		return
	}
	row.outcome = Updated
	row.changed = g.schema.keysIn(row.old)
	after.version++
	after.stamp.ChangedAt, after.stamp.ChangedBy = now, g.me()
}

// keysIn are the keys of the fields whose slots a change touches.
func (s *schema) keysIn(slots map[string]any) (keys []string) {
	for _, f := range s.set.Fields() {
		if _, there := slots[f.Slot]; there && f.Slot != "" {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

// reach refuses a change by which a record would be, or come to be, out of the sight of who makes it.
func (g *sight) reach(r *record) error {
	if g.sees(r) {
		return nil
	}
	return ErrOutOfReach
}
