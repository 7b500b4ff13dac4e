package tasks

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/veranda-go/veranda"
)

// Tasks as comma-separated values (RFC 4180), in UTF-8, with a line of titles. An export can be imported again.
const (
	// MaxImportRows is how many tasks one import makes, MaxImportBytes how long its text may be.
	MaxImportRows  = 5000
	MaxImportBytes = 10 << 20
	// MaxExternalID is how long the id of an imported task where it comes from may be, in characters.
	MaxExternalID = 200
)

// csvColumns are the columns, in the order of an export.
var csvColumns = []string{
	"title", "description", "state", "priority", "due_at", "assignees", "labels", "checklist", "start_at", "time_zone", "recurrence", "parent", "stage", "external_id",
}

// csvAliases are other titles of columns that are understood.
var csvAliases = map[string]string{
	"due": "due_at", "assignee": "assignees", "label": "labels", "tags": "labels", "status": "state", "id": "external_id",
	"start": "start_at", "timezone": "time_zone", "repeats": "recurrence", "parent_id": "parent", "column": "stage",
}

// BadRow is something wrong with an imported text.
type BadRow struct {
	// Row is the row as a spreadsheet counts it: the titles are row 1. A cell of several lines is one row.
	Row int `json:"row"`
	// Column is the column's title; absent where the row as a whole is meant.
	Column string `json:"column,omitempty"`
	// Rule is the broken rule, for programs; Message says it to a person and never repeats the value.
	Rule    string `json:"rule"`
	Message string `json:"detail"`
}

// csvRow is a row of an import: its cells by column.
type csvRow struct {
	number int
	cells  map[string]string
}

// readCSV reads an imported text: UTF-8, with or without a byte order mark, separated by commas, semicolons or tabs,
// whichever its first line has most of. It names everything that is wrong with the text's form; err is for a text that
// cannot be read at all.
func readCSV(body io.Reader) (rows []csvRow, bad []BadRow, err error) {
	text, err := io.ReadAll(io.LimitReader(body, MaxImportBytes+1))
	if err != nil {
		return nil, nil, err
	}
	var c veranda.Checks
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case len(text) > MaxImportBytes:
		c.Add("/body", "too_long", fmt.Sprintf("must have at most %d bytes", MaxImportBytes))
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		c.Add("/body", "unicode", "must be text in UTF-8 without NUL; save it as \"CSV UTF-8\"")
	case len(bytes.TrimSpace(text)) == 0:
		c.Add("/body", "required", "must not be empty")
	}
	if err := c.Err(); err != nil {
		return nil, nil, err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separatorOf(text), -1, true
	r.TrimLeadingSpace = r.Comma != '\t' // where a tab separates, it is no white space
	titles, err := r.Read()
	if err != nil {
		return nil, []BadRow{badRecord(1, err)}, nil
	}
	columns, bad := columnsOf(titles)
	if len(bad) > 0 {
		return nil, bad, nil
	}
	for number := 2; ; number++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if number > MaxImportRows+1 {
			bad = append(bad, BadRow{Row: number, Rule: "too_many", Message: fmt.Sprintf("must be among the first %d rows below the titles", MaxImportRows)})
			break
		}
		switch {
		case err != nil:
			bad = append(bad, badRecord(number, err))
		case len(record) == 1 && strings.TrimSpace(record[0]) == "" && len(columns) > 1: // an empty line
		case len(record) != len(columns):
			bad = append(bad, BadRow{Row: number, Rule: "cells", Message: fmt.Sprintf("must have %d cells, as the row of titles has", len(columns))})
		default:
			row := csvRow{number: number, cells: make(map[string]string, len(columns))}
			for i, column := range columns {
				row.cells[column] = plainCell(strings.TrimSpace(record[i]))
			}
			rows = append(rows, row)
		}
	}
	return rows, bad, nil
}

// badRecord says what the reader complains of.
func badRecord(row int, err error) BadRow {
	message := "cannot be read"
	if errors.Is(err, csv.ErrQuote) || errors.Is(err, csv.ErrBareQuote) {
		message = "has a quote that does not begin or end a cell; within a quoted cell a quote is written twice"
	}
	return BadRow{Row: row, Rule: "csv", Message: message}
}

// separatorOf is what the first line is separated by, outside quotes.
func separatorOf(text []byte) rune {
	counts := map[byte]int{}
	quoted := false
	for _, b := range text {
		if b == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if b == '\n' || b == '\r' {
			break
		}
		counts[b]++
	}
	best := byte(',')
	for _, candidate := range []byte{';', '\t'} {
		if counts[candidate] > counts[best] {
			best = candidate
		}
	}
	return rune(best)
}

// columnsOf turns titles into the names of columns.
func columnsOf(titles []string) (columns []string, bad []BadRow) {
	seen := map[string]bool{}
	for _, title := range titles {
		column := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(title)), " ", "_")
		if name, found := csvAliases[column]; found {
			column = name
		}
		known := false
		for _, name := range csvColumns {
			known = known || name == column
		}
		switch {
		case !known:
			bad = append(bad, BadRow{Row: 1, Column: clip(column), Rule: "unknown_column", Message: "is not one of: " + strings.Join(csvColumns, ", ")})
		case seen[column]:
			bad = append(bad, BadRow{Row: 1, Column: column, Rule: "duplicate", Message: "is there twice"})
		}
		seen[column] = true
		columns = append(columns, column)
	}
	if len(bad) == 0 && !seen["title"] {
		bad = append(bad, BadRow{Row: 1, Column: "title", Rule: "required", Message: "must be there"})
	}
	return columns, bad
}

// clip shortens a title that is none of ours, so that an answer does not grow with nonsense.
func clip(text string) string {
	const most = 40
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// formulaStarts begin what spreadsheets take for a formula (OWASP ASVS 5.0, 1.2.10). An apostrophe is among them so that
// what plainCell takes away is what safeCell put there.
const formulaStarts = "=+-@\t\r\n＝＋－＠'"

// safeCell keeps a spreadsheet from computing a text: an apostrophe before it says that it is text.
func safeCell(text string) string {
	if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " ")); text != "" && strings.ContainsRune(formulaStarts, first) {
		return "'" + text
	}
	return text
}

// plainCell takes the apostrophe of safeCell away.
func plainCell(text string) string {
	rest, found := strings.CutPrefix(text, "'")
	if !found {
		return text
	}
	if first, size := utf8.DecodeRuneInString(strings.TrimLeft(rest, " ")); size > 0 && strings.ContainsRune(formulaStarts, first) {
		return rest
	}
	return text
}

// writeRecord writes a record. Every cell is quoted, which no reader takes amiss.
func writeRecord(to *bufio.Writer, cells ...string) error {
	for i, cell := range cells {
		if i > 0 {
			if err := to.WriteByte(','); err != nil {
				return err
			}
		}
		if _, err := to.WriteString(`"` + strings.ReplaceAll(safeCell(cell), `"`, `""`) + `"`); err != nil {
			return err
		}
	}
	_, err := to.WriteString("\r\n")
	return err
}
