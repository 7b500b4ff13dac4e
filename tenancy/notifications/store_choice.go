package notifications

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// person is whom something is told, with what they chose.
type person struct {
	account  veranda.AccountID
	language string
	schedule
	timeZone string
	version  int64
	choices  []stored
}

const (
	selectPerson = `SELECT a.language, a.time_zone, s.digest, s.hour, s.weekday, s.quiet_from, s.quiet_to, s.quiet_days, s.urgent_at_once, s.away_minutes, s.version
FROM veranda_accounts a LEFT JOIN veranda_notice_settings s ON s.account_id = a.id WHERE a.id = $1 AND a.state = 'active'`
	selectChoices = `SELECT org_id, kind, in_product, mail, phone FROM veranda_notice_choices
WHERE account_id = $1 AND (org_id = $2 OR org_id = '00000000-0000-0000-0000-000000000000') ORDER BY org_id, kind`

	upsertSettings = `INSERT INTO veranda_notice_settings AS s (account_id, digest, hour, weekday, quiet_from, quiet_to, quiet_days, urgent_at_once, away_minutes, version, updated_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, 2, $10 WHERE $11 <= 1 OR EXISTS (SELECT 1 FROM veranda_notice_settings x WHERE x.account_id = $1)
ON CONFLICT (account_id) DO UPDATE SET digest = excluded.digest, hour = excluded.hour, weekday = excluded.weekday, quiet_from = excluded.quiet_from,
	quiet_to = excluded.quiet_to, quiet_days = excluded.quiet_days, urgent_at_once = excluded.urgent_at_once, away_minutes = excluded.away_minutes,
	version = s.version + 1, updated_at = excluded.updated_at WHERE $11 = 0 OR s.version = $11`

	upsertChoice = `INSERT INTO veranda_notice_choices (account_id, org_id, kind, in_product, mail, phone) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, org_id, kind) DO UPDATE SET in_product = excluded.in_product, mail = excluded.mail, phone = excluded.phone`
	// What is chosen for many takes the place of what was chosen for single ones of them.
	clearNarrower = `UPDATE veranda_notice_choices SET in_product = CASE WHEN $4 THEN NULL ELSE in_product END, mail = CASE WHEN $5 THEN NULL ELSE mail END,
	phone = CASE WHEN $6 THEN NULL ELSE phone END WHERE account_id = $1 AND org_id = $2 AND kind <> $3 AND ($3 = '*' OR kind LIKE $7)`
	deleteEmptyChoices = `DELETE FROM veranda_notice_choices WHERE account_id = $1 AND in_product IS NULL AND mail IS NULL AND phone IS NULL`
)

// version 1 is that of settings nobody chose.
const untouched = 1

// readPerson reads a person with what they chose that bears on an organization; nil where the account is no active one.
func readPerson(ctx context.Context, query queryFunc, account veranda.AccountID, org veranda.OrgID) (*person, error) {
	p := &person{account: account, version: untouched}
	p.Settings = defaults()
	var from, to sql.NullInt64
	days := 0
	o := func(destination any) sql.Scanner { return veranda.Optional(destination) }
	found, err := one(ctx, query, selectPerson, []any{account}, &p.language, &p.timeZone, o(&p.Digest), o(&p.Hour), o(&p.Weekday), &from, &to, o(&days),
		o(&p.UrgentAtOnce), o(&p.AwayMinutes), o(&p.version))
	if err != nil || !found {
		return nil, err
	}
	if from.Valid && to.Valid {
		p.QuietFrom, p.QuietTo = writtenMinute(int(from.Int64)), writtenMinute(int(to.Int64))
	}
	for day := 1; day <= 7; day++ {
		if days&(1<<(day-1)) != 0 {
			p.QuietDays = append(p.QuietDays, day)
		}
	}
	if p.zone, err = time.LoadLocation(p.timeZone); err != nil {
		p.zone = time.UTC
	}
	err = each(ctx, query, selectChoices, []any{account, org}, func(rows *sql.Rows) error {
		var r stored
		var in, mail, phone sql.NullBool
		err := rows.Scan(&r.org, &r.kind, &in, &mail, &phone)
		for _, column := range []struct {
			from sql.NullBool
			to   **bool
		}{{in, &r.InProduct}, {mail, &r.Mail}, {phone, &r.Phone}} {
			if column.from.Valid {
				*column.to = &column.from.Bool
			}
		}
		p.choices = append(p.choices, r)
		return err
	})
	return p, err
}

func storeSettings(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, in SetPreferencesInput) error {
	var from, to any
	begins, ends, days, quiet := in.quiet()
	if quiet {
		from, to = begins, ends
	}
	if len(in.QuietDays) == 0 {
		days = 0
	}
	n, err := tx.Exec(ctx, upsertSettings, account, in.Digest, in.Hour, in.Weekday, from, to, days, in.UrgentAtOnce, in.AwayMinutes, tx.DB().Time(tx.DB().Now()), in.Version)
	if err != nil {
		return fmt.Errorf("notifications: store settings: %w", err)
	}
	if n == 0 {
		return veranda.ErrVersion
	}
	return nil
}

// storeChoice stores a choice, over those it stands above.
func storeChoice(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, org veranda.OrgID, kind string, c Choice) error {
	var err error
	if prefix, wild := cutWild(kind); wild {
		_, err = tx.Exec(ctx, clearNarrower, account, org, kind, c.InProduct != nil, c.Mail != nil, c.Phone != nil, prefix+"%")
	}
	if err == nil {
		_, err = tx.Exec(ctx, upsertChoice, account, org, kind, c.InProduct, c.Mail, c.Phone)
	}
	if err == nil {
		_, err = tx.Exec(ctx, deleteEmptyChoices, account)
	}
	if err != nil {
		return fmt.Errorf("notifications: store choice: %w", err)
	}
	return nil
}

func cutWild(kind string) (prefix string, wild bool) {
	if kind == "" || kind[len(kind)-1] != '*' {
		return kind, false
	}
	return kind[:len(kind)-1], true
}
