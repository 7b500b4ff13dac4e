package tabular

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// csvRows reads texts whose cells are separated by a character.
type csvRows struct {
	reader *csv.Reader
	bound  *bounded
	strict bool // the text must be UTF-8
}

// openCSV finds out the encoding and what separates cells.
func openCSV(b *bufio.Reader, head []byte, o Options, about *About) (rows, error) {
	name, why := o.Encoding, "was told"
	if name == "" {
		name, why = encodingOf(head)
	}
	about.Encoding = name
	about.Evidence = append(about.Evidence, "The encoding is "+name+": "+why+".")
	var text io.Reader = b
	if name == "utf-8" {
		if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
			if _, err := b.Discard(3); err != nil {
				return nil, err
			}
		}
	} else {
		decoder, err := decoderOf(name)
		if err != nil {
			return nil, &Error{Rule: "encoding", Message: "cannot be read: there is no encoding " + name}
		}
		text = transform.NewReader(b, decoder)
	}
	again := bufio.NewReaderSize(text, sniffed)
	sample, err := again.Peek(sniffed / 2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &Error{Rule: "encoding", Message: "is not in the encoding " + name}
	}
	delimiter := o.Delimiter
	if delimiter == 0 {
		var said string
		delimiter, said = delimiterOf(sample, err != nil)
		about.Evidence = append(about.Evidence, said)
	}
	about.Delimiter = string(delimiter)
	bound := &bounded{r: again}
	r := csv.NewReader(bound)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = delimiter, true, -1, true
	return &csvRows{reader: r, bound: bound, strict: name == "utf-8"}, nil
}

var errLong = errors.New("a row of more than 8 megabytes")

// bounded ends a text where one row has no end: a quotation mark that nobody closes.
type bounded struct {
	r io.Reader
	n int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.n > maxRecord {
		return 0, errLong
	}
	n, err := b.r.Read(p)
	b.n += n
	return n, err
}

func (c *csvRows) next() ([]string, error) {
	c.bound.n = 0
	cells, err := c.reader.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, errLong):
		return nil, &Error{Rule: "too_long", Message: "has more than 8 megabytes: perhaps a quotation mark is not closed"}
	case err != nil:
		return nil, &Error{Rule: "malformed", Message: "cannot be read: " + err.Error()}
	}
	for i, cell := range cells {
		if c.strict && !utf8.ValidString(cell) {
			return nil, &Error{Rule: "encoding", Message: "is not UTF-8, as the rows before it are: the file mixes encodings, or its encoding must be given"}
		}
		cells[i] = unguard(cell)
	}
	return cells, nil
}

func (c *csvRows) close() error { return nil }

// encodingOf guesses the encoding of a text by its beginning, and says why.
func encodingOf(head []byte) (name, why string) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return "utf-8", "it begins with UTF-8's mark"
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return "utf-16le", "it begins with UTF-16's mark"
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return "utf-16be", "it begins with UTF-16's mark"
	}
	even, odd := 0, 0
	for i, octet := range head {
		if octet == 0 && i%2 == 0 {
			even++
		} else if octet == 0 {
			odd++
		}
	}
	switch half := len(head) / 2; {
	case odd > half/2 && even < odd/10:
		return "utf-16le", "every other octet is zero, as in UTF-16"
	case even > half/2 && odd < even/10:
		return "utf-16be", "every other octet is zero, as in UTF-16"
	}
	whole := head
	for cut := 0; cut < utf8.UTFMax && len(whole) > 0 && !utf8.Valid(whole); cut++ {
		whole = whole[:len(whole)-1] // the sample may end within a character
	}
	if utf8.Valid(whole) && len(whole) > 0 {
		return "utf-8", "its beginning is valid UTF-8"
	}
	return legacy(head)
}

// legacy tells the two encodings apart that most files have which are not UTF-8: in Cyrillic words all letters are above
// 127, in others single ones.
func legacy(head []byte) (name, why string) {
	runs, singles := 0, 0
	for i := 0; i < len(head); {
		j := i
		for j < len(head) && head[j] >= 0xC0 {
			j++
		}
		switch {
		case j-i >= 3:
			runs += j - i
		case j > i:
			singles += j - i
		}
		i = max(j, i+1)
	}
	if runs > singles {
		return "windows-1251", "it is not UTF-8, and whole words have letters above 127, as Cyrillic ones do"
	}
	return "windows-1252", "it is not UTF-8, and single letters are above 127, as in western European texts"
}

func decoderOf(name string) (*encoding.Decoder, error) {
	switch strings.ToLower(name) {
	case "utf-16le":
		return xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM).NewDecoder(), nil
	case "utf-16be":
		return xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM).NewDecoder(), nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, err
	}
	return e.NewDecoder(), nil
}

// delimiterOf guesses what separates cells: that by which most rows have as many cells as the others, and more than one.
func delimiterOf(sample []byte, whole bool) (delimiter rune, why string) {
	if end := bytes.LastIndexByte(sample, '\n'); !whole && end > 0 {
		sample = sample[:end+1]
	}
	best, cells, share := ',', 1, 0.0
	for _, candidate := range []rune{',', ';', '\t', '|'} {
		r := csv.NewReader(bytes.NewReader(sample))
		r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = candidate, true, -1, true
		counts, total := map[int]int{}, 0
		for total < 100 {
			row, err := r.Read()
			if err != nil {
				break
			}
			counts[len(row)]++
			total++
		}
		for n, times := range counts {
			if alike := float64(times) / float64(total); n > 1 && (alike > share+0.05 || alike > share-0.05 && n > cells) {
				best, cells, share = candidate, n, alike
			}
		}
	}
	if cells == 1 {
		return ',', "There is one column."
	}
	names := map[rune]string{',': "a comma", ';': "a semicolon", '\t': "a tabulator", '|': "a stroke"}
	return best, fmt.Sprintf("Cells are separated by %s: %.0f %% of the first rows have %d of them.", names[best], share*100, cells)
}
