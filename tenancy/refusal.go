package tenancy

import (
	"context"
	"errors"
	"time"

	"github.com/veranda-go/veranda"
)

// EventRightsRefused says that somebody tried to change what another member may do, or whether they belong, and may not;
// the subject is the account they reached for. Data: RightsRefused.
const EventRightsRefused = "tenancy.rights_refused"

// RightsRefused is the data of EventRightsRefused.
type RightsRefused struct {
	Target veranda.AccountID `json:"account_id"`
	// What was tried: "roles", "disable", "enable" or "remove".
	What string `json:"what"`
	// Permission is the one that was missing; absent where the refusal has another reason.
	Permission veranda.Permission `json:"permission,omitempty"`
	Reason     string             `json:"reason"`
}

// ruleRefused bounds what one account can write into the log by being refused again and again.
var ruleRefused = attemptRule{prefix: "refused", limit: 60, window: time.Hour}

// lacking is a refusal that knows which permission was missing.
type lacking struct {
	permission veranda.Permission
	err        error
}

func (l *lacking) Error() string { return l.err.Error() }
func (l *lacking) Unwrap() error { return l.err }

// decideFor is Decide, whose refusal remembers the permission for noteRefused.
func (s *Service) decideFor(ctx context.Context, standing *veranda.Standing, ask veranda.Ask) error {
	err := s.authz.Decide(ctx, s.conn, standing, ask)
	if err != nil {
		return &lacking{permission: ask.Permission, err: err}
	}
	return nil
}

// noteRefused writes a refused change of somebody's rights down, in a transaction of its own, and gives the refusal
// back. Only what a member may not do to somebody they see is a refusal (forbidden): to reach for nobody, or to be
// nobody here, is none. what is the word of RightsRefused.
func (s *Service) noteRefused(ctx context.Context, standing *veranda.Standing, org veranda.OrgID, target veranda.AccountID, what string, err error) error {
	data := RightsRefused{Target: target, What: what}
	var missing *lacking
	if errors.As(err, &missing) {
		data.Permission, err = missing.permission, missing.err
	}
	var refusal *veranda.Error
	if standing == nil || !standing.Member || standing.Account.IsZero() || !errors.As(err, &refusal) || refusal.Code != veranda.CodeForbidden {
		return err
	}
	data.Reason = refusal.Reason
	failed := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		counted, err := reserveOne(ctx, tx, ruleRefused.of(org.String(), standing.Account.String()))
		if err != nil || !counted {
			return err
		}
		tx.Emit(veranda.Event{Org: org, Kind: EventRightsRefused, Subject: target.String(), By: standing.Account, System: standing.System, Data: veranda.MarshalData(data)})
		return nil
	})
	if failed != nil { // the refusal stands, noted or not
		s.log.Warn("refused change of rights not noted", "organization", org, "error", failed)
	}
	return err
}

// sees tells whether the actor sees a member of the organization, as the directory shows them.
func (s *Service) sees(ctx context.Context, by veranda.Actor, org veranda.OrgID, target veranda.AccountID) (bool, error) {
	_, err := s.Member(ctx, by, MemberInput{Org: org, Account: target})
	switch veranda.CodeOf(err) {
	case veranda.CodeNotFound, veranda.CodeForbidden, veranda.CodeUnauthenticated:
		return false, nil
	}
	return err == nil, err
}
