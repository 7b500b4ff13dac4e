package tasks

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A text of whatever kind is read or refused, every complaint names a row, and what is read can be written and read again.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"title\nx\n", "\ufefftitle;due;labels\r\na;2026-03-01;\"x,y\"\r\n", "title\tstate\nx\tdone\n", "title,description\n\"a\nb\",'=1\n", "title\n\"", "a,b\n", "", "title\n'''=\n", "title\n\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, bad, err := readCSV(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, b := range bad {
			if b.Row < 1 || b.Rule == "" || b.Message == "" || !utf8.ValidString(b.Column) {
				t.Fatalf("complaint %+v", b)
			}
		}
		in := &ImportInput{}
		for _, row := range rows {
			one, wrong := importRow(in, time.UTC, row)
			for _, b := range wrong {
				if b.Row != row.number || b.Rule == "" {
					t.Fatalf("complaint %+v of row %d", b, row.number)
				}
			}
			if one.create.Priority < PriorityNone || one.create.Priority > PriorityUrgent {
				t.Fatalf("priority %d", one.create.Priority)
			}
			title := one.create.Title
			if strings.ContainsRune(title, '\r') {
				continue // a reader turns it into another line ending
			}
			var b bytes.Buffer
			w := bufio.NewWriter(&b)
			for _, record := range [][]string{{"title", "state"}, {title, "open"}} {
				if err := writeRecord(w, record...); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			again, bad, err := readCSV(&b)
			if err != nil || len(bad) > 0 || len(again) != 1 || again[0].cells["title"] != strings.TrimSpace(title) {
				t.Fatalf("%q is written and read as %+v, %v, %v", title, again, bad, err)
			}
		}
	})
}

func TestCells(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"", "x", "=1", "+", "-1", "@a", "\tx", "\rx", "＝", "'", "'x", "'=1", "''", " =1", "it's"} {
		safe := safeCell(cell)
		if got := plainCell(safe); got != cell {
			t.Errorf("%q becomes %q and then %q", cell, safe, got)
		}
		if trimmed := strings.TrimLeft(safe, " "); trimmed != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(trimmed)[0]) {
			t.Errorf("%q is written as %q", cell, safe)
		}
	}
}
