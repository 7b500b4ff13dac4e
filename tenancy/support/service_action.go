package support

import (
	"context"
	"errors"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Propose proposes an action about a request; its writer is asked, by mail, to sign in and confirm it.
//
// Permission: support_request.act. Errors: invalid; support.closed; support.needs_account. Event: support.action_proposed.
func (s *Service) Propose(ctx context.Context, by veranda.Actor, in ProposeInput) (*Request, error) {
	if err := in.validate(s.actions); err != nil {
		return nil, err
	}
	standing, err := s.asks(ctx, by, PermAct)
	if err != nil {
		return nil, err
	}
	r, err := readRequest(ctx, s.conn.Query, selectRequest, in.Request)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, veranda.ErrNotFound
	}
	if r.State == StateClosed {
		return nil, ErrClosed
	}
	if owner, err := s.hasOwner(ctx, r); err != nil {
		return nil, err
	} else if !owner {
		return nil, ErrNeedsAccount
	}
	p := &Proposal{ID: veranda.NewID[actionKind](), Action: in.Action, Org: in.Org, Target: in.Target, State: ActionProposed, ProposedBy: standing.Account}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, insertAction, r.ID, p.ID, p.Action, nullID(p.Org), p.Target, p.ProposedBy, tx.DB().Time(tx.DB().Now()))
		if err != nil {
			return fmt.Errorf("support: store action: %w", err)
		}
		emitAction(tx, EventActionProposed, &r.Request, p, standing.Account)
		data := mailData{"Action": p.Action, "Target": p.Target, "Request": "", "ID": ""}
		if s.actions[in.Action].Locked && s.secrets != nil {
			data["Request"], data["ID"] = r.ID.String(), p.ID.String()
		}
		return s.mail(ctx, tx, r, templateConfirm, standing.Account, data)
	})
	if err != nil {
		return nil, err
	}
	return s.Request(ctx, by, RequestInput{Request: in.Request})
}

// hasOwner tells whether anybody can confirm what is proposed.
func (s *Service) hasOwner(ctx context.Context, r *row) (bool, error) {
	if !r.Account.IsZero() {
		return true, nil
	}
	var key string
	return one(ctx, s.conn.Query, `SELECT address_key FROM veranda_addresses WHERE address_key = $1 AND confirmed_at IS NOT NULL`, []any{r.Key}, &key)
}

// Confirm says yes to a proposed action, signed in.
//
// Permission: support_request.read_own, on one's own request; others' are not found. Errors: support.not_proposed. Event:
// support.action_confirmed.
func (s *Service) Confirm(ctx context.Context, by veranda.Actor, in ActionInput) (*Request, error) {
	return s.decide(ctx, by, in, ActionConfirmed, EventActionConfirmed)
}

// Decline says no to a proposed action, also after it was confirmed, until it is carried out.
//
// Permission and errors: as Confirm. Event: support.action_declined.
func (s *Service) Decline(ctx context.Context, by veranda.Actor, in ActionInput) (*Request, error) {
	return s.decide(ctx, by, in, ActionDeclined, EventActionDeclined)
}

func (s *Service) decide(ctx context.Context, by veranda.Actor, in ActionInput, state, event string) (*Request, error) {
	standing, err := s.asks(ctx, by, PermReadOwn)
	if err != nil {
		return nil, err
	}
	if err := s.decideAs(ctx, standing.Account, in, state, event); err != nil {
		return nil, err
	}
	return s.Request(ctx, standing.Actor(), RequestInput{Request: in.Request})
}

// Locked is the answer to an action that was confirmed without signing in.
type Locked struct{}

// ConfirmLocked says yes to a proposed action by address and password, for who cannot sign in because the second factor is
// lost. Only actions that say so can be confirmed like this; what is wrong is answered alike, whatever it is.
//
// Permission: support_request.create (anonymous). Errors: invalid; sign_in.refused; rate.sign_in; not_found for a request
// that is not the account's, and for an action that is not confirmed like this; support.not_proposed. Event:
// support.action_confirmed.
func (s *Service) ConfirmLocked(ctx context.Context, by veranda.Actor, in ConfirmLockedInput) (*Locked, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	if _, err := s.asks(ctx, by, PermCreate); err != nil {
		return nil, err
	}
	if s.secrets == nil {
		return nil, veranda.ErrNotFound
	}
	account, err := s.secrets.CheckPassword(ctx, in.Address, in.Password, in.ClientAddress)
	if err != nil {
		return nil, err
	}
	named := ActionInput{Request: in.Request, Action: in.Action}
	p, err := readAction(ctx, s.conn.Query, named)
	if err != nil {
		return nil, err
	}
	if !s.actions[p.Action].Locked {
		return nil, veranda.ErrNotFound
	}
	return &Locked{}, s.decideAs(ctx, account, named, ActionConfirmed, EventActionConfirmed)
}

// decideAs decides as the account that is known to call.
func (s *Service) decideAs(ctx context.Context, account veranda.AccountID, in ActionInput, state, event string) error {
	r, err := readRequest(ctx, s.conn.Query, selectRequest, in.Request)
	if err != nil {
		return err
	}
	if r == nil {
		return veranda.ErrNotFound
	}
	// Only the writer decides: to support the request is as hidden here as to strangers.
	if mine, err := s.isOwner(ctx, account, r); err != nil || !mine {
		return errorOr(err, veranda.ErrNotFound)
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		p, err := readAction(ctx, tx.Query, in)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE veranda_support_actions SET state = $3, confirmed_by = $4, updated_at = $5 WHERE request_id = $1 AND id = $2
AND (state = 'proposed' OR state = 'confirmed' AND $3 = 'declined')`, in.Request, in.Action, state, account, tx.DB().Time(tx.DB().Now()))
		if err != nil {
			return fmt.Errorf("support: decide action: %w", err)
		}
		if n == 0 {
			return ErrNotProposed
		}
		if _, err := setState(ctx, tx, &r.Request, StateOpen, r.AssignedTo, 0); err != nil {
			return err
		}
		emitAction(tx, event, &r.Request, p, account)
		return nil
	})
}

// CarryOut does a confirmed action, as the one who calls: its own permission decides. It is done once; what is refused or
// fails is written down with its reason and can be proposed again.
//
// Permission: support_request.act and the action's own. Errors: support.not_confirmed; the action's. Events:
// support.action_done or support.action_failed, and the action's.
func (s *Service) CarryOut(ctx context.Context, by veranda.Actor, in ActionInput) (*Request, error) {
	standing, err := s.asks(ctx, by, PermAct)
	if err != nil {
		return nil, err
	}
	r, err := readRequest(ctx, s.conn.Query, selectRequest, in.Request)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, veranda.ErrNotFound
	}
	p, err := readAction(ctx, s.conn.Query, in)
	if err != nil {
		return nil, err
	}
	action, known := s.actions[p.Action]
	if !known { // the program has lost it since
		return nil, ErrNotConfirmed
	}
	if action.OwnAccount {
		if owner, err := s.ownsAddress(ctx, p.ConfirmedBy, p.Target); err != nil || !owner {
			return nil, errorOr(err, ErrNotConfirmed)
		}
	}
	if err := s.move(ctx, in, ActionConfirmed, ActionRunning, standing.Account, "", nil); err != nil {
		return nil, err
	}
	failure := action.Run(ctx, by, p.Org, p.Target)
	state, event := ActionDone, EventActionDone
	if failure != nil {
		state, event = ActionFailed, EventActionFailed
		p.Reason = publicly(failure)
	}
	err = s.move(context.WithoutCancel(ctx), in, ActionRunning, state, standing.Account, p.Reason, func(tx *veranda.Tx) {
		emitAction(tx, event, &r.Request, p, standing.Account)
	})
	if failure != nil {
		return nil, failure
	}
	if err != nil {
		return nil, err
	}
	return s.Request(ctx, by, RequestInput{Request: in.Request})
}

// move takes an action from one state to the next; a confirmation that is too old counts as none.
func (s *Service) move(ctx context.Context, in ActionInput, from, to string, by veranda.AccountID, reason string, emit func(tx *veranda.Tx)) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		now := tx.DB().Now()
		n, err := tx.Exec(ctx, `UPDATE veranda_support_actions SET state = $4, done_by = $5, reason = $6, updated_at = $7
WHERE request_id = $1 AND id = $2 AND state = $3 AND updated_at > $8`, in.Request, in.Action, from, to, by, reason, tx.DB().Time(now), tx.DB().Time(now.Add(-confirmationLives)))
		if err != nil {
			return fmt.Errorf("support: carry out action: %w", err)
		}
		if n == 0 {
			return ErrNotConfirmed
		}
		if emit != nil {
			emit(tx)
		}
		return nil
	})
}

func errorOr(err, fallback error) error {
	if err != nil {
		return err
	}
	return fallback
}

// publicly is what may be said of a failure.
func publicly(err error) string {
	var e *veranda.Error
	if errors.As(err, &e) && e.Code != veranda.CodeInternal {
		return e.Message
	}
	return "It failed for a reason of the program's own."
}

// ownsAddress tells whether an address is a confirmed one of an account.
func (s *Service) ownsAddress(ctx context.Context, account veranda.AccountID, text string) (bool, error) {
	address, err := tenancy.ParseAddress(text)
	if err != nil || account.IsZero() {
		return false, nil
	}
	var key string
	return one(ctx, s.conn.Query, `SELECT address_key FROM veranda_addresses WHERE account_id = $1 AND address_key = $2 AND confirmed_at IS NOT NULL`, []any{account, address.Key}, &key)
}
