package tabular

import (
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Bounds of what an XLSX unpacks to: an archive of a megabyte may hold one of a terabyte.
const (
	maxUnpacked = 2 << 30  // octets, of all parts
	maxInMemory = 16 << 20 // octets of a sheet; a greater one is unpacked to disk
	maxArchive  = 256 << 20
)

// xlsxRows reads a sheet.
type xlsxRows struct {
	file  *excelize.File
	sheet *excelize.Rows
}

func openXLSX(r io.Reader, o Options, about *About) (rows, error) {
	limited := &io.LimitedReader{R: r, N: maxArchive + 1}
	file, err := excelize.OpenReader(limited, excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxInMemory})
	switch {
	case limited.N <= 0:
		if err == nil {
			_ = file.Close()
		}
		return nil, &Error{Rule: "too_long", Message: "has more than 256 megabytes"}
	case err != nil:
		return nil, &Error{Rule: "malformed", Message: "is no XLSX that can be read: " + err.Error()}
	}
	about.Sheets = file.GetSheetList()
	sheet := o.Sheet
	if sheet == "" && len(about.Sheets) > 0 {
		sheet = about.Sheets[0]
		if len(about.Sheets) > 1 {
			about.Evidence = append(about.Evidence, "The first sheet is taken.")
		}
	}
	if !slices.Contains(about.Sheets, sheet) {
		_ = file.Close()
		return nil, &Error{Rule: "sheet", Message: "has no sheet " + shown(sheet)}
	}
	about.Sheet = sheet
	opened, err := file.Rows(sheet)
	if err != nil {
		_ = file.Close()
		return nil, &Error{Rule: "malformed", Message: "has a sheet that cannot be read: " + err.Error()}
	}
	return &xlsxRows{file: file, sheet: opened}, nil
}

func (x *xlsxRows) next() ([]string, error) {
	if !x.sheet.Next() {
		if err := x.sheet.Error(); err != nil {
			return nil, &Error{Rule: "malformed", Message: "cannot be read: " + err.Error()}
		}
		return nil, io.EOF
	}
	cells, err := x.sheet.Columns(excelize.Options{RawCellValue: false})
	if err != nil {
		return nil, &Error{Rule: "malformed", Message: "cannot be read: " + err.Error()}
	}
	for i, cell := range cells {
		cells[i] = strings.ToValidUTF8(cell, "\uFFFD")
	}
	return cells, nil
}

func (x *xlsxRows) close() error {
	err := x.sheet.Close()
	if other := x.file.Close(); err == nil {
		err = other
	}
	return err
}
