package tenancy

import (
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/policy"
)

// Where a row was written, as an explanation names it: a module's file and line, "tenancy/policy_people.csv:12", or one of
// these.
const (
	sourceInstallation = "installation" // set by the host program, for everybody
	sourceOrganization = "organization" // set by the organization, for itself
	sourceRole         = "role:"        // and the name of the organization's role it is of
)

// fileMark begins a line of a module's rows that says in which file the following ones stand, where there are several.
const fileMark = "# file: "

// shippedRows are a module's rows, each with its file and line.
func shippedRows(m veranda.Module) ([]policy.Rule, error) {
	var all []policy.Rule
	name, first := "policy.csv", m.Policy
	for {
		text, rest, more := cutFile(first)
		rules, err := policy.ParseCSV(m.Name+"/"+name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, rules...)
		if !more {
			return all, nil
		}
		name, first, _ = strings.Cut(rest, "\n")
	}
}

// cutFile cuts rows at the next line that names a file.
func cutFile(text string) (before, after string, found bool) {
	if after, found = strings.CutPrefix(text, fileMark); found {
		return "", after, true
	}
	before, after, found = strings.Cut(text, "\n"+fileMark)
	return before, after, found
}
