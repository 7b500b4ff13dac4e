package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/veranda-go/veranda"
)

// Who calls, and in which organization: the same in every database, so that every side is called with the same bytes.
const (
	organizationID = "01900000-0000-7000-8000-000000000001"
	callerID       = "01900000-0000-7000-8000-000000000002"
	callerToken    = "bench-bench-bench-bench-bench-bench-bench-1"
)

// The size of the world beside its tasks.
const (
	workspaceCount = 20
	peopleCount    = 100
)

// world is what a database is filled with: an organization whose members see all its workspaces, one half because they
// are open and the other because everybody is a member.
type world struct {
	begin      time.Time
	random     *rand.Rand
	people     []string // the caller first
	workspaces []string
	tasks      []string // ids, of all or some of them
}

// newWorld makes a world, the same each time but for ids and moments.
func newWorld() *world {
	w := &world{begin: time.Now().UTC().Truncate(time.Second), random: rand.New(rand.NewPCG(1, 2)), people: []string{callerID}}
	for len(w.people) < peopleCount {
		w.people = append(w.people, newID())
	}
	for len(w.workspaces) < workspaceCount {
		w.workspaces = append(w.workspaces, newID())
	}
	return w
}

// furnish stores everything but the tasks.
func (w *world) furnish(ctx context.Context, db *veranda.DB) error {
	return db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		now := db.Time(w.begin)
		var err error
		exec := func(text string, args ...any) {
			if err == nil {
				if _, err = tx.Exec(ctx, text, args...); err != nil {
					err = fmt.Errorf("%.60s: %w", text, err)
				}
			}
		}
		exec(`CREATE TABLE bench_effects (event_id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL)`)
		for i, person := range w.people {
			exec(`INSERT INTO veranda_accounts (id, name, language, time_zone, state, created_at, updated_at, version)
				VALUES ($1, $2, 'en', 'UTC', 'active', $3, $3, 1)`, person, fmt.Sprintf("Person %d", i), now)
		}
		hash := sha256.Sum256([]byte(callerToken))
		exec(`INSERT INTO veranda_sessions (token_hash, id, account_id, kind, label, address, created_at, seen_at, expires_at)
			VALUES ($1, $2, $3, 'program', 'bench', '127.0.0.1', $4, $4, $5)`, hash[:], newID(), callerID, now, db.Time(w.begin.AddDate(1, 0, 0)))
		exec(`INSERT INTO veranda_organizations (id, kind, name, domains, employees_invite, language, time_zone, policy_version, created_by, created_at, updated_at, version)
			VALUES ($1, 'organization', 'Bench Works', '[]', $2, 'en', 'UTC', 0, $3, $4, $4, 1)`, organizationID, false, callerID, now)
		for _, person := range w.people {
			exec(`INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version)
				VALUES ($1, $2, 'internal', 'employee', $3, $4, 1)`, organizationID, person, person+"@works.example", now)
			exec(`INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, person, organizationID)
		}
		for i, workspace := range w.workspaces {
			exec(`INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, version)
				VALUES ($1, $2, $3, '', $4, 1, $5, $6, $6, 1)`, organizationID, workspace, fmt.Sprintf("Workspace %d", i), i%2 == 0, callerID, now)
			for _, person := range w.people {
				if i%2 == 1 {
					exec(`INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at) VALUES ($1, $2, $3, '', $4)`,
						organizationID, workspace, person, now)
				}
			}
		}
		return err
	})
}

// table is a bulk of rows.
type table struct {
	name, columns string
	insert        string // of a row
	rows          [][]any
}

// The columns that are filled.
const (
	taskFields     = `org_id,id,workspace_id,title,description,state,priority,due_at,due_sort,assignees,followers,labels,checklist,comment_count,created_by,created_at,updated_at,finished_at,finished_by,version,search`
	assigneeFields = `org_id,task_id,account_id,state`
	followerFields = `org_id,task_id,account_id`
	labelFields    = `org_id,task_id,label_key,label,workspace_id`
)

// moment writes a moment as a database keeps it.
type moment func(time.Time) any

// fill makes the rows of a part of the tasks: theirs and those of the tables beside.
func (w *world) fill(count int, at moment) []table {
	tasks := table{name: "veranda_tasks", columns: taskFields, insert: `INSERT INTO veranda_tasks (` + taskFields + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`}
	assignees := table{name: "veranda_task_assignees", columns: assigneeFields, insert: `INSERT INTO veranda_task_assignees (` + assigneeFields + `) VALUES ($1, $2, $3, $4)`}
	followers := table{name: "veranda_task_followers", columns: followerFields, insert: `INSERT INTO veranda_task_followers (` + followerFields + `) VALUES ($1, $2, $3)`}
	labels := table{name: "veranda_task_labels", columns: labelFields, insert: `INSERT INTO veranda_task_labels (` + labelFields + `) VALUES ($1, $2, $3, $4, $5)`}
	for range count {
		id, workspace, creator := newID(), w.workspaces[w.random.IntN(len(w.workspaces))], w.somebody()
		created := w.begin.Add(-time.Duration(w.random.IntN(100*24*3600)) * time.Second)
		state, finishedAt, finishedBy := "open", any(nil), any(nil)
		if w.random.IntN(10) < 4 {
			state, finishedAt, finishedBy = "finished", at(w.begin), w.somebody()
		}
		due, sort := any(nil), int64(neverDue)
		if w.random.IntN(10) < 8 {
			moment := w.begin.Add(time.Duration(w.random.IntN(120*24*3600)-60*24*3600) * time.Second)
			due, sort = at(moment), moment.UnixMicro()
		}
		doing, following := []string{}, []string{creator}
		if w.random.IntN(10) < 6 {
			doing = append(doing, w.somebody())
			assignees.rows = append(assignees.rows, []any{organizationID, id, doing[0], state})
			if doing[0] != creator {
				following = append(following, doing[0])
			}
		}
		for _, person := range following {
			followers.rows = append(followers.rows, []any{organizationID, id, person})
		}
		texts := []string{}
		if w.random.IntN(2) == 0 {
			texts = append(texts, words[w.random.IntN(len(words))])
			labels.rows = append(labels.rows, []any{organizationID, id, texts[0], texts[0], workspace})
		}
		title, description := w.sentence(5), w.sentence(25)
		tasks.rows = append(tasks.rows, []any{
			organizationID, id, workspace, title, description, state, int64(w.random.IntN(5)), due, sort,
			strings.Join(doing, " "), strings.Join(following, " "), encoded(texts), encoded(w.checklist()), int64(0),
			creator, at(created), at(created), finishedAt, finishedBy, int64(1), searchText(title, description),
		})
		w.tasks = append(w.tasks, id)
	}
	return []table{tasks, assignees, followers, labels}
}

func (w *world) somebody() string { return w.people[w.random.IntN(len(w.people))] }

// words are what texts are made of.
var words = strings.Fields("call landlord about roof report quarter budget offer customer garden fence paint window order paper printer invite board meeting notes archive old contracts check numbers reply letter plan summer party")

func (w *world) sentence(count int) string {
	chosen := make([]string, count)
	for i := range chosen {
		chosen[i] = words[w.random.IntN(len(words))]
	}
	return strings.Join(chosen, " ")
}

// checklist has a few items in every fifth task.
func (w *world) checklist() []checklistItem {
	items := []checklistItem{}
	if w.random.IntN(5) == 0 {
		for i := range 3 {
			items = append(items, checklistItem{ID: newID(), Text: w.sentence(4), Done: i == 0})
		}
	}
	return items
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func encoded(list any) string {
	text, err := json.Marshal(list)
	if err != nil { // lists of strings and of plain structs always marshal
		panic(err)
	}
	return string(text)
}
