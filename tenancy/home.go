package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// A person's home is the tenant they are an employee or member of by the address that was used, or any such tenant where
// there is none by that address. Elsewhere they are external, or a guest. Organizations come before personal tenants.
const selectHome = `SELECT m.org_id FROM veranda_account_organizations ao
JOIN veranda_memberships m ON m.org_id = ao.org_id AND m.account_id = ao.account_id
JOIN veranda_organizations o ON o.id = m.org_id AND o.deleted_at IS NULL
WHERE ao.account_id = $1 AND ao.org_id <> $2 AND m.kind = 'internal' AND m.disabled_at IS NULL
ORDER BY CASE WHEN m.address_key = $3 THEN 0 ELSE 1 END, CASE WHEN o.kind = 'organization' THEN 0 ELSE 1 END, m.joined_at, m.org_id LIMIT 1`

// homeOf is an account's home elsewhere than in an organization; zero for who has none.
func homeOf(ctx context.Context, query queryFunc, account veranda.AccountID, key string, except veranda.OrgID) (home veranda.OrgID, err error) {
	_, err = readOne(ctx, query, selectHome, []any{account, except, key}, &home)
	return home, err
}

// relationCap is the cap that an organization's active relation with a home puts on people from there. Where the
// organization needs a relation and there is none, it gives ErrRelationRequired.
func relationCap(ctx context.Context, tx *veranda.Tx, org, home veranda.OrgID, needed bool) (limit string, err error) {
	if home.IsZero() {
		return "", nil
	}
	limit, state, err := relationFor(ctx, tx, org, home)
	if err != nil {
		return "", err
	}
	if state != RelationActive {
		limit = ""
		if needed {
			err = ErrRelationRequired
		}
	}
	return limit, err
}

// settleHome notes the home of somebody who has become external or a guest, with the cap of a relation, and forgets both
// for an employee. Externals from other tenants are refused where the organization needs a relation and there is none.
func settleHome(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	var kind, key string
	var needed bool
	_, err := readOne(ctx, tx.Query, `SELECT m.kind, m.address_key, o.externals_need_relation FROM veranda_memberships m JOIN veranda_organizations o ON o.id = m.org_id
WHERE m.org_id = $1 AND m.account_id = $2`, []any{org, account}, &kind, &key, &needed)
	if err != nil {
		return err
	}
	var home veranda.OrgID
	limit := ""
	if kind != MemberInternal {
		if home, err = homeOf(ctx, tx.Query, account, key, org); err != nil {
			return err
		}
		if limit, err = relationCap(ctx, tx, org, home, needed && kind == MemberExternal); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE veranda_memberships SET home_org_id = $3, cap = $4,
	offered_kind = CASE WHEN kind = 'internal' THEN '' ELSE offered_kind END, offered_roles = CASE WHEN kind = 'internal' THEN '' ELSE offered_roles END WHERE org_id = $1 AND account_id = $2`, org, account, nullID(home), limit); err != nil {
		return fmt.Errorf("tenancy: store home: %w", err)
	}
	return nil
}
