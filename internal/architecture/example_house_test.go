package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

const exampleModule = "example.org/house"

// foreign are the parts of other packages that the rules know, reduced to what the
// examples need. A folder is an import path.
const foreign = `
-- time/time.go --
package time
type Time struct{}
func (Time) Since() {}
type Duration int
func Now() Time { return Time{} }
func Since(Time) Duration { return 0 }
func Date() Time { return Time{} }
-- fmt/fmt.go --
package fmt
func Sprintf(string, ...any) string { return "" }
func Sprint(...any) string { return "" }
func Println(...any) {}
func Fprintln(any, ...any) {}
-- log/log.go --
package log
type Logger struct{}
func (*Logger) Print(...any) {}
func New() *Logger { return nil }
func Print(...any) {}
-- log/slog/slog.go --
package slog
type Logger struct{}
func (*Logger) Info(string, ...any) {}
func Info(string, ...any) {}
func Default() *Logger { return nil }
-- testing/testing.go --
package testing
type common struct{}
func (*common) Skip(...any) {}
func (*common) Skipf(string, ...any) {}
func (*common) SkipNow() {}
type T struct{ common }
type TB interface{ Skip(...any) }
-- pgregory.net/rapid/rapid.go --
package rapid
type T struct{}
func (*T) Skip(...any) {}
-- database/sql/sql.go --
package sql
type DB struct{}
type Tx struct{}
func (*DB) BeginTx() *Tx { return nil }
func (*DB) ExecContext(ctx any, query string, args ...any) {}
-- github.com/uptrace/bun/schema/schema.go --
package schema
type Safe string
-- github.com/uptrace/bun/bun.go --
package bun
import "github.com/uptrace/bun/schema"
type Safe = schema.Safe
type SelectQuery struct{}
func (q *SelectQuery) Where(query string, args ...any) *SelectQuery { return q }
func (q *SelectQuery) OrderExpr(query string, args ...any) *SelectQuery { return q }
func (q *SelectQuery) Column(names ...string) *SelectQuery { return q }
type IDB interface {
	NewSelect() *SelectQuery
	NewRaw(query string, args ...any)
	BeginTx() Tx
	RunInTx(func())
}
type DB struct{}
func (*DB) BeginTx() Tx { return Tx{} }
type Tx struct{}
func (Tx) NewSelect() *SelectQuery { return nil }
func (Tx) NewRaw(query string, args ...any) {}
func (Tx) BeginTx() Tx { return Tx{} }
func (Tx) RunInTx(func()) {}
func (Tx) Commit() {}
`

// build makes a house of a txtar archive: folders are packages of the module, and
// what is imported besides comes from foreign, or is an empty package.
func build(t *testing.T, archive string) *House {
	t.Helper()
	b := &builder{
		house:   &House{Module: exampleModule, Files: token.NewFileSet()},
		sources: map[string][]txtar.File{}, checked: map[string]*types.Package{},
	}
	for _, file := range txtar.Parse([]byte(foreign)).Files {
		importPath := path.Dir(file.Name)
		b.sources[importPath] = append(b.sources[importPath], file)
	}
	var ours []string
	for _, file := range txtar.Parse([]byte(archive)).Files {
		directory := strings.TrimPrefix(path.Dir(file.Name), ".")
		importPath := path.Join(exampleModule, directory)
		if b.sources[importPath] == nil {
			ours = append(ours, directory)
			b.house.Packages = append(b.house.Packages, &Package{Path: directory})
		}
		b.sources[importPath] = append(b.sources[importPath], file)
	}
	if len(ours) == 0 {
		t.Fatal("the archive holds no files")
	}
	for _, directory := range ours {
		if _, err := b.Import(path.Join(exampleModule, directory)); err != nil {
			t.Fatal(err)
		}
	}
	return b.house
}

// builder is an importer that type-checks what it is asked for.
type builder struct {
	house   *House
	sources map[string][]txtar.File
	checked map[string]*types.Package
}

func (b *builder) Import(importPath string) (*types.Package, error) {
	if found := b.checked[importPath]; found != nil {
		return found, nil
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}
	var syntax []*ast.File
	for _, file := range b.sources[importPath] {
		parsed, err := parser.ParseFile(b.house.Files, file.Name, file.Data, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		syntax = append(syntax, parsed)
		for _, p := range b.house.Packages {
			if path.Join(exampleModule, p.Path) == importPath {
				p.Files = append(p.Files, &File{Path: file.Name, Test: strings.HasSuffix(file.Name, "_test.go"), Syntax: parsed, Info: info})
			}
		}
	}
	config := types.Config{Importer: b, Error: func(error) {}} // an empty package lacks what is used of it
	checked, _ := config.Check(importPath, b.house.Files, syntax, info)
	if !checked.Complete() {
		checked.MarkComplete()
	}
	b.checked[importPath] = checked
	return checked, nil
}

// expect runs a rule on a house and compares what it says: each wanted line is a
// place and a part of the text.
func expect(t *testing.T, h *House, check func(*House) Report, want map[string]string) Report {
	t.Helper()
	report := check(h)
	var got, places []string
	for _, violation := range report.Violations {
		got = append(got, violation.Place)
		if part, ok := want[violation.Place]; ok && !strings.Contains(violation.Text, part) {
			t.Errorf("%v\nlacks %q", violation, part)
		}
	}
	for place := range want {
		places = append(places, place)
	}
	slices.Sort(got)
	slices.Sort(places)
	if diff := cmp.Diff(places, got); diff != "" {
		t.Errorf("violations (-want +got):\n%s%v", diff, report.Violations)
	}
	return report
}
