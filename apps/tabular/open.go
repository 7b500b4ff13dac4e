package tabular

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Bounds of what is read.
const (
	MaxColumns = 500
	MaxCell    = 1 << 20 // octets
	maxRecord  = 8 << 20 // octets of one row
	sniffed    = 64 << 10
)

// Format is a kind of file.
type Format string

// The formats. CSV is whatever separates cells by a character.
const (
	CSV   Format = "csv"
	XLSX  Format = "xlsx"
	JSON  Format = "json"  // one array of objects
	Lines Format = "jsonl" // an object in each line
)

// Options say what is known of a file; what is absent is found out.
type Options struct {
	Format    Format
	Encoding  string // "utf-8", "utf-16le", "utf-16be", or a name of the WHATWG's Encoding Standard: "windows-1252"
	Delimiter rune
	Sheet     string // of XLSX; the first where absent
	// NoHeader tells that the first row is data: columns are then "Column 1", "Column 2" …
	NoHeader bool
}

// About is what was found out of a file, and why.
type About struct {
	Format    Format   `json:"format"`
	Encoding  string   `json:"encoding,omitempty"`
	Delimiter string   `json:"delimiter,omitempty"`
	Sheet     string   `json:"sheet,omitempty"`
	Sheets    []string `json:"sheets,omitempty"`
	// Evidence are sentences for people.
	Evidence []string `json:"evidence"`
}

// Error is something wrong with a file. Row counts from 1, the row of titles included; 0 is the file itself.
type Error struct {
	Row     int
	Rule    string
	Message string
}

func (e *Error) Error() string {
	if e.Row == 0 {
		return "tabular: the file " + e.Message
	}
	return fmt.Sprintf("tabular: row %d %s", e.Row, e.Message)
}

// rows is a format's reader: the cells of the next row, which are good until the next call. io.EOF ends it.
type rows interface {
	next() ([]string, error)
	close() error
}

// Source is a file that is read.
type Source struct {
	about   About
	columns []string
	rows    rows
	row     int // the last that was read
	pending []string
	cells   []string
}

// Open finds out what a file is and reads its row of titles. The caller closes the source, and the file after it.
func Open(r io.Reader, o Options) (*Source, error) {
	b := bufio.NewReaderSize(r, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	s := &Source{about: About{Evidence: []string{}}}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, &Error{Rule: "empty", Message: "is empty"}
	}
	if o.Format == "" {
		o.Format = s.format(head)
	}
	s.about.Format = o.Format
	switch o.Format {
	case XLSX:
		s.rows, err = openXLSX(b, o, &s.about)
	case JSON, Lines:
		var first []string
		s.rows, first, err = openJSON(b, o.Format)
		if err == nil {
			s.columns = first
		}
	case CSV:
		s.rows, err = openCSV(b, head, o, &s.about)
	default:
		return nil, &Error{Rule: "format", Message: "must be csv, xlsx, json or jsonl"}
	}
	if err != nil {
		return nil, err
	}
	if s.columns == nil {
		if err := s.readTitles(o.NoHeader); err != nil {
			_ = s.rows.close()
			return nil, err
		}
	}
	return s, nil
}

// format guesses what a file is by its beginning.
func (s *Source) format(head []byte) Format {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	say := func(f Format, why string) Format {
		s.about.Evidence = append(s.about.Evidence, why)
		return f
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return say(XLSX, "It begins as a ZIP archive does, which XLSX is.")
	case len(text) > 0 && text[0] == '[':
		return say(JSON, "It begins with a bracket, as a list in JSON does.")
	case len(text) > 0 && text[0] == '{':
		return say(Lines, "It begins with a brace, as objects in JSON do.")
	}
	return say(CSV, "It is a text.")
}

// readTitles makes the columns' names of the first row: each once, none empty.
func (s *Source) readTitles(none bool) error {
	cells, err := s.read()
	if errors.Is(err, io.EOF) {
		return &Error{Rule: "empty", Message: "is empty"}
	}
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for i, cell := range cells {
		name := strings.Join(strings.FieldsFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
		if none || name == "" {
			name = fmt.Sprintf("Column %d", i+1)
		}
		if r := []rune(name); len(r) > 90 {
			name = string(r[:90])
		}
		free := name
		for n := 2; taken[strings.ToLower(free)]; n++ {
			free = fmt.Sprintf("%s %d", name, n)
		}
		taken[strings.ToLower(free)] = true
		s.columns = append(s.columns, free)
	}
	if none {
		s.pending = append([]string{}, cells...)
	}
	return nil
}

// About tells what the file was found to be.
func (s *Source) About() About { return s.about }

// Columns are the names of the columns.
func (s *Source) Columns() []string { return s.columns }

// Row is the number of the row that was read last, as a spreadsheet counts: the row of titles is 1.
func (s *Source) Row() int { return s.row }

// Next reads the next row that is not empty: a cell for each column, which are good until the next call. io.EOF ends it; an
// *Error is about the file and ends it too.
func (s *Source) Next() ([]string, error) {
	for {
		cells := s.pending
		s.pending = nil
		if cells == nil {
			var err error
			if cells, err = s.read(); err != nil {
				return nil, err
			}
		}
		empty := true
		s.cells = s.cells[:0]
		for i := range s.columns {
			cell := ""
			if i < len(cells) {
				cell = cells[i]
			}
			empty = empty && strings.TrimSpace(cell) == ""
			s.cells = append(s.cells, cell)
		}
		for _, extra := range cells[min(len(cells), len(s.columns)):] {
			if strings.TrimSpace(extra) != "" {
				return nil, &Error{Row: s.row, Rule: "columns", Message: fmt.Sprintf("has %d cells, but there are %d columns", len(cells), len(s.columns))}
			}
		}
		if !empty {
			return s.cells, nil
		}
	}
}

// read reads a row and holds it to the bounds.
func (s *Source) read() ([]string, error) {
	s.row++
	cells, err := s.rows.next()
	if err != nil {
		var known *Error
		if errors.As(err, &known) && known.Row == 0 {
			known.Row = s.row
		}
		return nil, err
	}
	if len(cells) > MaxColumns {
		return nil, &Error{Row: s.row, Rule: "too_many", Message: fmt.Sprintf("has %d cells; at most %d are read", len(cells), MaxColumns)}
	}
	for _, cell := range cells {
		if len(cell) > MaxCell {
			return nil, &Error{Row: s.row, Rule: "too_long", Message: "has a cell of more than a megabyte"}
		}
	}
	return cells, nil
}

// Close ends reading.
func (s *Source) Close() error { return s.rows.close() }
