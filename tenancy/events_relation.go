package tenancy

import "github.com/veranda-go/veranda"

// Kinds of events about relations. Each is written in the logs of both organizations; the subject is the other one. By is
// set only in the log of the side whose people did it.
const (
	EventRelationProposed = "tenancy.relation_proposed" // RelationChanged
	EventRelationAccepted = "tenancy.relation_accepted" // RelationChanged
	EventRelationDeclined = "tenancy.relation_declined" // RelationChanged
	EventRelationUpdated  = "tenancy.relation_updated"  // RelationChanged
	EventRelationEnded    = "tenancy.relation_ended"    // RelationChanged
)

// RelationChanged is the data of a relation's events.
type RelationChanged struct {
	Other     veranda.OrgID `json:"other_id"`
	OtherName string        `json:"other_name"`
	// Side is what the organization of the log is in the relation, ActedBy whose people did it.
	Side    string   `json:"side"`
	ActedBy string   `json:"acted_by"`
	Cap     []string `json:"cap"`
	Before  []string `json:"cap_before,omitempty"`
	// People is how many lost or regained their access, in the log of the host.
	People int `json:"people,omitempty"`
}
