package apps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/tabular"
)

// errRollBack undoes an import that is to leave nothing.
var errRollBack = errors.New("apps: the import is undone")

// Import makes records of the rows of a file: all of them or, where something is wrong with any row, none. A dry run makes
// none, and tells what is wrong with each cell. StartImport is for larger files.
//
// The file is CSV, XLSX or JSON; its format, its encoding and what separates its cells are found out, and how numbers and
// dates are written in each column. A column holds the field of its name, unless the mapping says otherwise; columns that no
// field is named after, and those of fields that the program fills in, are left out. Choices are given by their names, people
// by the ids of their accounts or, where Deps.Addresses are there, by their mail addresses, linked records by their ids or by
// their values of a unique field of the other application. Rows may link to each other, whatever their order is: such links
// are made when all records are there, and are a change of the record. An empty cell leaves a new record its default, and
// empties the field of one that is there. An apostrophe that guards a cell against spreadsheets is taken away.
//
// With match_by, rows whose value of the unique field a record has change that record. With skip_bad bad rows are left out.
//
// Permission: record.create; record.edit where records are changed. Limits: "records", MaxImportRows, MaxImportBytes.
// Errors: invalid (at /mapping/<i>/<member>, /match_by, at /file for what is wrong with the file, at /rows/<row>/<key> for
// what is wrong with a row). Event: apps.records_written for each 500 rows.
func (s *Service) Import(ctx context.Context, by veranda.Actor, in ImportInput, body io.Reader) (*ImportResult, error) {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	o := in.check(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := s.mayImport(ctx, by, in.Org, in.App); err != nil {
		return nil, err
	}
	file, err := io.ReadAll(io.LimitReader(body, MaxImportBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > MaxImportBytes {
		return nil, invalid("/file", "too_long", fmt.Sprintf("must have at most %d megabytes: larger ones are imported in the background", MaxImportBytes>>20))
	}
	var r *importRun
	var ended *fileEnd
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		r = &importRun{s: s.WithTx(tx), by: by, org: in.Org, app: in.App, o: o}
		err := r.once(ctx, file)
		if err != nil && !errors.As(err, &ended) {
			return err
		}
		if ended != nil {
			r.note(ImportFinding{Row: ended.err.Row, Rule: ended.err.Rule, Message: ended.err.Message})
		}
		if in.DryRun || ended != nil || r.found > 0 && !in.SkipBad {
			return errRollBack
		}
		return nil
	})
	switch {
	case errors.Is(err, errRedesigned):
		return nil, veranda.ErrContended
	case err != nil && !errors.Is(err, errRollBack):
		return nil, err
	case err != nil && !in.DryRun:
		return nil, refuseRows(r.findings)
	}
	result := &ImportResult{
		DryRun: in.DryRun, About: r.about, Columns: r.columns, Rows: r.rows, ImportCounts: r.counts, Findings: r.findings, FindingsCount: r.found,
	}
	if result.Findings == nil {
		result.Findings = []ImportFinding{}
	}
	return result, nil
}

// mayImport refuses who may make no records before their file is read.
func (s *Service) mayImport(ctx context.Context, by veranda.Actor, org veranda.OrgID, app ID) error {
	g, err := s.open(ctx, by, org, app, PermReadRecord)
	if err != nil {
		return err
	}
	return s.decide(ctx, g, PermCreateRecord)
}

// once imports a file that is there whole, in a transaction.
func (r *importRun) once(ctx context.Context, file []byte) error {
	write := func(rows []*importRow) error {
		if r.rows > MaxImportRows {
			return invalid("/file", "too_many", fmt.Sprintf("must have at most %d rows: larger ones are imported in the background", MaxImportRows))
		}
		return r.write(ctx, r.s, rows, false)
	}
	if err := r.pass(ctx, bytes.NewReader(file), 0, write); err != nil || !r.links() {
		return err
	}
	r.second = true
	return r.pass(ctx, bytes.NewReader(file), 0, write)
}

// refuseRows is the error of an import that was no dry run.
func refuseRows(findings []ImportFinding) error {
	var c veranda.Checks
	for _, f := range findings {
		place := at("/rows", f.Row)
		if f.Field != "" {
			place += "/" + f.Field
		}
		c.Add(place, f.Rule, f.Message)
	}
	return c.Err()
}

// PreviewImport looks at the first rows of a file, and proposes an application that it could be imported into: what Create
// takes as fields, with the evidence for each.
//
// Permission: app.design. Errors: invalid (at /file).
func (s *Service) PreviewImport(ctx context.Context, by veranda.Actor, in PreviewImportInput, body io.Reader) (*ImportPreview, error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	o := in.FileOptions.check(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if _, err := s.workspace(ctx, by, in.Org, in.Workspace, PermDesign); err != nil {
		return nil, err
	}
	body = io.LimitReader(body, MaxFileBytes)
	f, err := openFile(body, o, PreviewRows)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.source.Close() }()
	// Who sends the file is still sending the rest of it.
	if _, err := io.Copy(io.Discard, body); err != nil {
		return nil, err
	}
	var bad *tabular.Error
	if errors.As(f.failed, &bad) {
		return nil, fileError(bad)
	}
	preview := &ImportPreview{About: f.source.About(), Fields: []FieldInput{}, Columns: []GuessedColumn{}, Sample: f.ahead[:min(len(f.ahead), PreviewSample)], Rows: len(f.ahead)}
	if preview.Sample == nil {
		preview.Sample = [][]string{}
	}
	for _, guess := range tabular.Guess(f.source.Columns(), f.ahead) {
		g := guess.Field
		preview.Columns = append(preview.Columns, GuessedColumn{Column: guess.Column, Kind: g.Kind, Skip: guess.Skip, Writing: guess.Writing, Evidence: guess.Evidence})
		if !guess.Skip {
			preview.Fields = append(preview.Fields, FieldInput{Name: g.Name, Kind: g.Kind, Rules: field.Rules{}, Options: g.Options})
		}
	}
	return preview, nil
}
