package tasks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

// importedPlace is where an imported task is to stand: as the row names it, and what that turns out to be.
type importedPlace struct {
	stated        bool   // the row says whether it is finished
	above, column string // the cells parent and stage

	row    *imported // the row above it, or
	parent ID        // the task above it, which is there
	depth  int       // how many rows are above it
	stage  *Stage
	task   *Task
}

// schedule reads when a row's task begins, is due, and how it repeats.
func (i *imported) schedule(c *veranda.Checks, in *ImportInput, zone *time.Location, row csvRow) {
	name := row.cells["time_zone"]
	if own := recurrence.Zone(name); name != "" && own != nil {
		zone = own
	}
	i.create.StartAt, i.create.StartOn = momentOf(c, "/start_at", row.cells["start_at"], zone)
	i.create.DueAt, i.create.DueOn = momentOf(c, "/due_at", row.cells["due_at"], zone)
	i.create.Recurrence = recurrenceOf(row.cells["recurrence"])
	if name == "" && (row.cells["start_at"] != "" || row.cells["due_at"] != "" || i.create.Recurrence != nil) {
		name = in.TimeZone
	}
	i.create.TimeZone = name
}

// momentOf reads a moment (RFC 3339), a date and a time of day, or a date.
func momentOf(c *veranda.Checks, pointer, text string, zone *time.Location) (at *time.Time, on string) {
	if text == "" {
		return nil, ""
	}
	if moment, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return &moment, ""
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if wall, err := time.Parse(layout, text); err == nil {
			return resolved(wall, zone), ""
		}
	}
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		return nil, text
	}
	c.Add(pointer, "format", "must be a moment as 2026-03-31T17:00:00Z, a time as 2026-03-31 17:00, or a date as 2026-03-31")
	return nil, ""
}

// recurrenceOf reads a rule, or what Recurrence's text is for a time after completion; whether it is right is checked with
// all else.
func recurrenceOf(text string) *RecurrenceInput {
	if text == "" {
		return nil
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 5 && words[0] == "every" {
		words = words[1:]
	}
	if len(words) == 4 && words[2] == "after" && words[3] == "completion" {
		if every, err := strconv.Atoi(words[0]); err == nil && every > 0 {
			return &RecurrenceInput{Every: every, Unit: Unit(strings.TrimSuffix(words[1], "s"))}
		}
	}
	return &RecurrenceInput{Rule: text}
}

// placeRows finds the tasks that rows name: those that were imported before, those above them, and the stages. It names
// every row whose place there is not.
func (s *Service) placeRows(ctx context.Context, conn veranda.Conn, in *ImportInput, all []*imported) (known map[string]ID, bad []BadRow, err error) {
	if known, err = knownImports(ctx, conn, in, all); err != nil {
		return nil, nil, err
	}
	if bad, err = stageRows(ctx, conn, in, all, known); err != nil {
		return nil, nil, err
	}
	bad = append(bad, findAbove(all, known)...)
	bad = append(bad, refuseCycles(all, known)...)
	crowded, err := refuseCrowds(ctx, conn, in, all, known)
	return known, append(bad, crowded...), err
}

// skipped tells whether a row was imported before.
func (i *imported) skipped(known map[string]ID) bool {
	_, found := known[i.external]
	return found && i.external != ""
}

// remaining are the rows that were not imported before.
func remaining(all []*imported, known map[string]ID) []*imported {
	return slices.DeleteFunc(slices.Clone(all), func(i *imported) bool { return i.skipped(known) })
}

// stageRows finds the stages of rows. A row without a state has that of its stage.
func stageRows(ctx context.Context, conn veranda.Conn, in *ImportInput, all []*imported, known map[string]ID) (bad []BadRow, err error) {
	if !slices.ContainsFunc(all, func(i *imported) bool { return i.place.column != "" }) {
		return nil, nil
	}
	rows, err := conn.Query(ctx, selectBoardText, in.Org, in.Workspace)
	if err != nil {
		return nil, fmt.Errorf("tasks: read board: %w", err)
	}
	board, err := scanBoard(rows, in.Org, in.Workspace)
	if err != nil {
		return nil, err
	}
	for _, i := range remaining(all, known) {
		p := &i.place
		p.stage = nil
		if p.column == "" {
			continue
		}
		at := slices.IndexFunc(board.Stages, func(stage Stage) bool {
			return strings.EqualFold(stage.Name, p.column) || stage.ID.String() == p.column
		})
		switch {
		case at < 0:
			bad = append(bad, BadRow{Row: i.row, Column: "stage", Rule: "not_found", Message: "is no stage of this workspace's board"})
			continue
		case !p.stated && board.Stages[at].Finished && i.create.Recurrence != nil:
			bad = append(bad, BadRow{Row: i.row, Column: "recurrence", Rule: "exclusive", Message: "is not for finished tasks"})
		case !p.stated:
			i.finished = board.Stages[at].Finished
		}
		p.stage = &board.Stages[at]
		if p.stage.Finished != i.finished {
			p.stage = board.first(i.finished)
		}
	}
	return bad, nil
}

// findAbove finds what rows name as the task above them.
func findAbove(all []*imported, known map[string]ID) (bad []BadRow) {
	byID, byNumber := map[string]*imported{}, map[string]*imported{}
	for _, i := range all {
		byID[i.external], byNumber["#"+strconv.Itoa(i.row)] = i, i
	}
	for _, i := range remaining(all, known) {
		p := &i.place
		p.row, p.parent = nil, ID{}
		if p.above == "" {
			continue
		}
		row, found := byID[p.above]
		if !found {
			if p.parent, found = known[p.above]; found {
				continue
			}
			row, found = byNumber[p.above]
		}
		switch {
		case !found:
			bad = append(bad, BadRow{Row: i.row, Column: "parent", Rule: "not_found", Message: "is neither another row nor a task of this workspace"})
		case row.skipped(known):
			p.parent = known[row.external]
		default:
			p.row = row
		}
	}
	return bad
}

// refuseCycles names the rows that stand beneath themselves, and takes them out of what is above what; of all others it
// notes how many rows are above them.
func refuseCycles(all []*imported, known map[string]ID) (bad []BadRow) {
	var circling []*imported
	for _, i := range remaining(all, known) {
		i.place.depth = 0
		for above := i.place.row; above != nil; above = above.place.row {
			if i.place.depth++; above == i || i.place.depth > len(all) {
				bad = append(bad, BadRow{Row: i.row, Column: "parent", Rule: "cycle", Message: "goes round in a circle"})
				circling = append(circling, i)
				break
			}
		}
	}
	for _, i := range circling {
		i.place.row, i.place.depth = nil, 0
	}
	return bad
}

const (
	// How many tasks are above some tasks, and how many beneath them.
	aboveImported = `WITH RECURSIVE above (id, parent_id, depth) AS (
	SELECT t.id, t.parent_id, 0 FROM veranda_tasks t WHERE t.org_id = $1 AND t.id IN (`
	aboveImportedEnd = `)
	UNION ALL
	SELECT a.id, t.parent_id, a.depth + 1 FROM above a JOIN veranda_tasks t ON t.org_id = $1 AND t.id = a.parent_id WHERE a.depth < 100
)
SELECT a.id, t.sub_total, max(a.depth) FROM above a JOIN veranda_tasks t ON t.org_id = $1 AND t.id = a.id GROUP BY a.id, t.sub_total`
	aboveImportedPostgres = aboveImported + `SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb)` + aboveImportedEnd
	aboveImportedSQLite   = aboveImported + `SELECT value FROM json_each($2)` + aboveImportedEnd
)

// refuseCrowds names the rows that would stand too deep, or be too many beneath one task.
func refuseCrowds(ctx context.Context, conn veranda.Conn, in *ImportInput, all []*imported, known map[string]ID) (bad []BadRow, err error) {
	var ids []ID
	for _, i := range remaining(all, known) {
		if !i.place.parent.IsZero() && !slices.Contains(ids, i.place.parent) {
			ids = append(ids, i.place.parent)
		}
	}
	depths, beneath := map[ID]int{}, map[ID]int{}
	if len(ids) > 0 {
		rows, err := conn.Query(ctx, conn.DB().Pick(aboveImportedPostgres, aboveImportedSQLite), in.Org, encodeList(ids))
		if err != nil {
			return nil, fmt.Errorf("tasks: read what is above: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id ID
			var total, depth int
			if err := rows.Scan(&id, &total, &depth); err != nil {
				return nil, fmt.Errorf("tasks: read what is above: %w", err)
			}
			depths[id], beneath[id] = depth, total
		}
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("tasks: read what is above: %w", err)
		}
	}
	rowsBeneath := map[*imported]int{}
	for _, i := range remaining(all, known) {
		top, many := i, 0
		for top.place.row != nil {
			top = top.place.row
		}
		depth := i.place.depth
		if !top.place.parent.IsZero() {
			depth += 1 + depths[top.place.parent]
		}
		switch {
		case i.place.row != nil:
			rowsBeneath[i.place.row]++
			many = rowsBeneath[i.place.row]
		case !i.place.parent.IsZero():
			beneath[i.place.parent]++
			many = beneath[i.place.parent]
		}
		if depth > MaxDepth {
			bad = append(bad, BadRow{Row: i.row, Column: "parent", Rule: "depth", Message: ErrDepth.Message})
		}
		if many > MaxSubtasks {
			bad = append(bad, BadRow{Row: i.row, Column: "parent", Rule: "too_many", Message: ErrSubtasks.Message})
		}
	}
	return bad, nil
}

// put puts the row's task, and the rows' above it, into their places.
func (i *imported) put(t *Task) {
	switch p := &i.place; {
	case p.row != nil:
		t.Parent = p.row.place.task.ID
	default:
		t.Parent = p.parent
	}
	if i.place.stage != nil {
		t.Stage, t.BoardRank = i.place.stage.ID, t.Rank
	}
}

// countImported counts the sub-tasks of those above imported tasks.
func countImported(ctx context.Context, tx *veranda.Tx, all []*imported) error {
	counted := map[ID]bool{}
	for _, i := range all {
		t := i.place.task
		if counted[t.Parent] {
			continue
		}
		counted[t.Parent] = true
		if err := countSubtasks(ctx, tx, t.Org, t.Parent); err != nil {
			return err
		}
	}
	return nil
}

// knownImports are the tasks of external ids that rows have or name as the task above them.
func knownImports(ctx context.Context, conn veranda.Conn, in *ImportInput, all []*imported) (map[string]ID, error) {
	known := map[string]ID{}
	var external []string
	var ids []ID
	for _, i := range all {
		for _, text := range []string{i.external, i.place.above} {
			if text == "" {
				continue
			}
			external = append(external, text)
			if id, err := veranda.ParseID[taskKind](text); err == nil {
				ids = append(ids, id)
			}
		}
	}
	if len(external) == 0 {
		return known, nil
	}
	rows, err := conn.Query(ctx, conn.DB().Pick(knownImportsPostgres, knownImportsSQLite), in.Org, in.Workspace, encodeList(external), encodeList(ids))
	if err != nil {
		return nil, fmt.Errorf("tasks: find imported tasks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		var id ID
		if err := rows.Scan(&text, &id); err != nil {
			return nil, fmt.Errorf("tasks: find imported tasks: %w", err)
		}
		known[text] = id
	}
	return known, rows.Err()
}
