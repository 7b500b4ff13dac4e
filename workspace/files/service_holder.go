package files

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/veranda-go/veranda"
)

// The texts for what hangs on a thing; lists of ids are JSON.
const (
	columns = `id, name, media_type, size, sha256, uploaded_by, uploaded_at`

	countHeld = `SELECT count(*), coalesce(max(place), 0) FROM veranda_attachments WHERE org_id = $1 AND holder_kind = $2 AND holder_id = $3`
	attach    = `UPDATE veranda_attachments SET holder_kind = $4, holder_id = $5, place = $6
WHERE org_id = $1 AND id = $2 AND uploaded_by = $3 AND holder_kind = '' AND discarded_at IS NULL`
	detach = `UPDATE veranda_attachments SET holder_kind = '', holder_id = '', discarded_at = $5
WHERE org_id = $1 AND holder_kind = $2 AND holder_id = $3 AND id = $4`
	detachAllPostgres = `UPDATE veranda_attachments SET holder_kind = '', holder_id = '', discarded_at = $4
WHERE org_id = $1 AND holder_kind = $2 AND holder_id IN (SELECT value FROM jsonb_array_elements_text($3::jsonb))`
	detachAllSQLite = `UPDATE veranda_attachments SET holder_kind = '', holder_id = '', discarded_at = $4
WHERE org_id = $1 AND holder_kind = $2 AND holder_id IN (SELECT value FROM json_each($3))`

	heldPostgres = `SELECT holder_id, ` + columns + ` FROM veranda_attachments
WHERE org_id = $1 AND holder_kind = $2 AND holder_kind <> '' AND holder_id IN (SELECT value FROM jsonb_array_elements_text($3::jsonb)) ORDER BY holder_id, place`
	heldSQLite = `SELECT holder_id, ` + columns + ` FROM veranda_attachments
WHERE org_id = $1 AND holder_kind = $2 AND holder_kind <> '' AND holder_id IN (SELECT value FROM json_each($3)) ORDER BY holder_id, place`
	readHeld = `SELECT ` + columns + ` FROM veranda_attachments WHERE org_id = $1 AND holder_kind = $2 AND holder_id = $3 AND id = $4`
)

// Attach hangs files that their uploader has waiting on a thing, behind those it has. The caller asks whether the uploader
// may change the thing, and holds its row, so that no two do so at once. What is not the uploader's, or hangs somewhere
// already, is a bad field at pointer/<index>, and nothing is attached.
func (s *Service) Attach(ctx context.Context, tx *veranda.Tx, h Holder, uploader veranda.AccountID, ids []ID, pointer string) error {
	if len(ids) == 0 {
		return nil
	}
	var held, place int64
	if err := s.one(ctx, s.conn.Bind(tx), countHeld, []any{h.Org, h.Kind, h.ID}, &held, &place); err != nil {
		return err
	}
	var c veranda.Checks
	if int(held)+len(ids) > MaxAttached {
		c.Add(pointer, "too_many", "must be at most "+strconv.Itoa(MaxAttached)+" files together with those there are")
		return c.Err()
	}
	for i, id := range ids {
		at := pointer + "/" + strconv.Itoa(i)
		if slices.Contains(ids[:i], id) {
			c.Add(at, "duplicate", "is named twice")
			continue
		}
		n, err := tx.Exec(ctx, attach, h.Org, id, uploader, h.Kind, h.ID, place+int64(i)+1)
		if err != nil {
			return fmt.Errorf("files: attach: %w", err)
		}
		if n == 0 {
			c.Add(at, "not_found", "is no file that you have uploaded here and not attached yet")
		}
	}
	return c.Err()
}

// Detach takes files off a thing; their content is removed later. What does not hang on it is left alone.
func (s *Service) Detach(ctx context.Context, tx *veranda.Tx, h Holder, ids []ID) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, detach, h.Org, h.Kind, h.ID, id, tx.DB().Time(tx.DB().Now())); err != nil {
			return fmt.Errorf("files: detach: %w", err)
		}
	}
	return nil
}

// DetachAll takes all files off things of a kind that go away.
func (s *Service) DetachAll(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, kind string, holders ...string) error {
	list, err := json.Marshal(holders)
	if err != nil || len(holders) == 0 {
		return err
	}
	db := tx.DB()
	if _, err := tx.Exec(ctx, db.Pick(detachAllPostgres, detachAllSQLite), org, kind, string(list), db.Time(db.Now())); err != nil {
		return fmt.Errorf("files: detach: %w", err)
	}
	return nil
}

// Of are the files that hang on things of a kind, by the things' ids, in the order they were attached. It asks for no
// permission: who reads the thing reads what hangs on it.
func (s *Service) Of(ctx context.Context, conn veranda.Conn, org veranda.OrgID, kind string, holders ...string) (map[string][]Attachment, error) {
	if len(holders) == 0 {
		return map[string][]Attachment{}, nil
	}
	list, err := json.Marshal(holders)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, conn.DB().Pick(heldPostgres, heldSQLite), org, kind, string(list))
	if err != nil {
		return nil, fmt.Errorf("files: list: %w", err)
	}
	defer func() { _ = rows.Close() }()
	held := map[string][]Attachment{}
	for rows.Next() {
		a := Attachment{org: org}
		var holder string
		if err := rows.Scan(append([]any{&holder}, a.destinations()...)...); err != nil {
			return nil, fmt.Errorf("files: list: %w", err)
		}
		held[holder] = append(held[holder], a)
	}
	return held, rows.Err()
}

// Open gives a file that hangs on a thing, and its content, which the caller closes. It asks for no permission.
//
// Errors: ErrNotFound where the file does not hang there, files.storage.
func (s *Service) Open(ctx context.Context, conn veranda.Conn, h Holder, id ID) (*Attachment, io.ReadCloser, error) {
	a := &Attachment{org: h.Org}
	if h.Kind == "" {
		return nil, nil, veranda.ErrNotFound
	}
	if err := s.one(ctx, conn, readHeld, []any{h.Org, h.Kind, h.ID, id}, a.destinations()...); err != nil {
		return nil, nil, err
	}
	content, err := s.blobs.Read(ctx, a.key())
	if err != nil {
		return nil, nil, ErrStorage.Because(err)
	}
	return a, content, nil
}

func (a *Attachment) destinations() []any {
	return []any{&a.ID, &a.Name, &a.MediaType, &a.Size, &a.SHA256, &a.UploadedBy, veranda.Moment(&a.UploadedAt)}
}

// one reads one row; ErrNotFound when there is none.
func (s *Service) one(ctx context.Context, conn veranda.Conn, text string, args []any, destinations ...any) (err error) {
	var rows *sql.Rows
	if rows, err = conn.Query(ctx, text, args...); err != nil {
		return fmt.Errorf("files: read: %w", err)
	}
	defer func() {
		if e := errors.Join(rows.Err(), rows.Close()); err == nil && e != nil {
			err = fmt.Errorf("files: read: %w", e)
		}
	}()
	if !rows.Next() {
		return veranda.ErrNotFound
	}
	if err := rows.Scan(destinations...); err != nil {
		return fmt.Errorf("files: read: %w", err)
	}
	return nil
}
