package tenancy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// CreateOrganization founds a tenant; the caller becomes its owner. A personal tenant gets its one workspace at once,
// and its first invitations are sent.
//
// Permission: organization.create, outside any organization (everybody who is signed in). Errors: tenancy.owns_already,
// tenancy.organization_first (a personal tenant for a company's address comes after its organization),
// tenancy.domain_proved (another organization has proved the address's domain: ask to join it), a limit on
// "organizations". Events: tenancy.organization_created; for a personal tenant also workspace.workspace_created and the
// invitations'.
func (s *Service) CreateOrganization(ctx context.Context, by veranda.Actor, in CreateOrganizationInput) (*Organization, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.signedIn(ctx, by, PermOrganizationCreate)
	if err != nil {
		return nil, err
	}
	founder, err := s.founder(ctx, standing.Account, in)
	if err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	row := organizationRow{
		ID: veranda.NewOrgID(), Kind: string(in.Kind), Name: in.Name, Domains: domainsText(in.Domains),
		EmployeesInvite: in.Kind == KindPersonal, Language: founder.Language, TimeZone: founder.TimeZone,
		Joining: JoiningAsk, WeekStart: 1,
		CreatedBy: standing.Account, CreatedAt: dialect.At(now), UpdatedAt: dialect.At(now), Version: 1,
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, row.ID, "organizations", 1); err != nil {
			return err
		}
		if err := s.storeOrganization(ctx, tx, row, founder.AddressKey); err != nil {
			return err
		}
		tx.Emit(veranda.Event{Org: row.ID, Kind: EventOrganizationCreated, Subject: row.ID.String(), By: standing.Account, At: now,
			Data: veranda.MarshalData(OrganizationChanged{Name: row.Name, Kind: row.Kind})})
		if in.Kind != KindPersonal {
			return nil
		}
		return s.furnishPersonal(ctx, tx, row, in.Invite)
	})
	if err != nil {
		return nil, err
	}
	return row.organization()
}

type founder struct {
	AddressKey, Language, TimeZone string
}

// founder finds the confirmed address that will own the tenant, and what the account's settings give.
func (s *Service) founder(ctx context.Context, account veranda.AccountID, in CreateOrganizationInput) (founder, error) {
	var f founder
	var row struct{ Language, TimeZone string }
	if err := s.conn.Reader().NewRaw("SELECT language, time_zone FROM veranda_accounts WHERE id = ?", account).Scan(ctx, &row); err != nil {
		return f, fmt.Errorf("tenancy: read founder: %w", err)
	}
	f.Language, f.TimeZone = row.Language, row.TimeZone
	if in.Language != "" {
		f.Language = in.Language
	}
	if in.TimeZone != "" {
		f.TimeZone = in.TimeZone
	}
	var addresses []struct {
		AddressKey string
		IsPrimary  bool
	}
	if err := s.conn.Reader().NewRaw("SELECT address_key, is_primary FROM veranda_addresses WHERE account_id = ? AND confirmed_at IS NOT NULL", account).Scan(ctx, &addresses); err != nil {
		return f, fmt.Errorf("tenancy: read founder: %w", err)
	}
	wanted := ""
	if in.Address != "" {
		parsed, err := ParseAddress(in.Address)
		if err != nil {
			return f, badAddress("/address")
		}
		wanted = parsed.Key
	}
	for _, a := range addresses {
		if wanted == a.AddressKey || wanted == "" && a.IsPrimary {
			f.AddressKey = a.AddressKey
		}
	}
	if f.AddressKey == "" {
		return f, badAddress("/address")
	}
	return f, s.mayFound(ctx, account, f.AddressKey, in.Kind)
}

func badAddress(pointer string) error {
	var c veranda.Checks
	c.Add(pointer, "not_found", "must be a confirmed address of your account")
	return c.Err()
}

func (s *Service) owns(ctx context.Context, addressKey string, kind OrganizationKind) (bool, error) {
	var n int
	err := s.conn.Reader().NewRaw("SELECT count(*) FROM veranda_ownerships WHERE address_key = ? AND kind = ?", addressKey, string(kind)).Scan(ctx, &n)
	if err != nil {
		return false, fmt.Errorf("tenancy: read ownership: %w", err)
	}
	return n > 0, nil
}

func (s *Service) storeOrganization(ctx context.Context, tx *veranda.Tx, row organizationRow, addressKey string) error {
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return fmt.Errorf("tenancy: store organization: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO veranda_ownerships (address_key, kind, org_id) VALUES ($1, $2, $3)`, addressKey, row.Kind, row.ID)
	if veranda.IsUnique(err, "veranda_ownerships") {
		return ErrOwnsAlready
	}
	if err != nil {
		return fmt.Errorf("tenancy: store ownership: %w", err)
	}
	err = addMembership(ctx, tx, membershipRow{
		Org: row.ID, Account: row.CreatedBy, Kind: MemberInternal, Roles: RoleOwner, AddressKey: addressKey, JoinedAt: row.CreatedAt, Version: 1,
	})
	if err != nil {
		return fmt.Errorf("tenancy: store membership: %w", err)
	}
	return nil
}

// furnishPersonal makes the one workspace of a personal tenant and sends the first invitations.
func (s *Service) furnishPersonal(ctx context.Context, tx *veranda.Tx, org organizationRow, invite []string) error {
	workspace := veranda.NewWorkspaceID()
	_, err := tx.Exec(ctx, `INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, version)
		VALUES ($1, $2, $3, '', $4, 1, $5, $6, $6, 1)`, org.ID, workspace, org.Name, true, org.CreatedBy, tx.DB().Time(org.CreatedAt.Time))
	if err != nil {
		return fmt.Errorf("tenancy: store workspace: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at) VALUES ($1, $2, $3, 'manager', $4)`,
		org.ID, workspace, org.CreatedBy, tx.DB().Time(org.CreatedAt.Time))
	if err != nil {
		return fmt.Errorf("tenancy: store workspace: %w", err)
	}
	tx.Emit(veranda.Event{Org: org.ID, Workspace: workspace, Kind: "workspace.workspace_created", Subject: workspace.String(), By: org.CreatedBy,
		At: org.CreatedAt.Time, Data: veranda.MarshalData(struct {
			Name string `json:"name"`
			Open bool   `json:"open"`
		}{org.Name, true})})
	return s.inviteMembers(ctx, tx, org, invite)
}

// Organization reads an organization. Those who may know its name only get it with Limited set.
//
// Permission: organization.read, or organization.read_name.
func (s *Service) Organization(ctx context.Context, by veranda.Actor, in GetOrganizationInput) (*Organization, error) {
	row := organizationRow{ID: in.Org}
	standing, err := s.conn.Read(ctx, s.reads.organization, by, in.Org, nil, row.destinations()...)
	if err != nil {
		return nil, err
	}
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermOrganizationRead, See: PermOrganizationName})
	if err == nil {
		row.Kind = standing.OrgKind
		return row.organization()
	}
	if veranda.CodeOf(err) != veranda.CodeForbidden {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermOrganizationName}); err != nil {
		return nil, err
	}
	return &Organization{ID: in.Org, Kind: OrganizationKind(standing.OrgKind), Name: row.Name, Domains: []string{}, Limited: true}, nil
}

// UpdateOrganization changes settings.
//
// Permission: organization.update. Errors: version, tenancy.second_factor_first. Event: tenancy.organization_updated.
func (s *Service) UpdateOrganization(ctx context.Context, by veranda.Actor, in UpdateOrganizationInput) (*Organization, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	row := organizationRow{ID: in.Org}
	standing, err := s.conn.Read(ctx, s.reads.organization, by, in.Org, nil, row.destinations()...)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermOrganizationUpdate, See: PermOrganizationName}); err != nil {
		return nil, err
	}
	row.Kind = standing.OrgKind
	if in.Version != 0 && in.Version != row.Version {
		return nil, veranda.ErrVersion
	}
	if in.Domains != nil && row.Kind == string(KindPersonal) && len(*in.Domains) > 0 {
		var c veranda.Checks
		c.Add("/domains", "personal", "a personal tenant has no domains")
		return nil, c.Err()
	}
	if err := mayRequireFactor(standing, &row, &in); err != nil {
		return nil, err
	}
	before := row.Version
	fields := in.apply(&row)
	now := s.conn.DB().Now()
	row.Version, row.UpdatedAt = before+1, dialect.At(now)
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		result, err := tx.NewUpdate().Model(&row).Column("name", "domains", "employees_invite", "joining", "require_second_factor", "externals_need_relation",
			"audit_days", "week_start", "language", "time_zone", "welcome", "updated_at", "version").
			Where("id = ?", row.ID).Where("version = ?", before).Where("deleted_at IS NULL").Exec(ctx)
		if err != nil {
			return fmt.Errorf("tenancy: update organization: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errorOr(err, veranda.ErrVersion)
		}
		tx.Emit(veranda.Event{Org: row.ID, Kind: EventOrganizationUpdated, Subject: row.ID.String(), By: standing.Account, System: standing.System, At: now,
			Data: veranda.MarshalData(OrganizationChanged{Name: row.Name, Kind: row.Kind, Fields: fields})})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return row.organization()
}

func errorOr(err, fallback error) error {
	if err != nil {
		return err
	}
	return fallback
}

func (in *UpdateOrganizationInput) apply(row *organizationRow) (fields []string) {
	if in.Name != nil {
		row.Name, fields = *in.Name, append(fields, "name")
	}
	if in.Domains != nil {
		row.Domains, fields = domainsText(*in.Domains), append(fields, "domains")
	}
	if in.EmployeesInvite != nil {
		row.EmployeesInvite, fields = *in.EmployeesInvite, append(fields, "employees_invite")
	}
	if in.Joining != nil {
		row.Joining, fields = *in.Joining, append(fields, "joining")
	}
	if in.RequireSecondFactor != nil {
		row.SecondFactor, fields = *in.RequireSecondFactor, append(fields, "require_second_factor")
	}
	if in.ExternalsNeedRelation != nil {
		row.NeedRelation, fields = *in.ExternalsNeedRelation, append(fields, "externals_need_relation")
	}
	if in.AuditDays != nil {
		row.AuditDays, fields = *in.AuditDays, append(fields, "audit_days")
	}
	if in.WeekStart != nil {
		row.WeekStart, fields = *in.WeekStart, append(fields, "week_start")
	}
	if in.Language != nil {
		row.Language, fields = *in.Language, append(fields, "language")
	}
	if in.TimeZone != nil {
		row.TimeZone, fields = *in.TimeZone, append(fields, "time_zone")
	}
	if in.Welcome != nil {
		row.Welcome, fields = *in.Welcome, append(fields, "welcome")
	}
	return fields
}

// MyOrganizations lists the tenants the caller belongs to, by name, with those where a membership is offered to them.
//
// Permission: account.read_own.
func (s *Service) MyOrganizations(ctx context.Context, by veranda.Actor) (veranda.List[Mine], error) {
	standing, err := s.signedIn(ctx, by, PermAccountRead)
	if err != nil {
		return veranda.List[Mine]{}, err
	}
	items, err := s.mine(ctx, standing.Account)
	return veranda.List[Mine]{Items: items}, err
}

// mine are the tenants of an account.
func (s *Service) mine(ctx context.Context, account veranda.AccountID) ([]Mine, error) {
	var rows []struct {
		ID               veranda.OrgID
		Name, Kind       string
		MemberKind, Role string
		Offered          bool
		OfferedKind      string
	}
	err := s.conn.Reader().NewRaw(`SELECT o.id, o.name, o.kind, m.kind AS member_kind, m.roles AS role, m.disabled_at IS NOT NULL AS offered, m.offered_kind
		FROM veranda_account_organizations a
		JOIN veranda_memberships m ON m.org_id = a.org_id AND m.account_id = a.account_id AND (m.disabled_at IS NULL OR m.disabled_reason = 'unaccepted')
		JOIN veranda_organizations o ON o.id = a.org_id AND o.deleted_at IS NULL
		WHERE a.account_id = ? ORDER BY o.name, o.id LIMIT 1000`, account).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("tenancy: list own organizations: %w", err)
	}
	items := make([]Mine, len(rows))
	for i, r := range rows {
		items[i] = Mine{Organization: r.ID, Name: r.Name, Kind: OrganizationKind(r.Kind), MemberKind: r.MemberKind, Roles: strings.Fields(r.Role),
			State: StateActive, Employment: r.OfferedKind == MemberInternal}
		if r.Offered {
			items[i].State = StateOffered
		}
	}
	return items, nil
}

// domainAllows tells whether an organization's list of domains lets an address be an employee's.
func domainAllows(domainsJSON, addressKey string) (bool, error) {
	list, err := readDomainList(domainsJSON)
	return err == nil && list.has(domainOf(addressKey)), err
}

// domainList is an organization's list of mail domains of employees; an empty one has every domain.
type domainList []string

func readDomainList(text string) (list domainList, err error) {
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("tenancy: domains: %w", err)
	}
	return list, nil
}

func (l domainList) has(domain string) bool { return len(l) == 0 || slices.Contains(l, domain) }
