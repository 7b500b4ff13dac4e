package tenancy

import (
	"context"

	"github.com/veranda-go/veranda"
)

// warn writes to the owner of an account about its safety: to the primary address or, where the account has none that is
// proved, to its phone. The channel a person chose for other things does not matter: who took the account over could have
// chosen it.
func (s *Service) warn(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, template string, data mailData) error {
	m := mailRow{Account: account, Template: template, Channel: ChannelMail}
	var name string
	found, err := readOne(ctx, tx.Query, `SELECT d.address, a.name, a.language, a.time_zone FROM veranda_accounts a
JOIN veranda_addresses d ON d.account_id = a.id AND d.confirmed_at IS NOT NULL WHERE a.id = $1 ORDER BY d.is_primary DESC, d.created_at LIMIT 1`,
		[]any{account}, &m.Recipient, &name, &m.Language, &m.Zone)
	if err != nil {
		return err
	}
	if !found {
		m.Channel = ChannelPhone
		found, err = readOne(ctx, tx.Query, `SELECT p.number, a.name, a.language, a.time_zone FROM veranda_accounts a
JOIN veranda_phones p ON p.account_id = a.id AND p.confirmed_at IS NOT NULL WHERE a.id = $1 ORDER BY p.created_at, p.number LIMIT 1`,
			[]any{account}, &m.Recipient, &name, &m.Language, &m.Zone)
		if err != nil || !found {
			return err
		}
	}
	m.Data = mailData{"Name": name}
	for key, value := range data {
		m.Data[key] = value
	}
	return queueMail(ctx, tx, m)
}
