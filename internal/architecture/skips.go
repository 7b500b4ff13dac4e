package architecture

import (
	"go/ast"
	"go/types"
	"slices"
)

// allowedSkips are the functions that may skip a test, each with its reason.
// verandatest is not among them: skipping is its work. It names the engine that is
// not there loudly, and fails instead when VERANDA_REQUIRE lists it.
var allowedSkips = []struct{ directory, function, reason string }{
	{"internal/pgpipe", "needPostgres", "the tests of this driver lie within it and cannot import verandatest, which imports it"},
}

// checkSkips finds tests that can be skipped: a test nobody runs is worse than none.
func checkSkips(h *House) (report Report) {
	h.eachFile(func(p *Package, f *File) {
		if topDirectory(p.Path) == testKit {
			return
		}
		for _, declaration := range f.Syntax.Decls {
			function := "a declaration"
			if declared, ok := declaration.(*ast.FuncDecl); ok {
				function = declared.Name.Name
			}
			ast.Inspect(declaration, func(node ast.Node) bool {
				selector, ok := node.(*ast.SelectorExpr)
				if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, selector.Sel.Name) {
					return true
				}
				if method, ok := f.Info.Uses[selector.Sel].(*types.Func); !ok || !declaredIn(method, "testing") {
					return true
				}
				place := h.place(f, selector.Sel.Pos())
				if reason := skipReason(p.Path, function); reason != "" {
					report.Exempted = append(report.Exempted, place+": "+reason)
				} else {
					report.add(place, "%s skips a test: let verandatest name what is missing", function)
				}
				return true
			})
		}
	})
	return report
}

// skipReason is why a function may skip, "" when it may not.
func skipReason(directory, function string) string {
	for _, allowed := range allowedSkips {
		if allowed.directory == directory && allowed.function == function {
			return allowed.reason
		}
	}
	return ""
}
