package architecture

import (
	"slices"
	"strconv"
)

// confinement says where a library may be imported, tests included.
type confinement struct {
	what    string
	modules []string // import paths at or under these
	allowed []string // directories of the module; "" is the root alone, not what is under it
	instead string
}

// confinements keep what a host may want to replace, or not to link at all, out of
// the packages it embeds.
func confinements() []confinement {
	return []confinement{
		{
			what:    "an HTTP framework",
			modules: []string{"github.com/gofiber", "github.com/valyala/fasthttp", "github.com/danielgtaylor/huma"},
			allowed: []string{"examples"},
			instead: "the examples alone speak HTTP through a framework",
		},
		{
			what: "a database driver",
			modules: []string{
				"modernc.org/sqlite", "github.com/jackc/pgx", "github.com/jackc/pgconn", "github.com/lib/pq",
				"github.com/mattn/go-sqlite3", "github.com/uptrace/bun/driver", "github.com/alicebob/miniredis",
			},
			allowed: []string{"internal", "examples"},
			instead: "drivers are met in internal/ and examples/ alone",
		},
		{
			what:    "the queue or its client",
			modules: []string{"github.com/hibiken/asynq", "github.com/redis/go-redis"},
			allowed: []string{"", "internal", "examples"},
			instead: "a domain hands its work to the root package",
		},
		{
			what:    "casbin",
			modules: []string{"github.com/casbin"},
			allowed: []string{"internal/policy", "tenancy"},
			instead: "ask the Authorizer",
		},
	}
}

// checkLibraries holds every import of other modules against the confinements.
func checkLibraries(h *House) (report Report) {
	all := confinements()
	h.eachFile(func(p *Package, f *File) {
		for _, spec := range f.Syntax.Imports {
			importPath, _ := strconv.Unquote(spec.Path.Value)
			for _, c := range all {
				if c.concerns(importPath) && !c.allows(p.Path) {
					report.add(h.place(f, spec.Pos()), "imports %s, %s: %s", importPath, c.what, c.instead)
				}
			}
		}
	})
	return report
}

func (c confinement) concerns(importPath string) bool {
	return slices.ContainsFunc(c.modules, func(module string) bool { return below(importPath, module) })
}

func (c confinement) allows(packagePath string) bool {
	return slices.ContainsFunc(c.allowed, func(directory string) bool {
		if directory == "" {
			return packagePath == ""
		}
		return below(packagePath, directory)
	})
}
