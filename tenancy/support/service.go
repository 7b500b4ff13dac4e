package support

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Throttle counts calls that anybody can make; tenancy.Throttle is one.
type Throttle interface {
	Account(ctx context.Context, account veranda.AccountID) error
	Mail(ctx context.Context, address tenancy.Address, client string) (mail bool, err error)
}

// Post queues mails; tenancy.Post is one.
type Post interface {
	Queue(ctx context.Context, tx *veranda.Tx, m tenancy.MailRequest) (tenancy.DeliveryID, error)
}

// Passwords tells whose an address and a password are, counting guesses; tenancy.Service does.
type Passwords interface {
	CheckPassword(ctx context.Context, address, password, client string) (veranda.AccountID, error)
}

// Deps are what the service works with.
type Deps struct {
	DB       *veranda.DB
	Authz    veranda.Authorizer
	Throttle Throttle
	// Passwords lets who cannot sign in confirm an action that says so; nil where nobody can.
	Passwords Passwords
	// Post is tenancy.Post when it is nil.
	Post Post
	// Actions are what support can do, by name.
	Actions map[string]Action
	// BaseURL is where the program is reached; it stands in mails.
	BaseURL string
	// Random is where the codes in subjects come from; crypto/rand when it is nil.
	Random io.Reader
}

// Service is the package's API.
type Service struct {
	conn     veranda.Conn
	authz    veranda.Authorizer
	throttle Throttle
	secrets  Passwords
	post     Post
	actions  map[string]Action
	baseURL  string
	random   io.Reader
	consent  veranda.ComposedRead
	place    veranda.ComposedRead
}

// New makes the service.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil || d.Throttle == nil {
		return nil, errors.New("support: Deps wants DB, Authz and Throttle")
	}
	if d.Post == nil {
		d.Post = tenancy.Post{}
	}
	if d.Random == nil {
		d.Random = rand.Reader
	}
	return &Service{
		conn: d.DB.Conn(), authz: d.Authz, throttle: d.Throttle, secrets: d.Passwords, post: d.Post, actions: d.Actions, baseURL: d.BaseURL, random: d.Random,
		consent: d.Authz.Compose(veranda.Target{}),
		place:   d.Authz.Compose(veranda.Target{Workspace: "$4"}),
	}, nil
}

// WithTx binds the service to a running transaction.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// asks reads who calls, outside any organization, and asks a permission.
func (s *Service) asks(ctx context.Context, by veranda.Actor, permission veranda.Permission) (*veranda.Standing, error) {
	standing, err := s.authz.Account(ctx, s.conn, by)
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission})
}

// allowed is asks as a question.
func (s *Service) allowed(ctx context.Context, standing *veranda.Standing, permission veranda.Permission) (bool, error) {
	err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission})
	switch veranda.CodeOf(err) {
	case veranda.CodeForbidden, veranda.CodeUnauthenticated:
		return false, nil
	default:
		return err == nil, err
	}
}

// newCode is what stands in the subject of mails: 80 bits, that nobody puts words into somebody else's request.
func (s *Service) newCode() (string, error) {
	octets := make([]byte, 10)
	if _, err := io.ReadFull(s.random, octets); err != nil {
		return "", fmt.Errorf("support: random code: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(octets)), nil
}

// queryFunc is the Query of a Conn or a Tx.
type queryFunc func(ctx context.Context, text string, args ...any) (*sql.Rows, error)

func each(ctx context.Context, query queryFunc, text string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("support: read: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("support: read: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("support: read: %w", err)
	}
	return nil
}

func one(ctx context.Context, query queryFunc, text string, args []any, destinations ...any) (found bool, err error) {
	err = each(ctx, query, text, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(destinations...)
	})
	return found, err
}

// nullID is an id as an argument, NULL where it names nothing.
func nullID[Kind any](id veranda.ID[Kind]) any {
	if id.IsZero() {
		return nil
	}
	return id
}
