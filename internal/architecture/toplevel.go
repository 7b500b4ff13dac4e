package architecture

import (
	"path"
	"slices"
	"strings"
)

var (
	topFiles       = []string{"go.mod", "go.sum", "README.md", "CHANGELOG.md", "LICENSE", "Makefile"}
	topDirectories = []string{
		"tenancy", "workspace", "tasks", "apps", "forms", "stream", "messaging", "billing",
		"verandatest", "internal", "examples",
	}
)

// checkTopLevel keeps the first page a newcomer sees short: Go files of the root
// package, the domains, and a few files. Hidden files are not on that page.
func checkTopLevel(h *House) (report Report) {
	for _, entry := range h.TopLevel {
		switch {
		case strings.HasPrefix(entry.Name, "."):
		case entry.Directory && slices.Contains(topDirectories, entry.Name):
		case !entry.Directory && slices.Contains(topFiles, entry.Name):
		case !entry.Directory && path.Ext(entry.Name) == ".go":
		default:
			report.add(entry.Name, "does not belong at top level")
		}
	}
	return report
}

// ignoredAtTop reads the patterns of a .gitignore that match an entry at top level
// as gitignore(5) has it: with a slash at the front or none within; with a slash at
// the end for directories only. Negations are not used here and not read.
func ignoredAtTop(gitignore string, entry Entry) bool {
	for line := range strings.Lines(gitignore) {
		pattern := strings.TrimSpace(line)
		if pattern == "" || strings.HasPrefix(pattern, "#") {
			continue
		}
		pattern, forDirectories := strings.CutSuffix(pattern, "/")
		if matched, _ := path.Match(strings.TrimPrefix(pattern, "/"), entry.Name); matched && (entry.Directory || !forDirectories) {
			return true
		}
	}
	return false
}
