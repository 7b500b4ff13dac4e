package tenancy

import (
	"time"

	"github.com/veranda-go/veranda"
)

// Kinds of events about an organization's domains; their subject is the domain in ASCII form.
const (
	EventDomainClaimed  = "tenancy.domain_claimed"  // DomainChanged
	EventDomainProved   = "tenancy.domain_proved"   // DomainChanged
	EventDomainMissed   = "tenancy.domain_missed"   // DomainChanged: a proved domain's record is gone
	EventDomainRestored = "tenancy.domain_restored" // DomainChanged: it is back
	EventDomainUnproved = "tenancy.domain_unproved" // DomainChanged: it was gone for too long
	EventDomainRemoved  = "tenancy.domain_removed"  // DomainChanged
)

// DomainChanged is the data of a domain's events.
type DomainChanged struct {
	Domain string `json:"domain"`
	// ProofEnds is when the proof ends unless the record comes back, for EventDomainMissed.
	ProofEnds *time.Time `json:"proof_ends,omitempty"`
	// Requests counts the requests to join that ended with it.
	Requests int64 `json:"requests,omitempty"`
}

// systemDomains is who looks at proved domains again, and what ends by it.
const systemDomains = "domains"

// emitDomain emits an event about a domain, by an account or, where by is zero, by the periodic job.
func emitDomain(tx *veranda.Tx, kind string, org veranda.OrgID, by veranda.AccountID, data DomainChanged) {
	e := veranda.Event{Org: org, Kind: kind, Subject: data.Domain, By: by, Data: veranda.MarshalData(data)}
	if by.IsZero() {
		e.System = systemDomains
	}
	tx.Emit(e)
}
