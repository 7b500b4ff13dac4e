package architecture

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"strings"
)

// House is a module as the rules see it.
type House struct {
	Module   string // its path, from go.mod
	GoMod    []byte
	TopLevel []Entry
	Packages []*Package
	Files    *token.FileSet
}

// Entry is something at top level.
type Entry struct {
	Name      string
	Directory bool
}

// Package is a directory with Go files: the package, its tests and its external
// tests together.
type Package struct {
	Path  string // relative to the module, "" for the root
	Files []*File
}

// File is a parsed and type-checked Go file.
type File struct {
	Path   string // relative to the module, with slashes
	Test   bool   // its name ends in _test.go
	Syntax *ast.File
	Info   *types.Info
}

// Violation is a place where a rule is broken.
type Violation struct {
	Place string // file:line, or what of the module is meant
	Text  string
}

func (v Violation) String() string { return v.Place + ": " + v.Text }

// Report is what a rule found.
type Report struct {
	Violations []Violation
	Exempted   []string // places that would break it, each with its written reason
}

func (r *Report) add(place, format string, arguments ...any) {
	r.Violations = append(r.Violations, Violation{Place: place, Text: fmt.Sprintf(format, arguments...)})
}

// Rule is one rule of the house.
type Rule struct {
	Name  string
	Check func(*House) Report
}

// Rules are all rules, in the order of the package's documentation.
func Rules() []Rule {
	return []Rule{
		{"floors", checkFloors},
		{"libraries", checkLibraries},
		{"top level", checkTopLevel},
		{"nesting", checkNesting},
		{"sql", checkSQL},
		{"ambient", checkAmbient},
		{"skips", checkSkips},
		{"versions", checkVersions},
	}
}

// place is where a node stands, for a violation.
func (h *House) place(f *File, at token.Pos) string {
	return fmt.Sprintf("%s:%d", f.Path, h.line(at))
}

func (h *House) line(at token.Pos) int { return h.Files.Position(at).Line }

// within returns an import path relative to the module, and whether it is the
// module's at all.
func (h *House) within(importPath string) (string, bool) {
	if importPath == h.Module {
		return "", true
	}
	return strings.CutPrefix(importPath, h.Module+"/")
}

// eachFile calls visit with every file of every package.
func (h *House) eachFile(visit func(*Package, *File)) {
	for _, p := range h.Packages {
		for _, f := range p.Files {
			visit(p, f)
		}
	}
}

// topDirectory is the first element of a package's path, "" for the root.
func topDirectory(packagePath string) string {
	first, _, _ := strings.Cut(packagePath, "/")
	return first
}

// isDomain tells whether the package belongs to one of the feature domains.
func isDomain(packagePath string) bool {
	floor, known := floors[topDirectory(packagePath)]
	return known && floor >= floorTenancy && floor < floorExamples
}

// below tells whether a package is at or under a directory of the module.
func below(packagePath, directory string) bool {
	return packagePath == directory || strings.HasPrefix(packagePath, directory+"/")
}

// declaredIn tells whether an object is declared in the package of that import
// path or, with a trailing "/...", in one at or under it.
func declaredIn(object types.Object, importPath string) bool {
	if object == nil || object.Pkg() == nil {
		return false
	}
	if root, tree := strings.CutSuffix(importPath, "/..."); tree {
		return below(object.Pkg().Path(), root)
	}
	return object.Pkg().Path() == importPath
}

// base is a file's name without its directory.
func (f *File) base() string { return path.Base(f.Path) }
