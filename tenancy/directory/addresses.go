package directory

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

const (
	selectByAddress = `SELECT m.account_id, d.address_key, d.address FROM veranda_memberships m
JOIN veranda_addresses d ON d.account_id = m.account_id AND d.address_key = m.address_key
WHERE m.org_id = $1 AND m.disabled_at IS NULL AND d.confirmed_at IS NOT NULL AND ` + visibleText
	byAddressPostgres = selectByAddress + ` AND m.address_key IN (SELECT jsonb_array_elements_text($6::jsonb))`
	byAddressSQLite   = selectByAddress + ` AND m.address_key IN (SELECT value FROM json_each($6))`
	addressesPostgres = selectByAddress + ` AND m.account_id IN (SELECT value::uuid FROM jsonb_array_elements_text($6::jsonb))`
	addressesSQLite   = selectByAddress + ` AND m.account_id IN (SELECT value FROM json_each($6))`
)

// ByAddress finds members by the addresses they belong to the organization by: of those whom the caller's directory shows,
// and whose address is confirmed. The result is by address as it was given; who is not found is not in it.
//
// Permission: as People.
func (s *Service) ByAddress(ctx context.Context, by veranda.Actor, org veranda.OrgID, addresses []string) (map[string]veranda.AccountID, error) {
	keys := make([]string, 0, len(addresses))
	given := make(map[string][]string, len(addresses))
	for _, address := range addresses {
		parsed, err := tenancy.ParseAddress(address)
		if err != nil { // nobody has it
			continue
		}
		keys = append(keys, parsed.Key)
		given[parsed.Key] = append(given[parsed.Key], address)
	}
	found := make(map[string]veranda.AccountID, len(keys))
	err := s.addresses(ctx, by, org, s.conn.DB().Pick(byAddressPostgres, byAddressSQLite), keys, func(account veranda.AccountID, key, _ string) {
		for _, address := range given[key] {
			found[address] = account
		}
	})
	return found, err
}

// AddressesOf gives the addresses by which members belong to the organization, as far as the caller's directory shows them.
//
// Permission: as People.
func (s *Service) AddressesOf(ctx context.Context, by veranda.Actor, org veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]string, error) {
	found := make(map[veranda.AccountID]string, len(accounts))
	err := s.addresses(ctx, by, org, s.conn.DB().Pick(addressesPostgres, addressesSQLite), accounts, func(account veranda.AccountID, _, address string) {
		found[account] = address
	})
	return found, err
}

func (s *Service) addresses(ctx context.Context, by veranda.Actor, org veranda.OrgID, text string, wanted any, found func(account veranda.AccountID, key, address string)) error {
	v, err := s.viewer(ctx, by, org)
	if err != nil {
		return err
	}
	list, err := json.Marshal(wanted)
	if err != nil {
		return fmt.Errorf("directory: find addresses: %w", err)
	}
	rows, err := s.conn.Query(ctx, text, org, v.account, truth(v.all), truth(v.employees), truth(v.shared), string(list))
	if err != nil {
		return fmt.Errorf("directory: find addresses: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var account veranda.AccountID
		var key, address string
		if err := rows.Scan(&account, &key, &address); err != nil {
			return fmt.Errorf("directory: find addresses: %w", err)
		}
		found(account, key, address)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("directory: find addresses: %w", err)
	}
	return nil
}
