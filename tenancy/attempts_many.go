package tenancy

import (
	"context"
	"database/sql"
	"slices"

	"github.com/veranda-go/veranda"
)

// reserveMany's texts are reserveAttempt for many keys under one rule whose windows do not grow. The keys come in one
// order for everybody, so that transactions do not wait for each other in a circle.
const (
	reserveManyTail = `
ON CONFLICT (key) DO UPDATE SET
	count = CASE WHEN a.window_ends_at <= $2 THEN 1 ELSE a.count + 1 END,
	window_ends_at = CASE WHEN a.window_ends_at > $2 THEN a.window_ends_at ELSE $3 END
WHERE a.window_ends_at <= $2 OR a.count < $4
RETURNING key`
	reserveManyPostgres = `INSERT INTO veranda_attempts AS a (key, count, rounds, window_ends_at)
SELECT k, 1, 0, CAST($3 AS timestamptz) FROM jsonb_array_elements_text(CAST($1 AS jsonb)) WITH ORDINALITY AS l (k, n) ORDER BY n` + reserveManyTail
	reserveManySQLite = `INSERT INTO veranda_attempts AS a (key, count, rounds, window_ends_at)
SELECT value, 1, 0, $3 FROM json_each($1) WHERE true` + reserveManyTail
)

// reserveMany counts one under each key, and gives the keys whose window was not used up.
func reserveMany(ctx context.Context, tx *veranda.Tx, rule attemptRule, keys []string) (map[string]bool, error) {
	counted := make(map[string]bool, len(keys))
	if len(keys) == 0 {
		return counted, nil
	}
	list, err := jsonList(slices.Sorted(slices.Values(keys)))
	if err != nil {
		return nil, err
	}
	now := tx.DB().Now()
	args := []any{list, tx.DB().Time(now), tx.DB().Time(now.Add(rule.window)), rule.limit}
	return counted, readAll(ctx, tx.Query, tx.DB().Pick(reserveManyPostgres, reserveManySQLite), args, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		counted[key] = true
		return err
	})
}

// reserveSeveral counts up to so many at once under one key, and tells how many.
func reserveSeveral(ctx context.Context, tx *veranda.Tx, a attempt, wanted int64) (int64, error) {
	if wanted == 0 {
		return 0, nil
	}
	counted, err := reserveOne(ctx, tx, a) // begins a window where none is open, and holds the row
	if err != nil || !counted {
		return 0, err
	}
	count := int64(0)
	if _, err := readOne(ctx, tx.Query, `SELECT count FROM veranda_attempts WHERE key = $1`, []any{a.key}, &count); err != nil {
		return 0, err
	}
	more := min(wanted-1, a.rule.limit-count)
	if more <= 0 {
		return 1, nil
	}
	_, err = tx.Exec(ctx, `UPDATE veranda_attempts SET count = count + $2 WHERE key = $1`, a.key, more)
	return 1 + more, wrapped("count attempts", err)
}
