package policy

import (
	"encoding/csv"
	"fmt"
	"strings"
	"unicode"
)

// ParseCSV reads rows as casbin's file adapter does: one row a line, blank
// lines and lines that begin with "#" left out, spaces before a value dropped,
// values quoted as in RFC 4180 where somebody wishes so (though never across
// lines). The name, usually a file's, becomes with the line number the rows'
// Source.
//
// It checks each row on its own; whether a permission exists is for [Compile].
// Rows come back with their effect written out. The error joins a [RuleError]
// for each bad line, and then no rows are returned: half a policy is none.
func ParseCSV(name, text string) ([]Rule, error) {
	var rules []Rule
	var bad problems
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		source := fmt.Sprintf("%s:%d", name, number)
		fields, err := splitLine(line)
		if err != nil {
			bad.add(&RuleError{Rule: Rule{Source: source}, Reason: fmt.Sprintf("%q is not CSV: %v", clip(line), err)})
			continue
		}
		given := Rule{Type: fields[0], Values: fields[1:], Source: source}
		rule, reason := given.normalize()
		if reason != "" {
			bad.add(&RuleError{Rule: given, Reason: reason})
			continue
		}
		rules = append(rules, rule)
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	return rules, nil
}

// splitLine splits a line that is neither blank nor a comment into fields.
// Without a quote in it a line needs no CSV reader, whose buffer would cost
// more than all the rest on files of thousands of rows.
func splitLine(line string) ([]string, error) {
	if strings.Contains(line, `"`) {
		reader := csv.NewReader(strings.NewReader(line))
		reader.Comment = '#'
		reader.TrimLeadingSpace = true
		fields, err := reader.Read()
		if err != nil {
			return nil, fmt.Errorf("reading the line: %w", err)
		}
		return fields, nil
	}
	fields := strings.Split(line, ",")
	for i, field := range fields {
		fields[i] = strings.TrimLeftFunc(field, unicode.IsSpace)
	}
	return fields, nil
}

// formatCSV writes rows in the form that [ParseCSV] and casbin read.
func formatCSV(rules []Rule) string {
	var b strings.Builder
	for _, rule := range rules {
		rule.write(&b)
		b.WriteByte('\n')
	}
	return b.String()
}
