package tenancy

import (
	"context"

	"github.com/veranda-go/veranda"
)

// assignNew makes an account for somebody nobody knows yet: it is only reserved until they choose a password. The address,
// or else the number, is what the organization's domains judge.
func (s *Service) assignNew(ctx context.Context, tx *veranda.Tx, a *assignment) (account veranda.AccountID, result string, err error) {
	if err := a.checkNewPerson(); err != nil {
		return account, "", err
	}
	key := a.contact.keys()[0]
	kind, result := MemberInternal, AssignedCreatedInternal
	allowed, err := domainAllows(a.rules.Domains, key)
	if err != nil {
		return account, "", err
	}
	if a.Kind == MemberExternal || !allowed {
		kind, result = MemberExternal, AssignedCreatedExternal
	}
	roles, err := s.rolesFor(ctx, tx, a, kind)
	if err != nil {
		return account, "", err
	}
	if err := s.limits.Allow(ctx, tx, a.Org, "members", 1); err != nil {
		return account, "", err
	}
	if err := dropReserved(ctx, tx, a.contact); err != nil {
		return account, "", err
	}
	language := a.Language
	if language == "" {
		language = a.rules.Language
	}
	row := reservedAccount{
		accountRow: accountRow{
			ID: veranda.NewAccountID(), Name: personName(a.FirstName, a.LastName), Language: language, TimeZone: a.rules.TimeZone, State: AccountPending,
		},
		FirstName: a.FirstName, LastName: a.LastName, Org: a.Org, Contact: a.contact, At: s.now(),
	}
	if err := storeReserved(ctx, tx, row); err != nil {
		return account, "", err
	}
	err = storeNewMembership(ctx, tx, newMembership{Org: a.Org, Account: row.ID, Kind: kind, Roles: roles, Key: key, UserName: a.UserName})
	if err != nil {
		return account, "", err
	}
	if _, err := s.enterWorkspace(ctx, tx, a, row.ID, kind); err != nil {
		return account, "", err
	}
	emitAccount(tx, EventAccountReserved, row.ID, a.standing.Account, AccountReserved{Organization: a.Org})
	a.emit(tx, row.ID, result, kind)
	a.emitJoined(tx, row.ID, kind, "")
	_, err = s.sendActivation(ctx, tx, a.Org, a.standing.Account, a.data(), &person{accountRow: row.accountRow, Key: key}, a.contact.written(key))
	return row.ID, result, err
}

// sendActivation sends the link by which a reserved account becomes its owner's, to the address or number it is reserved
// for. Links sent before for this organization end.
func (s *Service) sendActivation(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, by veranda.AccountID, data map[string]string, who *person, recipient string) (*ActivationSent, error) {
	_, err := tx.Exec(ctx, `UPDATE veranda_links SET used_at = $4 WHERE account_id = $1 AND purpose = $2 AND org_id = $3 AND used_at IS NULL`,
		who.ID, string(linkActivate), org, s.time(s.now()))
	if err != nil {
		return nil, wrapped("void activation links", err)
	}
	link, err := s.newLink(linkActivate, s.now())
	if err != nil {
		return nil, err
	}
	link.Account, link.Key, link.Org = who.ID, who.Key, org
	if err := storeLink(ctx, tx, link); err != nil {
		return nil, err
	}
	row := mailRow{
		Org: org, Account: who.ID, By: by, Channel: ChannelMail, Recipient: recipient, Template: templateActivate, Language: who.Language, Link: link.Hash,
		mailContent: mailContent{Zone: who.TimeZone, Data: mailData{"Name": who.Name}},
	}
	for name, value := range data {
		row.Data[name] = value
	}
	if isPhoneKey(who.Key) {
		row.Channel = ChannelPhone
	}
	return &ActivationSent{Channel: row.Channel, Recipient: recipient}, queueMail(ctx, tx, row)
}

// ResendActivation sends the link of a reserved account again, under a new token; the one before ends.
//
// Permission: member.assign. Errors: not_found; activation.not_reserved for accounts that another organization made, or
// that are their owner's already; rate.attempts. Event: tenancy.activation_sent.
func (s *Service) ResendActivation(ctx context.Context, by veranda.Actor, in ReservedInput) (*ActivationSent, error) {
	target, standing, err := s.readTarget(ctx, by, in.Org, in.Account)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermMemberAssign}); err != nil {
		return nil, err
	}
	switch {
	case target.Account.IsZero():
		return nil, veranda.ErrNotFound
	case target.State != string(AccountPending) || target.ReservedBy != in.Org:
		return nil, ErrNotReserved
	}
	mails := ruleMail.of(target.Key)
	allowed, err := s.reserve(ctx, mails)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, s.refused(ctx, ErrRate, mails)
	}
	_, from, err := s.readInviting(ctx, by, in.Org, veranda.WorkspaceID{})
	if err != nil {
		return nil, err
	}
	var sent *ActivationSent
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		m, err := readMemberStanding(ctx, tx, in.Org, in.Account)
		if err != nil {
			return err
		}
		if m == nil || m.AccountState != string(AccountPending) || m.ReservedBy != in.Org {
			return ErrNotReserved
		}
		row, err := readAccountRow(ctx, tx.Query, selectAccount, in.Account)
		if err != nil {
			return err
		}
		recipient := m.Key
		if _, err := readOne(ctx, tx.Query, `SELECT address FROM veranda_addresses WHERE account_id = $1 AND address_key = $2`, []any{in.Account, m.Key}, &recipient); err != nil {
			return err
		}
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventActivationSent, Subject: in.Account.String(), By: standing.Account})
		data := map[string]string{"Inviter": from.Inviter, "Organization": from.Organization, "Workspace": ""}
		sent, err = s.WithTx(tx).sendActivation(ctx, tx, in.Org, standing.Account, data, &person{accountRow: *row, Key: m.Key}, recipient)
		return err
	})
	if err != nil {
		return nil, err
	}
	return sent, nil
}
