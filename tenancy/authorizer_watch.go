package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
)

var _ veranda.Watcher = (*Authorizer)(nil)

// The sights as a table, i; see veranda.MarshalSights.
const (
	sightsPostgres = `WITH i AS MATERIALIZED (SELECT n, decode(t, 'hex') AS t, a, o, w FROM jsonb_to_recordset($1::jsonb) AS x (n bigint, t text, a uuid, o uuid, w uuid))
`
	sightsSQLite = `WITH i AS MATERIALIZED (SELECT json_extract(value, '$.n') AS n, unhex(json_extract(value, '$.t')) AS t, json_extract(value, '$.a') AS a,
	json_extract(value, '$.o') AS o, json_extract(value, '$.w') AS w FROM json_each($1))
`
)

// watchTexts are the reads about many actors.
type watchTexts struct{ standings, watched, reach string }

// newWatchTexts makes the read of many standings of the read of one, so that the two cannot differ: in place of its
// arguments stand the columns of the sights.
func newWatchTexts(db *veranda.DB) watchTexts {
	sights := db.Pick(sightsPostgres, sightsSQLite)
	one := compose(veranda.Target{Workspace: "$4"}, true)
	one = strings.Replace(one, "SELECT s.expires_at", "SELECT i.n, s.expires_at", 1)
	one = strings.Replace(one, "\nFROM veranda_policy_state ps\n", "\nFROM i CROSS JOIN veranda_policy_state ps\n", 1)
	one = strings.NewReplacer("$1", "i.t", "$2", "i.o", "$3", "i.a", "$4", "i.w").Replace(one)
	return watchTexts{standings: sights + one, watched: sights + watchedText, reach: sights + reachText}
}

// Standings reads the standings of many actors at once.
func (a *Authorizer) Standings(ctx context.Context, c veranda.Conn, sights []veranda.Sight) ([]*veranda.Standing, error) {
	return c.ReadMany(ctx, a.watch.standings, sights)
}

// Who the actors are, and where they belong: as members, or as platform support that an organization consented to. $2 is
// now, $3 the same in microseconds since 1970.
const watchedText = `SELECT i.n, coalesce(s.account_id, i.a), m.org_id, concat(m.kind, ',', m.roles, ',', m.team_roles, ',', m.cap, ',', o.policy_version, ',', o.require_second_factor)
FROM i LEFT JOIN veranda_sessions s ON s.token_hash = i.t AND s.expires_at > $2
LEFT JOIN veranda_account_organizations ao ON ao.account_id = coalesce(s.account_id, i.a)
LEFT JOIN veranda_memberships m ON m.org_id = ao.org_id AND m.account_id = ao.account_id AND m.disabled_at IS NULL
LEFT JOIN veranda_organizations o ON o.id = m.org_id AND o.deleted_at IS NULL
WHERE coalesce(s.account_id, i.a) IS NOT NULL AND (m.org_id IS NULL OR o.id IS NOT NULL)
UNION ALL
SELECT i.n, st.account_id, c.org_id, 'support'
FROM i LEFT JOIN veranda_sessions s ON s.token_hash = i.t AND s.expires_at > $2
JOIN veranda_staff st ON st.account_id = coalesce(s.account_id, i.a)
JOIN veranda_support_consents c ON c.ended_at IS NULL AND c.until_us > $3
WHERE NOT EXISTS (SELECT 1 FROM veranda_memberships m WHERE m.org_id = c.org_id AND m.account_id = st.account_id AND m.disabled_at IS NULL)`

// Watched says who the actors are and where they belong. An actor whose session has ended or expired is nobody.
func (a *Authorizer) Watched(ctx context.Context, c veranda.Conn, actors []veranda.Actor) ([]veranda.Watched, error) {
	sights := make([]veranda.Sight, len(actors))
	watched := make([]veranda.Watched, len(actors))
	for i, actor := range actors {
		sights[i].Actor = actor
	}
	now := a.db.Now()
	err := a.eachSight(ctx, c, a.watch.watched, sights, func(rows *sql.Rows) error {
		var n int
		var account veranda.AccountID
		var org veranda.OrgID
		var is string
		if err := rows.Scan(&n, &account, &org, veranda.Optional(&is)); err != nil {
			return err
		}
		w := &watched[n]
		w.Account = account
		if org.IsZero() {
			return nil
		}
		if w.Belongs == nil {
			w.Belongs = map[veranda.OrgID]string{}
		}
		w.Belongs[org] = is
		return nil
	}, a.db.Time(now), now.UnixMicro())
	return watched, err
}

// How many workspaces an account is a member of and since when the newest, and the same of the organization's open ones:
// one more, one less or another in its place shows. The sights' actors are accounts.
const reachText = `, opened AS MATERIALIZED (SELECT d.o, concat(count(w.id), ',', max(w.created_at)) AS has
	FROM (SELECT DISTINCT o FROM i) d LEFT JOIN veranda_workspaces w ON w.org_id = d.o AND w.open AND w.deleted_at IS NULL GROUP BY d.o)
SELECT i.n, opened.has,
	(SELECT concat(count(w.id), ',', max(wm.added_at)) FROM veranda_workspace_members wm JOIN veranda_workspaces w ON w.org_id = wm.org_id AND w.id = wm.workspace_id
	WHERE wm.org_id = i.o AND wm.account_id = i.a AND w.deleted_at IS NULL)
FROM i JOIN opened ON opened.o = i.o`

// Reach tells apart what actors may see of an organization: the workspaces they are members of, and the open ones where
// they may enter those. Others learn nothing of the open ones.
func (a *Authorizer) Reach(ctx context.Context, c veranda.Conn, sights []veranda.Sight) ([]string, error) {
	standings, err := a.Standings(ctx, c, sights)
	if err != nil {
		return nil, err
	}
	accounts, opens := make([]veranda.Sight, len(sights)), make([]bool, len(sights))
	for i, s := range standings {
		accounts[i] = veranda.Sight{Actor: veranda.AccountActor(s.Account), Org: s.Org}
		args, err := a.VisibleArgs(ctx, c, s)
		if err != nil {
			return nil, err
		}
		opens[i] = args[2] != int64(seesOwn)
	}
	reach := make([]string, len(sights))
	err = a.eachSight(ctx, c, a.watch.reach, accounts, func(rows *sql.Rows) error {
		var n int
		var opened, own string
		if err := rows.Scan(&n, &opened, &own); err != nil {
			return err
		}
		if reach[n] = own; opens[n] {
			reach[n] += "|" + opened
		}
		return nil
	})
	return reach, err
}

func (a *Authorizer) eachSight(ctx context.Context, c veranda.Conn, text string, sights []veranda.Sight, scan func(*sql.Rows) error, more ...any) error {
	argument, err := veranda.MarshalSights(sights)
	if err != nil {
		return err
	}
	rows, err := c.Query(ctx, text, append([]any{argument}, more...)...)
	if err != nil {
		return fmt.Errorf("tenancy: read who watches: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("tenancy: read who watches: %w", err)
		}
	}
	return rows.Err()
}
