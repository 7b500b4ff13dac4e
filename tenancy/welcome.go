package tenancy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Welcome is the consumer that writes to who has become an employee, by whatever door: register it with veranda.DB's
// Consume where new people are to be welcomed. The mail is in the person's language, holds the organization's own words
// (Organization.Welcome) below those of the template, and is sent once: neither to who founded the organization, nor again
// to who comes back. Who has no confirmed address is not written to.
func (s *Service) Welcome() veranda.Consumer {
	return veranda.Consumer{Name: "tenancy.welcome", Kinds: []string{EventMemberJoined, EventMemberUpgraded}, Handle: welcomeAll}
}

func welcomeAll(ctx context.Context, tx *veranda.Tx, events []veranda.Event) error {
	for _, e := range events {
		var data MemberJoined
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return fmt.Errorf("tenancy: welcome: %w", err)
		}
		if !e.Workspace.IsZero() || data.Kind != MemberInternal || data.Before == MemberInternal {
			continue
		}
		var account veranda.AccountID
		if err := account.UnmarshalText([]byte(e.Subject)); err != nil {
			return fmt.Errorf("tenancy: welcome: %w", err)
		}
		if err := welcome(ctx, tx, e.Org, account); err != nil {
			return err
		}
	}
	return nil
}

// selectWelcome is what the mail says, where the person was not written to before.
const selectWelcome = `SELECT o.name, o.welcome FROM veranda_organizations o
WHERE o.id = $1 AND o.deleted_at IS NULL AND o.created_by <> $2
AND NOT EXISTS (SELECT 1 FROM veranda_deliveries d WHERE d.account_id = $2 AND d.org_id = $1 AND d.template = $3)`

func welcome(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	// Two events about one person wait for each other here, and the later one sees what the earlier sent.
	kind, disabled, err := memberKind(ctx, tx, org, account)
	if err != nil || kind != MemberInternal || disabled {
		return err
	}
	var name, text string
	found, err := readOne(ctx, tx.Query, selectWelcome, []any{org, account, templateWelcome}, &name, &text)
	if err != nil || !found {
		return err
	}
	_, err = Post{}.Queue(ctx, tx, MailRequest{
		Org: org, Account: account, Template: templateWelcome, Data: map[string]string{"Organization": name, "Welcome": text},
	})
	if errors.Is(err, veranda.ErrNotFound) {
		return nil
	}
	return err
}
