package architecture

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// ambience is a set of package-level functions that reach for something which a
// domain gets passed in.
type ambience struct {
	importPath string
	concerns   func(name string) bool
	instead    string
}

func ambiences() []ambience {
	oneOf := func(names ...string) func(string) bool {
		return func(name string) bool { return slices.Contains(names, name) }
	}
	return []ambience{
		{"time", oneOf("Now", "Since", "Until"), "use the injected Clock"},
		{"log", func(name string) bool { return name != "New" }, "use the injected logger"},
		{
			"log/slog",
			oneOf("Debug", "DebugContext", "Info", "InfoContext", "Warn", "WarnContext", "Error", "ErrorContext",
				"Log", "LogAttrs", "Default", "SetDefault", "With"),
			"use the injected logger",
		},
		{"fmt", func(name string) bool { return strings.HasPrefix(name, "Print") }, "a library prints nothing"},
	}
}

// checkAmbient keeps the machine's clock, the global loggers and standard output
// out of the domains. Tests may use them.
func checkAmbient(h *House) (report Report) {
	all := ambiences()
	h.eachFile(func(p *Package, f *File) {
		if f.Test || !isDomain(p.Path) {
			return
		}
		ast.Inspect(f.Syntax, func(node ast.Node) bool {
			name, ok := node.(*ast.Ident)
			if !ok {
				return true
			}
			function, ok := f.Info.Uses[name].(*types.Func)
			if !ok || function.Signature().Recv() != nil {
				return true
			}
			for _, a := range all {
				if declaredIn(function, a.importPath) && a.concerns(function.Name()) {
					report.add(h.place(f, name.Pos()), "%s.%s: %s", function.Pkg().Name(), function.Name(), a.instead)
				}
			}
			return true
		})
	})
	return report
}
