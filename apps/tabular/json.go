package tabular

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// jsonRows reads objects; their members are the cells. Columns are those of the first object.
type jsonRows struct {
	decoder *json.Decoder
	array   bool
	bound   *bounded
	columns []string
	place   map[string]int
	first   []string
	cells   []string
}

// openJSON reads the first object, whose members are the columns.
func openJSON(b *bufio.Reader, format Format) (rows, []string, error) {
	if head, err := b.Peek(3); err == nil && string(head) == "\xef\xbb\xbf" {
		if _, err := b.Discard(3); err != nil {
			return nil, nil, err
		}
	}
	j := &jsonRows{array: format == JSON, bound: &bounded{r: b}, place: map[string]int{}}
	j.decoder = json.NewDecoder(j.bound)
	j.decoder.UseNumber()
	if j.array {
		if token, err := j.decoder.Token(); err != nil || token != json.Delim('[') {
			return nil, nil, &Error{Rule: "malformed", Message: "must be a list of objects"}
		}
	}
	if err := j.object(true); err != nil {
		if errors.Is(err, io.EOF) {
			err = &Error{Rule: "empty", Message: "is empty"}
		}
		return nil, nil, err
	}
	j.first = append([]string{}, j.cells...)
	return j, j.columns, nil
}

func (j *jsonRows) next() ([]string, error) {
	if j.first != nil {
		cells := j.first
		j.first = nil
		return cells, nil
	}
	if err := j.object(false); err != nil {
		return nil, err
	}
	return j.cells, nil
}

func (j *jsonRows) close() error { return nil }

func malformed(err error) error {
	if errors.Is(err, errLong) {
		return &Error{Rule: "too_long", Message: "has more than 8 megabytes"}
	}
	return &Error{Rule: "malformed", Message: "is not JSON: " + err.Error()}
}

// object reads an object into the cells; the first makes the columns.
func (j *jsonRows) object(first bool) error {
	j.bound.n = 0
	if j.array && !j.decoder.More() {
		if _, err := j.decoder.Token(); err != nil {
			return malformed(err)
		}
		return io.EOF
	}
	token, err := j.decoder.Token()
	if errors.Is(err, io.EOF) && !j.array {
		return io.EOF
	}
	if err != nil {
		return malformed(err)
	}
	if token != json.Delim('{') {
		return &Error{Rule: "malformed", Message: "must be an object"}
	}
	for i := range j.cells {
		j.cells[i] = ""
	}
	for j.decoder.More() {
		name, err := j.decoder.Token()
		if err != nil {
			return malformed(err)
		}
		key, _ := name.(string)
		cell, err := j.value()
		if err != nil {
			return err
		}
		i, known := j.place[key]
		switch {
		case !known && first && len(j.columns) < MaxColumns:
			i = len(j.columns)
			j.place[key] = i
			j.columns, j.cells = append(j.columns, key), append(j.cells, "")
		case !known:
			return &Error{Rule: "columns", Message: "has a member that the first object has not: " + shown(key)}
		}
		j.cells[i] = cell
	}
	if _, err := j.decoder.Token(); err != nil {
		return malformed(err)
	}
	return nil
}

// value is a member as a cell: texts as they are, numbers as written, lists of texts by lines.
func (j *jsonRows) value() (string, error) {
	var v any
	if err := j.decoder.Decode(&v); err != nil {
		return "", malformed(err)
	}
	return cellOf(v)
}

func cellOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		if !utf8.ValidString(v) {
			return "", &Error{Rule: "encoding", Message: "is not UTF-8"}
		}
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		if v {
			return "true", nil
		}
		return "false", nil
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			switch one.(type) {
			case []any, map[string]any:
				return "", &Error{Rule: "nested", Message: "has a list within a list, or an object in one"}
			}
			text, err := cellOf(one)
			if err != nil {
				return "", err
			}
			parts[i] = text
		}
		return strings.Join(parts, "\n"), nil
	}
	return "", &Error{Rule: "nested", Message: "has an object within the object"}
}

// shown is a text as far as a message repeats it.
func shown(text string) string {
	if r := []rune(text); len(r) > 50 {
		return string(r[:50]) + "…"
	}
	return text
}
