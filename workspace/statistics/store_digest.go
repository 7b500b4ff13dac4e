package statistics

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
)

// trend are figures of a week and of the week before.
type trend struct{ now, before Figures }

// named is a workspace's part in a mail.
type named struct {
	name string
	trend
}

// sheet is what the mails of a week are made from.
type sheet struct {
	week, weekBefore string
	totals           trend
	people           map[veranda.AccountID]trend
	// workspaces are those each person is a member of, with something to tell, by name.
	workspaces map[veranda.AccountID][]named
}

// recipient is somebody who wants the mail.
type recipient struct {
	account        veranda.AccountID
	name, language string
	weekStart      int // the first day of the person's week: 1 is Monday, as in ISO 8601
}

const isoMonday = 1

const recipientsText = `SELECT m.account_id, a.name, a.language, a.week_start FROM veranda_memberships m
JOIN veranda_accounts a ON a.id = m.account_id AND a.state = 'active'
LEFT JOIN veranda_statistics_preferences p ON p.org_id = m.org_id AND p.account_id = m.account_id
WHERE m.org_id = $1 AND m.account_id > $2 AND m.disabled_at IS NULL AND coalesce(p.digest, m.kind = 'internal')
ORDER BY m.account_id LIMIT $3`

func (s *Service) queryRecipients(ctx context.Context, org veranda.OrgID, after veranda.AccountID, limit int) ([]recipient, error) {
	rows, err := s.conn.Query(ctx, recipientsText, org, after, limit)
	if err != nil {
		return nil, fmt.Errorf("statistics: read recipients: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var recipients []recipient
	for rows.Next() {
		var r recipient
		if err := rows.Scan(&r.account, &r.name, &r.language, &r.weekStart); err != nil {
			return nil, fmt.Errorf("statistics: read recipients: %w", err)
		}
		recipients = append(recipients, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("statistics: read recipients: %w", err)
	}
	return recipients, nil
}

// digestTitle is the organization's name; none for one that was deleted meanwhile.
func (s *Service) digestTitle(ctx context.Context, org veranda.OrgID) (name string, found bool, err error) {
	found, err = scanOne(ctx, s.conn, `SELECT name FROM veranda_organizations WHERE id = $1 AND deleted_at IS NULL`, []any{org}, &name)
	return name, found, err
}

const totalsText = `SELECT week, figures FROM veranda_statistics_weeks
WHERE org_id = $1 AND week IN ($2, $3) AND scope = 'organization' AND scope_id = $1`

// readSheet begins a sheet with the organization's totals.
func (s *Service) readSheet(ctx context.Context, org veranda.OrgID, week string) (*sheet, error) {
	monday, err := parseWeek(week)
	if err != nil {
		return nil, fmt.Errorf("statistics: week of an event: %w", err)
	}
	sh := &sheet{week: week, weekBefore: monday.add(-1).String(), people: map[veranda.AccountID]trend{}, workspaces: map[veranda.AccountID][]named{}}
	rows, err := s.conn.Query(ctx, totalsText, org, sh.week, sh.weekBefore)
	if err != nil {
		return nil, fmt.Errorf("statistics: read totals: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var of string
		var text []byte
		if err := rows.Scan(&of, &text); err != nil {
			return nil, fmt.Errorf("statistics: read totals: %w", err)
		}
		if err := sh.fill(&sh.totals, of, text); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("statistics: read totals: %w", err)
	}
	return sh, nil
}

// fill puts stored figures on their side of a trend.
func (sh *sheet) fill(t *trend, week string, text []byte) error {
	figures, err := readFigures(text)
	if err != nil {
		return err
	}
	if week == sh.week {
		t.now = figures
	} else {
		t.before = figures
	}
	return nil
}

const (
	personalPostgres = `SELECT scope_id, week, figures FROM veranda_statistics_weeks
WHERE org_id = $1 AND week IN ($2, $3) AND scope = 'person' AND scope_id IN (SELECT value::uuid FROM jsonb_array_elements_text($4::jsonb))`
	personalSQLite = `SELECT scope_id, week, figures FROM veranda_statistics_weeks
WHERE org_id = $1 AND week IN ($2, $3) AND scope = 'person' AND scope_id IN (SELECT value FROM json_each($4))`

	// The workspaces people are members of: this week's row decides whether there is anything to tell.
	workspacesSelect = `SELECT wm.account_id, w.name, f.figures, b.figures FROM veranda_workspace_members wm
JOIN veranda_workspaces w ON w.org_id = wm.org_id AND w.id = wm.workspace_id AND w.deleted_at IS NULL
JOIN veranda_statistics_weeks f ON f.org_id = wm.org_id AND f.week = $2 AND f.scope = 'workspace' AND f.scope_id = wm.workspace_id
LEFT JOIN veranda_statistics_weeks b ON b.org_id = wm.org_id AND b.week = $3 AND b.scope = 'workspace' AND b.scope_id = wm.workspace_id
WHERE wm.org_id = $1 AND wm.account_id IN `
	workspacesPostgres = workspacesSelect + `(SELECT value::uuid FROM jsonb_array_elements_text($4::jsonb)) ORDER BY wm.account_id, w.name, w.id`
	workspacesSQLite   = workspacesSelect + `(SELECT value FROM json_each($4)) ORDER BY wm.account_id, w.name, w.id`
)

// readPersonal adds what concerns the recipients to a sheet.
func (s *Service) readPersonal(ctx context.Context, org veranda.OrgID, sh *sheet, recipients []recipient) error {
	accounts := make([]veranda.AccountID, len(recipients))
	for i, r := range recipients {
		accounts[i] = r.account
	}
	list, err := json.Marshal(accounts)
	if err != nil {
		return fmt.Errorf("statistics: read personal figures: %w", err)
	}
	args := []any{org, sh.week, sh.weekBefore, string(list)}
	if err := s.readPeople(ctx, sh, args); err != nil {
		return fmt.Errorf("statistics: read personal figures: %w", err)
	}
	if err := s.readWorkspaces(ctx, sh, args); err != nil {
		return fmt.Errorf("statistics: read workspaces' figures: %w", err)
	}
	return nil
}

func (s *Service) readPeople(ctx context.Context, sh *sheet, args []any) error {
	rows, err := s.conn.Query(ctx, s.conn.DB().Pick(personalPostgres, personalSQLite), args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var account veranda.AccountID
		var week string
		var text []byte
		if err := rows.Scan(&account, &week, &text); err != nil {
			return err
		}
		t := sh.people[account]
		if err := sh.fill(&t, week, text); err != nil {
			return err
		}
		sh.people[account] = t
	}
	return rows.Err()
}

func (s *Service) readWorkspaces(ctx context.Context, sh *sheet, args []any) error {
	rows, err := s.conn.Query(ctx, s.conn.DB().Pick(workspacesPostgres, workspacesSQLite), args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var account veranda.AccountID
		var n named
		var now, before []byte
		if err := rows.Scan(&account, &n.name, &now, veranda.Optional(&before)); err != nil {
			return err
		}
		if n.now, err = readFigures(now); err != nil {
			return err
		}
		if n.before, err = readFigures(before); err != nil {
			return err
		}
		sh.workspaces[account] = append(sh.workspaces[account], n)
	}
	return rows.Err()
}
