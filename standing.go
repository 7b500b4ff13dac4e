package veranda

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda/internal/dialect"
)

// A composed read selects three columns before the store's own: when the session expires and was last seen (NULL for
// actors without one), and everything else about the standing as one text, for a text of small parts costs a database and
// its driver less than fifteen columns and as many joins. Its fields are separated by "|", their parts by the first ",";
// a field is empty where there is nothing:
//
//	account | global policy version | kind,policy version of the organization | kind,roles of the membership |
//	platform roles | id,open of the workspace ("1" or "t") | ,roles there
//
// The last two are left out where the read names no workspace.
const standingColumns = 3

func (s *Standing) destinations() []any {
	return []any{moment{&s.SessionExpires}, moment{&s.SessionSeen}, packed{s}}
}

// packed reads a standing out of its text.
type packed struct{ standing *Standing }

func (p packed) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("veranda: cannot read a standing from %T", src)
	}
	if err := p.standing.unpack(text); err != nil {
		return fmt.Errorf("veranda: malformed standing %q: %w", text, err)
	}
	return nil
}

func (s *Standing) unpack(text string) error {
	next := func() string {
		field, rest, _ := strings.Cut(text, "|")
		text = rest
		return field
	}
	var err error
	if account := next(); account != "" {
		if err := s.Account.UnmarshalText([]byte(account)); err != nil {
			return err
		}
	}
	if s.GlobalPolicy, err = strconv.ParseInt(next(), 10, 64); err != nil {
		return err
	}
	if kind, version, found := strings.Cut(next(), ","); found {
		s.OrgFound, s.OrgKind = true, kind
		if s.OrgPolicy, err = strconv.ParseInt(version, 10, 64); err != nil {
			return err
		}
	}
	s.MemberKind, s.Roles, s.Member = strings.Cut(next(), ",")
	s.PlatformRoles = next()
	if id, open, found := strings.Cut(next(), ","); found {
		s.WorkspaceFound, s.WorkspaceOpen = true, open == "1" || open == "t"
		if err := s.Workspace.UnmarshalText([]byte(id)); err != nil {
			return err
		}
	}
	_, s.WorkspaceRoles, s.WorkspaceMember = strings.Cut(next(), ",")
	s.WorkspaceMember = s.WorkspaceMember && s.Member
	return nil
}

// moment scans a time of either database into a time.Time.
type moment struct{ destination *time.Time }

func (m moment) Scan(src any) error {
	var t dialect.Time
	if err := t.Scan(src); err != nil {
		return err
	}
	*m.destination = t.Time
	return nil
}

// Moment wraps a time.Time as a scan destination for a hand-written read; NULL is the zero time.
func Moment(destination *time.Time) interface{ Scan(any) error } { return moment{destination} }
