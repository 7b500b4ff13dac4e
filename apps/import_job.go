package apps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/veranda-go/veranda"
)

// systemImport is the name of the consumer that imports.
const systemImport = "apps.import"

// importRemembered is how long imports are remembered after they began, and importSending how long a file may be sent.
const (
	importRemembered = 30 * 24 * time.Hour
	importSending    = 24 * time.Hour
)

// StartImport imports a file in the background, however long it is: it stores the file, looks whether it can be read and what
// its columns hold, and answers. Then every row is checked before the first is written; where one is bad the import fails, and
// nothing was written, unless bad rows are to be left out. Rows are written in batches of 500, each a transaction. An import
// that is cancelled, or fails on the way, deletes the records that it made: they are in the trash. Records that it changed stay
// changed. It goes on where it was after a crash. Memory does not grow with the file, but for 16 octets or so for each of the
// first two million values of a unique field.
//
// What is said of files, columns and rows at Import holds here too. A dry run does not tell of links among the file's own rows.
// Progress is read by Import; its end is told by an event.
//
// Permission: record.create; what the rows do is asked when they are written, of whoever started it. Limits: "records",
// "storage" while the file is kept, MaxFileBytes, MaxWaiting. Errors: invalid as of Import, apps.import_running, apps.no_files. Events: apps.import_started,
// apps.records_written for each batch, apps.import_ended.
func (s *Service) StartImport(ctx context.Context, by veranda.Actor, in StartImportInput, body io.Reader) (*Import, error) {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	o := in.check(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermReadRecord)
	if err != nil {
		return nil, err
	}
	if err := s.decide(ctx, g, PermCreateRecord); err != nil {
		return nil, err
	}
	switch {
	case s.blobs == nil:
		return nil, ErrNoFiles
	case g.standing.Account.IsZero():
		return nil, veranda.ErrForbidden
	}
	i := &Import{Org: in.Org, App: in.App, ID: veranda.NewID[importKind](), StartedBy: g.standing.Account, DryRun: in.DryRun, options: importKept{in.DryRun, in.ImportOptions}}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.room(ctx, tx, in.Org); err != nil {
			return err
		}
		if err := tx.Defer(ctx, insertImport, i.Org, i.App, i.ID, i.StartedBy, marshal(i.options), false, true, tx.DB().Time(tx.DB().Now())); err != nil {
			return fmt.Errorf("apps: store import: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.receive(ctx, by, i, o, body); err != nil {
		return nil, errors.Join(err, s.forget(context.WithoutCancel(ctx), i))
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.room(ctx, tx, in.Org); err != nil {
			return err
		}
		i.State = ImportReceiving
		if err := s.limits.Allow(ctx, tx, in.Org, "storage", i.Bytes); err != nil {
			return err
		}
		if err := i.move(ctx, tx, ImportWaiting, 0); err != nil {
			return err
		}
		tx.Emit(event(EventImportStarted, g.app, i.ID.String(), g.standing, tx.DB().Now(), i.changed(g.app)))
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, s.forget(context.WithoutCancel(ctx), i))
	}
	return s.importAt(ctx, i.Org, i.App, i.ID)
}

// room refuses an import while too many are under way.
func (s *Service) room(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) error {
	rows, err := tx.Query(ctx, countRunning, org)
	if err != nil {
		return fmt.Errorf("apps: count imports: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var n int
	if rows.Next() {
		err = rows.Scan(&n)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return fmt.Errorf("apps: count imports: %w", err)
	}
	if n >= MaxWaiting {
		return ErrImportRunning
	}
	return nil
}

// measured counts what is read, and refuses more than a file may have.
type measured struct {
	r io.Reader
	n int64
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if m.n += int64(n); m.n > MaxFileBytes {
		return n, invalid("/file", "too_long", fmt.Sprintf("must have at most %d megabytes", MaxFileBytes>>20))
	}
	return n, err
}

// receive stores an import's file, and looks whether it can be read.
func (s *Service) receive(ctx context.Context, by veranda.Actor, i *Import, o *checkedOptions, body io.Reader) error {
	counted := &measured{r: body}
	if err := s.blobs.Write(ctx, i.key(), counted); err != nil {
		return err
	}
	i.Bytes = counted.n
	file, err := s.blobs.Read(ctx, i.key())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	f, err := openFile(file, o.file, importSample)
	if err != nil {
		return err
	}
	defer func() { _ = f.source.Close() }()
	r := &importRun{s: s, by: by, org: i.Org, app: i.App, o: o}
	err = r.arrange(ctx, f)
	i.About, i.Columns = &r.about, r.columns
	return err
}

// forget removes an import and its file.
func (s *Service) forget(ctx context.Context, i *Import) error {
	if err := s.blobs.Delete(ctx, i.key()); err != nil {
		return err // the job tries again
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		return tx.Defer(ctx, dropImport, i.Org, i.App, i.ID)
	})
}

func (i *Import) changed(a *App) ImportChanged {
	return ImportChanged{App: a.ID, Name: a.Name, State: i.State, Created: i.Created, Updated: i.Updated}
}

// errElsewhere says that an import is not as it was read: somebody else works on it.
var errElsewhere = errors.New("apps: the import goes on elsewhere")

// move brings an import to another state, with what is known of it.
func (i *Import) move(ctx context.Context, tx *veranda.Tx, to ImportState, done int64) error {
	ended := time.Time{}
	if to.Ended() {
		ended = tx.DB().Now()
	}
	n, err := tx.Exec(ctx, moveImport, i.Org, i.App, i.ID, string(i.State), i.Done, string(to), done, i.Rows, i.Created, i.Updated, i.Unchanged, i.Failed, marshal(i.ImportReport), i.Bytes, optionalTime(tx, ended))
	if err != nil {
		return fmt.Errorf("apps: store import: %w", err)
	}
	if n == 0 {
		return errElsewhere
	}
	i.State, i.Done = to, done
	return nil
}

func optionalTime(tx *veranda.Tx, t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return tx.DB().Time(t)
}

// advance notes how far an import is; asked tells that it is to be cancelled.
func (i *Import) advance(ctx context.Context, tx *veranda.Tx, done int64, counts ImportCounts) (asked bool, err error) {
	rows, err := tx.Query(ctx, advanceImport, i.Org, i.App, i.ID, string(i.State), i.Done, done, counts.Created, counts.Updated, counts.Unchanged, counts.Failed)
	if err != nil {
		return false, fmt.Errorf("apps: store import: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return false, errors.Join(rows.Err(), errElsewhere)
	}
	if err := rows.Scan(&asked); err != nil {
		return false, fmt.Errorf("apps: store import: %w", err)
	}
	return asked, rows.Err()
}

// importConsumer imports files.
func (s *Service) importConsumer() veranda.Consumer {
	return veranda.Consumer{Name: systemImport, Kinds: []string{EventImportStarted, EventImportAsked}, Long: true, Deliver: func(ctx context.Context, e veranda.Event) error {
		var data ImportChanged
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return err
		}
		id, err := veranda.ParseID[importKind](e.Subject)
		if err != nil {
			return err
		}
		err = s.runImport(ctx, e.Org, data.App, id)
		if errors.Is(err, errElsewhere) {
			return nil
		}
		return err
	}}
}

// runImport does what is left to be done of an import.
func (s *Service) runImport(ctx context.Context, org veranda.OrgID, app ID, id ImportID) error {
	for {
		i, err := s.importAt(ctx, org, app, id)
		if err != nil || i == nil || i.State == ImportReceiving {
			return err
		}
		if i.State.Ended() {
			return s.release(ctx, i)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		switch {
		case i.cancel && i.State != ImportWithdrawing:
			err = errCancelled
		case i.State == ImportWaiting:
			err = s.toState(ctx, i, ImportChecking)
		case i.State == ImportChecking:
			err = s.checkImport(ctx, i)
		case i.State == ImportWriting, i.State == ImportLinking:
			err = s.writeImport(ctx, i)
		case i.State == ImportWithdrawing:
			err = s.withdraw(ctx, i)
		}
		if err = s.failImport(ctx, i, err); err != nil {
			return err
		}
	}
}

// errCancelled says that an import was asked to be cancelled.
var errCancelled = veranda.NewError(veranda.CodeConflict, "apps.import_cancelled", "The import was cancelled.")

// failImport ends an import that failed in a way that trying again does not mend; other errors it gives back.
func (s *Service) failImport(ctx context.Context, i *Import, err error) error {
	var known *veranda.Error
	switch {
	case err == nil, errors.Is(err, errRedesigned): // it begins anew, as the design is now
		return nil
	case !errors.As(err, &known), known.Code == veranda.CodeInternal, known.Code == veranda.CodeUnavailable:
		return err
	}
	i.Reason, i.Message = known.Reason, known.Message
	for _, f := range known.Fields {
		i.Message += " " + f.Pointer + " " + f.Message + "."
	}
	fresh, err := s.importAt(ctx, i.Org, i.App, i.ID)
	if err != nil || fresh == nil {
		return err
	}
	i.State, i.Done, i.ImportCounts = fresh.State, fresh.Done, fresh.ImportCounts
	switch i.State {
	case ImportWriting, ImportLinking:
		return s.toState(ctx, i, ImportWithdrawing)
	case ImportWithdrawing:
		return s.endImport(ctx, i, ImportFailed)
	}
	if errors.Is(known, errCancelled) {
		return s.endImport(ctx, i, ImportCancelled)
	}
	return s.endImport(ctx, i, ImportFailed)
}

func (s *Service) toState(ctx context.Context, i *Import, to ImportState) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error { return i.move(ctx, tx, to, 0) })
}

// endImport ends an import and tells of it.
func (s *Service) endImport(ctx context.Context, i *Import, to ImportState) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := i.move(ctx, tx, to, i.Done); err != nil {
			return err
		}
		a, err := s.WithTx(tx).appOf(ctx, i)
		if a != nil {
			standing := &veranda.Standing{Account: i.StartedBy}
			tx.Emit(event(EventImportEnded, a, i.ID.String(), standing, tx.DB().Now(), i.changed(a)))
		}
		return err
	})
}

// appOf is the application of an import, nil where it is gone.
func (s *Service) appOf(ctx context.Context, i *Import) (*App, error) {
	row, err := lockApp(ctx, s.conn.Tx(), s.texts.store.lockApp, i.Org, i.App)
	if errors.Is(err, veranda.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	sch, err := decodeSchema(row.schema, row.schemaVersion)
	if err != nil {
		return nil, err
	}
	a := row.app(i.Org)
	a.named = sch.OnlyNamed
	return a, nil
}

// newRun begins to read an import's file.
func (s *Service) newRun(i *Import) (*importRun, error) {
	var c veranda.Checks
	o := i.options.check(&c)
	base := [16]byte(uuid.MustParse(i.ID.String())) // an id is one
	return &importRun{s: s, by: veranda.AccountActor(i.StartedBy), org: i.Org, app: i.App, o: o, base: &base}, c.Err()
}

// passOf reads an import's file.
func (s *Service) passOf(ctx context.Context, i *Import, r *importRun, skip int64, do func(rows []*importRow) error) error {
	file, err := s.blobs.Read(ctx, i.key())
	if err != nil {
		return fmt.Errorf("apps: read file: %w", err)
	}
	defer func() { _ = file.Close() }()
	return r.pass(ctx, file, skip, func(rows []*importRow) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return do(rows)
	})
}

// checkImport looks at every row.
func (s *Service) checkImport(ctx context.Context, i *Import) error {
	r, err := s.newRun(i)
	if err != nil {
		return err
	}
	told := i.Done
	err = s.passOf(ctx, i, r, 0, func(rows []*importRow) error {
		if err := r.write(ctx, s, rows, true); err != nil {
			return err
		}
		if r.rows-told < 20*importBatch && r.rows >= told {
			return nil
		}
		var asked bool
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) (err error) {
			asked, err = i.advance(ctx, tx, r.rows, r.counts)
			return err
		})
		if err != nil {
			return err
		}
		if i.Done, told = r.rows, r.rows; asked {
			return errCancelled
		}
		return nil
	})
	var ended *fileEnd
	if err != nil && !errors.As(err, &ended) {
		return err
	}
	if ended != nil {
		r.note(ImportFinding{Row: ended.err.Row, Rule: ended.err.Rule, Message: ended.err.Message})
	}
	i.Rows, i.ImportCounts = r.rows, r.counts
	i.About, i.Columns, i.FindingsCount = &r.about, r.columns, r.found
	if i.Findings = r.findings; i.Findings == nil {
		i.Findings = []ImportFinding{}
	}
	if i.DryRun {
		return s.endImport(ctx, i, ImportDone)
	}
	if ended != nil || r.found > 0 && !i.options.SkipBad {
		i.Reason, i.Message = "apps.import_findings", "Some rows are bad; nothing was imported."
		return s.endImport(ctx, i, ImportFailed)
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, i.Org, "records", i.Created); err != nil {
			return err
		}
		i.ImportCounts = ImportCounts{}
		return i.move(ctx, tx, ImportWriting, 0)
	})
}

// errBadRow says that a row cannot be written that could be when it was checked.
var errBadRow = veranda.NewError(veranda.CodeConflict, "apps.import_findings", "Some rows could not be written, so that what was imported was taken back.")

// writeImport writes the rows that are not written yet.
func (s *Service) writeImport(ctx context.Context, i *Import) error {
	r, err := s.newRun(i)
	if err != nil {
		return err
	}
	r.second = i.State == ImportLinking
	before := i.ImportCounts
	err = s.passOf(ctx, i, r, i.Done, func(rows []*importRow) error {
		asked := false
		now := before
		counted, found, findings := r.counts, r.found, len(r.findings)
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) (err error) {
			r.counts, r.found, r.findings = counted, found, r.findings[:findings]
			if err := r.write(ctx, s.WithTx(tx), rows, false); err != nil {
				return err
			}
			if r.found > 0 && !i.options.SkipBad {
				return errBadRow
			}
			now.Created += r.counts.Created
			now.Updated += r.counts.Updated
			now.Unchanged += r.counts.Unchanged
			now.Failed += r.counts.Failed
			asked, err = i.advance(ctx, tx, r.rows, now)
			return err
		})
		if errors.Is(err, errBadRow) {
			i.found(r.findings)
		}
		if err != nil {
			return err
		}
		if i.Done, i.ImportCounts = r.rows, now; asked {
			return errCancelled
		}
		return nil
	})
	var ended *fileEnd
	if errors.As(err, &ended) { // it was read to its end before
		return fmt.Errorf("apps: the file of import %s: %w", i.ID, err)
	}
	if err != nil {
		return err
	}
	i.found(r.findings)
	if i.State == ImportWriting && r.links() {
		return s.toState(ctx, i, ImportLinking)
	}
	return s.endImport(ctx, i, ImportDone)
}

// found adds findings about rows of which there are none yet: what the check found is found again.
func (i *Import) found(more []ImportFinding) {
	known := map[int]bool{}
	for _, f := range i.Findings {
		known[f.Row] = true
	}
	for _, f := range more {
		if known[f.Row] || i.FindingsCount >= MaxFindings {
			continue
		}
		i.FindingsCount++
		i.Findings = append(i.Findings, f)
	}
}

// withdraw deletes the records that an import made.
func (s *Service) withdraw(ctx context.Context, i *Import) error {
	base := [16]byte(uuid.MustParse(i.ID.String()))
	after, last := numbered(base, 0), numbered(base, math.MaxUint32)
	by := veranda.AccountActor(i.StartedBy)
	for ctx.Err() == nil {
		lies, err := s.placeAt(ctx, i.Org, i.App)
		if err != nil {
			return err
		}
		b := &batch{partial: true, withdraw: true}
		rows, err := s.conn.QueryBuilt(ctx, lies.texts.walk, i.Org, i.App, after, importBatch)
		err = scanRecords(rows, err, func(r *record) error {
			if r.id.String() <= last.String() {
				after = r.id
				b.rows = append(b.rows, &change{do: Delete, id: r.id})
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(b.rows) == 0 {
			break
		}
		b.emit = func(tx *veranda.Tx, g *sight, now time.Time) { emitMany(tx, g, b.rows, now) }
		if _, err := s.write(ctx, by, i.Org, i.App, b); err != nil {
			return err
		}
		i.Withdrawn += int64(len(b.rows) - b.failed())
		i.Left += int64(b.failed())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	to := ImportFailed
	if i.Reason == errCancelled.Reason {
		to = ImportCancelled
	}
	return s.endImport(ctx, i, to)
}

// release removes the file of an import that has ended.
func (s *Service) release(ctx context.Context, i *Import) error {
	if !i.kept || s.blobs == nil {
		return nil
	}
	if err := s.blobs.Delete(ctx, i.key()); err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		return tx.Defer(ctx, unkeepImport, i.Org, i.App, i.ID, false)
	})
}

// ImportOf reads an import: how far it is, and what it found. Only who started it sees it, and who manages the application.
//
// Permission: record.create; for others' imports app.manage.
func (s *Service) ImportOf(ctx context.Context, by veranda.Actor, in ImportNamed) (*Import, error) {
	_, i, err := s.openImport(ctx, by, in)
	return i, err
}

func (s *Service) openImport(ctx context.Context, by veranda.Actor, in ImportNamed) (*sight, *Import, error) {
	if err := in.validate(); err != nil {
		return nil, nil, err
	}
	g, whose, err := s.importsOf(ctx, by, in.Org, in.App)
	if err != nil {
		return nil, nil, err
	}
	i, err := s.importAt(ctx, in.Org, in.App, in.Import)
	if err == nil && (i == nil || !whose.IsZero() && i.StartedBy != whose) {
		err = veranda.ErrNotFound
	}
	return g, i, err
}

// importsOf opens an application, and tells whose imports the actor sees there: zero is everybody's.
func (s *Service) importsOf(ctx context.Context, by veranda.Actor, org veranda.OrgID, app ID) (*sight, veranda.AccountID, error) {
	g, err := s.open(ctx, by, org, app, PermReadRecord)
	if err != nil {
		return nil, veranda.AccountID{}, err
	}
	if s.authz.Decide(ctx, s.conn, g.standing, g.ask(PermManage)) == nil {
		return g, veranda.AccountID{}, nil
	}
	if g.standing.Account.IsZero() {
		return nil, veranda.AccountID{}, veranda.ErrForbidden
	}
	return g, g.standing.Account, s.decide(ctx, g, PermCreateRecord)
}

// Imports lists the imports of an application, the newest first: one's own, and for those who manage it everybody's. They are
// remembered for 30 days. The findings of each are read by ImportOf.
//
// Permission: record.create; for others' imports app.manage.
func (s *Service) Imports(ctx context.Context, by veranda.Actor, in ImportsInput) (veranda.List[Import], error) {
	page := veranda.List[Import]{Items: []Import{}}
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	size := in.Page.Size(&c)
	before := ImportID{}
	position := in.Page.Position(&c, importsList, 1)
	if position != nil {
		var err error
		if before, err = veranda.ParseID[importKind](position[0]); err != nil {
			badCursor(&c)
		}
	} else {
		_ = before.Scan([16]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) // takes any 16 octets
	}
	if err := c.Err(); err != nil {
		return page, err
	}
	_, whose, err := s.importsOf(ctx, by, in.Org, in.App)
	if err != nil {
		return page, err
	}
	mine := ""
	if !whose.IsZero() {
		mine = "mine"
	}
	found, err := s.queryImports(ctx, selectImports, in.Org, in.App, mine, whose, before, size+1)
	if err != nil {
		return page, err
	}
	for _, i := range found[:min(size, len(found))] {
		i.DryRun = i.options.DryRun
		i.About, i.Columns, i.Findings = nil, nil, []ImportFinding{}
		page.Items = append(page.Items, *i)
	}
	if len(found) > size {
		page.Next = veranda.EncodeCursor(importsList, page.Items[size-1].ID.String())
	}
	return page, nil
}

// CancelImport has an import ended: soon, not at once. The records that it made are deleted again; those that it changed stay
// changed. One that has ended is given as it is.
//
// Permission: as of ImportOf. Events: apps.import_asked, then apps.import_ended.
func (s *Service) CancelImport(ctx context.Context, by veranda.Actor, in ImportNamed) (*Import, error) {
	g, i, err := s.openImport(ctx, by, in)
	if err != nil {
		return nil, err
	}
	if i.cancel || i.State.Ended() {
		return i, nil
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, cancelImport, i.Org, i.App, i.ID, true)
		if err != nil {
			return fmt.Errorf("apps: cancel import: %w", err)
		}
		if n == 0 {
			return nil // it ended meanwhile
		}
		tx.Emit(event(EventImportAsked, g.app, i.ID.String(), g.standing, tx.DB().Now(), i.changed(g.app)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.importAt(ctx, in.Org, in.App, in.Import)
}

// tidyImports removes files of imports that ended, and imports that are old.
func (s *Service) tidyImports(ctx context.Context) error {
	if s.blobs == nil {
		return nil
	}
	db := s.conn.DB()
	now := db.Now()
	rows, err := s.conn.Query(ctx, tidyImports, true, db.Time(now.Add(-importRemembered)), db.Time(now.Add(-importSending)))
	if err != nil {
		return fmt.Errorf("apps: find imports: %w", err)
	}
	var found []*Import
	for rows.Next() {
		i := &Import{}
		if err = rows.Scan(append([]any{&i.Org}, i.destinations()...)...); err != nil {
			break
		}
		found = append(found, i)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("apps: find imports: %w", err)
	}
	var failed []error
	for _, i := range found {
		if i.State == ImportReceiving || i.CreatedAt.Before(now.Add(-importRemembered)) {
			failed = append(failed, s.forget(ctx, i))
		} else {
			failed = append(failed, s.release(ctx, i))
		}
	}
	return errors.Join(failed...)
}
