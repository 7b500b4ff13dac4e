package tenancy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

type organizationRow struct {
	bun.BaseModel `bun:"table:veranda_organizations,alias:o"`

	ID              veranda.OrgID     `bun:"id,pk"`
	Kind            string            `bun:"kind"`
	Name            string            `bun:"name"`
	Domains         string            `bun:"domains"`
	EmployeesInvite bool              `bun:"employees_invite"`
	Joining         string            `bun:"joining"`
	SecondFactor    bool              `bun:"require_second_factor"`
	NeedRelation    bool              `bun:"externals_need_relation"`
	AuditDays       int64             `bun:"audit_days"`
	WeekStart       int64             `bun:"week_start"`
	Language        string            `bun:"language"`
	TimeZone        string            `bun:"time_zone"`
	Welcome         string            `bun:"welcome"`
	PolicyVersion   int64             `bun:"policy_version"`
	CreatedBy       veranda.AccountID `bun:"created_by"`
	CreatedAt       dialect.Time      `bun:"created_at"`
	UpdatedAt       dialect.Time      `bun:"updated_at"`
	DeletedAt       dialect.Time      `bun:"deleted_at"`
	Version         int64             `bun:"version"`
}

// organizationColumns are read with the standing.
const (
	organizationColumns = `t.name, CAST(t.domains AS TEXT), t.employees_invite, t.language, t.time_zone, t.created_by, t.created_at, t.updated_at, t.version,
	t.joining, t.require_second_factor, t.externals_need_relation, t.audit_days, t.week_start, t.welcome`
	organizationJoin = `LEFT JOIN veranda_organizations t ON t.id = $2 AND t.deleted_at IS NULL`
)

func (r *organizationRow) destinations() []any {
	return []any{
		&r.Name, &r.Domains, &r.EmployeesInvite, &r.Language, &r.TimeZone, &r.CreatedBy, &r.CreatedAt, &r.UpdatedAt, &r.Version,
		&r.Joining, &r.SecondFactor, &r.NeedRelation, &r.AuditDays, &r.WeekStart, &r.Welcome,
	}
}

func (r *organizationRow) organization() (*Organization, error) {
	o := &Organization{
		ID: r.ID, Kind: OrganizationKind(r.Kind), Name: r.Name, EmployeesInvite: r.EmployeesInvite, Language: r.Language, TimeZone: r.TimeZone,
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time, Version: r.Version,
		Joining: r.Joining, RequireSecondFactor: r.SecondFactor, ExternalsNeedRelation: r.NeedRelation, AuditDays: r.AuditDays, WeekStart: r.WeekStart, Welcome: r.Welcome,
	}
	if err := json.Unmarshal([]byte(r.Domains), &o.Domains); err != nil {
		return nil, fmt.Errorf("tenancy: domains of organization %s: %w", r.ID, err)
	}
	return o, nil
}

func domainsText(domains []string) string {
	if domains == nil {
		domains = []string{}
	}
	text, _ := json.Marshal(domains) // strings always marshal
	return string(text)
}

// addMembership stores that an account belongs to an organization, in both directions.
func addMembership(ctx context.Context, tx *veranda.Tx, m membershipRow) error {
	if _, err := tx.NewInsert().Model(&m).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, m.Account, m.Org)
	return err
}

type membershipRow struct {
	bun.BaseModel `bun:"table:veranda_memberships,alias:m"`

	Org        veranda.OrgID     `bun:"org_id,pk"`
	Account    veranda.AccountID `bun:"account_id,pk"`
	Kind       string            `bun:"kind"`
	Roles      string            `bun:"roles"`
	AddressKey string            `bun:"address_key"`
	JoinedAt   dialect.Time      `bun:"joined_at"`
	DisabledAt dialect.Time      `bun:"disabled_at"`
	Version    int64             `bun:"version"`
	TeamRoles  string            `bun:"team_roles"`
}
