package support

import (
	"context"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Write sends a request to platform support. Who writes without signing in gets the same answer whatever the address is;
// a mail says that the request came in.
//
// Permission: support_request.create (anonymous, member). Errors: invalid, rate.attempts. Event: support.requested.
func (s *Service) Write(ctx context.Context, by veranda.Actor, in WriteInput) (*Written, error) {
	standing, denied := s.asks(ctx, by, PermCreate)
	signedIn := false
	if denied == nil {
		var err error
		if signedIn, err = s.allowed(ctx, standing, PermReadOwn); err != nil {
			return nil, err
		}
	}
	address, err := in.validate(signedIn)
	if err != nil {
		return nil, err
	}
	if denied != nil {
		return nil, denied
	}
	r := &row{Request: Request{ID: veranda.NewID[requestKind](), Topic: in.Topic, Subject: in.Subject, Org: in.Org, State: StateOpen}, Language: in.Language}
	if signedIn {
		if err := s.asAccount(ctx, r, standing.Account, address); err != nil {
			return nil, err
		}
	} else {
		r.Address, r.Key = address.Written, address.Key
	}
	// An address is written to only so often; what is written in its name is kept all the same.
	mail := true
	if signedIn {
		err = s.throttle.Account(ctx, standing.Account)
	} else {
		mail, err = s.throttle.Mail(ctx, address, in.ClientAddress)
	}
	if err != nil {
		return nil, err
	}
	if err := s.store(ctx, r, ChannelForm, in.Text, mail); err != nil {
		return nil, err
	}
	if !signedIn {
		return &Written{}, nil
	}
	return &Written{Request: &r.ID}, nil
}

// asAccount makes a request an account's: at the address given, if it is one of its confirmed ones, else at the primary one.
func (s *Service) asAccount(ctx context.Context, r *row, account veranda.AccountID, wanted tenancy.Address) error {
	found, err := one(ctx, s.conn.Query, `SELECT d.address, d.address_key, a.language FROM veranda_accounts a
JOIN veranda_addresses d ON d.account_id = a.id AND d.confirmed_at IS NOT NULL
WHERE a.id = $1 AND ($2 = '' OR d.address_key = $2) ORDER BY d.is_primary DESC, d.created_at LIMIT 1`, []any{account, wanted.Key}, &r.Address, &r.Key, &r.Language)
	if err != nil {
		return err
	}
	if !found {
		var c veranda.Checks
		c.Add("/address", "not_found", "must be a confirmed address of your account")
		return c.Err()
	}
	r.Account, r.Proved = account, true
	return nil
}

// store stores a new request with its first message, and mails that it came in where that is wanted.
func (s *Service) store(ctx context.Context, r *row, channel, text string, mail bool) error {
	var err error
	if r.Code, err = s.newCode(); err != nil {
		return err
	}
	if r.Language == "" {
		r.Language = fallbackLanguage
	}
	r.CreatedAt = s.conn.DB().Now()
	r.UpdatedAt, r.Version = r.CreatedAt, 1
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := storeRequest(ctx, tx, r); err != nil {
			return err
		}
		if err := storeMessage(ctx, tx, r.ID, Message{Author: AuthorWriter, By: r.Account, Channel: channel, Text: text}); err != nil {
			return err
		}
		emitRequest(tx, EventRequested, &r.Request, r.Account)
		if !mail {
			return nil
		}
		return s.mail(ctx, tx, r, templateReceived, veranda.AccountID{}, mailData{})
	})
}

// Mine lists one's own requests, newest first: those one wrote, and those written from an address one has confirmed.
//
// Permission: support_request.read_own.
func (s *Service) Mine(ctx context.Context, by veranda.Actor, in MineInput) (veranda.List[Request], error) {
	list := veranda.List[Request]{Items: []Request{}}
	var c veranda.Checks
	limit := in.Size(&c)
	at := position(&c, in.Page, "support_mine", false)
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, err := s.asks(ctx, by, PermReadOwn)
	if err != nil {
		return list, err
	}
	items, err := s.readRequests(ctx, selectMine, standing.Account, s.conn.DB().Time(at.created), at.id, limit+1)
	if err != nil {
		return list, err
	}
	return cut(items, limit, "support_mine"), nil
}

// Request reads a request with its messages and actions.
//
// Permission: support_request.read, or support_request.read_own for one's own; others' are not found.
func (s *Service) Request(ctx context.Context, by veranda.Actor, in RequestInput) (*Request, error) {
	r, _, _, err := s.read(ctx, by, in.Request)
	if err != nil {
		return nil, err
	}
	return &r.Request, s.whole(ctx, &r.Request)
}

// read reads a request somebody may see, and tells whether it is theirs or they see it as support.
func (s *Service) read(ctx context.Context, by veranda.Actor, id RequestID) (r *row, standing *veranda.Standing, asSupport bool, err error) {
	if standing, err = s.asks(ctx, by, PermReadOwn); err != nil {
		return nil, nil, false, err
	}
	if r, err = readRequest(ctx, s.conn.Query, selectRequest, id); err != nil {
		return nil, nil, false, err
	}
	if r == nil {
		return nil, nil, false, veranda.ErrNotFound
	}
	mine, err := s.isOwner(ctx, standing.Account, r)
	if err != nil || mine {
		return r, standing, false, err
	}
	if asSupport, err = s.allowed(ctx, standing, PermRead); err == nil && !asSupport {
		err = veranda.ErrNotFound
	}
	return r, standing, asSupport, err
}

// AddMessage adds to a request: its writer's words open it again, support's answer is mailed to the writer.
//
// Permission: support_request.read_own for one's own; support_request.answer. Events: support.written, support.answered.
func (s *Service) AddMessage(ctx context.Context, by veranda.Actor, in MessageInput) (*Request, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	r, standing, asSupport, err := s.read(ctx, by, in.Request)
	if err != nil {
		return nil, err
	}
	if asSupport {
		if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermAnswer}); err != nil {
			return nil, err
		}
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if !asSupport {
			return s.written(ctx, tx, r, standing.Account, ChannelForm, in.Text)
		}
		if err := storeMessage(ctx, tx, r.ID, Message{Author: AuthorSupport, By: standing.Account, Channel: ChannelForm, Text: in.Text}); err != nil {
			return err
		}
		if _, err := setState(ctx, tx, &r.Request, StateAnswered, r.AssignedTo, 0); err != nil {
			return err
		}
		emitRequest(tx, EventAnswered, &r.Request, standing.Account)
		return s.mail(ctx, tx, r, templateAnswer, standing.Account, mailData{"Text": in.Text})
	})
	if err != nil {
		return nil, err
	}
	return s.Request(ctx, standing.Actor(), RequestInput{Request: in.Request})
}

// written adds words of the writer's.
func (s *Service) written(ctx context.Context, tx *veranda.Tx, r *row, by veranda.AccountID, channel, text string) error {
	if err := storeMessage(ctx, tx, r.ID, Message{Author: AuthorWriter, By: by, Channel: channel, Text: text}); err != nil {
		return err
	}
	if _, err := setState(ctx, tx, &r.Request, StateOpen, r.AssignedTo, 0); err != nil {
		return err
	}
	emitRequest(tx, EventWritten, &r.Request, by)
	return nil
}

// Queue lists requests for support to work on.
//
// Permission: support_request.read.
func (s *Service) Queue(ctx context.Context, by veranda.Actor, in QueueInput) (veranda.List[Request], error) {
	list := veranda.List[Request]{Items: []Request{}}
	name := "support_queue_" + in.State
	var c veranda.Checks
	limit := in.Size(&c)
	at := position(&c, in.Page, name, in.State != "")
	if in.State != "" {
		veranda.OneOf(&c, "/state", in.State, StateOpen, StateAnswered, StateClosed)
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	if _, err := s.asks(ctx, by, PermRead); err != nil {
		return list, err
	}
	text, args := selectAll, []any{s.conn.DB().Time(at.created), at.id, limit + 1}
	if in.State != "" {
		text, args = selectQueue, append(args, in.State)
	}
	items, err := s.readRequests(ctx, text, args...)
	if err != nil {
		return list, err
	}
	return cut(items, limit, name), nil
}

// Change takes a request upon oneself, closes it, or opens it again. Its writer may close it.
//
// Permission: support_request.answer; support_request.read_own to close one's own. Errors: version. Event:
// support.request_changed.
func (s *Service) Change(ctx context.Context, by veranda.Actor, in ChangeInput) (*Request, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	r, standing, asSupport, err := s.read(ctx, by, in.Request)
	if err != nil {
		return nil, err
	}
	if asSupport || in.Take || *in.State != StateClosed {
		if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermAnswer}); err != nil {
			return nil, err
		}
	}
	state, assigned := r.State, r.AssignedTo
	if in.State != nil {
		state = *in.State
	}
	if in.Take {
		assigned = standing.Account
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		right, err := setState(ctx, tx, &r.Request, state, assigned, in.Version)
		if err != nil {
			return err
		}
		if !right {
			return veranda.ErrVersion
		}
		emitRequest(tx, EventRequestChanged, &r.Request, standing.Account)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Request(ctx, standing.Actor(), RequestInput{Request: in.Request})
}

// place is a position in a list of requests.
type place struct {
	created time.Time
	id      string
}

func position(c *veranda.Checks, page veranda.Page, list string, oldestFirst bool) place {
	first := place{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff"}
	if oldestFirst {
		first = place{time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), "00000000-0000-0000-0000-000000000000"}
	}
	parts := page.Position(c, list, 2)
	if parts == nil {
		return first
	}
	micros, err := strconv.ParseInt(parts[0], 10, 64)
	if _, bad := veranda.ParseID[requestKind](parts[1]); err != nil || bad != nil || micros < 0 || micros > 253402214400_000_000 {
		c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		return first
	}
	return place{time.UnixMicro(micros).UTC(), parts[1]}
}

func cut(items []Request, limit int, list string) veranda.List[Request] {
	if len(items) <= limit {
		return veranda.List[Request]{Items: items}
	}
	items = items[:limit]
	last := items[limit-1]
	return veranda.List[Request]{Items: items, Next: veranda.EncodeCursor(list, strconv.FormatInt(last.CreatedAt.UnixMicro(), 10), last.ID.String())}
}
