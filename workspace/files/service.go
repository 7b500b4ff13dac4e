package files

import (
	"context"
	"errors"
	"io"

	"github.com/veranda-go/veranda"
)

// Blobs is where contents are kept. Its keys consist of ids and a slash. It must be safe for concurrent use.
type Blobs interface {
	// Write stores all that r gives under a key, or nothing: after an error nothing may be found there.
	Write(ctx context.Context, key string, r io.Reader) error
	// Read opens what lies under a key.
	Read(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes what lies under a key; that there is nothing is no error.
	Delete(ctx context.Context, key string) error
}

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	Blobs Blobs
	// Limits is asked for "attachments" (one) and "storage" (bytes); nil is unlimited.
	Limits veranda.Limits
	// MaxBytes is how large a file may be; 0 means the constant of that name.
	MaxBytes int64
}

// Service is the package's API. Its methods may be called by several goroutines at once.
type Service struct {
	conn   veranda.Conn
	authz  veranda.Authorizer
	blobs  Blobs
	limits veranda.Limits
	most   int64

	readOrganization veranda.ComposedRead
}

// New makes the service.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil || d.Blobs == nil {
		return nil, errors.New("files: Deps wants DB, Authz and Blobs")
	}
	if d.Limits == nil {
		d.Limits = veranda.Unlimited{}
	}
	if d.MaxBytes <= 0 {
		d.MaxBytes = MaxBytes
	}
	return &Service{
		conn: d.DB.Conn(), authz: d.Authz, blobs: d.Blobs, limits: d.Limits, most: d.MaxBytes,
		readOrganization: d.Authz.Compose(veranda.Target{}),
	}, nil
}

// uploader is who uploads: a person with the permission.
func (s *Service) uploader(ctx context.Context, by veranda.Actor, org veranda.OrgID) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.readOrganization, by, org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermUpload}); err != nil {
		return nil, err
	}
	if standing.Account.IsZero() {
		return nil, ErrNoAuthor
	}
	return standing, nil
}
