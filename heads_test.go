package veranda_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// heads are the newest events of the workspaces as the table has them.
func heads(t *testing.T, e *verandatest.Env) map[string]string {
	t.Helper()
	var rows []struct{ WorkspaceID, LastID string }
	must(t, e.DB.Reader().NewRaw("SELECT CAST(workspace_id AS TEXT) AS workspace_id, CAST(last_id AS TEXT) AS last_id FROM veranda_heads").Scan(context.Background(), &rows))
	out := map[string]string{}
	for _, r := range rows {
		out[r.WorkspaceID] = r.LastID
	}
	return out
}

// wantHeads asserts that every workspace's head is its newest event.
func wantHeads(t *testing.T, e *verandatest.Env) {
	t.Helper()
	want := map[string]string{}
	for _, event := range e.Events(t) { // in the order of ids
		if !event.Workspace.IsZero() && !event.Addressed() {
			want[event.Workspace.String()] = event.ID.String()
		}
	}
	if diff := cmp.Diff(want, heads(t, e)); diff != "" {
		t.Errorf("heads (-want +got):\n%s", diff)
	}
}

// Whatever order transactions commit in, the head of a workspace is its newest event once there is nothing left to do.
func TestHeadsAreTheNewestEvents(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		org := veranda.NewOrgID()
		var workspaces []veranda.WorkspaceID
		for range 5 {
			workspaces = append(workspaces, veranda.NewWorkspaceID())
		}
		var group sync.WaitGroup
		for worker := range 6 {
			group.Go(func() {
				for round := range 20 {
					must(t, e.DB.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
						for i := range 3 {
							tx.Emit(veranda.Event{Org: org, Workspace: workspaces[(worker+round+i)%5], Kind: "test.a", Subject: fmt.Sprint(round)})
						}
						tx.Emit(veranda.Event{Org: org, Workspace: workspaces[round%5], Kind: "test.addressed", To: []veranda.AccountID{veranda.NewAccountID()}})
						emit(tx, "test.nowhere")
						return nil
					}))
				}
			})
		}
		group.Wait()
		e.Drain(t)
		wantHeads(t, e)
		// An event with an older id that is committed late takes no head back.
		late := veranda.NewID[struct{}]()
		must(t, e.DB.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{Org: org, Workspace: workspaces[0], Kind: "test.b"})
			return nil
		}))
		e.Drain(t)
		must(t, e.DB.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{ID: veranda.EventID(late), Org: org, Workspace: workspaces[0], Kind: "test.c"})
			return nil
		}))
		e.Drain(t)
		wantHeads(t, e)
	})
}

// The migration finds the heads of what happened before it; on PostgreSQL also what an older program's node gave a
// position to afterwards.
func TestHeadsOfAnOlderInstallation(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		org, quiet, busy := veranda.NewOrgID(), veranda.NewWorkspaceID(), veranda.NewWorkspaceID()
		must(t, e.DB.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
			for range 3 {
				tx.Emit(veranda.Event{Org: org, Workspace: quiet, Kind: "test.a"})
				tx.Emit(veranda.Event{Org: org, Workspace: busy, Kind: "test.a"})
			}
			return nil
		}))
		e.Drain(t)
		drop := []string{"DROP TABLE veranda_heads", "DELETE FROM veranda_migrations WHERE package = 'veranda' AND name = 'heads'"}
		if e.Engine == verandatest.Postgres {
			drop = append(drop, "DROP TABLE veranda_heads_state")
		}
		for _, text := range drop {
			_, err := e.DB.Writer().NewRaw(text).Exec(ctx)
			must(t, err)
		}
		applied, err := veranda.Migrate(ctx, e.DB, e.Modules...)
		if must(t, err); len(applied) != 1 {
			t.Fatalf("applied %v", applied)
		}
		wantHeads(t, e)
		if e.Engine != verandatest.Postgres {
			return
		}
		must(t, e.DB.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{Org: org, Workspace: busy, Kind: "test.a"})
			return nil
		}))
		_, err = e.DB.Writer().NewRaw("UPDATE veranda_events SET pos = (SELECT max(pos) + 1 FROM veranda_events) WHERE pos IS NULL").Exec(ctx)
		must(t, err)
		e.Drain(t)
		wantHeads(t, e)
	})
}
