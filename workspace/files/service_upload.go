package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/veranda-go/veranda"
)

// The events, which only the uploader sees. Data: AttachmentData; subject: the file.
const (
	EventUploaded  = "files.attachment_uploaded"
	EventDiscarded = "files.attachment_discarded"
)

// AttachmentData is the data of events about a file; its name is left out, for an event outlives the file.
type AttachmentData struct {
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
}

const (
	countPending = `SELECT count(*) FROM veranda_attachments WHERE org_id = $1 AND uploaded_by = $2 AND holder_kind = '' AND uploaded_at > $3 AND (discarded_at IS NULL OR size = 0)`
	insertFile   = `INSERT INTO veranda_attachments (org_id, id, name, uploaded_by, uploaded_at, discarded_at) VALUES ($1, $2, $3, $4, $5, $5)`
	finishFile   = `UPDATE veranda_attachments SET media_type = $3, size = $4, sha256 = $5, discarded_at = NULL WHERE org_id = $1 AND id = $2 AND discarded_at IS NOT NULL`
	discardFile  = `UPDATE veranda_attachments SET discarded_at = $4 WHERE org_id = $1 AND id = $2 AND uploaded_by = $3 AND holder_kind = '' AND discarded_at IS NULL
RETURNING media_type, size`
)

// Upload stores a file that waits to be attached, for a day. Its type is told by its first bytes.
//
// Permission: file.upload. Errors: files.too_large, files.empty, files.pending, files.no_author, files.storage, limit.attachments,
// limit.storage. Event: files.attachment_uploaded, for the uploader alone.
func (s *Service) Upload(ctx context.Context, by veranda.Actor, in UploadInput, content io.Reader) (*Attachment, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.uploader(ctx, by, in.Org)
	if err != nil {
		return nil, err
	}
	if content == nil {
		return nil, ErrEmpty
	}
	db := s.conn.DB()
	a := &Attachment{ID: veranda.NewID[attachmentKind](), Name: in.Name, UploadedBy: standing.Account, UploadedAt: db.Now(), org: in.Org}
	if err := s.begin(ctx, a); err != nil {
		return nil, err
	}
	if err := s.store(ctx, a, content); err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "attachments", 1); err != nil {
			return err
		}
		if err := s.limits.Allow(ctx, tx, in.Org, "storage", a.Size); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, finishFile, a.org, a.ID, a.MediaType, a.Size, a.SHA256)
		if err != nil {
			return fmt.Errorf("files: finish an upload: %w", err)
		}
		if n == 0 {
			return veranda.ErrNotFound // it took longer than a file may wait
		}
		tx.Emit(a.event(EventUploaded))
		return nil
	})
	if err != nil {
		return nil, err // the row is a discarded one still, and is tidied away with the content
	}
	return a, nil
}

// begin makes the row, so that whatever happens to the content is known.
func (s *Service) begin(ctx context.Context, a *Attachment) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		db := tx.DB()
		rows, err := tx.Query(ctx, countPending, a.org, a.UploadedBy, db.Time(a.UploadedAt.Add(-pendingFor)))
		if err != nil {
			return fmt.Errorf("files: count what is pending: %w", err)
		}
		pending := 0
		if rows.Next() {
			err = rows.Scan(&pending)
		}
		if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("files: count what is pending: %w", err)
		}
		if pending >= MaxPending {
			return ErrPending
		}
		if _, err := tx.Exec(ctx, insertFile, a.org, a.ID, a.Name, a.UploadedBy, db.Time(a.UploadedAt)); err != nil {
			return fmt.Errorf("files: begin an upload: %w", err)
		}
		return nil
	})
}

// sniffed is how many bytes tell what a file is (WHATWG MIME Sniffing).
const sniffed = 512

// store brings the content to the blobs, and learns what it is on the way.
func (s *Service) store(ctx context.Context, a *Attachment, content io.Reader) error {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("files: read an upload: %w", err)
	}
	if n == 0 {
		return ErrEmpty
	}
	a.MediaType = http.DetectContentType(head[:n])
	measured := &measure{from: io.MultiReader(bytes.NewReader(head[:n]), content), hash: sha256.New(), left: s.most}
	if err := s.blobs.Write(ctx, a.key(), measured); err != nil {
		if measured.failure != nil { // the uploader's fault, or the connection's
			return measured.failure
		}
		return ErrStorage.Because(err)
	}
	a.Size, a.SHA256 = s.most-measured.left, hex.EncodeToString(measured.hash.Sum(nil))
	return nil
}

// measure counts and hashes what is read through it, and ends where there is too much.
type measure struct {
	from io.Reader
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	left    int64
	failure error
}

// Read reads on.
func (m *measure) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.left -= int64(n)
	if m.left < 0 {
		m.failure = ErrTooLarge
		return 0, ErrTooLarge
	}
	_, _ = m.hash.Write(p[:n]) // hashes never fail
	if err != nil && !errors.Is(err, io.EOF) {
		m.failure = fmt.Errorf("files: read an upload: %w", err)
		return n, m.failure
	}
	return n, err
}

// Discard takes back a file of one's own that waits to be attached.
//
// Permission: file.upload. Event: files.attachment_discarded, for the uploader alone.
func (s *Service) Discard(ctx context.Context, by veranda.Actor, in DiscardInput) error {
	standing, err := s.uploader(ctx, by, in.Org)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		a := &Attachment{ID: in.Attachment, UploadedBy: standing.Account, org: in.Org}
		rows, err := tx.Query(ctx, discardFile, in.Org, in.Attachment, standing.Account, tx.DB().Time(tx.DB().Now()))
		if err != nil {
			return fmt.Errorf("files: discard: %w", err)
		}
		found := rows.Next()
		if found {
			err = rows.Scan(&a.MediaType, &a.Size)
		}
		if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("files: discard: %w", err)
		}
		if !found {
			return veranda.ErrNotFound
		}
		tx.Emit(a.event(EventDiscarded))
		return nil
	})
}

func (a *Attachment) event(kind string) veranda.Event {
	return veranda.Event{
		Org: a.org, Kind: kind, Subject: a.ID.String(), By: a.UploadedBy, To: []veranda.AccountID{a.UploadedBy},
		Data: veranda.MarshalData(AttachmentData{MediaType: a.MediaType, Size: a.Size}),
	}
}
