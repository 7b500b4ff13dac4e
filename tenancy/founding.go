package tenancy

import (
	"context"

	"github.com/veranda-go/veranda"
)

// mayFound tells whether an account may found a tenant by one of its addresses:
//
//   - an organization, unless another one has proved the address's domain: its people ask to join that one;
//   - a personal tenant with an address of a provider of mailboxes for anybody;
//   - with a company's address, a personal tenant after its organization: as one who founded it, or as an employee of the
//     one that has proved the domain.
func (s *Service) mayFound(ctx context.Context, account veranda.AccountID, key string, kind OrganizationKind) error {
	if kind == KindPersonal && publicMailDomain(key) {
		return nil
	}
	owns, err := s.owns(ctx, key, KindOrganization)
	if err != nil || owns { // a second organization is refused when it is stored
		return err
	}
	proved, err := readProspects(ctx, s.conn.Query, s.conn.DB().Pick(prospectsPostgres, prospectsSQLite), account, []string{domainOf(key)})
	if err != nil {
		return err
	}
	switch {
	case len(proved) == 0 && kind == KindPersonal:
		return ErrOrganizationFirst
	case len(proved) == 0, kind == KindPersonal && proved[0].Member == MemberInternal && !proved[0].Disabled:
		return nil
	default:
		return ErrDomainProved
	}
}
