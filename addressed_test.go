package veranda_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// Who an event is addressed to comes with it wherever it is read, and each of them finds it.
func TestAddressedEvents(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		ann, bob := veranda.NewAccountID(), veranda.NewAccountID()
		var heard []veranda.AccountID
		must(t, e.DB.Consume(veranda.Consumer{Name: "test", Kinds: []string{"test.*"}, Handle: func(_ context.Context, _ *veranda.Tx, events []veranda.Event) error {
			for _, event := range events {
				heard = append(heard, event.To...)
			}
			return nil
		}}))
		org := veranda.NewOrgID()
		must(t, e.DB.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{Org: org, Kind: "test.told", Subject: "1", To: []veranda.AccountID{ann, bob, ann}})
			tx.Emit(veranda.Event{Org: org, Kind: "test.open", Subject: "2"})
			return nil
		}))
		e.Drain(t)
		if diff := cmp.Diff(names(ann, bob, ann), names(heard...)); diff != "" {
			t.Errorf("a consumer hears of other recipients:\n%s", diff)
		}
		var found []struct{ AccountID veranda.AccountID }
		must(t, e.DB.Reader().NewRaw("SELECT account_id FROM veranda_event_recipients ORDER BY account_id").Scan(ctx, &found))
		if len(found) != 2 || found[0].AccountID != ann || found[1].AccountID != bob {
			t.Errorf("the recipients kept are %v, want %v and %v once each", found, ann, bob)
		}
		err := e.DB.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{Org: org, Kind: "test.told", Subject: "3", To: make([]veranda.AccountID, veranda.MaxRecipients+1)})
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "more than 1000") || len(e.Events(t, "test.told")) != 1 {
			t.Errorf("too many recipients: %v", err)
		}
	})
}

func names(accounts ...veranda.AccountID) (out []string) {
	for _, id := range accounts {
		out = append(out, id.String())
	}
	return out
}
