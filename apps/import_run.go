package apps

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/tabular"
)

const (
	// importBatch is how many rows are written together: one event, one history.
	importBatch = 500
	// importSample is how many rows are read ahead to find out how cells are written.
	importSample = 500
	// maxSeen is how many values of a field are remembered to find those that a file has twice; the database finds the rest.
	maxSeen = 2_000_000
	// maxCached is how many links and people are remembered.
	maxCached = 20_000
)

// importRun reads a file as records of an application, in one or several passes.
type importRun struct {
	s    *Service
	by   veranda.Actor
	org  veranda.OrgID
	app  ID
	o    *checkedOptions
	base *[16]byte // the import's id, of which those of new records are made; nil: they are new

	g       *sight
	about   tabular.About
	columns []ImportColumn
	targets []*importTarget // for each column; nil: it is left out
	// second tells that links among the file's own records are made, which exist by now.
	second bool

	rows     int64
	counts   ImportCounts
	findings []ImportFinding
	found    int64
	seen     map[string]map[uint64]struct{}
}

// importTarget is the field that a column holds.
type importTarget struct {
	column  int
	name    string // the column's
	field   *field.Field
	by      *field.Field // of relations: the field of the other application that cells hold
	there   *schema      // of that application
	nothing []string
	writing field.Writing
	known   map[string]string // what cells stand for, of relations and people; "" is nobody
}

// own tells whether a target links records of the application to each other.
func (t *importTarget) own(g *sight) bool {
	return t.field.Kind == field.Relation && t.by != nil && targetOf(t.field) == g.app.ID
}

// importRow is a row of a file.
type importRow struct {
	change
	number int
	cells  []string
	refs   []importRef
}

// importRef is a cell that names people or records.
type importRef struct {
	target *importTarget
	texts  []string
}

// importFile is a file whose first rows were read ahead.
type importFile struct {
	source *tabular.Source
	ahead  [][]string
	number []int
	failed error // what ended reading ahead
}

func (f *importFile) next() ([]string, int, error) {
	if len(f.ahead) > 0 {
		cells, number := f.ahead[0], f.number[0]
		f.ahead, f.number = f.ahead[1:], f.number[1:]
		return cells, number, nil
	}
	if f.failed != nil {
		return nil, f.source.Row(), f.failed
	}
	cells, err := f.source.Next()
	return cells, f.source.Row(), err
}

// openFile opens a file and reads its first rows.
func openFile(file io.Reader, o tabular.Options, sample int) (*importFile, error) {
	source, err := tabular.Open(file, o)
	if err != nil {
		return nil, fileError(err)
	}
	f := &importFile{source: source}
	for len(f.ahead) < sample && f.failed == nil {
		cells, err := source.Next()
		if f.failed = err; err == nil {
			f.ahead, f.number = append(f.ahead, slices.Clone(cells)), append(f.number, source.Row())
		}
	}
	var known *tabular.Error
	if f.failed != nil && !errors.Is(f.failed, io.EOF) && !errors.As(f.failed, &known) {
		_ = source.Close()
		return nil, f.failed
	}
	return f, nil
}

// fileError is an error of a file that is none of a row.
func fileError(err error) error {
	var known *tabular.Error
	if !errors.As(err, &known) {
		return err
	}
	message := known.Message
	if known.Row > 0 {
		message = fmt.Sprintf("has a row %d that %s", known.Row, message)
	}
	return invalid("/file", known.Rule, message)
}

// sample are the cells of a column that were read ahead.
func (f *importFile) sample(column int) []string {
	cells := make([]string, len(f.ahead))
	for i, row := range f.ahead {
		cells[i] = row[column]
	}
	return cells
}

// arrange finds out what the columns hold.
func (r *importRun) arrange(ctx context.Context, f *importFile) error {
	g, err := r.s.open(ctx, r.by, r.org, r.app, PermReadRecord)
	if err != nil {
		return err
	}
	if err := r.s.decide(ctx, g, PermCreateRecord); err != nil {
		return err
	}
	r.g, r.about = g, f.source.About()
	names := f.source.Columns()
	r.columns, r.targets = make([]ImportColumn, len(names)), make([]*importTarget, len(names))
	for i, name := range names {
		r.columns[i].Column = name
	}
	var c veranda.Checks
	chosen, err := r.assign(ctx, &c, f)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, t := range chosen {
		if t != nil {
			taken[t.field.Key] = true
		}
	}
	for i, name := range names {
		if _, said := chosen[i]; said {
			continue
		}
		if fit := g.named(name); fit != nil && !taken[fit.Key] {
			taken[fit.Key] = true
			if chosen[i], err = r.target(ctx, &c, f, i, fit, ImportMapping{}, ""); err != nil {
				return err
			}
		}
	}
	any := false
	for i, t := range chosen {
		if t == nil {
			continue
		}
		any = true
		r.targets[i] = t
		r.columns[i].Field = t.field.Key
		r.columns[i].Writing = tabular.Writing{DecimalComma: t.writing.DecimalComma, Layout: t.writing.Layout, Nothing: t.nothing}
		if t.by != nil {
			r.columns[i].By = t.by.Key
		}
	}
	if !any && c.Err() == nil {
		c.Add("/mapping", "required", "is needed: no column has the name of a field that can be written")
	}
	if r.o.MatchBy != "" {
		b := batch{matchBy: r.o.MatchBy}
		if err := b.checkMatch(g); err != nil {
			return err
		}
		if !taken[r.o.MatchBy] {
			c.Add("/match_by", "column", "must be a field that a column holds")
		}
	}
	return c.Err()
}

// writable tells whether the actor may give values of a field.
func (g *sight) writable(f *field.Field) bool {
	return !f.Kind.ReadOnly() && !f.Given && !f.Reverse && !g.hidden(f.Key) && !g.readOnly[f.Key]
}

// named is the field that a column is named after, nil where there is none to be written.
func (g *sight) named(column string) *field.Field {
	for _, f := range g.schema.set.Fields() {
		if g.writable(f) && (field.Fold(f.Name) == field.Fold(column) || f.Key == column) {
			return f
		}
	}
	return nil
}

// assign does what the mapping says. A column with a nil target is to be left out.
func (r *importRun) assign(ctx context.Context, c *veranda.Checks, f *importFile) (map[int]*importTarget, error) {
	chosen := map[int]*importTarget{}
	fields := map[string]bool{}
	for i, m := range r.o.mapping {
		place := at("/mapping", i)
		column := slices.Index(f.source.Columns(), m.Column)
		if column < 0 {
			column = slices.IndexFunc(f.source.Columns(), func(name string) bool { return field.Fold(name) == field.Fold(m.Column) })
		}
		if column < 0 {
			c.Add(place+"/column", "unknown", "is no column of the file")
			continue
		}
		if _, said := chosen[column]; said {
			c.Add(place+"/column", "duplicate", "is named twice")
			continue
		}
		chosen[column] = nil
		if m.Field == "" {
			continue
		}
		to := r.g.schema.set.Field(m.Field)
		switch {
		case to == nil || r.g.hidden(m.Field):
			c.Add(place+"/field", "unknown", "is no field of this application")
			continue
		case !r.g.writable(to):
			c.Add(place+"/field", "read_only", "is not to be written")
			continue
		case fields[m.Field]:
			c.Add(place+"/field", "duplicate", "is that of another column")
			continue
		}
		fields[m.Field] = true
		t, err := r.target(ctx, c, f, column, to, m, place)
		if err != nil {
			return nil, err
		}
		chosen[column] = t
	}
	return chosen, nil
}

// target is what a column holds of a field.
func (r *importRun) target(ctx context.Context, c *veranda.Checks, f *importFile, column int, to *field.Field, m ImportMapping, place string) (*importTarget, error) {
	w := tabular.WritingOf(*to, f.sample(column))
	if m.Layout != "" {
		w.Layout = m.Layout
	}
	if m.DecimalComma != nil {
		w.DecimalComma = *m.DecimalComma
	}
	zone := r.o.zone
	if zone == nil {
		zone = r.g.asking.Location
	}
	t := &importTarget{
		column: column, name: f.source.Columns()[column], field: to, nothing: w.Nothing, known: map[string]string{},
		writing: field.Writing{DecimalComma: w.DecimalComma, Layout: w.Layout, Location: zone},
	}
	if to.Kind != field.Relation {
		if m.By != "" {
			c.Add(place+"/by", "exclusive", "is for relations")
		}
		return t, nil
	}
	there, err := r.across(ctx, t)
	switch veranda.CodeOf(err) {
	case veranda.CodeNotFound, veranda.CodeForbidden:
		return t, nil // ids alone, and none of them will be found
	}
	if err != nil {
		return nil, err
	}
	t.there = there.schema
	t.by = there.keyField(m.By)
	if t.by == nil && m.By != "" {
		c.Add(place+"/by", "unknown", "is no unique field of the related application")
	}
	return t, nil
}

// across opens the application that a relation leads to.
func (r *importRun) across(ctx context.Context, t *importTarget) (*sight, error) {
	if id := targetOf(t.field); id != r.app {
		return r.s.open(ctx, r.by, r.org, id, PermReadRecord)
	}
	return r.g, nil
}

// keyField is the unique field by which records are named: that of a key, or the title, or the first; nil where there is none.
func (g *sight) keyField(key string) *field.Field {
	usable := func(f *field.Field) bool { return f != nil && f.Unique && !g.hidden(f.Key) }
	if f := g.schema.set.Field(key); key != "" {
		if usable(f) {
			return f
		}
		return nil
	}
	if f := g.schema.set.Field(g.schema.Title); usable(f) {
		return f
	}
	for _, f := range g.schema.set.Fields() {
		if usable(f) {
			return f
		}
	}
	return nil
}

// links tells whether there are links among the file's own records.
func (r *importRun) links() bool {
	return slices.ContainsFunc(r.targets, func(t *importTarget) bool { return r.late(t) })
}

// late tells whether a column can only be read when all records are there: it names records by a field that the file gives.
func (r *importRun) late(t *importTarget) bool {
	return t != nil && t.own(r.g) && slices.ContainsFunc(r.targets, func(o *importTarget) bool { return o != nil && o.field.Key == t.by.Key })
}

// fileEnd ends a pass at something wrong with the file.
type fileEnd struct{ err *tabular.Error }

func (e *fileEnd) Error() string { return e.err.Error() }

// pass reads the file from its beginning and gives it to do in batches, but for the rows that are skipped.
func (r *importRun) pass(ctx context.Context, file io.Reader, skip int64, do func(rows []*importRow) error) error {
	f, err := openFile(file, r.o.file, importSample)
	if err != nil {
		return err
	}
	defer func() { _ = f.source.Close() }()
	if err := r.arrange(ctx, f); err != nil {
		return err
	}
	r.rows, r.seen = 0, map[string]map[uint64]struct{}{}
	rows := make([]*importRow, 0, importBatch)
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		err := r.resolve(ctx, rows)
		if err == nil {
			err = do(rows)
		}
		rows = rows[:0]
		return err
	}
	for {
		cells, number, err := f.next()
		var bad *tabular.Error
		switch {
		case errors.As(err, &bad):
			if err := flush(); err != nil {
				return err
			}
			return &fileEnd{bad}
		case errors.Is(err, io.EOF):
			return flush()
		case err != nil:
			return fmt.Errorf("apps: read file: %w", err)
		}
		r.rows++
		row := r.read(cells, number)
		if r.rows <= skip {
			continue
		}
		if rows = append(rows, row); len(rows) == importBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// read reads a row's cells.
func (r *importRun) read(cells []string, number int) *importRow {
	row := &importRow{number: number, cells: slices.Clone(cells)}
	row.do, row.parsed = Create, make(map[string]any, len(cells))
	if r.base != nil {
		row.fresh = numbered(*r.base, r.rows)
	}
	match := r.o.MatchBy
	if r.second {
		match = r.secondBy()
	}
	if match != "" {
		row.do, row.fresh = Upsert, RecordID{}
	}
	for i, t := range r.targets {
		if t == nil || r.second && !r.late(t) && t.field.Key != match || !r.second && r.late(t) {
			continue
		}
		key, text := t.field.Key, strings.TrimSpace(cells[i])
		if text == "" || slices.Contains(t.nothing, text) {
			if match != "" { // new records have the default in the place of what is empty
				row.parsed[key] = nil
			}
			continue
		}
		if t.field.Kind == field.Person || t.field.Kind == field.Relation {
			row.refs = append(row.refs, importRef{t, t.split(text)})
			continue
		}
		value, err := r.g.schema.set.ParseText(key, text, t.writing)
		if err != nil {
			row.blame(key, err)
			continue
		}
		row.parsed[key] = value
		if t.field.Unique && !r.second {
			r.twice(row, t, value)
		}
	}
	return row
}

// secondBy is the field by which the second pass finds the records of the first.
func (r *importRun) secondBy() string {
	for _, t := range r.targets {
		if r.late(t) {
			return t.by.Key
		}
	}
	return ""
}

// split are the names in a cell.
func (t *importTarget) split(text string) (names []string) {
	if !t.field.Multiple {
		return []string{text}
	}
	for name := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ',' || c == ';' || c == '\n' }) {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// blame notes what is wrong with a cell.
func (row *importRow) blame(key string, err error) {
	rule := "text"
	var known *field.TextError
	if errors.As(err, &known) {
		rule = known.Rule
	}
	row.wrong = append(row.wrong, veranda.FieldError{Pointer: "/values/" + key, Rule: rule, Message: err.Error()})
}

var seenSeed = maphash.MakeSeed()

// twice refuses a unique value that an earlier row has.
func (r *importRun) twice(row *importRow, t *importTarget, value any) {
	key := t.field.Key
	doc := field.Doc{}
	r.g.schema.set.Put(doc, key, value)
	if r.seen[key] == nil {
		r.seen[key] = map[uint64]struct{}{}
	}
	hash := maphash.String(seenSeed, t.field.UniqueKey(doc))
	if _, there := r.seen[key][hash]; there {
		row.blame(key, &field.TextError{Rule: "duplicate", Message: "is the value of an earlier row"})
	} else if len(r.seen[key]) < maxSeen {
		r.seen[key][hash] = struct{}{}
	}
}

// resolve finds the people and records that cells name.
func (r *importRun) resolve(ctx context.Context, rows []*importRow) error {
	for _, t := range r.targets {
		if t == nil {
			continue
		}
		var unknown []string
		if len(t.known) > maxCached {
			clear(t.known)
		}
		for _, row := range rows {
			for _, ref := range row.refs {
				if ref.target != t {
					continue
				}
				for _, text := range ref.texts {
					if _, known := t.known[text]; !known {
						t.known[text] = ""
						unknown = append(unknown, text)
					}
				}
			}
		}
		if len(unknown) == 0 {
			continue
		}
		find := r.findRecords
		if t.field.Kind == field.Person {
			find = r.findPeople
		}
		if err := find(ctx, t, unknown); err != nil {
			return err
		}
	}
	for _, row := range rows {
		for _, ref := range row.refs {
			r.settle(row, ref)
		}
	}
	return nil
}

// settle makes a value of what a cell names.
func (r *importRun) settle(row *importRow, ref importRef) {
	t := ref.target
	var ids []string
	for _, text := range ref.texts {
		id := t.known[text]
		switch {
		case id != "":
			ids = append(ids, id)
			continue
		case t.field.Kind == field.Person:
			row.blame(t.field.Key, &field.TextError{Rule: "not_found", Message: "is nobody who sees this workspace"})
		default:
			row.blame(t.field.Key, &field.TextError{Rule: "not_found", Message: "is no record of the related application"})
		}
		return
	}
	value, err := r.g.schema.set.ParseText(t.field.Key, strings.Join(ids, ","), t.writing)
	if err != nil {
		row.blame(t.field.Key, err)
		return
	}
	row.parsed[t.field.Key] = value
}

// findPeople finds accounts by their ids or mail addresses.
func (r *importRun) findPeople(ctx context.Context, t *importTarget, texts []string) error {
	var addresses []string
	for _, text := range texts {
		var id veranda.AccountID
		if id.UnmarshalText([]byte(strings.ToLower(text))) == nil {
			t.known[text] = id.String()
		} else {
			addresses = append(addresses, text)
		}
	}
	if len(addresses) == 0 || r.s.addresses == nil {
		return nil
	}
	found, err := r.s.addresses.ByAddress(ctx, r.by, r.org, addresses)
	for address, id := range found {
		t.known[address] = id.String()
	}
	return err
}

// findRecords finds records by their ids or by their values of a unique field.
func (r *importRun) findRecords(ctx context.Context, t *importTarget, texts []string) error {
	asked := map[string][]string{} // texts by the values that they are
	for _, text := range texts {
		if id, err := veranda.ParseID[recordKind](strings.ToLower(text)); err == nil {
			t.known[text] = id.String()
			continue
		}
		if t.by == nil {
			continue
		}
		value, err := t.there.set.ParseText(t.by.Key, text, field.Writing{})
		if err != nil || value == nil {
			continue
		}
		doc := field.Doc{}
		t.there.set.Put(doc, t.by.Key, value)
		key := t.by.UniqueKey(doc)
		asked[key] = append(asked[key], text)
	}
	if len(asked) == 0 {
		return nil
	}
	keys := make([]string, 0, len(asked))
	for key := range asked {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	// Those out of the actor's sight are found too; writing refuses them as it does what is not there.
	rows, err := r.s.conn.Query(ctx, r.s.texts.store.find, r.org, targetOf(t.field), t.by.Slot, marshal(keys))
	if err != nil {
		return fmt.Errorf("apps: find linked records: %w", err)
	}
	return scanKeys(rows, func(value string, id RecordID) {
		for _, text := range asked[value] {
			t.known[text] = id.String()
		}
	})
}

// write writes rows, or only looks whether they could be written; what is wrong with them is noted.
func (r *importRun) write(ctx context.Context, s *Service, rows []*importRow, dry bool) error {
	b := &batch{matchBy: r.o.MatchBy, partial: true, design: r.g.schema.version, dry: dry}
	if r.second {
		b.matchBy, b.known = r.secondBy(), true
	}
	b.rows = make([]*change, len(rows))
	for i, row := range rows {
		b.rows[i] = &row.change
	}
	b.emit = func(tx *veranda.Tx, g *sight, now time.Time) { emitMany(tx, g, b.rows, now) }
	if _, err := s.write(ctx, r.by, r.org, r.app, b); err != nil {
		return err
	}
	for _, row := range rows {
		switch {
		case errors.Is(row.err, errNoRecord):
		case row.err != nil:
			r.counts.Failed++
			r.find(row)
		case r.second:
		case row.outcome == Created:
			r.counts.Created++
		case row.outcome == Updated:
			r.counts.Updated++
		case row.outcome == Unchanged:
			r.counts.Unchanged++
		}
	}
	return nil
}

// find notes what is wrong with a row.
func (r *importRun) find(row *importRow) {
	fields := fieldsOf(row.err)
	for _, f := range fields {
		key, _, _ := strings.Cut(strings.TrimPrefix(f.Pointer, "/values/"), "/")
		finding := ImportFinding{Row: row.number, Field: key, Rule: f.Rule, Message: f.Message}
		for i, t := range r.targets {
			if t != nil && t.field.Key == key {
				finding.Column, finding.Value = t.name, clip(row.cells[i])
			}
		}
		r.note(finding)
	}
	var known *veranda.Error
	if len(fields) == 0 && errors.As(row.err, &known) {
		r.note(ImportFinding{Row: row.number, Rule: known.Reason, Message: known.Message})
	}
}

// note counts a finding, and keeps it while there is room.
func (r *importRun) note(f ImportFinding) {
	if r.found++; len(r.findings) < MaxFindings {
		r.findings = append(r.findings, f)
	}
}

// clip is the beginning of a text.
func clip(text string) string {
	const most = 100
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// numbered is the id of the record of a row: the import's own with the row's number in its last 32 bits. So the records that
// an import makes lie between two ids, in the order of the file. What is left of the import's id are the time and 42 random
// bits.
func numbered(base [16]byte, row int64) (id RecordID) {
	binary.BigEndian.PutUint32(base[12:], uint32(row))
	_ = id.Scan(base) // takes any 16 octets
	return id
}
