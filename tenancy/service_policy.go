package tenancy

import (
	"context"
	"fmt"
	"strconv"

	"github.com/veranda-go/veranda"
)

// PolicyInForce is what decides in an organization.
type PolicyInForce struct {
	// Version rises with every change of the installation's rows, OrganizationVersion with those of the organization's own.
	Version             int64 `json:"version"`
	OrganizationVersion int64 `json:"organization_version"`
	// Rows are casbin rows: "p, role, kind, action, effect" and "g, role, parent".
	Rows []string `json:"rows"`
	// OrganizationRows are those among them that the organization set for itself and SetOrganizationPolicy replaces.
	// What its roles are made of is not among them.
	OrganizationRows []string `json:"organization_rows"`
}

// ETag is the organization's version as an HTTP entity tag. Tags begin at 1 and the version at 0, so it is one more.
func (p PolicyInForce) ETag() string {
	return strconv.Quote(strconv.FormatInt(policyTag(p.OrganizationVersion), 10))
}

func policyTag(version int64) int64 { return version + 1 }

// policyReader is what an Authorizer with readable rows offers; a host's own may not.
type policyReader interface {
	policyOf(ctx context.Context, c veranda.Conn, s *veranda.Standing) (*snapshot, error)
}

func (a *Authorizer) policyOf(ctx context.Context, c veranda.Conn, s *veranda.Standing) (*snapshot, error) {
	return a.policies.of(ctx, c, s)
}

// Policy reads the policy rows in force in an organization.
//
// Permission: policy.read.
func (s *Service) Policy(ctx context.Context, by veranda.Actor, in GetOrganizationInput) (*PolicyInForce, error) {
	_, snapshot, err := s.readPolicy(ctx, by, in.Org, PermPolicyRead)
	if err != nil {
		return nil, err
	}
	own, err := readOwnRows(ctx, s.conn, in.Org)
	if err != nil {
		return nil, err
	}
	out := &PolicyInForce{Version: snapshot.Version(), OrganizationVersion: snapshot.org, Rows: []string{}, OrganizationRows: []string{}}
	for _, rule := range snapshot.Rules() {
		out.Rows = append(out.Rows, rule.String())
	}
	for _, rule := range own {
		out.OrganizationRows = append(out.OrganizationRows, rule.String())
	}
	return out, nil
}

// MakeSupport makes the account with a confirmed address platform support. It asks nobody: it is for the host program,
// which makes the first one on its command line.
//
// Event: tenancy.staff_made.
func (s *Service) MakeSupport(ctx context.Context, address string) error {
	parsed, err := ParseAddress(address)
	if err != nil {
		return badAddress("/address")
	}
	now := s.conn.DB().Now()
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		accounts, err := readIDs[veranda.AccountID](ctx, tx, `SELECT account_id FROM veranda_addresses WHERE address_key = $1 AND confirmed_at IS NOT NULL`, parsed.Key)
		if err != nil {
			return fmt.Errorf("tenancy: make support: %w", err)
		}
		if len(accounts) == 0 {
			return badAddress("/address")
		}
		_, err = tx.Exec(ctx, `INSERT INTO veranda_staff (account_id, role, created_at) VALUES ($1, $2, $3) ON CONFLICT (account_id) DO UPDATE SET role = excluded.role`,
			accounts[0], RoleSupport, tx.DB().Time(now))
		if err != nil {
			return fmt.Errorf("tenancy: make support: %w", err)
		}
		tx.Emit(veranda.Event{Kind: EventStaffMade, Subject: accounts[0].String(), System: "host", At: now})
		return nil
	})
}
