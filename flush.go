package veranda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/veranda-go/veranda/internal/dialect"
)

type outboxKind struct{}

type outboxID = ID[outboxKind]

// outboxEntry is open work: an event for a consumer, or a run of a periodic job (event id zero, consumer "cron:<job>").
type outboxEntry struct {
	ID       outboxID  `json:"id"`
	Consumer string    `json:"consumer"`
	Org      OrgID     `json:"org_id"`
	Event    EventID   `json:"event_id"`
	Payload  string    `json:"payload"`
	DueAt    time.Time `json:"due_at"`
}

// maxHookRounds bounds hooks that emit events that call hooks.
const maxHookRounds = 16

// flush asks the hooks and stores what was gathered. It says whether events and whether work for the relay were stored.
func (tx *Tx) flush(ctx context.Context) (stored, work bool, err error) {
	g := tx.gathered
	if len(g.events) == 0 && len(g.jobs) == 0 {
		return false, false, nil
	}
	if err := tx.askHooks(ctx); err != nil {
		return false, false, err
	}
	for _, e := range g.events {
		if len(e.To) > MaxRecipients {
			return false, false, fmt.Errorf("veranda: %s is addressed to %d people, more than %d", e.Kind, len(e.To), MaxRecipients)
		}
	}
	tx.db.mu.RLock()
	consumers := tx.db.consumers
	tx.db.mu.RUnlock()
	entries := g.jobs
	for _, e := range g.events {
		for _, c := range consumers {
			if matches(c.Kinds, e.Kind) {
				entries = append(entries, outboxEntry{ID: NewID[outboxKind](), Consumer: c.Name, Org: e.Org, Event: e.ID, DueAt: e.At})
			}
		}
	}
	if tx.db.kind == dialect.Postgres {
		err = tx.flushPostgres(ctx, g.events, entries)
	} else {
		err = tx.flushSQLite(ctx, g.events, entries)
	}
	if err != nil {
		return false, false, fmt.Errorf("veranda: store events: %w", err)
	}
	g.events, g.jobs = nil, nil
	return true, len(entries) > 0, nil
}

// askHooks brings every gathered event to the hooks, those that hooks emit included.
func (tx *Tx) askHooks(ctx context.Context) error {
	tx.db.mu.RLock()
	hooks := tx.db.hooks
	tx.db.mu.RUnlock()
	if len(hooks) == 0 {
		return nil
	}
	asked := 0
	for range maxHookRounds {
		pending := tx.gathered.events[asked:]
		if len(pending) == 0 {
			return nil
		}
		asked += len(pending)
		for _, e := range pending {
			for _, h := range hooks {
				if !matches(h.Kinds, e.Kind) {
					continue
				}
				if err := h.Before(ctx, tx, e); err != nil {
					return err
				}
			}
		}
	}
	return fmt.Errorf("veranda: hooks emit events for ever")
}

// One statement and one argument whatever their number: the text is prepared once, works with every driver, and travels
// with COMMIT where the pool can do that.
const flushPostgres = `WITH event AS (
	INSERT INTO veranda_events (org_id, id, workspace_id, kind, subject_id, by_id, system, at, data, to_ids)
	SELECT org_id, id, workspace_id, kind, subject_id, by_id, system, at, data, to_ids
	FROM jsonb_to_recordset($1::jsonb) AS e (org_id uuid, id uuid, workspace_id uuid, kind text, subject_id text, by_id uuid, system text, at timestamptz, data jsonb, to_ids text))
INSERT INTO veranda_outbox (id, consumer, org_id, event_id, payload, due_at)
SELECT id, consumer, org_id, event_id, payload, due_at
FROM jsonb_to_recordset($2::jsonb) AS o (id uuid, consumer text, org_id uuid, event_id uuid, payload text, due_at timestamptz)`

// What is addressed to people is found by them too; $1 are the events once more.
const flushRecipientsPostgres = `INSERT INTO veranda_event_recipients (account_id, event_id, org_id)
SELECT DISTINCT a.id::uuid, e.id, e.org_id
FROM jsonb_to_recordset($1::jsonb) AS e (org_id uuid, id uuid, to_ids text), unnest(string_to_array(e.to_ids, ' ')) AS a (id) WHERE e.to_ids <> ''`

// eventRow is an event as flushPostgres reads it.
type eventRow struct {
	Org       OrgID           `json:"org_id"`
	ID        EventID         `json:"id"`
	Workspace *WorkspaceID    `json:"workspace_id"`
	Kind      string          `json:"kind"`
	Subject   string          `json:"subject_id"`
	By        *AccountID      `json:"by_id"`
	System    string          `json:"system"`
	At        time.Time       `json:"at"`
	Data      json.RawMessage `json:"data"`
	To        string          `json:"to_ids"`
}

func nullable[Kind any](id ID[Kind]) *ID[Kind] {
	if id.IsZero() {
		return nil
	}
	return &id
}

func (tx *Tx) flushPostgres(ctx context.Context, events []Event, entries []outboxEntry) error {
	rows := make([]eventRow, len(events))
	addressed := false
	for i, e := range events {
		rows[i] = eventRow{e.Org, e.ID, nullable(e.Workspace), e.Kind, e.Subject, nullable(e.By), e.System, e.At, e.Data, e.recipients()}
		addressed = addressed || e.Addressed()
	}
	eventJSON, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	if entries == nil {
		entries = []outboxEntry{}
	}
	entryJSON, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	if err := tx.Defer(ctx, flushPostgres, string(eventJSON), string(entryJSON)); err != nil || !addressed {
		return err
	}
	return tx.Defer(ctx, flushRecipientsPostgres, string(eventJSON))
}

// SQLite has no INSERT inside a WITH; its statements cost no round trip.
const (
	flushEventSQLite     = `INSERT INTO veranda_events (org_id, id, workspace_id, kind, subject_id, by_id, system, at, data, to_ids) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	flushRecipientSQLite = `INSERT INTO veranda_event_recipients (account_id, event_id, org_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	flushOutboxSQLite    = `INSERT INTO veranda_outbox (id, consumer, org_id, event_id, payload, due_at) VALUES ($1, $2, $3, $4, $5, $6)`
	flushHeadSQLite      = `INSERT INTO veranda_heads (org_id, workspace_id, last_id) VALUES ($1, $2, $3)
ON CONFLICT (org_id, workspace_id) DO UPDATE SET last_id = excluded.last_id WHERE last_id < excluded.last_id`
)

func (tx *Tx) flushSQLite(ctx context.Context, events []Event, entries []outboxEntry) error {
	for _, e := range events {
		var workspace, by any
		if !e.Workspace.IsZero() {
			workspace = e.Workspace
		}
		if !e.By.IsZero() {
			by = e.By
		}
		if _, err := tx.bun.Tx.ExecContext(ctx, flushEventSQLite, e.Org, e.ID, workspace, e.Kind, e.Subject, by, e.System, e.At.UnixMicro(), string(e.Data), e.recipients()); err != nil {
			return err
		}
		for _, account := range e.To {
			if _, err := tx.bun.Tx.ExecContext(ctx, flushRecipientSQLite, account, e.ID, e.Org); err != nil {
				return err
			}
		}
	}
	for in, last := range newest(events) {
		if _, err := tx.bun.Tx.ExecContext(ctx, flushHeadSQLite, in.org, in.workspace, last); err != nil {
			return err
		}
	}
	for _, o := range entries {
		if _, err := tx.bun.Tx.ExecContext(ctx, flushOutboxSQLite, o.ID, o.Consumer, o.Org, o.Event, o.Payload, o.DueAt.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// place is a workspace.
type place struct {
	org       OrgID
	workspace WorkspaceID
}

// newest are the last events of the workspaces they happened in, but for those that only some people may see.
func newest(events []Event) map[place]EventID {
	heads := map[place]EventID{}
	for _, e := range events {
		in := place{e.Org, e.Workspace}
		if last, known := heads[in]; !e.Workspace.IsZero() && !e.Addressed() && (!known || bytes.Compare(last.value[:], e.ID.value[:]) < 0) {
			heads[in] = e.ID
		}
	}
	return heads
}
