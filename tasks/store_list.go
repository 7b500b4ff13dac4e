package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// listTexts are the parts of a list's text that depend on the database or the authorizer.
type listTexts struct {
	head   string // narrows to what the actor may see
	filter filterTexts
}

// filterTexts are the conditions of the rarer filters. Each speaks of one argument, @, that is NULL where the filter is
// not asked for, so that the number of texts stays small whatever combination is asked for: a prepared statement is kept
// for each.
type filterTexts struct{ workspaces, assignees, creators, followers, labels, allLabels, priorities, word string }

const (
	listColumns = `SELECT ` + taskColumns
	listFrom    = ` FROM veranda_tasks t`
	// keyColumns are what the union of two lists is sorted by, besides the id.
	keyColumns = `, t.due_sort`

	// Without statistics SQLite takes the index of everybody's finished tasks for as good as that of one's own.
	fromFinisher = listFrom + ` INDEXED BY veranda_tasks_finisher`
	// CROSS JOIN keeps SQLite from beginning with the tasks.
	fromAssignee = ` FROM veranda_task_assignees a CROSS JOIN veranda_tasks t`
	fromFollower = ` FROM veranda_task_followers f CROSS JOIN veranda_tasks t`
	fromLabel    = ` FROM veranda_task_labels l CROSS JOIN veranda_tasks t`
)

var filterPostgres = filterTexts{
	workspaces: ` AND (@::jsonb IS NULL OR t.workspace_id::text IN (SELECT jsonb_array_elements_text(@::jsonb)))`,
	assignees: ` AND (@::jsonb IS NULL OR t.assignees = '' AND 'none' IN (SELECT jsonb_array_elements_text(@::jsonb))
	OR EXISTS (SELECT 1 FROM veranda_task_assignees fa WHERE fa.org_id = t.org_id AND fa.task_id = t.id AND fa.account_id::text IN (SELECT jsonb_array_elements_text(@::jsonb))))`,
	creators: ` AND (@::jsonb IS NULL OR t.created_by::text IN (SELECT jsonb_array_elements_text(@::jsonb)))`,
	followers: ` AND (@::jsonb IS NULL
	OR EXISTS (SELECT 1 FROM veranda_task_followers ff WHERE ff.org_id = t.org_id AND ff.task_id = t.id AND ff.account_id::text IN (SELECT jsonb_array_elements_text(@::jsonb))))`,
	labels: ` AND (@::jsonb IS NULL
	OR EXISTS (SELECT 1 FROM veranda_task_labels fl WHERE fl.org_id = t.org_id AND fl.task_id = t.id AND fl.label_key IN (SELECT jsonb_array_elements_text(@::jsonb))))`,
	allLabels: ` AND (@::jsonb IS NULL OR NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text(@::jsonb) wanted
	WHERE NOT EXISTS (SELECT 1 FROM veranda_task_labels fl WHERE fl.org_id = t.org_id AND fl.task_id = t.id AND fl.label_key = wanted)))`,
	priorities: ` AND (@::jsonb IS NULL OR t.priority::text IN (SELECT jsonb_array_elements_text(@::jsonb)))`,
	word:       ` AND (@::text IS NULL OR strpos(t.search, @::text) > 0)`,
}

var filterSQLite = filterTexts{
	workspaces: ` AND (@ IS NULL OR t.workspace_id IN (SELECT value FROM json_each(@)))`,
	assignees: ` AND (@ IS NULL OR t.assignees = '' AND 'none' IN (SELECT value FROM json_each(@))
	OR EXISTS (SELECT 1 FROM veranda_task_assignees fa WHERE fa.org_id = t.org_id AND fa.task_id = t.id AND fa.account_id IN (SELECT value FROM json_each(@))))`,
	creators: ` AND (@ IS NULL OR t.created_by IN (SELECT value FROM json_each(@)))`,
	followers: ` AND (@ IS NULL
	OR EXISTS (SELECT 1 FROM veranda_task_followers ff WHERE ff.org_id = t.org_id AND ff.task_id = t.id AND ff.account_id IN (SELECT value FROM json_each(@))))`,
	labels: ` AND (@ IS NULL
	OR EXISTS (SELECT 1 FROM veranda_task_labels fl WHERE fl.org_id = t.org_id AND fl.task_id = t.id AND fl.label_key IN (SELECT value FROM json_each(@))))`,
	allLabels: ` AND (@ IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(@) wanted
	WHERE NOT EXISTS (SELECT 1 FROM veranda_task_labels fl WHERE fl.org_id = t.org_id AND fl.task_id = t.id AND fl.label_key = wanted.value)))`,
	priorities: ` AND (@ IS NULL OR t.priority IN (SELECT value FROM json_each(@)))`,
	word:       ` AND (@ IS NULL OR instr(t.search, @) > 0)`,
}

// order is how a sort is spelled: the comparison with a position, and the order itself.
type order struct {
	compare, by string
	moment      bool // the key is a moment
	byID        bool // the id alone, which rises with the time of creation
	byState     bool // the index has the state before the key
	byHand      bool // the key is a rank
}

func orderOf(sort Sort) order {
	switch sort {
	case SortPriority:
		return order{compare: ` AND (t.priority, t.id) > `, by: ` ORDER BY t.priority, t.id`, byState: true}
	case SortPriorityFirst:
		return order{compare: ` AND (t.priority, t.id) < `, by: ` ORDER BY t.priority DESC, t.id DESC`, byState: true}
	case SortCreated:
		return order{compare: ` AND t.id > `, by: ` ORDER BY t.id`, byID: true}
	case SortCreatedLast:
		return order{compare: ` AND t.id < `, by: ` ORDER BY t.id DESC`, byID: true}
	case SortUpdated:
		return order{compare: ` AND (t.updated_at, t.id) > `, by: ` ORDER BY t.updated_at, t.id`, moment: true}
	case SortUpdatedLast:
		return order{compare: ` AND (t.updated_at, t.id) < `, by: ` ORDER BY t.updated_at DESC, t.id DESC`, moment: true}
	case SortFinished:
		return order{compare: ` AND t.finished_at IS NOT NULL AND (t.finished_at, t.id) > `, by: ` ORDER BY t.finished_at, t.id`, moment: true}
	case SortFinishedLast:
		return order{compare: ` AND t.finished_at IS NOT NULL AND (t.finished_at, t.id) < `, by: ` ORDER BY t.finished_at DESC, t.id DESC`, moment: true}
	case SortStart:
		return order{compare: ` AND t.start_at IS NOT NULL AND (t.start_at, t.id) > `, by: ` ORDER BY t.start_at, t.id`, moment: true}
	case SortStartLast:
		return order{compare: ` AND t.start_at IS NOT NULL AND (t.start_at, t.id) < `, by: ` ORDER BY t.start_at DESC, t.id DESC`, moment: true}
	case SortRank:
		return order{compare: ` AND (t.rank, t.id) > `, by: ` ORDER BY t.rank, t.id`, byHand: true}
	case SortBoard:
		return order{compare: ` AND (t.board_rank, t.id) > `, by: ` ORDER BY t.board_rank, t.id`, byHand: true}
	case SortDueLast:
		return order{compare: ` AND (t.due_sort, t.id) < `, by: ` ORDER BY t.due_sort DESC, t.id DESC`, byState: true}
	default:
		return order{compare: ` AND (t.due_sort, t.id) > `, by: ` ORDER BY t.due_sort, t.id`, byState: true}
	}
}

// key is the sort key of a task, as it stands in a cursor.
func (k *criteria) key(t *Task) int64 {
	switch k.sort {
	case SortPriority, SortPriorityFirst:
		return int64(t.Priority)
	case SortUpdated, SortUpdatedLast:
		return t.UpdatedAt.UnixMicro()
	case SortFinished, SortFinishedLast:
		if t.FinishedAt == nil { // only finished ones are in this order
			return 0
		}
		return t.FinishedAt.UnixMicro()
	case SortCreated, SortCreatedLast:
		return 0 // the id alone
	case SortStart, SortStartLast:
		if t.StartAt == nil { // only those with a start are in this order
			return 0
		}
		return t.StartAt.UnixMicro()
	default:
		return dueSort(t.DueAt)
	}
}

func newListTexts(db *veranda.DB, authz veranda.Authorizer) listTexts {
	filter := filterPostgres
	if db.Embedded() {
		filter = filterSQLite
	}
	// SQLite would look the visible workspaces up in an index one by one and sort what it finds; the plus keeps it at the
	// index that has the rows in order.
	return listTexts{head: ` WHERE t.org_id = $1 AND t.deleted_at IS NULL AND ` + authz.Visible(db.Pick("t.workspace_id", "+t.workspace_id")), filter: filter}
}

// query puts a list's conditions together from constants, and gathers the arguments.
type query struct {
	db   *veranda.DB
	text strings.Builder
	args []any
}

// and adds a condition; each @ in it is the argument.
func (q *query) and(condition string, argument any) {
	q.text.WriteString(strings.ReplaceAll(condition, "@", q.placeholder(argument)))
}

// among adds a condition on a list of values, which is NULL where there are none.
func (q *query) among(condition string, values any, count int) {
	if count == 0 {
		q.and(condition, nil)
		return
	}
	text, err := json.Marshal(values)
	if err != nil { // lists of ids, numbers and valid texts always marshal
		panic(err)
	}
	q.and(condition, string(text))
}

func (q *query) placeholder(argument any) string {
	q.args = append(q.args, argument)
	return "$" + strconv.Itoa(len(q.args))
}

// list is the text and the arguments of a list. What lists are usually asked by has conditions of its own, which indexes
// serve; all the rest is one block that is there or not.
func (x *listTexts) list(db *veranda.DB, k criteria, me veranda.AccountID, visible []any) (string, []any) {
	q := &query{db: db, args: slices.Clone(visible)}
	from, driven := q.drive(&k, me)
	q.narrow(&k, driven)
	if k.delegated {
		// The row says who has it: somebody, and not only me. A look-up among the assignees of all tasks is what PostgreSQL
		// would make a scan of.
		q.and(` AND t.assignees <> '' AND t.assignees <> @`, me.String())
	}
	if k.hasRest() {
		x.filter.add(q, &k)
	}
	o := orderOf(k.sort)
	q.position(&k, o)
	limit := " LIMIT " + q.placeholder(k.size+1)
	where := q.text.String()
	if k.state != "" || driven || !o.byState {
		return listColumns + from + x.head + where + o.by + limit, q.args
	}
	// Tasks of all states in an order whose index begins with the state: each state's part comes from the index, and of
	// both the first ones are taken. The other way would be to sort all tasks there are.
	part := listColumns + keyColumns + from + x.head + where + ` AND t.state = `
	return listColumns + ` FROM (SELECT * FROM (` + part + `'open'` + o.by + limit + `) opened UNION ALL SELECT * FROM (` + part + `'finished'` + o.by + limit + `) finished) t` +
		o.by + limit, q.args
}

// drive takes a filter that leaves few tasks out of the criteria and begins with it; driven tells whether there is one.
func (q *query) drive(k *criteria, me veranda.AccountID) (from string, driven bool) {
	switch {
	case !k.parent.IsZero():
		q.and(` AND c.org_id = $1 AND c.parent_id = @ AND c.org_id = t.org_id AND c.task_id = t.id`, k.parent)
		from = fromParent
	case !k.series.IsZero():
		q.and(` AND t.series_id = @`, k.series)
		from, k.series = q.db.Pick(listFrom, fromSeries), SeriesID{}
	case len(k.assignees) == 1 && k.assignees[0] != Nobody:
		q.and(` AND a.org_id = $1 AND a.account_id = @ AND a.org_id = t.org_id AND a.task_id = t.id`, k.assignees[0])
		if k.state != "" {
			q.and(` AND a.state = @`, string(k.state))
		}
		from, k.assignees = fromAssignee, nil
	case k.finishedByMe:
		from = q.db.Pick(listFrom, fromFinisher)
	case len(k.creators) == 1:
		q.and(` AND t.created_by = @`, k.creators[0])
		from, k.creators = listFrom, nil
	case len(k.followers) == 1:
		q.and(` AND f.org_id = $1 AND f.account_id = @ AND f.org_id = t.org_id AND f.task_id = t.id`, k.followers[0])
		from, k.followers = fromFollower, nil
	case len(k.labels) == 1:
		q.and(` AND l.org_id = $1 AND l.label_key = @ AND l.org_id = t.org_id AND l.task_id = t.id`, k.labels[0])
		from, k.labels = fromLabel, nil
	default:
		return listFrom, false
	}
	if k.finishedByMe {
		q.and(` AND t.finished_at IS NOT NULL AND t.finished_by = @`, me)
	}
	return from, true
}

// narrow adds the filters that indexes serve.
func (q *query) narrow(k *criteria, driven bool) {
	switch {
	case k.state == "":
	case driven:
		// Without statistics SQLite would rather walk all tasks of the state in their order; the plus keeps it at the few.
		q.and(q.db.Pick(` AND t.state = @`, ` AND +t.state = @`), string(k.state))
	default:
		q.and(` AND t.state = @`, string(k.state))
	}
	if len(k.workspaces) == 1 {
		q.and(` AND t.workspace_id = @`, k.workspaces[0])
		k.workspaces = nil
	}
	q.structure(k)
	if k.dueFrom == nil && k.dueUntil == nil {
		return
	}
	from, until := int64(-neverDue), int64(neverDue)
	if k.dueFrom != nil {
		from = k.dueFrom.UnixMicro()
	}
	if k.dueUntil != nil {
		until = k.dueUntil.UnixMicro()
	}
	q.and(` AND t.due_sort >= @`, from)
	q.and(` AND t.due_sort < @`, until)
}

// hasRest tells whether one of the rarer filters is asked for.
func (k *criteria) hasRest() bool {
	return len(k.workspaces)+len(k.assignees)+len(k.creators)+len(k.followers)+len(k.labels)+len(k.allLabels)+len(k.priorities)+len(k.words)+k.minPriority > 0
}

func (f *filterTexts) add(q *query, k *criteria) {
	q.among(f.workspaces, k.workspaces, len(k.workspaces))
	q.among(f.assignees, k.assignees, len(k.assignees))
	q.among(f.creators, k.creators, len(k.creators))
	q.among(f.followers, k.followers, len(k.followers))
	q.among(f.labels, k.labels, len(k.labels))
	q.among(f.allLabels, k.allLabels, len(k.allLabels))
	q.among(f.priorities, k.priorities, len(k.priorities))
	q.and(` AND t.priority >= @`, k.minPriority)
	for i := range maxWords {
		if i < len(k.words) {
			q.and(f.word, k.words[i])
		} else {
			q.and(f.word, nil)
		}
	}
}

// position adds where the page begins.
func (q *query) position(k *criteria, o order) {
	q.text.WriteString(o.compare)
	if o.byID {
		q.text.WriteString(q.placeholder(k.after.id))
		return
	}
	var key any = k.after.key
	switch {
	case o.byHand:
		key = k.after.rank
	case o.moment:
		key = q.db.Time(storableMoment(k.after.key))
	}
	q.text.WriteString("(" + q.placeholder(key) + ", " + q.placeholder(k.after.id) + ")")
}

// storableMoment is the moment of a cursor within what both databases keep.
func storableMoment(micros int64) time.Time {
	least, most := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro()
	return time.UnixMicro(min(max(micros, least), most)).UTC()
}

// queryTasks runs a list's text.
func queryTasks(ctx context.Context, c veranda.Conn, org veranda.OrgID, size int, text string, args []any) ([]Task, error) {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("tasks: list: %w", err)
	}
	defer func() { _ = rows.Close() }()
	list := make([]Task, 0, size+1)
	var row taskRow
	destinations := row.destinations()
	for rows.Next() {
		if err := rows.Scan(destinations...); err != nil {
			return nil, fmt.Errorf("tasks: list: %w", err)
		}
		t, err := row.task(org)
		if err != nil {
			return nil, err
		}
		list = append(list, *t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("tasks: list: %w", err)
	}
	return list, nil
}
