package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Kinds of events about pictures; they belong to no organization, and have no data: the subject is the account.
const (
	EventPictureChanged = "tenancy.picture_changed"
	EventPictureRemoved = "tenancy.picture_removed"
)

// Refusals of pictures.
var (
	ErrPictureSize = veranda.NewError(veranda.CodeInvalid, "picture.size", "The picture is larger than 5 MB.")
	// ErrPicturePixels refuses what would take too much memory when unpacked, however small the file is.
	ErrPicturePixels = veranda.NewError(veranda.CodeInvalid, "picture.pixels", "The picture has more than 25 million pixels, or a side of more than 12,000.")
	ErrPictureFormat = veranda.NewError(veranda.CodeInvalid, "picture.format", "This is not a JPEG, PNG or WebP picture.")
	// ErrPictureBroken refuses what begins like a picture and is none.
	ErrPictureBroken = veranda.NewError(veranda.CodeInvalid, "picture.broken", "The picture cannot be read; it may have been cut off.")
)

// Picture is a person's picture: a JPEG of at most 512 by 512 pixels without anything else in it.
type Picture struct {
	ETag  string
	Bytes []byte
}

// PictureSet is the answer to a new picture.
type PictureSet struct {
	// Version is the picture's tag, the v of its paths.
	Version string `json:"version"`
	Bytes   int    `json:"bytes"`
}

// PictureInput names a picture.
type PictureInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
	Version string            `query:"v" json:"-" maxLength:"64" doc:"The version from the person's picture path; with the present one the answer may be kept for long."`
}

// SetPictureInput has no fields: one sets one's own.
type SetPictureInput struct{}

// SetPicture makes a JPEG, PNG or WebP one's picture. Which of them it is is told by its content. It is unpacked, made
// small and packed again, so that nothing of the file is kept but what can be seen.
//
// Permission: account.update_own. Errors: picture.size, picture.pixels, picture.format, picture.broken. Event:
// tenancy.picture_changed.
func (s *Service) SetPicture(ctx context.Context, by veranda.Actor, _ SetPictureInput, body io.Reader) (PictureSet, error) {
	standing, err := s.own(ctx, by)
	if err != nil {
		return PictureSet{}, err
	}
	if body == nil {
		return PictureSet{}, ErrPictureFormat
	}
	file, err := io.ReadAll(io.LimitReader(body, maxPictureBytes+1))
	if err != nil {
		return PictureSet{}, fmt.Errorf("directory: read picture: %w", err)
	}
	if len(file) > maxPictureBytes {
		return PictureSet{}, ErrPictureSize
	}
	small, err := s.shrink(ctx, file)
	if err != nil {
		return PictureSet{}, err
	}
	sum := sha256.Sum256(small)
	etag := hex.EncodeToString(sum[:10])
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO veranda_directory_pictures (account_id, etag, image, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id) DO UPDATE SET etag = excluded.etag, image = excluded.image, updated_at = excluded.updated_at`,
			standing.Account, etag, small, tx.DB().Time(tx.DB().Now()))
		if err != nil {
			return fmt.Errorf("directory: store picture: %w", err)
		}
		tx.Emit(veranda.Event{Kind: EventPictureChanged, Subject: standing.Account.String(), By: standing.Account})
		return nil
	})
	if err != nil {
		return PictureSet{}, err
	}
	return PictureSet{Version: etag, Bytes: len(small)}, nil
}

// RemovePicture takes one's picture away; where there is none, nothing happens.
//
// Permission: account.update_own. Event: tenancy.picture_removed.
func (s *Service) RemovePicture(ctx context.Context, by veranda.Actor, _ SetPictureInput) error {
	standing, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM veranda_directory_pictures WHERE account_id = $1`, standing.Account)
		if err != nil {
			return fmt.Errorf("directory: remove picture: %w", err)
		}
		if n > 0 {
			tx.Emit(veranda.Event{Kind: EventPictureRemoved, Subject: standing.Account.String(), By: standing.Account})
		}
		return nil
	})
}

func (s *Service) own(ctx context.Context, by veranda.Actor) (*veranda.Standing, error) {
	standing, err := s.authz.Account(ctx, s.conn, by)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: tenancy.PermAccountUpdate}); err != nil {
		return nil, err
	}
	if standing.Account.IsZero() { // a background job has no picture
		return nil, veranda.ErrForbidden
	}
	return standing, nil
}

// Picture reads the picture of somebody whom the caller may see; anybody else's is not found, like one that there is not.
//
// Permission: as Person.
func (s *Service) Picture(ctx context.Context, by veranda.Actor, in PictureInput) (*Picture, error) {
	v, err := s.viewer(ctx, by, in.Org)
	if err != nil {
		return nil, err
	}
	if _, err := s.contactOf(ctx, v, in.Account); err != nil {
		return nil, err
	}
	var p *Picture
	err = s.each(ctx, `SELECT pic.etag, pic.image FROM veranda_directory_pictures pic WHERE pic.account_id = $1`, []any{in.Account}, func(scan func(...any) error) error {
		p = &Picture{}
		return scan(&p.ETag, &p.Bytes)
	})
	if err == nil && p == nil {
		err = veranda.ErrNotFound
	}
	return p, err
}

// errShrink is what a decoder that panics is answered with: broken input, not a defect of the caller's.
var errShrink = errors.New("directory: the decoder gave up")
