package files

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

const (
	giveUp = `UPDATE veranda_attachments SET discarded_at = $2 WHERE holder_kind = '' AND uploaded_at < $1 AND discarded_at IS NULL`
	// No org_id: the job tidies up for all.
	looseFiles  = `SELECT org_id, id FROM veranda_attachments WHERE holder_kind = '' AND uploaded_at < $1 AND discarded_at IS NOT NULL ORDER BY uploaded_at LIMIT 200`
	removeLoose = `DELETE FROM veranda_attachments WHERE org_id = $1 AND id = $2 AND discarded_at IS NOT NULL`
)

// TidyJob is the periodic job that removes files that hang on nothing, a day after they were uploaded at the soonest.
// Register it with veranda.DB's Every.
func (s *Service) TidyJob() veranda.Periodic {
	return veranda.Periodic{Name: "files.tidy", Every: time.Hour, Run: func(ctx context.Context, _ time.Time) error { return s.tidy(ctx) }}
}

// tidy removes a content before its row, so that what fails half-way is found again.
func (s *Service) tidy(ctx context.Context) error {
	db := s.conn.DB()
	before := db.Now().Add(-pendingFor)
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, giveUp, db.Time(before), db.Time(db.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("files: tidy: %w", err)
	}
	for {
		loose, err := s.loose(ctx, before)
		if err != nil || len(loose) == 0 {
			return err
		}
		for i := range loose {
			if err := s.blobs.Delete(ctx, loose[i].key()); err != nil {
				return fmt.Errorf("files: remove a content: %w", err)
			}
		}
		err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			for i := range loose {
				if err := tx.Defer(ctx, removeLoose, loose[i].org, loose[i].ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("files: tidy: %w", err)
		}
	}
}

func (s *Service) loose(ctx context.Context, before time.Time) ([]Attachment, error) {
	rows, err := s.conn.Query(ctx, looseFiles, s.conn.DB().Time(before))
	if err != nil {
		return nil, fmt.Errorf("files: tidy: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var loose []Attachment
	for rows.Next() {
		var a Attachment
		if err := rows.Scan(&a.org, &a.ID); err != nil {
			return nil, fmt.Errorf("files: tidy: %w", err)
		}
		loose = append(loose, a)
	}
	return loose, rows.Err()
}
