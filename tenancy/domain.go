package tenancy

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/veranda-go/veranda"
)

// Resolver looks up records of the DNS; *net.Resolver fulfils it. The strings of one TXT record come joined (RFC 7208
// section 3.3 reads them so).
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// The record that proves a domain: a name of its own, so that it stands in nobody's way, and a token of 160 bits from
// crypto/rand (ASVS 5.0, 11.5.1 wants 128).
const (
	domainRecordPrefix = "_veranda."
	domainValuePrefix  = "veranda-domain="
	domainTokenOctets  = 20
)

// A name of the DNS has 253 octets at most (RFC 1035 section 2.3.4, less the root), the record's prefix included.
const maxDomainOctets = 253 - len(domainRecordPrefix)

// maxClaims is how many domains an organization can claim.
const maxClaims = 100

const (
	// domainLookupTakes bounds one question to the DNS.
	domainLookupTakes = 5 * time.Second
	// domainGrace is how long the record of a proved domain may be gone before the proof ends: a DNS that is being moved
	// does not put anybody out.
	domainGrace = 7 * 24 * time.Hour
)

// The states of a claimed domain.
const (
	DomainClaimed = "claimed" // not proved
	DomainProved  = "proved"
	DomainMissing = "missing" // proved, but the record was not there when it was looked at last
)

// Domain is a domain that an organization claims.
type Domain struct {
	// Domain is the name in ASCII form (IDNA), Unicode as people write it.
	Domain  string `json:"domain"`
	Unicode string `json:"unicode"`
	State   string `json:"state" enum:"claimed,proved,missing"`
	// RecordName and RecordValue are the TXT record to set. It stays for as long as the domain is to count as proved.
	RecordName   string            `json:"record_name"`
	RecordValue  string            `json:"record_value"`
	ProvedAt     *time.Time        `json:"proved_at,omitempty"`
	CheckedAt    *time.Time        `json:"checked_at,omitempty"`
	MissingSince *time.Time        `json:"missing_since,omitempty" doc:"The proof ends seven days after."`
	CreatedBy    veranda.AccountID `json:"created_by"`
	CreatedAt    time.Time         `json:"created_at"`
	Version      int64             `json:"version"`
}

// ETag is the version as an HTTP entity tag.
func (d Domain) ETag() string { return strconv.Quote(strconv.FormatInt(d.Version, 10)) }

// ClaimDomainInput claims a domain.
type ClaimDomainInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Domain string        `json:"domain" minLength:"1" maxLength:"253" doc:"In Unicode or ASCII form."`
}

func (in *ClaimDomainInput) validate() (string, error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	domain, err := asciiDomain(strings.TrimSuffix(strings.TrimSpace(in.Domain), "."))
	switch {
	case err != nil:
		c.Add("/domain", "domain", "must be a mail domain such as example.com")
	case len(domain) > maxDomainOctets:
		c.Add("/domain", "too_long", "leaves no room for the name of the record")
	case isPublicMail(domain):
		c.Add("/domain", "public_mail", "belongs to a provider of mailboxes for anybody")
	case isPublicSuffix(domain):
		c.Add("/domain", "public_suffix", "is one under which anybody registers names of their own")
	}
	return domain, c.Err()
}

// isPublicSuffix tells whether strangers register names directly under a domain: co.uk, com.tr, github.io.
func isPublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

// DomainInput names a domain an organization claims, in Unicode or ASCII form.
type DomainInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Domain string        `path:"domain" json:"-" maxLength:"253"`
}

// key is the domain's comparable form; what is no domain is nobody's claim.
func (in DomainInput) key() string {
	domain, err := asciiDomain(strings.TrimSuffix(in.Domain, "."))
	if err != nil {
		return ""
	}
	return domain
}

// DomainsInput asks for the domains of an organization.
type DomainsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// domainRow is a claim.
type domainRow struct {
	Org          veranda.OrgID
	Domain       string
	Token        string
	ProvedAt     time.Time
	CheckedAt    time.Time
	MissingSince time.Time
	CreatedBy    veranda.AccountID
	CreatedAt    time.Time
	Version      int64
}

func (r *domainRow) recordName() string  { return domainRecordPrefix + r.Domain }
func (r *domainRow) recordValue() string { return domainValuePrefix + r.Token }

// domain is the row for callers.
func (r *domainRow) domain() Domain {
	written, err := idna.Lookup.ToUnicode(r.Domain)
	if err != nil {
		written = r.Domain
	}
	d := Domain{
		Domain: r.Domain, Unicode: written, State: DomainClaimed, RecordName: r.recordName(), RecordValue: r.recordValue(),
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, Version: r.Version,
		ProvedAt: momentOrNil(r.ProvedAt), CheckedAt: momentOrNil(r.CheckedAt), MissingSince: momentOrNil(r.MissingSince),
	}
	switch {
	case d.MissingSince != nil:
		d.State = DomainMissing
	case d.ProvedAt != nil:
		d.State = DomainProved
	}
	return d
}

func momentOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func newDomainToken() (string, error) {
	token := make([]byte, domainTokenOctets)
	if _, err := rand.Read(token); err != nil {
		return "", fmt.Errorf("tenancy: random token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(token), nil
}
