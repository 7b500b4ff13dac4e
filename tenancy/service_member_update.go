package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// UpdateMember changes what the organization says of a member: a user name, and the language for mails where nothing is
// written in the person's own. Name, language, time zone and channel are the person's, whoever they are; only the name of
// an employee whose account the organization made can be corrected here, until the person has made it their own.
//
// Permission: member.update; whom one may not see is not found. Errors: invalid ("taken" for a user name, "own" for a name
// that is the person's); version. Event: tenancy.member_updated.
func (s *Service) UpdateMember(ctx context.Context, by veranda.Actor, in UpdateMemberInput) (*Member, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	target, standing, err := s.readTarget(ctx, by, in.Org, in.Account)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermMemberUpdate, See: PermMembersRead}); err != nil {
		return nil, err
	}
	if target.Account.IsZero() {
		return nil, veranda.ErrNotFound
	}
	if err := in.checkOwn(target.Kind, target.State, target.ReservedBy); err != nil {
		return nil, err
	}
	if in.Version != 0 && in.Version != target.Version {
		return nil, veranda.ErrVersion
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE veranda_memberships SET user_name = coalesce($4, user_name),
	user_name_key = CASE WHEN $4 IS NULL THEN user_name_key ELSE $5 END, fallback_language = coalesce($6, fallback_language), version = version + 1
WHERE org_id = $1 AND account_id = $2 AND version = $3`, in.Org, in.Account, target.Version, in.UserName, in.userNameKey(), in.FallbackLanguage)
		switch {
		case veranda.IsUnique(err, "user_name"):
			return errUserNameTaken()
		case err != nil:
			return fmt.Errorf("tenancy: update member: %w", err)
		case n == 0:
			return veranda.ErrVersion
		}
		if err := in.correctName(ctx, tx); err != nil {
			return err
		}
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventMemberUpdated, Subject: in.Account.String(), By: standing.Account, System: standing.System,
			Data: veranda.MarshalData(MemberUpdated{Account: in.Account, Fields: in.fields()})})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.memberView(ctx, in.Org, in.Account)
}

// checkOwn refuses names that are the person's own.
func (in *UpdateMemberInput) checkOwn(kind, state string, reservedBy veranda.OrgID) error {
	if kind == MemberInternal && state == string(AccountPending) && reservedBy == in.Org {
		return nil
	}
	var c veranda.Checks
	const message = "is the person's own to change"
	if in.FirstName != nil {
		c.Add("/first_name", "own", message)
	}
	if in.LastName != nil {
		c.Add("/last_name", "own", message)
	}
	return c.Err()
}

// correctName changes the name of a reserved account, while it is reserved.
func (in *UpdateMemberInput) correctName(ctx context.Context, tx *veranda.Tx) error {
	if in.FirstName == nil && in.LastName == nil {
		return nil
	}
	n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET first_name = coalesce($3, first_name), last_name = coalesce($4, last_name),
	name = trim(concat(coalesce($3, first_name), ' ', coalesce($4, last_name))), updated_at = $5, version = version + 1
WHERE id = $1 AND state = 'pending' AND reserved_by = $2`, in.Account, in.Org, in.FirstName, in.LastName, tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return fmt.Errorf("tenancy: correct name: %w", err)
	}
	if n == 0 { // activated at this moment
		return in.checkOwn(MemberInternal, string(AccountActive), in.Org)
	}
	emitAccount(tx, EventAccountUpdated, in.Account, veranda.AccountID{}, nil)
	return nil
}

// userNameKey is the argument that goes with the user name: NULL for none.
func (in *UpdateMemberInput) userNameKey() any {
	if in.UserName == nil {
		return nil
	}
	return nullText(userNameKey(*in.UserName))
}

// fields are the JSON names of what changes.
func (in *UpdateMemberInput) fields() []string {
	var names []string
	for _, field := range []struct {
		name  string
		value *string
	}{{"user_name", in.UserName}, {"fallback_language", in.FallbackLanguage}, {"first_name", in.FirstName}, {"last_name", in.LastName}} {
		if field.value != nil {
			names = append(names, field.name)
		}
	}
	return names
}
