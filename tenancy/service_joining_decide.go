package tenancy

import (
	"context"
	"database/sql"
	"errors"

	"github.com/veranda-go/veranda"
)

// JoinRequests lists the requests to join an organization, newest first.
//
// Permission: join.read.
func (s *Service) JoinRequests(ctx context.Context, by veranda.Actor, in JoinsInput) (veranda.List[JoinRequest], error) {
	list := veranda.List[JoinRequest]{Items: []JoinRequest{}}
	var c veranda.Checks
	limit := in.Size(&c)
	before, id := newestFirst(&c, in.Page, "joins")
	if in.State != "" {
		veranda.OneOf(&c, "/state", in.State, JoinPending, JoinWaiting, JoinJoined, JoinDeclined, JoinWithdrawn, JoinLapsed)
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return list, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermJoinRead}); err != nil {
		return list, err
	}
	err = readAll(ctx, s.conn.Query, selectJoins, []any{in.Org, in.State, s.time(before), id, limit + 1}, func(rows *sql.Rows) error {
		var r joinRow
		var name, address string
		err := rows.Scan(append(r.destinations(), &name, &address)...)
		list.Items = append(list.Items, r.request(name, address))
		return err
	})
	if err != nil {
		return veranda.List[JoinRequest]{}, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		last := list.Items[limit-1]
		list.Next = newestCursor("joins", last.CreatedAt, last.ID.String())
	}
	return list, nil
}

// DecideJoin approves or declines a request. Who is approved becomes an employee at once or, where the plan is full, as
// soon as it has room: the request is then waiting. The person is told by mail. A request that cannot come true any more,
// for the domain or the address it was made by is gone, lapses instead.
//
// Permission: join.decide, and not about oneself. Errors: invalid, not_found, version, join.ended, join.domain where the
// organization's list of mail domains does not take the address. Events: tenancy.join_approved with tenancy.member_joined
// (or tenancy.member_upgraded), tenancy.join_waiting, tenancy.join_declined, tenancy.join_lapsed.
func (s *Service) DecideJoin(ctx context.Context, by veranda.Actor, in DecideJoinInput) (*JoinRequest, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var row joinRow
	var name, address string
	standing, err := s.conn.Read(ctx, s.reads.join, by, in.Org, []any{in.Request}, append(row.destinations(), &name, &address)...)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermJoinDecide, Missing: row.ID.IsZero(), See: PermJoinRead}); err != nil {
		return nil, err
	}
	if row.Account == standing.Account {
		return nil, ErrOwnRoles
	}
	lapsed := false
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		locked, err := lockedJoin(ctx, tx, in.Org, in.Request)
		if err != nil {
			return err
		}
		switch {
		case locked == nil:
			return veranda.ErrNotFound
		case !locked.EndedAt.IsZero():
			return ErrJoinEnded
		case in.Version != 0 && in.Version != locked.Version:
			return veranda.ErrVersion
		}
		row = *locked
		lapsed, err = s.WithTx(tx).decideJoin(ctx, tx, &row, standing.Account, in.Decision)
		return err
	})
	if err != nil {
		return nil, err
	}
	if lapsed {
		return nil, ErrJoinEnded
	}
	decided := row.request(name, address)
	return &decided, nil
}

// decideJoin carries a decision out; the request is locked and open. lapsed says that it could not come true any more.
func (s *Service) decideJoin(ctx context.Context, tx *veranda.Tx, row *joinRow, by veranda.AccountID, decision string) (lapsed bool, err error) {
	if decision == JoinDecline {
		if err := row.end(ctx, tx, JoinDeclined, by); err != nil {
			return false, err
		}
		emitJoin(tx, EventJoinDeclined, row, by, "")
		return false, s.tellAsker(ctx, tx, row, by, templateJoinDeclined)
	}
	still, allowed, err := row.stands(ctx, tx)
	switch {
	case err != nil:
		return false, err
	case !still:
		return true, s.lapseJoin(ctx, tx, row, by)
	case !allowed:
		return false, ErrJoinDomain
	}
	err = s.takeIn(ctx, tx, row, by, "")
	if errors.Is(err, ErrMembershipDisabled) {
		return true, s.lapseJoin(ctx, tx, row, by)
	}
	return false, err
}

func (s *Service) lapseJoin(ctx context.Context, tx *veranda.Tx, row *joinRow, by veranda.AccountID) error {
	if err := row.end(ctx, tx, JoinLapsed, veranda.AccountID{}); err != nil {
		return err
	}
	system := ""
	if by.IsZero() {
		system = systemJoining
	}
	emitJoin(tx, EventJoinLapsed, row, by, system)
	return nil
}

// takeIn makes who asked an employee. A limit does not refuse: the request waits for room. by is who let them in, the
// person themselves where it happens by itself, zero where a job does it under the system's name.
func (s *Service) takeIn(ctx context.Context, tx *veranda.Tx, row *joinRow, by veranda.AccountID, system string) error {
	decider := by
	if by == row.Account {
		decider = veranda.AccountID{}
	}
	before := *row
	err := tx.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		if err := row.end(ctx, tx, JoinJoined, decider); err != nil {
			return err
		}
		emitJoin(tx, EventJoinApproved, row, by, system)
		was, changed, err := bound.join(ctx, tx, row.Account, &invitationRow{Org: row.Org, Kind: MemberInternal, Roles: RoleEmployee, Key: row.Key})
		if err != nil {
			return err
		}
		if changed {
			event := EventMemberJoined
			if was != "" {
				event = EventMemberUpgraded
			}
			tx.Emit(veranda.Event{Org: row.Org, Kind: event, Subject: row.Account.String(), By: by, System: system,
				Data: veranda.MarshalData(MemberJoined{Kind: MemberInternal, Before: was, Request: row.ID})})
		}
		return bound.tellAsker(ctx, tx, row, by, templateJoinApproved)
	})
	if veranda.CodeOf(err) != veranda.CodeLimit {
		return err
	}
	*row = before
	waits, err := row.wait(ctx, tx, decider)
	if err == nil && waits {
		emitJoin(tx, EventJoinWaiting, row, by, system)
	}
	return err
}

// tellAsker tells who asked what became of it, unless they did it themselves.
func (s *Service) tellAsker(ctx context.Context, tx *veranda.Tx, row *joinRow, by veranda.AccountID, template string) error {
	if by == row.Account {
		return nil
	}
	var organization string
	if _, err := readOne(ctx, tx.Query, `SELECT name FROM veranda_organizations WHERE id = $1`, []any{row.Org}, &organization); err != nil {
		return err
	}
	_, err := Post{}.Queue(ctx, tx, MailRequest{Org: row.Org, Account: row.Account, By: by, Template: template, Data: map[string]string{"Organization": organization}})
	if errors.Is(err, veranda.ErrNotFound) { // no address is left to write to
		err = nil
	}
	return err
}
