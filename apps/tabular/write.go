package tabular

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Cell is a value to be written: a text, a number as an exact decimal, true or false, or nothing.
type Cell struct {
	Text string
	Kind CellKind
}

// CellKind is what a cell is.
type CellKind uint8

// The kinds of cells.
const (
	TextCell CellKind = iota
	NumberCell
	BoolCell // "true" or "false"
)

// Writer writes a file row by row. Close ends it; what was written before an error is no file.
type Writer interface {
	Write(cells []Cell) error
	Close() error
}

// NewWriter begins a file with a row of titles.
func NewWriter(w io.Writer, format Format, columns []string) (Writer, error) {
	switch format {
	case CSV:
		c := &csvWriter{w: csv.NewWriter(w)}
		row := make([]Cell, len(columns))
		for i, name := range columns {
			row[i] = Cell{Text: name}
		}
		return c, c.Write(row)
	case XLSX:
		return newXLSXWriter(w, columns)
	case JSON, Lines:
		return &jsonWriter{w: w, columns: columns, lines: format == Lines}, nil
	}
	return nil, fmt.Errorf("tabular: %q cannot be written", format)
}

// guard puts an apostrophe before a text that a spreadsheet would compute, or that begins as a guarded one does, so that
// reading gives it back as it was. See OWASP, "CSV Injection".
func guard(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r'", rune(text[0])) {
		return "'" + text
	}
	return text
}

// unguard takes the apostrophe away that guard put.
func unguard(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune("=+-@\t\r'", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

type csvWriter struct {
	w     *csv.Writer
	cells []string
}

func (c *csvWriter) Write(cells []Cell) error {
	c.cells = c.cells[:0]
	for _, cell := range cells {
		text := cell.Text
		if cell.Kind == TextCell {
			text = guard(text)
		}
		c.cells = append(c.cells, text)
	}
	if len(c.cells) == 1 && c.cells[0] == "" {
		c.cells[0] = " " // a lone empty cell would be an empty line, which nobody reads
	}
	return c.w.Write(c.cells)
}

func (c *csvWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}

type jsonWriter struct {
	w       io.Writer
	columns []string
	lines   bool
	rows    int
	b       []byte
}

func (j *jsonWriter) Write(cells []Cell) error {
	j.b = j.b[:0]
	switch {
	case j.lines:
	case j.rows == 0:
		j.b = append(j.b, "[\n"...)
	default:
		j.b = append(j.b, ",\n"...)
	}
	j.b = append(j.b, '{')
	for i, cell := range cells {
		if i > 0 {
			j.b = append(j.b, ',')
		}
		j.b = appendText(j.b, j.columns[i])
		j.b = append(j.b, ':')
		switch {
		case cell.Text == "":
			j.b = append(j.b, "null"...)
		case cell.Kind == TextCell:
			j.b = appendText(j.b, cell.Text)
		default:
			j.b = append(j.b, cell.Text...)
		}
	}
	j.b = append(j.b, '}')
	if j.lines {
		j.b = append(j.b, '\n')
	}
	j.rows++
	_, err := j.w.Write(j.b)
	return err
}

func appendText(b []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil { // texts always marshal
		panic(err)
	}
	return append(b, quoted...)
}

func (j *jsonWriter) Close() error {
	end := "\n]\n"
	switch {
	case j.lines:
		return nil
	case j.rows == 0:
		end = "[]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}

// xlsxDigits is how many digits a spreadsheet's numbers keep.
const xlsxDigits = 15

// maxXLSXRows is how many rows a sheet has.
const maxXLSXRows = 1 << 20

type xlsxWriter struct {
	w     io.Writer
	file  *excelize.File
	sheet *excelize.StreamWriter
	row   int
	cells []any
}

func newXLSXWriter(w io.Writer, columns []string) (*xlsxWriter, error) {
	file := excelize.NewFile()
	sheet, err := file.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	x := &xlsxWriter{w: w, file: file, sheet: sheet}
	row := make([]Cell, len(columns))
	for i, name := range columns {
		row[i] = Cell{Text: name}
	}
	return x, x.Write(row)
}

// Write writes texts as texts, never as formulas, and numbers of more digits than a spreadsheet keeps as texts too.
func (x *xlsxWriter) Write(cells []Cell) error {
	if x.row++; x.row > maxXLSXRows {
		return &Error{Row: x.row, Rule: "too_many", Message: "is one more than a sheet of XLSX has: export as CSV or JSON"}
	}
	x.cells = x.cells[:0]
	for _, cell := range cells {
		x.cells = append(x.cells, valueOf(cell))
	}
	return x.sheet.SetRow("A"+strconv.Itoa(x.row), x.cells)
}

func valueOf(cell Cell) any {
	switch {
	case cell.Text == "":
		return nil
	case cell.Kind == BoolCell:
		return cell.Text == "true"
	case cell.Kind == NumberCell && len(strings.Trim(cell.Text, "-.")) <= xlsxDigits:
		if v, err := strconv.ParseFloat(cell.Text, 64); err == nil {
			return v
		}
	}
	if r := []rune(cell.Text); len(r) > excelize.TotalCellChars {
		return string(r[:excelize.TotalCellChars])
	}
	return cell.Text
}

func (x *xlsxWriter) Close() error {
	err := x.sheet.Flush()
	if err == nil {
		err = x.file.Write(x.w)
	}
	if other := x.file.Close(); err == nil {
		err = other
	}
	return err
}
