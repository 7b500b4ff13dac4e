package architecture

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// sqlMark is the comment that exempts a query text from the rule, with its reason
// behind it, on the line of the text or of the call or on the one before:
//
//	//sql:built the name is quoted by dialect.Identifier
const sqlMark = "//sql:built"

// queryPackages declare the methods and functions that take SQL.
var queryPackages = []string{bunPath + "/...", "database/sql/...", "github.com/jackc/pgx/..."}

// queryNames are those methods and functions, there and in the root package. Their
// string parameters are SQL; variadic ones are names that bun quotes, or arguments.
var queryNames = []string{
	"Exec", "ExecContext", "Prepare", "PrepareContext", "Query", "QueryContext", "QueryRow", "QueryRowContext",
	"NewRaw", "NewRawQuery", "SafeQuery", "SafeQueryWithSep", "FormatQuery", "AppendQuery", "Raw",
	"ColumnExpr", "TableExpr", "ModelTableExpr", "OrderExpr", "GroupExpr", "IncludeExpr", "IndexExpr",
	"Where", "WhereOr", "Having", "Join", "JoinOn", "JoinOnOr", "On", "Set", "SetColumn", "Value", "Returning",
	"DistinctOn", "For", "Using", "ForeignKey", "PartitionBy", "Comment", "Index",
	"When", "WhenDelete", "WhenInsert", "WhenUpdate",
}

// dialectDirectory is the one place that may put SQL together, and whose results
// may be joined to other text.
const dialectDirectory = "internal/dialect"

// checkSQL keeps user text out of SQL: no bun.Safe, which switches quoting off, and
// no query text made by fmt.Sprint* or by + with something that is not a constant.
// It looks at the argument itself, not at where a variable was assigned.
func checkSQL(h *House) (report Report) {
	h.eachFile(func(p *Package, f *File) {
		if below(p.Path, dialectDirectory) {
			return
		}
		marks := h.sqlMarks(f)
		ast.Inspect(f.Syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.Ident:
				if object, ok := f.Info.Uses[node].(*types.TypeName); ok && object.Name() == "Safe" && declaredIn(object, bunPath+"/...") {
					report.add(h.place(f, node.Pos()), "bun.Safe switches quoting off: use a placeholder, or internal/dialect")
				}
			case *ast.CallExpr:
				for _, argument := range h.queryTexts(f, node) {
					if !h.isBuilt(f, argument) {
						continue
					}
					place := h.place(f, argument.Pos())
					if mark := marks.covering(h.line(argument.Pos()), h.line(calledName(node).Pos())); mark != nil {
						mark.used = true
						if mark.reason != "" {
							report.Exempted = append(report.Exempted, place+": "+mark.reason)
							continue
						}
					}
					report.add(place, "SQL is put together at run time: use placeholders, or internal/dialect, or say %s and why", sqlMark)
				}
			}
			return true
		})
		for _, mark := range marks {
			if !mark.used {
				report.add(h.place(f, mark.at), "%s exempts nothing here", sqlMark)
			}
		}
	})
	return report
}

// queryTexts are the arguments of a call that are SQL, none for other calls.
func (h *House) queryTexts(f *File, call *ast.CallExpr) (texts []ast.Expr) {
	name := calledName(call)
	if name == nil || !slices.Contains(queryNames, name.Name) {
		return nil
	}
	called, ok := f.Info.Uses[name].(*types.Func)
	if !ok || !(declaredIn(called, h.Module) || slices.ContainsFunc(queryPackages, func(of string) bool { return declaredIn(called, of) })) {
		return nil
	}
	signature := called.Signature()
	for i := range signature.Params().Len() {
		parameter := signature.Params().At(i).Type()
		last := i == signature.Params().Len()-1
		if i >= len(call.Args) || (signature.Variadic() && last) {
			break
		}
		if basic, ok := parameter.Underlying().(*types.Basic); ok && basic.Info()&types.IsString != 0 {
			texts = append(texts, call.Args[i])
		}
	}
	return texts
}

// calledName is the identifier of what is called, nil when it has none.
func calledName(call *ast.CallExpr) *ast.Ident {
	switch called := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		return called
	case *ast.SelectorExpr:
		return called.Sel
	default:
		return nil
	}
}

// isBuilt tells whether a text is put together at run time from anything but
// constants and what internal/dialect gives.
func (h *House) isBuilt(f *File, text ast.Expr) bool {
	text = ast.Unparen(text)
	if f.Info.Types[text].Value != nil {
		return false // a constant, however it is spelled
	}
	switch text := text.(type) {
	case *ast.BinaryExpr:
		if text.Op != token.ADD {
			return false
		}
		return !h.isTrustedPart(f, text.X) || !h.isTrustedPart(f, text.Y)
	case *ast.CallExpr:
		if f.Info.Types[text.Fun].IsType() && len(text.Args) == 1 {
			return h.isBuilt(f, text.Args[0]) // a conversion
		}
		name := calledName(text)
		return name != nil && declaredIn(f.Info.Uses[name], "fmt") && strings.HasPrefix(name.Name, "Sprint")
	default:
		return false
	}
}

// isTrustedPart tells whether an operand of + is a constant, or comes from
// internal/dialect, or is itself joined from such parts.
func (h *House) isTrustedPart(f *File, part ast.Expr) bool {
	part = ast.Unparen(part)
	value := f.Info.Types[part]
	if value.Value != nil {
		return true
	}
	dialect := h.Module + "/" + dialectDirectory + "/..."
	if named, ok := types.Unalias(typeOf(value)).(*types.Named); ok && declaredIn(named.Obj(), dialect) {
		return true
	}
	switch part := part.(type) {
	case *ast.BinaryExpr:
		return part.Op == token.ADD && h.isTrustedPart(f, part.X) && h.isTrustedPart(f, part.Y)
	case *ast.CallExpr:
		if f.Info.Types[part.Fun].IsType() && len(part.Args) == 1 {
			return h.isTrustedPart(f, part.Args[0]) // a conversion
		}
		name := calledName(part)
		if name == nil {
			return false
		}
		called, ok := f.Info.Uses[name].(*types.Func)
		return ok && declaredIn(called, dialect)
	default:
		return false
	}
}

func typeOf(value types.TypeAndValue) types.Type {
	if value.Type == nil {
		return types.Typ[types.Invalid]
	}
	return value.Type
}

// markedLine is one //sql:built comment.
type markedLine struct {
	at     token.Pos
	line   int
	reason string
	used   bool
}

type markedLines []*markedLine

func (h *House) sqlMarks(f *File) (marks markedLines) {
	for _, group := range f.Syntax.Comments {
		for _, comment := range group.List {
			if reason, ok := strings.CutPrefix(comment.Text, sqlMark); ok {
				marks = append(marks, &markedLine{at: comment.Pos(), line: h.line(comment.Pos()), reason: strings.TrimSpace(reason)})
			}
		}
	}
	return marks
}

// covering finds the mark on one of the lines or the one before it.
func (m markedLines) covering(lines ...int) *markedLine {
	for _, mark := range m {
		for _, line := range lines {
			if mark.line == line || mark.line == line-1 {
				return mark
			}
		}
	}
	return nil
}
