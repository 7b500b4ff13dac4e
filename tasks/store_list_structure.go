package tasks

import (
	"strconv"
	"time"
)

const (
	// CROSS JOIN keeps SQLite from beginning with the tasks.
	fromParent = ` FROM veranda_task_children c CROSS JOIN veranda_tasks t`
	// Without statistics SQLite would rather walk all tasks there are in their order than sort a series.
	fromSeries = listFrom + ` INDEXED BY veranda_tasks_series`
)

// structure adds the filters that speak of how tasks hang together and when they start.
func (q *query) structure(k *criteria) {
	if !k.stage.IsZero() {
		q.and(` AND t.stage_id = @`, k.stage)
	}
	if !k.series.IsZero() {
		q.and(` AND t.series_id = @`, k.series)
	}
	if k.top {
		q.text.WriteString(` AND t.parent_id IS NULL`)
	}
	if k.startFrom == nil && k.startUntil == nil {
		return
	}
	from, until := storableMoment(-neverDue), storableMoment(neverDue)
	if k.startFrom != nil {
		from = *k.startFrom
	}
	if k.startUntil != nil {
		until = *k.startUntil
	}
	q.startBetween(from, until)
}

func (q *query) startBetween(from, until time.Time) {
	q.and(` AND t.start_at >= @`, q.db.Time(from))
	q.and(` AND t.start_at < @`, q.db.Time(until))
}

// cursorKey is the key of a task as it stands in a cursor of the list.
func (k *criteria) cursorKey(t *Task) string {
	switch k.sort {
	case SortRank:
		return t.Rank
	case SortBoard:
		return t.BoardRank
	default:
		return strconv.FormatInt(k.key(t), 10)
	}
}
