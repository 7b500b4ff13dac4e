package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// person is somebody who was found by a contact.
type person struct {
	accountRow
	Key string // the contact's key they were found by
}

// Somebody is found by what they have proved, or by what an access manager reserved for them: that is the same person,
// whoever made the account. A reserved account that belongs to nothing any more is nobody's.
const (
	personIsFound = ` IS NOT NULL OR a.state = 'pending' AND a.reserved_by IS NOT NULL
	AND EXISTS (SELECT 1 FROM veranda_account_organizations o WHERE o.account_id = a.id))`
	selectPersonByAddress = `SELECT ` + accountRowColumns + ` FROM veranda_addresses d JOIN veranda_accounts a ON a.id = d.account_id
WHERE d.address_key = $1 AND (d.confirmed_at` + personIsFound + `
ORDER BY CASE WHEN d.confirmed_at IS NULL THEN 1 ELSE 0 END, a.created_at, a.id LIMIT 1`
	selectPersonByPhone = `SELECT ` + accountRowColumns + ` FROM veranda_phones d JOIN veranda_accounts a ON a.id = d.account_id
WHERE d.number = $1 AND (d.confirmed_at` + personIsFound + `
ORDER BY CASE WHEN d.confirmed_at IS NULL THEN 1 ELSE 0 END, a.created_at, a.id LIMIT 1`
)

// findPerson reads who has a contact; nil when nobody has. An address and a number of two people are an error.
func findPerson(ctx context.Context, query queryFunc, c contact) (*person, error) {
	var found *person
	for _, key := range c.keys() {
		text := selectPersonByPhone
		if key == c.Address.Key {
			text = selectPersonByAddress
		}
		row, err := readAccountRow(ctx, query, text, key)
		switch {
		case err != nil:
			return nil, err
		case row == nil:
		case found == nil:
			found = &person{accountRow: *row, Key: key}
		case found.ID != row.ID:
			return nil, ErrDifferentPeople
		}
	}
	return found, nil
}

// memberStanding is how an account belongs to an organization.
type memberStanding struct {
	Kind, Roles, Key, Reason  string
	Disabled                  bool
	OfferedKind, OfferedRoles string
	Home                      veranda.OrgID
	AccountState              string
	ReservedBy                veranda.OrgID
	Version                   int64
}

const (
	memberStandingColumns = `m.kind, m.roles, m.address_key, m.disabled_reason, m.disabled_at IS NOT NULL, m.offered_kind, m.offered_roles, m.home_org_id,
	a.state, a.reserved_by, m.version`
	selectMemberStanding = `SELECT ` + memberStandingColumns + ` FROM veranda_memberships m JOIN veranda_accounts a ON a.id = m.account_id
WHERE m.org_id = $1 AND m.account_id = $2`
	selectMemberStandingLocked = selectMemberStanding + ` FOR UPDATE OF m`
)

// readMemberStanding reads it and holds the membership's row until the transaction's end; nil for who is no member.
func readMemberStanding(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) (*memberStanding, error) {
	var m memberStanding
	found, err := readOne(ctx, tx.Query, tx.DB().Pick(selectMemberStandingLocked, selectMemberStanding), []any{org, account},
		&m.Kind, &m.Roles, &m.Key, &m.Reason, &m.Disabled, &m.OfferedKind, &m.OfferedRoles, veranda.Optional(&m.Home),
		&m.AccountState, veranda.Optional(&m.ReservedBy), &m.Version)
	if err != nil || !found {
		return nil, err
	}
	return &m, nil
}

// state is the state of a membership as managers see it; memberStateText says the same in SQL.
func (m *memberStanding) state() string {
	switch {
	case m.Reason == reasonUnaccepted:
		return StateOffered
	case m.Reason == reasonHome || m.Reason == reasonRelation:
		return StateSuspended
	case m.Disabled:
		return StateDisabled
	case m.AccountState == string(AccountPending):
		return StateReserved
	default:
		return StateActive
	}
}

// newMembership is a membership an access manager makes.
type newMembership struct {
	Org          veranda.OrgID
	Account      veranda.AccountID
	Kind         string
	Roles        []string
	Key          string
	Offered      bool // not in force until the person accepts
	OfferedKind  string
	OfferedRoles []string
	Home         veranda.OrgID
	Cap          string
	UserName     string
	Fallback     string
}

const insertNewMembership = `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, disabled_at, disabled_reason,
	offered_kind, offered_roles, home_org_id, cap, user_name, user_name_key, fallback_language, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)`

func storeNewMembership(ctx context.Context, tx *veranda.Tx, m newMembership) error {
	now, reason := tx.DB().Time(tx.DB().Now()), ""
	var disabled any
	if m.Offered {
		disabled, reason = now, reasonUnaccepted
	}
	_, err := tx.Exec(ctx, insertNewMembership, m.Org, m.Account, m.Kind, strings.Join(m.Roles, " "), m.Key, now, disabled, reason,
		m.OfferedKind, strings.Join(m.OfferedRoles, " "), nullID(m.Home), m.Cap, m.UserName, nullText(userNameKey(m.UserName)), m.Fallback)
	switch {
	case veranda.IsUnique(err, "user_name"):
		return errUserNameTaken()
	case veranda.IsForeignKey(err): // the account was removed at this moment
		return veranda.ErrContended.Because(err)
	case err != nil:
		return fmt.Errorf("tenancy: store membership: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, m.Account, m.Org)
	return wrapped("store membership", err)
}

func errUserNameTaken() error {
	var c veranda.Checks
	c.Add("/user_name", "taken", "somebody of the organization has this user name")
	return c.Err()
}

// reservedAccount is an account that is made for somebody.
type reservedAccount struct {
	accountRow
	FirstName, LastName string
	Org                 veranda.OrgID
	Contact             contact
	At                  time.Time
}

func storeReserved(ctx context.Context, tx *veranda.Tx, a reservedAccount) error {
	at := tx.DB().Time(a.At)
	_, err := tx.Exec(ctx, `INSERT INTO veranda_accounts (id, name, first_name, last_name, language, time_zone, state, password_hash, reserved_by, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, $6, 'pending', '', $7, $8, $8, 1)`, a.ID, a.Name, a.FirstName, a.LastName, a.Language, a.TimeZone, a.Org, at)
	if err != nil {
		return fmt.Errorf("tenancy: store reserved account: %w", err)
	}
	if a.Contact.Address.Key != "" {
		if err := storeAddress(ctx, tx, a.ID, a.Contact.Address, false, true, a.At); err != nil {
			return err
		}
	}
	if a.Contact.Phone == "" {
		return nil
	}
	_, err = tx.Exec(ctx, `INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, $2, NULL, $3)`, a.ID, a.Contact.Phone, at)
	return wrapped("store phone", err)
}

// dropReserved removes reserved accounts of a contact that belong to nothing any more: whoever made them took them back.
func dropReserved(ctx context.Context, tx *veranda.Tx, c contact) error {
	ids, err := readIDs[veranda.AccountID](ctx, tx, `SELECT a.id FROM veranda_accounts a
WHERE (a.id IN (SELECT d.account_id FROM veranda_addresses d WHERE d.address_key = $1) OR a.id IN (SELECT p.account_id FROM veranda_phones p WHERE p.number = $2))
AND a.state = 'pending' AND a.reserved_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM veranda_account_organizations o WHERE o.account_id = a.id) ORDER BY a.id`,
		c.Address.Key, c.Phone)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := removePending(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

// misfits are the roles that do not fit a kind of membership of an organization: neither shipped for it nor one of its
// own for such members.
func misfits(ctx context.Context, query queryFunc, org veranda.OrgID, kind string, roles []string) (wrong []string, err error) {
	for _, role := range roles {
		if slices.Contains(rolesOf[kind], role) {
			continue
		}
		var kinds, scope string
		_, err := readOne(ctx, query, `SELECT kinds, scope FROM veranda_roles WHERE org_id = $1 AND name = $2`, []any{org, role}, &kinds, &scope)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(strings.Fields(kinds), kind) || scope == "workspace" {
			wrong = append(wrong, role)
		}
	}
	return wrong, nil
}

// assignRules are the settings of an organization that judge who is assigned, as they are in the transaction.
type assignRules struct {
	Domains, Language, TimeZone string
	NeedRelation                bool
}

func readAssignRules(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) (*assignRules, error) {
	var r assignRules
	found, err := readOne(ctx, tx.Query, `SELECT CAST(domains AS TEXT), language, time_zone, externals_need_relation FROM veranda_organizations
WHERE id = $1 AND deleted_at IS NULL`, []any{org}, &r.Domains, &r.Language, &r.TimeZone, &r.NeedRelation)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	return &r, nil
}
