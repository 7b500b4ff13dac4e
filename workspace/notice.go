package workspace

import (
	"context"
	"errors"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Post queues mails within the transaction it is given, and gives not_found for an account that has no address.
type Post interface {
	Queue(ctx context.Context, tx *veranda.Tx, m tenancy.MailRequest) (tenancy.DeliveryID, error)
}

// mailAdded is tenancy's template for who was put into a workspace.
const mailAdded = "added"

const noticeText = `SELECT o.name, a.name FROM veranda_organizations o LEFT JOIN veranda_accounts a ON a.id = $2 WHERE o.id = $1`

// tellAdded queues a mail to everybody who was added by somebody else. Who has no address yet is not told.
func (s *Service) tellAdded(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace, added []veranda.AccountID) error {
	if s.post == nil {
		return nil
	}
	var organization, by string
	rows, err := tx.Query(ctx, noticeText, w.Org, standing.Account)
	if err != nil {
		return fmt.Errorf("workspace: read names: %w", err)
	}
	if rows.Next() {
		err = rows.Scan(&organization, veranda.Optional(&by))
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("workspace: read names: %w", err)
	}
	if by == "" { // a background job
		by = organization
	}
	for _, account := range added {
		if account == standing.Account {
			continue
		}
		_, err := s.post.Queue(ctx, tx, tenancy.MailRequest{
			Org: w.Org, Account: account, By: standing.Account, Template: mailAdded,
			Data: map[string]string{"Inviter": by, "Organization": organization, "Workspace": w.Name},
		})
		if err != nil && !errors.Is(err, veranda.ErrNotFound) {
			return fmt.Errorf("workspace: queue mail: %w", err)
		}
	}
	return nil
}
