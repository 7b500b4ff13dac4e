package directory

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// all reads a filtered list to its end, a page at a time: each page asks again who the caller is and whom they see, so that
// a right that is taken away ends the list. The first page is read at once, for its refusals to be an answer.
func (s *Service) all(ctx context.Context, by veranda.Actor, in ExportInput) (iter.Seq2[Contact, error], error) {
	page := PeopleInput{Org: in.Org, Filter: in.Filter, Page: veranda.Page{Limit: veranda.MaxPageLimit}}
	first, err := s.People(ctx, by, page)
	if err != nil {
		return nil, err
	}
	return func(yield func(Contact, error) bool) {
		for list := first; ; {
			for _, contact := range list.Items {
				if !yield(contact, nil) {
					return
				}
			}
			if list.Next == "" {
				return
			}
			page.Cursor = list.Next
			if list, err = s.People(ctx, by, page); err != nil {
				yield(Contact{}, err)
				return
			}
		}
	}, nil
}

// Export is a list in a format, made while it is read.
type Export struct {
	people iter.Seq2[Contact, error]
	head   string
	line   func(Contact) string
}

// WriteTo writes the list. Where it fails in the middle, what was written is not the whole.
func (e *Export) WriteTo(to io.Writer) (int64, error) {
	counted := &counter{to: to}
	b := bufio.NewWriterSize(counted, 32<<10)
	if _, err := b.WriteString(e.head); err != nil {
		return counted.n, fmt.Errorf("directory: export: %w", err)
	}
	for contact, err := range e.people {
		if err == nil {
			_, err = b.WriteString(e.line(contact))
		}
		if err != nil {
			return counted.n, fmt.Errorf("directory: export: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return counted.n, fmt.Errorf("directory: export: %w", err)
	}
	return counted.n, nil
}

type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// VCards is the list People gives, as vCards 4.0 (RFC 6350): what of each person the caller may know.
//
// Permission: as People.
func (s *Service) VCards(ctx context.Context, by veranda.Actor, in ExportInput) (*Export, error) {
	people, err := s.all(ctx, by, in)
	if err != nil {
		return nil, err
	}
	return &Export{people: people, line: vcard}, nil
}

// VCard is one person as a vCard 4.0.
//
// Permission: as Person.
func (s *Service) VCard(ctx context.Context, by veranda.Actor, in PersonInput) (string, error) {
	p, err := s.Person(ctx, by, in)
	if err != nil {
		return "", err
	}
	return personCard(p), nil
}

// CSV is the directory as comma-separated values (RFC 4180) with a line of titles, in UTF-8. A value that a spreadsheet
// would take for a formula has an apostrophe before it.
//
// Permission: member.read; who sees only a part of the directory is refused.
func (s *Service) CSV(ctx context.Context, by veranda.Actor, in ExportInput) (*Export, error) {
	var c veranda.Checks
	in.checked(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	v, err := s.viewer(ctx, by, in.Org)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, v.standing, veranda.Ask{Permission: tenancy.PermMembersRead}); err != nil {
		return nil, err
	}
	people, err := s.all(ctx, by, in)
	if err != nil {
		return nil, err
	}
	return &Export{people: people, head: csvLine("account_id", "name", "user_name", "kind", "roles", "address", "phones", "department", "reserved"), line: func(c Contact) string {
		department, reserved := "", ""
		if c.Department != nil {
			department = c.Department.Name
		}
		if c.Reserved {
			reserved = "reserved"
		}
		return csvLine(c.Account.String(), c.Name, c.UserName, c.Kind, strings.Join(c.Roles, " "), c.Address, strings.Join(c.Phones, " "), department, reserved)
	}}, nil
}

// csvLine is a record. Every value is quoted, which no reader takes amiss.
func csvLine(values ...string) string {
	var b strings.Builder
	for i, value := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(strings.ReplaceAll(harmless(value), `"`, `""`))
		b.WriteByte('"')
	}
	b.WriteString("\r\n")
	return b.String()
}

// harmless keeps spreadsheets from taking a value for a formula (OWASP ASVS 5.0, 1.2.10).
func harmless(value string) string {
	if value == "" {
		return value
	}
	if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(value, " ")); strings.ContainsRune("=+-@\t\r\x00＝＋－＠", first) {
		return "'" + value
	}
	return value
}
