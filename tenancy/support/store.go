package support

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
)

// row is a request with what its readers are not shown.
type row struct {
	Request
	Key      string // the address in its comparable form
	Code     string
	Language string
}

const (
	requestColumns = `r.id, r.account_id, r.address, r.address_key, r.proved, r.org_id, r.topic, r.subject, r.code, r.language, r.state, r.assigned_to,
	r.created_at, r.updated_at, r.version`
	selectRequest = `SELECT ` + requestColumns + ` FROM veranda_support_requests r WHERE r.id = $1`
	selectByCode  = `SELECT ` + requestColumns + ` FROM veranda_support_requests r WHERE r.code = $1`
	insertRequest = `INSERT INTO veranda_support_requests (id, account_id, address, address_key, proved, org_id, topic, subject, code, language, state,
	created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $11, 1)`
	insertMessage = `INSERT INTO veranda_support_messages (request_id, id, author, by_id, channel, text, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

	// Whose a request is: the account's that wrote it, and whoever has its address confirmed.
	isMine = `(r.account_id = $1 OR r.address_key IN (SELECT d.address_key FROM veranda_addresses d WHERE d.account_id = $1 AND d.confirmed_at IS NOT NULL))`

	selectMine     = `SELECT ` + requestColumns + ` FROM veranda_support_requests r WHERE ` + isMine + ` AND (r.created_at, r.id) < ($2, $3) ORDER BY r.created_at DESC, r.id DESC LIMIT $4`
	selectAll      = `SELECT ` + requestColumns + ` FROM veranda_support_requests r WHERE (r.created_at, r.id) < ($1, $2) ORDER BY r.created_at DESC, r.id DESC LIMIT $3`
	selectQueue    = `SELECT ` + requestColumns + ` FROM veranda_support_requests r WHERE r.state = $4 AND (r.created_at, r.id) > ($1, $2) ORDER BY r.created_at, r.id LIMIT $3`
	selectMessages = `SELECT id, author, by_id, channel, text, created_at FROM veranda_support_messages WHERE request_id = $1 ORDER BY id`

	actionColumns = `id, action, org_id, target, state, proposed_by, confirmed_by, done_by, reason, created_at, updated_at`
	selectActions = `SELECT ` + actionColumns + ` FROM veranda_support_actions WHERE request_id = $1 ORDER BY id`
	selectAction  = `SELECT ` + actionColumns + ` FROM veranda_support_actions WHERE request_id = $1 AND id = $2`
	insertAction  = `INSERT INTO veranda_support_actions (request_id, id, action, org_id, target, state, proposed_by, reason, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, 'proposed', $6, '', $7, $7)`
)

func (r *row) destinations() []any {
	return []any{
		&r.ID, veranda.Optional(&r.Account), &r.Address, &r.Key, &r.Proved, veranda.Optional(&r.Org), &r.Topic, &r.Subject, &r.Code, &r.Language, &r.State,
		veranda.Optional(&r.AssignedTo), veranda.Moment(&r.CreatedAt), veranda.Moment(&r.UpdatedAt), &r.Version,
	}
}

func readRequest(ctx context.Context, query queryFunc, text string, args ...any) (*row, error) {
	var r row
	found, err := one(ctx, query, text, args, r.destinations()...)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}

func (s *Service) readRequests(ctx context.Context, text string, args ...any) ([]Request, error) {
	list := []Request{}
	err := each(ctx, s.conn.Query, text, args, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(r.destinations()...)
		list = append(list, r.Request)
		return err
	})
	return list, err
}

func storeRequest(ctx context.Context, tx *veranda.Tx, r *row) error {
	_, err := tx.Exec(ctx, insertRequest, r.ID, nullID(r.Account), r.Address, r.Key, r.Proved, nullID(r.Org), r.Topic, r.Subject, r.Code, r.Language,
		tx.DB().Time(r.CreatedAt))
	if err != nil {
		return fmt.Errorf("support: store request: %w", err)
	}
	return nil
}

func storeMessage(ctx context.Context, tx *veranda.Tx, request RequestID, m Message) error {
	_, err := tx.Exec(ctx, insertMessage, request, veranda.NewID[messageKind](), m.Author, nullID(m.By), m.Channel, m.Text, tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return fmt.Errorf("support: store message: %w", err)
	}
	return nil
}

// setState gives a request another state; version 0 is any. It tells whether the version was right.
func setState(ctx context.Context, tx *veranda.Tx, r *Request, state string, assigned veranda.AccountID, version int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE veranda_support_requests SET state = $2, assigned_to = $3, updated_at = $4, version = version + 1
WHERE id = $1 AND ($5 = 0 OR version = $5)`, r.ID, state, nullID(assigned), tx.DB().Time(tx.DB().Now()), version)
	if err != nil {
		return false, fmt.Errorf("support: change request: %w", err)
	}
	r.State, r.AssignedTo = state, assigned
	return n == 1, nil
}

// whole adds messages and actions to a request.
func (s *Service) whole(ctx context.Context, r *Request) error {
	r.Messages, r.Actions = []Message{}, []Proposal{}
	err := each(ctx, s.conn.Query, selectMessages, []any{r.ID}, func(rows *sql.Rows) error {
		var m Message
		err := rows.Scan(&m.ID, &m.Author, veranda.Optional(&m.By), &m.Channel, &m.Text, veranda.Moment(&m.CreatedAt))
		r.Messages = append(r.Messages, m)
		return err
	})
	if err != nil {
		return err
	}
	return each(ctx, s.conn.Query, selectActions, []any{r.ID}, func(rows *sql.Rows) error {
		var p Proposal
		err := rows.Scan(p.destinations()...)
		r.Actions = append(r.Actions, p)
		return err
	})
}

func (p *Proposal) destinations() []any {
	return []any{
		&p.ID, &p.Action, veranda.Optional(&p.Org), &p.Target, &p.State, &p.ProposedBy, veranda.Optional(&p.ConfirmedBy), veranda.Optional(&p.DoneBy), &p.Reason,
		veranda.Moment(&p.CreatedAt), veranda.Moment(&p.UpdatedAt),
	}
}

func readAction(ctx context.Context, query queryFunc, in ActionInput) (*Proposal, error) {
	var p Proposal
	found, err := one(ctx, query, selectAction, []any{in.Request, in.Action}, p.destinations()...)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	return &p, nil
}

// isOwner tells whether a request is an account's: by having written it, or by its address.
func (s *Service) isOwner(ctx context.Context, account veranda.AccountID, r *row) (bool, error) {
	if account.IsZero() {
		return false, nil
	}
	var id RequestID
	return one(ctx, s.conn.Query, `SELECT r.id FROM veranda_support_requests r WHERE `+isMine+` AND r.id = $2`, []any{account, r.ID}, &id)
}
