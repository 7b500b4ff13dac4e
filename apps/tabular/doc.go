// Package tabular reads and writes spreadsheets: CSV and its relatives, XLSX, JSON. It streams: a file of any length takes
// the memory of a few rows, but for XLSX, which unpacks to disk.
//
// [Open] finds out what a file is: its format, its encoding, what separates its cells; [Source.About] says what was found and
// why. Rows come one by one by [Source.Next]. [Guess] looks at some of them and proposes a field of package field for each
// column, with the evidence. [WritingOf] finds out how
// the cells of a column are written that hold values of a field.
//
//	source, err := tabular.Open(file, tabular.Options{})
//	guesses, err := tabular.Guess(source.Columns(), sample)
//	for {
//		row, err := source.Next() // io.EOF at the end
//	}
//
// [NewWriter] writes. In CSV a cell that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP's "CSV
// Injection" advises, and reading takes it away again; numbers stay numbers. In XLSX texts are written as texts.
package tabular
