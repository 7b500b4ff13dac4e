package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/veranda-go/veranda"
)

// waitingBatch bounds one read of the requests that wait.
const waitingBatch = 100

// JoinsJob is the periodic job that takes in people whose request to join waits for room in the plan, those who asked
// first before others. Register it with veranda.DB's Every. Events as DecideJoin's, of the system actor "joining".
func (s *Service) JoinsJob() veranda.Periodic {
	return veranda.Periodic{Name: "tenancy.joins", Every: time.Minute, Run: func(ctx context.Context, _ time.Time) error { return s.takeInWaiting(ctx) }}
}

func (s *Service) takeInWaiting(ctx context.Context) error {
	full := map[veranda.OrgID]bool{}
	after := time.Unix(0, 0).UTC()
	var last JoinID
	for {
		var waiting []*joinRow
		err := readAll(ctx, s.conn.Query, selectWaiting, []any{s.time(after), last, waitingBatch}, func(rows *sql.Rows) error {
			r := &joinRow{}
			err := rows.Scan(r.destinations()...)
			waiting = append(waiting, r)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range waiting {
			if full[r.Org] {
				continue
			}
			if full[r.Org], err = s.takeInOne(ctx, r); err != nil {
				return err
			}
		}
		if len(waiting) < waitingBatch {
			return nil
		}
		after, last = waiting[len(waiting)-1].CreatedAt, waiting[len(waiting)-1].ID
	}
}

// takeInOne takes one person in, and tells whether the plan is full still.
func (s *Service) takeInOne(ctx context.Context, seen *joinRow) (full bool, err error) {
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		row, err := lockedJoin(ctx, tx, seen.Org, seen.ID)
		if err != nil || row == nil || row.State != JoinWaiting {
			return err
		}
		still, allowed, err := row.stands(ctx, tx)
		if err != nil {
			return err
		}
		if !still || !allowed {
			return bound.lapseJoin(ctx, tx, row, veranda.AccountID{})
		}
		err = bound.takeIn(ctx, tx, row, veranda.AccountID{}, systemJoining)
		if errors.Is(err, ErrMembershipDisabled) {
			return bound.lapseJoin(ctx, tx, row, veranda.AccountID{})
		}
		full = row.State == JoinWaiting
		return err
	})
	return full, err
}
