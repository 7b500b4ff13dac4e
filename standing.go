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
//	account,second factor of the session | global policy version |
//	kind,policy version,second factor required of the organization | kind,roles,cap of the membership |
//	platform roles,consent of the organization until,consent for the workspace until | id,open of the workspace | ,roles there
//
// A truth is "1" or "t", a moment microseconds since 1970. The last two fields, and the consent for the workspace, are
// left out where the read names no workspace.
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
	account, factor, _ := strings.Cut(next(), ",")
	if account != "" {
		if err := s.Account.UnmarshalText([]byte(account)); err != nil {
			return err
		}
	}
	s.SecondFactor = truth(factor)
	if s.GlobalPolicy, err = strconv.ParseInt(next(), 10, 64); err != nil {
		return err
	}
	if kind, rest, found := strings.Cut(next(), ","); found {
		version, required, _ := strings.Cut(rest, ",")
		s.OrgFound, s.OrgKind, s.SecondFactorRequired = true, kind, truth(required)
		if s.OrgPolicy, err = strconv.ParseInt(version, 10, 64); err != nil {
			return err
		}
	}
	s.MemberKind, s.Roles, s.Member = strings.Cut(next(), ",")
	s.Roles, s.Cap, _ = strings.Cut(s.Roles, ",")
	if err := s.unpackPlatform(next()); err != nil {
		return err
	}
	if id, open, found := strings.Cut(next(), ","); found {
		s.WorkspaceFound, s.WorkspaceOpen = true, truth(open)
		if err := s.Workspace.UnmarshalText([]byte(id)); err != nil {
			return err
		}
	}
	_, s.WorkspaceRoles, s.WorkspaceMember = strings.Cut(next(), ",")
	s.WorkspaceMember = s.WorkspaceMember && s.Member
	return nil
}

// unpackPlatform reads what only the platform's own people have.
func (s *Standing) unpackPlatform(field string) error {
	roles, consents, _ := strings.Cut(field, ",")
	s.PlatformRoles = roles
	org, workspace, _ := strings.Cut(consents, ",")
	for _, consent := range []struct {
		text  string
		until *time.Time
	}{{org, &s.Consent}, {workspace, &s.WorkspaceConsent}} {
		if consent.text == "" {
			continue
		}
		micros, err := strconv.ParseInt(consent.text, 10, 64)
		if err != nil {
			return err
		}
		*consent.until = time.UnixMicro(micros).UTC()
	}
	return nil
}

func truth(text string) bool { return text == "1" || text == "t" }

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
