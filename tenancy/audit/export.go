package audit

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// exportPage is how many entries of an export are read at a time.
const exportPage = 1000

// Export is an export that was allowed and is about to be written.
type Export struct {
	// ContentType and Name are the file's.
	ContentType, Name string

	service *Service
	by      veranda.Actor
	in      ExportInput
	first   []Entry
}

// Export begins an export of the log, newest first, of what List shows to the same caller; WriteTo writes it. That it was
// exported is written down first.
//
// Permission: as List. Event: audit.exported.
func (s *Service) Export(ctx context.Context, by veranda.Actor, in ExportInput) (*Export, error) {
	var c veranda.Checks
	if in.Format == "" {
		in.Format = FormatCSV
	}
	veranda.OneOf(&c, "/format", in.Format, FormatCSV, FormatLines)
	in.check(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	x := &Export{ContentType: "text/csv; charset=utf-8", Name: "audit.csv", service: s, by: by, in: in}
	if in.Format == FormatLines {
		x.ContentType, x.Name = "application/jsonl", "audit.jsonl"
	}
	var err error
	if x.first, err = s.page(ctx, by, in.Org, in.Filter, newest, exportPage+1); err != nil {
		return nil, err
	}
	standing, err := s.conn.Read(ctx, s.standing, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	return x, s.conn.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventExported, Subject: standing.Account.String(), By: standing.Account, System: standing.System,
			Data: veranda.MarshalData(Exported{Format: in.Format})})
		return nil
	})
}

// WriteTo writes the file, page by page; a right that ends meanwhile ends the file with an error.
func (x *Export) WriteTo(ctx context.Context, w io.Writer) error {
	write, flush := x.lines(w)
	for page := x.first; ; {
		more := len(page) > exportPage
		if more {
			page = page[:exportPage]
		}
		for i := range page {
			if err := write(&page[i]); err != nil {
				return err
			}
		}
		if err := flush(); err != nil || !more {
			return err
		}
		last := page[len(page)-1]
		var err error
		page, err = x.service.page(ctx, x.by, x.in.Org, x.in.Filter, at{last.At, last.ID.String()}, exportPage+1)
		if err != nil {
			return err
		}
	}
}

func (x *Export) lines(w io.Writer) (write func(e *Entry) error, flush func() error) {
	if x.in.Format == FormatLines {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return func(e *Entry) error { return encoder.Encode(e) }, func() error { return nil }
	}
	table, begun := csv.NewWriter(w), false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		return table.Write([]string{"at", "kind", "by", "by_name", "system", "subject_id", "workspace_id", "data", "id"})
	}
	return func(e *Entry) error {
			if err := begin(); err != nil {
				return err
			}
			return table.Write([]string{
				e.At.Format(time.RFC3339Nano), e.Kind, e.By, safe(e.ByName), safe(e.System), safe(e.Subject), e.Workspace, safe(string(e.Data)), e.ID.String(),
			})
		}, func() error {
			if err := begin(); err != nil { // a log without entries has its header too
				return err
			}
			table.Flush()
			return table.Error()
		}
}

// safe keeps a spreadsheet from taking a value for a formula (ASVS 5.0, 1.2.10).
func safe(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\x00", rune(text[0])) {
		return "'" + text
	}
	return text
}
