package tenancy

import (
	"context"
	"database/sql"

	"github.com/veranda-go/veranda"
)

// The sets of roles people of an organization have, with somebody who has each: what a set may do is asked once, not for
// every member.
const selectRoleSets = `SELECT m.roles, m.team_roles, m.cap, min(CAST(m.account_id AS TEXT)) FROM veranda_memberships m
WHERE m.org_id = $1 AND m.disabled_at IS NULL GROUP BY m.roles, m.team_roles, m.cap ORDER BY m.roles, m.team_roles, m.cap LIMIT 200`

const selectHolders = `SELECT m.account_id FROM veranda_memberships m
WHERE m.org_id = $1 AND m.disabled_at IS NULL AND m.roles = $2 AND m.team_roles = $3 AND m.cap = $4 ORDER BY m.joined_at, m.account_id LIMIT $5`

// tellManagers mails those who decide requests, up to 20 of them, that there is one. An organization that was told often
// within the hour is told no more for a while: the requests are in its list.
func (s *Service) tellManagers(ctx context.Context, tx *veranda.Tx, row *joinRow, organization string) error {
	counted, err := reserveOne(ctx, tx, ruleAsked.of(row.Org.String()))
	if err != nil || !counted {
		return err
	}
	managers, err := s.holders(ctx, tx, row.Org, PermJoinDecide, joinManagers)
	if err != nil {
		return err
	}
	asker, err := readAccountRow(ctx, tx.Query, selectAccount, row.Account)
	if err != nil {
		return err
	}
	data := map[string]string{"Organization": organization, "Person": asker.Name, "Address": row.Key}
	for _, manager := range managers {
		_, err := Post{}.Queue(ctx, tx, MailRequest{Org: row.Org, Account: manager, By: row.Account, Template: templateJoinAsked, Data: data})
		if err != nil && veranda.CodeOf(err) != veranda.CodeNotFound { // a manager without an address is not told
			return err
		}
	}
	return nil
}

// holders are members of an organization who have a permission in it, those who joined first before others.
func (s *Service) holders(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, permission veranda.Permission, most int) ([]veranda.AccountID, error) {
	type roleSet struct {
		roles, team, cap string
		somebody         veranda.AccountID
	}
	var sets []roleSet
	err := readAll(ctx, tx.Query, selectRoleSets, []any{org}, func(rows *sql.Rows) error {
		var r roleSet
		err := rows.Scan(&r.roles, &r.team, &r.cap, &r.somebody)
		sets = append(sets, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	var found []veranda.AccountID
	for _, r := range sets {
		standing, err := s.conn.Read(ctx, s.reads.standing, veranda.AccountActor(r.somebody), org, nil)
		if err != nil {
			return nil, err
		}
		switch err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission}); veranda.CodeOf(err) {
		case veranda.CodeForbidden, veranda.CodeNotFound:
			continue
		default:
			if err != nil {
				return nil, err
			}
		}
		ids, err := readIDs[veranda.AccountID](ctx, tx, selectHolders, org, r.roles, r.team, r.cap, most-len(found))
		if err != nil {
			return nil, err
		}
		if found = append(found, ids...); len(found) >= most {
			break
		}
	}
	return found, nil
}
