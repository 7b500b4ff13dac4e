package tenancy

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// Refusals to a host program that maps its accounts.
var (
	// ErrAddressOwned refuses to map an address that is another account's.
	ErrAddressOwned = veranda.NewError(veranda.CodeConflict, "account.address_owned", "The address belongs to another account.")
	// ErrMapPending refuses to map an account that somebody registered and nobody confirmed: they chose its password.
	ErrMapPending = veranda.NewError(veranda.CodeConflict, "account.pending", "The account was registered and is not confirmed yet.")
)

// EventAccountMapped says that a host program mapped an account of its own for the first time; data AddressChanged. Its
// subject is the account; like all events of the host program it has "host" as its System.
const EventAccountMapped = "tenancy.account_mapped"

// systemHost is who did what the host program does itself.
const systemHost = "host"

// MapAccountInput is an account of the host program.
type MapAccountInput struct {
	// ID is the account's id here: made once with veranda.NewAccountID and kept by the host beside its own.
	ID veranda.AccountID
	// Name is shown to others; 1 to 100 characters.
	Name string
	// Address is the account's mail address, which the host has proved to be theirs.
	Address string
	// Language is a language tag (BCP 47); when empty English, or as it was.
	Language string
	// TimeZone is a name in the IANA data base; when empty UTC, or as it was.
	TimeZone string
}

func (in *MapAccountInput) validate() (Address, error) {
	var c veranda.Checks
	veranda.Required(&c, "/id", in.ID)
	in.Name = c.Line("/name", in.Name, 1, 100)
	address := checkAddress(&c, "/address", in.Address)
	if in.Language != "" {
		in.Language = checkLanguage(&c, "/language", in.Language)
	}
	if in.TimeZone != "" {
		in.TimeZone = checkTimeZone(&c, "/time_zone", in.TimeZone)
	}
	return address, c.Err()
}

// MapAccount makes an account of the host program known here, or brings it up to date. It is active, has no password, and
// its address counts as confirmed; the host signs it in by its own means and calls with veranda.AccountActor. Call it when
// an account is made or changed, in the host's own transaction where that matters; the same input again does nothing.
//
// A new address becomes the primary one. The former stays the account's, since memberships may hang on it, until
// RemoveAddress takes it away. An account that was disabled stays so.
//
// It asks nobody: it is for the host program, not for requests of users. Errors: invalid, account.address_owned,
// account.pending, limit.addresses. Events: tenancy.account_mapped the first time; then tenancy.account_updated, and for
// a new address tenancy.address_made_primary.
func (s *Service) MapAccount(ctx context.Context, in MapAccountInput) error {
	address, err := in.validate()
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		if err := lockAddress(ctx, tx, address.Key); err != nil {
			return err
		}
		owner, err := readAccountRow(ctx, tx.Query, selectOwner, address.Key)
		if err != nil {
			return err
		}
		if owner != nil && owner.ID != in.ID {
			return ErrAddressOwned
		}
		account, err := readAccountRow(ctx, tx.Query, selectAccount, in.ID)
		switch {
		case err != nil:
			return err
		case account == nil:
			return bound.storeMapped(ctx, tx, in, address)
		case account.State == AccountPending:
			return ErrMapPending
		default:
			return bound.updateMapped(ctx, tx, in, address, account)
		}
	})
}

// storeMapped makes a mapped account. The address is locked and nobody's.
func (s *Service) storeMapped(ctx context.Context, tx *veranda.Tx, in MapAccountInput, address Address) error {
	if in.Language == "" {
		in.Language = fallbackLanguage
	}
	if in.TimeZone == "" {
		in.TimeZone = "UTC"
	}
	err := storeAccount(ctx, tx, newAccount{
		accountRow: accountRow{ID: in.ID, Name: in.Name, Language: in.Language, TimeZone: in.TimeZone, State: AccountActive},
		Address:    address, Confirmed: true, At: s.now(),
	})
	if err != nil {
		return err
	}
	emitMapped(tx, EventAccountMapped, in.ID, AddressChanged{Address: address.Written})
	return dropClaims(ctx, tx, in.ID, address.Key)
}

// updateMapped brings a mapped account up to date.
func (s *Service) updateMapped(ctx context.Context, tx *veranda.Tx, in MapAccountInput, address Address, account *accountRow) error {
	if in.Language == "" {
		in.Language = account.Language
	}
	if in.TimeZone == "" {
		in.TimeZone = account.TimeZone
	}
	addresses, err := s.readAddresses(ctx, in.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(addresses, func(d AccountAddress) bool { return d.Key == address.Key })
	same := at >= 0 && addresses[at].Primary && addresses[at].ConfirmedAt != nil && addresses[at].Address == address.Written
	if same && in.Name == account.Name && in.Language == account.Language && in.TimeZone == account.TimeZone {
		return nil
	}
	if at < 0 && len(addresses) >= maxAddresses {
		return ErrAddressLimit
	}
	now := s.time(s.now())
	_, err = tx.Exec(ctx, `UPDATE veranda_accounts SET name = $2, language = $3, time_zone = $4, updated_at = $5, version = version + 1 WHERE id = $1`,
		in.ID, in.Name, in.Language, in.TimeZone, now)
	if err != nil {
		return fmt.Errorf("tenancy: update mapped account: %w", err)
	}
	emitMapped(tx, EventAccountUpdated, in.ID, nil)
	if same {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE veranda_addresses SET is_primary = $2 WHERE account_id = $1`, in.ID, false); err != nil {
		return fmt.Errorf("tenancy: update mapped address: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO veranda_addresses AS d (account_id, address_key, address, confirmed_at, is_primary, created_at)
VALUES ($1, $2, $3, $4, $5, $4) ON CONFLICT (account_id, address_key) DO UPDATE
SET address = excluded.address, confirmed_at = coalesce(d.confirmed_at, excluded.confirmed_at), is_primary = excluded.is_primary`,
		in.ID, address.Key, address.Written, now, true)
	if err != nil {
		return fmt.Errorf("tenancy: update mapped address: %w", err)
	}
	emitMapped(tx, EventAddressPrimary, in.ID, AddressChanged{Address: address.Written})
	return dropClaims(ctx, tx, in.ID, address.Key)
}

func emitMapped(tx *veranda.Tx, kind string, account veranda.AccountID, data any) {
	e := veranda.Event{Kind: kind, Subject: account.String(), System: systemHost}
	if data != nil {
		e.Data = veranda.MarshalData(data)
	}
	tx.Emit(e)
}

// AccountByAddress is the account a confirmed address belongs to. It asks nobody: it is for the host program, for it tells
// whether an address has an account. Errors: invalid, not_found.
func (s *Service) AccountByAddress(ctx context.Context, address string) (veranda.AccountID, error) {
	var c veranda.Checks
	parsed := checkAddress(&c, "/address", address)
	if err := c.Err(); err != nil {
		return veranda.AccountID{}, err
	}
	owner, err := readAccountRow(ctx, s.conn.Query, selectOwner, parsed.Key)
	if err != nil {
		return veranda.AccountID{}, err
	}
	if owner == nil {
		return veranda.AccountID{}, veranda.ErrNotFound
	}
	return owner.ID, nil
}

// AddMember makes an active account a member of an organization, with one of the shipped roles, without an invitation:
// by its primary address or, where the organization takes employees from its own domains only, by a confirmed address in
// one of these. A guest or external becomes more when the role is one of more; otherwise who belongs to the organization
// already stays as they are.
//
// It asks nobody: it is for the host program, not for requests of users. Errors: invalid; not_found for an organization or
// an active account that does not exist; invitation.domain; invitation.disabled; a limit on "members". Event:
// tenancy.member_joined or tenancy.member_upgraded.
func (s *Service) AddMember(ctx context.Context, org veranda.OrgID, account veranda.AccountID, role string) error {
	kind := ""
	for candidate, roles := range rolesOf {
		if slices.Contains(roles, role) {
			kind = candidate
		}
	}
	var c veranda.Checks
	if kind == "" {
		c.Add("/role", "one_of", "must be a role: owner, administrator, access_manager, employee, external, guest")
	}
	if err := c.Err(); err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		key, err := bound.addressFor(ctx, org, account, kind)
		if err != nil {
			return err
		}
		before, changed, err := bound.join(ctx, tx, account, &invitationRow{Org: org, Kind: kind, Roles: role, Key: key})
		if err != nil || !changed {
			return err
		}
		event := EventMemberJoined
		if before != "" {
			event = EventMemberUpgraded
		}
		tx.Emit(veranda.Event{Org: org, Kind: event, Subject: account.String(), System: systemHost,
			Data: veranda.MarshalData(MemberJoined{Kind: kind, Before: before})})
		return nil
	})
}

// addressFor is the address by which an account would belong to an organization as a kind of member.
func (s *Service) addressFor(ctx context.Context, org veranda.OrgID, account veranda.AccountID, kind string) (string, error) {
	var tenant, domains string
	found, err := readOne(ctx, s.conn.Query, `SELECT kind, CAST(domains AS TEXT) FROM veranda_organizations WHERE id = $1 AND deleted_at IS NULL`,
		[]any{org}, &tenant, &domains)
	if err != nil {
		return "", err
	}
	person, err := readAccountRow(ctx, s.conn.Query, selectAccount, account)
	if err != nil {
		return "", err
	}
	if !found || person == nil || person.State != AccountActive {
		return "", veranda.ErrNotFound
	}
	if tenant == string(KindPersonal) && kind != MemberInternal {
		var c veranda.Checks
		c.Add("/role", "personal", "a personal tenant has members only")
		return "", c.Err()
	}
	addresses, err := s.readAddresses(ctx, account) // the primary one comes first
	if err != nil {
		return "", err
	}
	for _, d := range addresses {
		if d.ConfirmedAt == nil {
			continue
		}
		if kind != MemberInternal {
			return d.Key, nil
		}
		if allowed, err := domainAllows(domains, d.Key); err != nil || allowed {
			return d.Key, err
		}
	}
	return "", ErrInvitationDomain
}
