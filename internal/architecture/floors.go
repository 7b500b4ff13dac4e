package architecture

import (
	"slices"
	"strconv"
	"strings"
)

// The floors of the house, from the bottom. A package imports lower floors only,
// and siblings on a floor do not know each other: what must cross goes as an event,
// or through a small interface that the one who uses it declares.
const (
	floorInternal = iota
	floorRoot
	floorTenancy
	floorWorkspace
	floorDomains
	floorExamples
)

// floors are the directories at top level that have a floor. verandatest has none:
// it stands beside the house and sees all of it but the examples.
var floors = map[string]int{
	"internal":  floorInternal,
	"":          floorRoot,
	"tenancy":   floorTenancy,
	"workspace": floorWorkspace,
	"tasks":     floorDomains,
	"apps":      floorDomains,
	"forms":     floorDomains,
	"stream":    floorDomains,
	"messaging": floorDomains,
	"billing":   floorDomains,
	"examples":  floorExamples,
}

// siblings are the pairs on one floor of which the first may import the second: a
// form writes into an application.
var siblings = map[[2]string]bool{{"forms", "apps"}: true}

const testKit = "verandatest"

// tools are programs and tests about the source. They may look at anything, and
// nothing may depend on them.
var tools = []string{"internal/devtool", "internal/architecture"}

// suites are internal packages made of tests for what is above them.
var suites = map[string]string{
	"internal/conformance": "", // may import the root: it is the suite that every engine passes
}

// checkFloors holds every import within the module against the floors.
func checkFloors(h *House) (report Report) {
	for _, p := range h.Packages {
		if top := topDirectory(p.Path); top != testKit {
			if _, known := floors[top]; !known {
				report.add(p.Path, "%s has no floor", top)
				continue
			}
		}
		for _, f := range p.Files {
			for _, spec := range f.Syntax.Imports {
				importPath, _ := strconv.Unquote(spec.Path.Value)
				imported, ours := h.within(importPath)
				if !ours {
					continue
				}
				if why := refuseImport(p.Path, imported, f.Test); why != "" {
					report.add(h.place(f, spec.Pos()), "imports %s: %s", importPath, why)
				}
			}
		}
	}
	return report
}

// refuseImport says why a package may not import another, "" when it may.
func refuseImport(from, to string, test bool) string {
	isTool := func(p string) bool {
		return slices.ContainsFunc(tools, func(tool string) bool { return below(p, tool) })
	}
	switch {
	case isTool(to):
		if isTool(from) {
			return ""
		}
		return "nothing depends on the tools"
	case isTool(from):
		return ""
	}
	fromTop, toTop := topDirectory(from), topDirectory(to)
	switch {
	case toTop == testKit:
		if test || fromTop == testKit || isMeasurement(from) {
			return ""
		}
		return "only tests import " + testKit
	case fromTop == testKit:
		if toTop == "examples" {
			return testKit + " does not know the examples"
		}
		return ""
	}
	if fromTop == toTop {
		return refuseWithin(fromTop, from, to)
	}
	for suite, above := range suites {
		if below(from, suite) && to == above {
			return ""
		}
	}
	upper, known := floors[toTop]
	if !known {
		return "it has no floor"
	}
	switch lower := floors[fromTop]; {
	case upper < lower, siblings[[2]string{fromTop, toTop}]:
		return ""
	case upper == lower:
		return "siblings do not import each other"
	default:
		return "it is on a higher floor"
	}
}

// refuseWithin is for two packages under the same directory. Only workspace has
// parts: they may use the workspace, but it does not know them, nor they each other.
func refuseWithin(top, from, to string) string {
	if top != "workspace" || from == to || to == top {
		return ""
	}
	if from == top {
		return "workspace does not know its parts"
	}
	part := func(p string) string { return strings.SplitN(p, "/", 3)[1] }
	if part(from) == part(to) {
		return ""
	}
	return "parts of workspace do not import each other"
}

// isMeasurement tells whether a package of the examples is a benchmark program.
func isMeasurement(packagePath string) bool {
	return topDirectory(packagePath) == "examples" && slices.Contains(strings.Split(packagePath, "/"), "bench")
}
