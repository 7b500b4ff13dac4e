package architecture

import (
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// oldest are the first versions without a known hole that matters here.
var oldest = []struct{ module, version, why string }{
	{bunPath, "v1.3.0", "before it, negative numbers in its client-side formatting open comments in the SQL"},
	{bunPath + "/dialect/pgdialect", "v1.3.0", "it goes with bun"},
	{bunPath + "/dialect/sqlitedialect", "v1.3.0", "it goes with bun"},
	{"github.com/gofiber/fiber/v2", "v2.52.15", "the last release with all security repairs of its line"},
}

// checkVersions reads go.mod. A module that is not required yet breaks nothing.
func checkVersions(h *House) (report Report) {
	file, err := modfile.Parse("go.mod", h.GoMod, nil)
	if err != nil {
		report.add("go.mod", "%v", err)
		return report
	}
	for _, required := range file.Require {
		for _, o := range oldest {
			if required.Mod.Path == o.module && semver.Compare(required.Mod.Version, o.version) < 0 {
				report.add("go.mod", "%s %s is older than %s: %s", o.module, required.Mod.Version, o.version, o.why)
			}
		}
	}
	for _, replaced := range file.Replace {
		for _, o := range oldest {
			if replaced.Old.Path == o.module {
				report.add("go.mod", "%s is replaced, and hosts would not get the replacement", o.module)
			}
		}
	}
	return report
}
