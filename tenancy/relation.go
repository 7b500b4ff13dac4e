package tenancy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/veranda-go/veranda"
)

// Where a relation stands.
const (
	RelationProposed = "proposed" // by the host; the home has not answered
	RelationActive   = "active"
	RelationDeclined = "declined"
	RelationEnded    = "ended"
)

// The sides of a relation.
const (
	SideHost = "host" // receives people
	SideHome = "home" // whose people they are
)

// Refusals about relations.
var (
	// ErrRelationStands refuses to propose what is proposed or active already.
	ErrRelationStands = veranda.NewError(veranda.CodeConflict, "tenancy.relation_stands", "There is a relation with this organization already, or a proposal.")
	// ErrRelationNotProposed refuses to accept or decline what waits for no answer.
	ErrRelationNotProposed = veranda.NewError(veranda.CodeConflict, "tenancy.relation_not_proposed", "The relation waits for no answer.")
	// ErrRelationOver refuses to change or end a relation that is not in force.
	ErrRelationOver = veranda.NewError(veranda.CodeConflict, "tenancy.relation_over", "The relation was declined or has ended.")
)

// Relation is an agreement of two tenants: the host receives people who are at home in the other, and the cap bounds what
// they may do there, whatever roles they are given. Each side sees it from its own end and knows the other's name only.
type Relation struct {
	// Side is what one's own organization is in it: the host that receives people, or their home.
	Side      string        `json:"side" enum:"host,home"`
	Other     veranda.OrgID `json:"other_id"`
	OtherName string        `json:"other_name"`
	// Cap are roles of the host: people from the home may do what one of these may and no more.
	Cap       []string  `json:"cap"`
	State     string    `json:"state" enum:"proposed,active,declined,ended"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Version   int64     `json:"version"`
}

// ETag is the version as an HTTP entity tag.
func (r Relation) ETag() string { return strconv.Quote(strconv.FormatInt(r.Version, 10)) }

// RelationKey is what an organization tells another that is to propose a relation to it.
type RelationKey struct {
	Key string `json:"key"`
}

// RelationKeyInput asks for an organization's key.
type RelationKeyInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// RelationsInput asks for an organization's relations.
type RelationsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
}

// maxCap is how many roles a cap can have.
const maxCap = 5

// ProposeRelationInput proposes to receive another organization's people.
type ProposeRelationInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	Key string        `json:"key" minLength:"43" maxLength:"43" doc:"The other organization's relation key, which its administrators tell you."`
	Cap []string      `json:"cap" minItems:"1" maxItems:"5" doc:"Roles here beyond which their people may do nothing: external, guest, or roles of your own that externals can hold."`
}

// RelationInput names a relation in which one's own organization is the home.
type RelationInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Other   veranda.OrgID `path:"other" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

// UpdateRelationInput changes a relation in which one's own organization is the host.
type UpdateRelationInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Other   veranda.OrgID `path:"other" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Cap     []string      `json:"cap,omitempty" maxItems:"5" doc:"The new cap; it is in force at once."`
	Revive  bool          `json:"revive,omitempty" doc:"Give those their access back who lost it when a former relation with this organization ended."`
}

// EndRelationInput ends a relation, or takes a proposal back.
type EndRelationInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Other   veranda.OrgID `path:"other" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Side    string        `query:"side" json:"-" required:"true" enum:"host,home" doc:"What your organization is in it: two organizations can receive each other's people."`
}

func checkCap(c *veranda.Checks, roles []string) {
	seen := map[string]bool{}
	for i, role := range roles {
		pointer := "/cap/" + strconv.Itoa(i)
		switch {
		case role == "" || len(role) > 64:
			c.Add(pointer, "role", "must be a role")
		case seen[role]:
			c.Add(pointer, "repeated", "is named twice")
		}
		seen[role] = true
	}
}

func (in *ProposeRelationInput) validate() error {
	var c veranda.Checks
	c.Count("/cap", len(in.Cap), 1, maxCap)
	checkCap(&c, in.Cap)
	if len(in.Key) != relationKeyLength {
		addRelationKey(&c)
	}
	return c.Err()
}

func (in *UpdateRelationInput) validate() error {
	var c veranda.Checks
	c.Count("/cap", len(in.Cap), 0, maxCap)
	checkCap(&c, in.Cap)
	if len(in.Cap) == 0 && !in.Revive {
		c.Add("", "required", "must change at least one field")
	}
	return c.Err()
}

func (in *EndRelationInput) validate() error {
	var c veranda.Checks
	veranda.OneOf(&c, "/side", in.Side, SideHost, SideHome)
	return c.Err()
}

// addRelationKey is the one report of a key that is malformed, forged or of an organization that is gone.
func addRelationKey(c *veranda.Checks) {
	c.Add("/key", "relation_key", "is not the relation key of an organization")
}

// A relation key is the organization's id and a mac of it, in base64url (RFC 4648): who has it was given it by the
// organization's people, for ids alone are seen by more. So a proposal tells nobody which organizations exist.
const (
	relationKeyMAC    = 16
	relationKeyLength = 43 // of 32 octets
)

func (s *Service) relationKey(org veranda.OrgID) string {
	id := uuid.MustParse(org.String())
	return base64.RawURLEncoding.EncodeToString(append(id[:], s.relationMAC(id)...))
}

func (s *Service) relationMAC(id uuid.UUID) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("veranda relation\x00"))
	mac.Write(id[:])
	return mac.Sum(nil)[:relationKeyMAC]
}

// organizationOf reads the organization out of its key.
func (s *Service) organizationOf(key string) (org veranda.OrgID, ok bool) {
	octets, err := base64.RawURLEncoding.Strict().DecodeString(key)
	if err != nil || len(octets) != len(uuid.UUID{})+relationKeyMAC {
		return org, false
	}
	id, err := uuid.FromBytes(octets[:len(uuid.UUID{})])
	if err != nil || !hmac.Equal(octets[len(id):], s.relationMAC(id)) {
		return org, false
	}
	return org, org.UnmarshalText([]byte(id.String())) == nil
}
