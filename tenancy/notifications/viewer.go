package notifications

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// viewer is what somebody may see at this moment: the organizations they are a member of, and those of them whose open
// workspaces they enter. Both are ids separated by spaces, as the queries take them.
type viewer struct {
	account    veranda.AccountID
	orgs, open string
}

// args are $1 to $3 of the condition shown.
func (v viewer) args(more ...any) []any { return append([]any{v.account, v.orgs, v.open}, more...) }

const selectOrganizations = `SELECT o.org_id FROM veranda_account_organizations o WHERE o.account_id = $1 ORDER BY o.org_id`

// viewerOf asks the authorizer about each organization the person belongs to, or about one. An organization that asks a
// second factor the caller came without shows them nothing.
func (s *Service) viewerOf(ctx context.Context, conn veranda.Conn, by veranda.Actor, account veranda.AccountID, only veranda.OrgID) (viewer, error) {
	v := viewer{account: account}
	orgs := []veranda.OrgID{only}
	if only.IsZero() {
		orgs = nil
		err := each(ctx, conn.Query, selectOrganizations, []any{account}, func(rows *sql.Rows) error {
			var org veranda.OrgID
			err := rows.Scan(&org)
			orgs = append(orgs, org)
			return err
		})
		if err != nil {
			return v, err
		}
	}
	var in, open []string
	for _, org := range orgs {
		standing, err := conn.Read(ctx, s.standing, by, org, nil)
		if err != nil {
			return v, err
		}
		if !standing.Member || !standing.OrgFound {
			continue
		}
		err = s.authz.Decide(ctx, conn, standing, veranda.Ask{Permission: permEnterOpen})
		switch {
		case err == nil:
			in, open = append(in, org.String()), append(open, org.String())
		case errors.Is(err, tenancy.ErrSecondFactorRequired), errors.Is(err, veranda.ErrNotFound):
		case veranda.CodeOf(err) == veranda.CodeForbidden:
			in = append(in, org.String())
		default:
			return v, err
		}
	}
	v.orgs, v.open = strings.Join(in, " "), strings.Join(open, " ")
	return v, nil
}

// queryFunc is the Query of a Conn or a Tx.
type queryFunc func(ctx context.Context, text string, args ...any) (*sql.Rows, error)
