package policy

import (
	"errors"
	"fmt"
	"strings"
)

// RuleError says why one row was refused. [ParseCSV] and [Compile] join one
// per bad row, so that a policy file is mended in one go.
type RuleError struct {
	// Row is the row's place among the rules given to Compile, counted from 1;
	// 0 when the row was refused while a text was read.
	Row int
	// Rule is the refused row; its Source names file and line where known.
	Rule Rule
	// Reason is a sentence without a full stop, safe to show to whoever may
	// edit policies: it quotes the row and nothing else.
	Reason string
}

// Error names place, row and reason on one line.
func (e *RuleError) Error() string {
	var b strings.Builder
	switch {
	case e.Row > 0 && e.Rule.Source != "":
		fmt.Fprintf(&b, "policy row %d (%s): ", e.Row, e.Rule.Source)
	case e.Row > 0:
		fmt.Fprintf(&b, "policy row %d: ", e.Row)
	case e.Rule.Source != "":
		b.WriteString(e.Rule.Source + ": ")
	}
	if e.Rule.Type != "" || len(e.Rule.Values) > 0 {
		e.Rule.write(&b)
		b.WriteString(": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}

// problems gathers refused rows. It keeps the first few: a wrong column in a
// file of thousands of rows needs no thousands of messages.
type problems struct {
	kept []error
	more int
}

func (p *problems) add(e *RuleError) {
	const most = 20
	if len(p.kept) == most {
		p.more++
		return
	}
	p.kept = append(p.kept, e)
}

func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.kept, fmt.Errorf("and %d more refused policy rows", p.more))...)
	}
	return errors.Join(p.kept...)
}
