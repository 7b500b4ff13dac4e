package web

import (
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
)

// findingsLimit bounds what one answer says: a body of a million bad elements must not become a bigger answer.
const findingsLimit = 50

// findings gathers every bad field of a request, with the place where the check stands at the moment. Nothing is
// allocated until there is something to report.
type findings struct {
	place  []step
	fields []veranda.FieldError
}

// step is one part of a JSON pointer: a name, or an index where name is empty and index is set.
type step struct {
	name  string
	index int
}

func (f *findings) enter(name string)  { f.place = append(f.place, step{name: name, index: -1}) }
func (f *findings) enterItem(i int)    { f.place = append(f.place, step{index: i}) }
func (f *findings) leave()             { f.place = f.place[:len(f.place)-1] }
func (f *findings) full() bool         { return len(f.fields) >= findingsLimit }
func (f *findings) add(rule, m string) { f.addAt(f.pointer(), rule, m) }

func (f *findings) addAt(pointer, rule, message string) {
	if !f.full() {
		f.fields = append(f.fields, veranda.FieldError{Pointer: pointer, Rule: rule, Message: message})
	}
}

// escapeToken writes a name as part of a JSON pointer (RFC 6901, section 3).
var escapeToken = strings.NewReplacer("~", "~0", "/", "~1")

func (f *findings) pointer() string {
	var b strings.Builder
	for _, s := range f.place {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
		} else {
			b.WriteString(escapeToken.Replace(shorten(s.name)))
		}
	}
	return b.String()
}

// nameLimit bounds how much of a name the caller made up is repeated.
const nameLimit = 64

func shorten(name string) string {
	if len(name) > nameLimit {
		return strings.ToValidUTF8(name[:nameLimit], "")
	}
	return name
}

// err is nil, or the one error with every bad field.
func (f *findings) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	return &veranda.Error{Code: veranda.CodeInvalid, Reason: "invalid", Message: "Some fields are not valid.", Fields: f.fields}
}
