package notifications

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// What the delivery log calls what is sent.
const (
	mailName    = "notices"
	messageName = "notices_short"
)

const (
	// sendEvery is how often the job looks for what is due, sendBatch for how many people in one go.
	sendEvery = time.Minute
	sendBatch = 200
	// mostLines keeps a mail readable.
	mostLines = 50
	// keep is how long a notice is kept after it was read.
	keep       = 90 * 24 * time.Hour
	purgeEvery = time.Hour
	purgeBatch = 1000
)

const (
	selectMailPeople  = `SELECT DISTINCT n.account_id FROM veranda_notices n WHERE n.mail_due <= $1 LIMIT $2`
	selectPhonePeople = `SELECT DISTINCT n.account_id FROM veranda_notices n WHERE n.phone_due <= $1 LIMIT $2`
	claimMail         = `UPDATE veranda_notices SET mail_due = NULL WHERE account_id = $1 AND mail_due <= $2 RETURNING id`
	claimPhone        = `UPDATE veranda_notices SET phone_due = NULL WHERE account_id = $1 AND phone_due <= $2 RETURNING id`
	// What is in no inbox is of no use once it was sent.
	dropSent = `DELETE FROM veranda_notices WHERE account_id = $1 AND NOT listed AND mail_due IS NULL AND phone_due IS NULL`

	selectOld = `SELECT n.account_id, n.id FROM veranda_notices n WHERE n.read_at < $1 ORDER BY n.read_at LIMIT $2`
	deleteOld = `DELETE FROM veranda_notices WHERE account_id = $1 AND id = $2 AND read_at < $3`
)

// SendJob sends, each minute, what is due by mail and phone. Any number of nodes may run it: a notice is claimed by the
// transaction that queues its mail.
func (s *Service) SendJob() veranda.Periodic {
	return veranda.Periodic{Name: "notifications.send", Every: sendEvery, Run: func(ctx context.Context, _ time.Time) error { return s.sendDue(ctx) }}
}

// PurgeJob deletes notices that were read 90 days ago.
func (s *Service) PurgeJob() veranda.Periodic {
	return veranda.Periodic{Name: "notifications.purge", Every: purgeEvery, Run: func(ctx context.Context, _ time.Time) error { return s.purge(ctx) }}
}

// way is a channel with its queries.
type way struct {
	channel            string
	people, due, claim string
	compose            func(ctx context.Context, tx *veranda.Tx, p *person, notices []Notice) (tenancy.MailRequest, error)
}

func (s *Service) ways() []way {
	return []way{
		{tenancy.ChannelMail, selectMailPeople, s.texts.mailDue, claimMail, s.composeMail},
		{tenancy.ChannelPhone, selectPhonePeople, s.texts.phoneDue, claimPhone, s.composeMessage},
	}
}

func (s *Service) sendDue(ctx context.Context) error {
	if s.post == nil {
		return nil
	}
	var problems []error
	for _, w := range s.ways() {
		failed := map[veranda.AccountID]bool{}
		for {
			people, err := s.peopleDue(ctx, w)
			if err != nil {
				return err
			}
			fresh := 0
			for _, account := range people {
				if failed[account] {
					continue
				}
				fresh++
				if err := s.sendTo(ctx, w, account); err != nil { // others get theirs
					failed[account] = true
					problems = append(problems, fmt.Errorf("notifications: send to %s: %w", account, err))
				}
			}
			if fresh == 0 || len(people) < sendBatch {
				break
			}
		}
	}
	return errors.Join(problems...)
}

func (s *Service) peopleDue(ctx context.Context, w way) ([]veranda.AccountID, error) {
	var people []veranda.AccountID
	db := s.conn.DB()
	err := each(ctx, s.conn.Query, w.people, []any{db.Time(db.Now()), sendBatch}, func(rows *sql.Rows) error {
		var account veranda.AccountID
		err := rows.Scan(&account)
		people = append(people, account)
		return err
	})
	return people, err
}

// sendTo queues one mail or message about all that is due for somebody. It says what they may see at this moment.
func (s *Service) sendTo(ctx context.Context, w way, account veranda.AccountID) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		now := tx.DB().Time(tx.DB().Now())
		v, err := bound.viewerOf(ctx, bound.conn, veranda.AccountActor(account), account, veranda.OrgID{})
		if err != nil {
			return err
		}
		notices, err := bound.queryNotices(ctx, tx.Query, w.due, v.args(now))
		if err != nil {
			return err
		}
		claimed := map[NoticeID]bool{}
		err = each(ctx, tx.Query, w.claim, []any{account, now}, func(rows *sql.Rows) error {
			var id NoticeID
			err := rows.Scan(&id)
			claimed[id] = true
			return err
		})
		if err != nil {
			return err
		}
		var mine []Notice
		for _, n := range notices {
			if claimed[n.ID] { // and not by another node
				mine = append(mine, n)
			}
		}
		if _, err := tx.Exec(ctx, dropSent, account); err != nil {
			return fmt.Errorf("drop what was sent: %w", err)
		}
		if len(mine) == 0 {
			return nil
		}
		p, err := readPerson(ctx, tx.Query, account, sole(mine))
		if err != nil || p == nil {
			return err
		}
		m, err := w.compose(ctx, tx, p, mine)
		if err != nil {
			return err
		}
		// In the delivery log of the organization it is all about; of several organizations none learns of the others.
		m.Org, m.Account, m.Channel = sole(mine), account, w.channel
		_, err = s.post.Queue(ctx, tx, m)
		if errors.Is(err, veranda.ErrNotFound) { // no address, or no number
			return nil
		}
		return err
	})
}

// sole is the organization that all notices are of; zero where there are several.
func sole(notices []Notice) veranda.OrgID {
	for _, n := range notices {
		if n.Org != notices[0].Org {
			return veranda.OrgID{}
		}
	}
	return notices[0].Org
}

// purge deletes what was read long ago, a batch at a time.
func (s *Service) purge(ctx context.Context) error {
	db := s.conn.DB()
	before := db.Time(db.Now().Add(-keep))
	for {
		type row struct {
			account veranda.AccountID
			id      NoticeID
		}
		var old []row
		err := each(ctx, s.conn.Query, selectOld, []any{before, purgeBatch}, func(rows *sql.Rows) error {
			var r row
			err := rows.Scan(&r.account, &r.id)
			old = append(old, r)
			return err
		})
		if err != nil || len(old) == 0 {
			return err
		}
		err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			for _, r := range old {
				if _, err := tx.Exec(ctx, deleteOld, r.account, r.id, before); err != nil {
					return fmt.Errorf("notifications: purge: %w", err)
				}
			}
			return nil
		})
		if err != nil || len(old) < purgeBatch {
			return err
		}
	}
}
