package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Activate makes an account one's own that an access manager reserved: by the link that was sent to its address or phone
// number, which is proved by it. The account gets the password, is active from then on, and is signed in. Others who claim
// the address or number lose their claim.
//
// Permission: account.confirm (anonymous). Errors: invalid; tenancy.link, whatever is wrong with the link; rate.attempts.
// Events: tenancy.account_activated, tenancy.signed_in.
func (s *Service) Activate(ctx context.Context, by veranda.Actor, in ActivateInput) (*NewSession, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	if _, err := s.signedIn(ctx, by, PermConfirm); err != nil {
		return nil, err
	}
	var session *NewSession
	err := s.withLink(ctx, in.ClientAddress, in.Token, func(link *linkRow) error {
		if !link.works(linkActivate, s.now()) {
			return ErrLink
		}
		account, err := readAccountRow(ctx, s.conn.Query, selectReserved, link.Account)
		if err != nil {
			return err
		}
		if account == nil {
			return ErrLink
		}
		if err := s.checkNewPassword(ctx, account, "/password", in.Password); err != nil {
			return err
		}
		hash, err := s.passwords.hash(ctx, in.Password)
		if err != nil {
			return err
		}
		return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			session, err = activate(ctx, tx, link, hash, in)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

// activate does it: of several who try at once, one does.
func activate(ctx context.Context, tx *veranda.Tx, link *linkRow, hash string, in ActivateInput) (*NewSession, error) {
	if err := lockAddress(ctx, tx, link.Key); err != nil {
		return nil, err
	}
	// The account's row before its links: two links of one account end each other, and must not wait for each other.
	n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET state = 'active', password_hash = $2, name = coalesce($3, name), language = coalesce($4, language),
time_zone = coalesce($5, time_zone), updated_at = $6, version = version + 1 WHERE id = $1 AND state = 'pending' AND reserved_by IS NOT NULL`,
		link.Account, hash, in.Name, in.Language, in.TimeZone, tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return nil, fmt.Errorf("tenancy: activate account: %w", err)
	}
	if n == 0 {
		return nil, ErrLink
	}
	if err := spend(ctx, tx, link, linkActivate); err != nil {
		return nil, err
	}
	if err := voidAccountLinks(ctx, tx, link.Account, linkActivate); err != nil {
		return nil, err
	}
	prove := confirmAddress
	if isPhoneKey(link.Key) {
		prove = confirmPhone
	}
	if err := prove(ctx, tx, link.Account, link.Key); err != nil {
		return nil, err
	}
	session, err := storeSession(ctx, tx, link.Account, SessionBrowser, in.Label, in.ClientAddress)
	if err != nil {
		return nil, err
	}
	emitAccount(tx, EventAccountActivated, link.Account, link.Account, AccountActivated{By: link.Key})
	emitAccount(tx, EventSignedIn, link.Account, link.Account, SignedIn{Session: session.ID, Kind: SessionBrowser, Network: network(in.ClientAddress)})
	return session, nil
}

const (
	selectReserved = `SELECT ` + accountRowColumns + ` FROM veranda_accounts a WHERE a.id = $1 AND a.state = 'pending' AND a.reserved_by IS NOT NULL`
	// Should several organizations have reserved an account for one address, the first one counts.
	selectReservedByAddress = `SELECT ` + accountRowColumns + ` FROM veranda_addresses d JOIN veranda_accounts a ON a.id = d.account_id
WHERE d.address_key = $1 AND a.state = 'pending' AND a.reserved_by IS NOT NULL ORDER BY a.created_at, a.id LIMIT 1`
	selectReservedByPhone = `SELECT ` + accountRowColumns + ` FROM veranda_phones p JOIN veranda_accounts a ON a.id = p.account_id
WHERE p.number = $1 AND a.state = 'pending' AND a.reserved_by IS NOT NULL ORDER BY a.created_at, a.id LIMIT 1`
)

// toReserved has who holds a reserved account told how to make it their own, in place of what was queued: by a link to the
// address or number it was queued for.
func (s *Service) toReserved(ctx context.Context, m *storedMail, reserved *accountRow, key string) error {
	m.Template, m.Language, m.Zone = templateActivateExisting, reserved.Language, reserved.TimeZone
	m.Data = mailData{"Name": reserved.Name}
	var organization string
	_, err := readOne(ctx, s.conn.Query, `SELECT o.name FROM veranda_accounts a JOIN veranda_organizations o ON o.id = a.reserved_by WHERE a.id = $1`,
		[]any{reserved.ID}, &organization)
	if err != nil {
		return err
	}
	m.Data["Organization"] = organization
	if m.Link != nil { // the link made by an attempt before this one, or that of the claim which is given up
		link, err := s.readLink(ctx, m.Link)
		if err != nil {
			return err
		}
		if link != nil && link.Purpose == linkActivate {
			return nil
		}
	}
	link, err := s.newLink(linkActivate, s.now())
	if err != nil {
		return err
	}
	link.Account, link.Key = reserved.ID, key
	m.Link = link.Hash
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := storeLink(ctx, tx, link); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE veranda_deliveries SET link_hash = $3 WHERE org_id = $1 AND id = $2`, m.Org, m.ID, link.Hash)
		if err != nil {
			return fmt.Errorf("tenancy: store activation link: %w", err)
		}
		return nil
	})
}
