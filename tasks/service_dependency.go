package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
)

// AddDependency says that a task waits for another one of the same organization, in the same workspace or another. What
// waits already goes on waiting.
//
// Permission: task.edit on the task that waits, task.read on the other. Errors: invalid (BlockedBy that the actor
// does not see has the rule not_found), not_found (also for Blocks), tasks.cycle (conflict) where the other waits for this one already, directly or by others,
// with the tasks between in its message; tasks.dependencies (conflict) beyond MaxDependencies. Event:
// tasks.dependency_added, in the waiting task's workspace.
func (s *Service) AddDependency(ctx context.Context, by veranda.Actor, in DependencyInput) (*Dependencies, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	pointer, other := in.other()
	blocked, blocker := in.Task, other
	if pointer == "/blocks" {
		blocked, blocker = other, in.Task
	}
	standing, err := s.pair(ctx, by, in.Org, in.Task, other, blocked, pointer)
	if err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockGraph(ctx, tx, in.Org); err != nil {
			return err
		}
		waiting, awaited, err := s.lockPair(ctx, tx, in.Org, blocked, blocker)
		if err != nil {
			return err
		}
		if err := s.authz.Decide(ctx, s.conn.Bind(tx), standing, ask(PermEdit, waiting, standing)); err != nil {
			return err
		}
		if err := s.WithTx(tx).checkEdge(ctx, tx, standing, in.Org, edge{blocker, blocked}); err != nil {
			if errors.Is(err, errPresent) {
				return nil
			}
			return err
		}
		if err := tx.Defer(ctx, insertDependencyText, in.Org, blocked, blocker); err != nil {
			return fmt.Errorf("tasks: add dependency: %w", err)
		}
		if err := countWaiting(ctx, tx, in.Org, blocked, blocker); err != nil {
			return err
		}
		tx.Emit(taskEvent(EventDependencyAdded, waiting, standing, tx.DB().Now(), s.dependencyChanged(waiting, awaited)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.dependencies(ctx, standing, in.Task)
}

// RemoveDependency ends the waiting between two tasks. It may be said from either side.
//
// Permission: task.read on both, and task.edit on the one that waits. Errors: not_found where neither waits for the other.
// Events: tasks.dependency_removed, and tasks.task_unblocked where the task waits for nothing more.
func (s *Service) RemoveDependency(ctx context.Context, by veranda.Actor, in RemoveDependencyInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermRead)
	if err != nil {
		return err
	}
	if _, _, err := s.task(ctx, by, in.Org, in.Other, PermRead); err != nil {
		return err
	}
	found, err := s.dependencies(ctx, standing, in.Task)
	if err != nil {
		return err
	}
	blocked, blocker := in.Task, in.Other
	if slices.ContainsFunc(found.Blocks, func(t LinkedTask) bool { return t.ID == in.Other }) {
		blocked, blocker = in.Other, in.Task
	}
	standing, _, err = s.task(ctx, by, in.Org, blocked, PermEdit)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockGraph(ctx, tx, in.Org); err != nil {
			return err
		}
		waiting, awaited, err := s.lockPair(ctx, tx, in.Org, blocked, blocker)
		if err != nil {
			return err
		}
		if err := s.authz.Decide(ctx, s.conn.Bind(tx), standing, ask(PermEdit, waiting, standing)); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, deleteDependencyText, in.Org, blocked, blocker)
		if err != nil {
			return fmt.Errorf("tasks: remove dependency: %w", err)
		}
		if n == 0 {
			return veranda.ErrNotFound
		}
		if err := countWaiting(ctx, tx, in.Org, blocked, blocker); err != nil {
			return err
		}
		tx.Emit(taskEvent(EventDependencyRemoved, waiting, standing, tx.DB().Now(), s.dependencyChanged(waiting, awaited)))
		if awaited.State == Open {
			return s.emitUnblocked(ctx, tx, standing, in.Org, waiting.ID)
		}
		return nil
	})
}

// Dependencies reads what a task waits for and what waits for it. Tasks that the actor does not see are left out.
//
// Permission: task.read.
func (s *Service) Dependencies(ctx context.Context, by veranda.Actor, in GetInput) (*Dependencies, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermRead)
	if err != nil {
		return nil, err
	}
	return s.dependencies(ctx, standing, in.Task)
}

func (s *Service) dependencies(ctx context.Context, standing *veranda.Standing, id ID) (*Dependencies, error) {
	d := &Dependencies{}
	var err error
	if d.BlockedBy, err = s.linked(ctx, standing, linkedBlocker, id); err != nil {
		return nil, err
	}
	if d.Blocks, err = s.linked(ctx, standing, linkedBlocked, id); err != nil {
		return nil, err
	}
	return d, nil
}

// pair asks for the permissions on two tasks, of which the actor named one in the path and one in a field, and gives the
// standing at the one that is to wait.
func (s *Service) pair(ctx context.Context, by veranda.Actor, org veranda.OrgID, named, other, blocked ID, pointer string) (*veranda.Standing, error) {
	permission := func(id ID) veranda.Permission {
		if id == blocked {
			return PermEdit
		}
		return PermRead
	}
	standing, _, err := s.task(ctx, by, org, named, permission(named))
	if err != nil {
		return nil, err
	}
	there, _, err := s.task(ctx, by, org, other, permission(other))
	switch {
	case veranda.CodeOf(err) == veranda.CodeNotFound && other == blocked:
		return nil, err // it is what is to be changed
	case veranda.CodeOf(err) == veranda.CodeNotFound:
		var c veranda.Checks
		c.Add(pointer, "not_found", "is no task that you see")
		return nil, c.Err()
	case err != nil:
		return nil, err
	}
	if other == blocked {
		return there, nil
	}
	return standing, nil
}

// lockPair holds two tasks, in the order of their ids.
func (s *Service) lockPair(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, a, b ID) (first, second *Task, err error) {
	held := map[ID]*Task{}
	ids := []ID{a, b}
	slices.SortFunc(ids, func(x, y ID) int { return strings.Compare(x.String(), y.String()) })
	for _, id := range ids {
		if held[id], err = selectOne(ctx, tx, s.texts.lock, org, id); err != nil {
			return nil, nil, err
		}
		if held[id].ID.IsZero() {
			return nil, nil, veranda.ErrNotFound
		}
	}
	return held[a], held[b], nil
}

// checkEdge refuses a dependency that makes a circle or is one too many. errPresent says that it is there already.
func (s *Service) checkEdge(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, org veranda.OrgID, e edge) error {
	rows, err := tx.Query(ctx, countDependenciesText, org, e.blocked, e.blocker)
	if err != nil {
		return fmt.Errorf("tasks: count dependencies: %w", err)
	}
	var waitsFor, blocks, present int64
	for rows.Next() {
		if err := rows.Scan(&waitsFor, &blocks, &present); err != nil {
			_ = rows.Close()
			return fmt.Errorf("tasks: count dependencies: %w", err)
		}
	}
	_ = rows.Close()
	switch {
	case rows.Err() != nil:
		return fmt.Errorf("tasks: count dependencies: %w", rows.Err())
	case present > 0:
		return errPresent
	case waitsFor >= MaxDependencies || blocks >= MaxDependencies:
		return ErrDependencies
	}
	edges, err := selectEdges(ctx, tx, selectReachedText, org, e.blocked)
	if err != nil {
		return err
	}
	path := pathBetween(edges, e.blocked, e.blocker)
	if path == nil {
		return nil
	}
	titles, err := s.titles(ctx, standing, path)
	if err != nil {
		return err
	}
	var names []string
	for _, id := range append(path, e.blocked) {
		if title, seen := titles[id]; seen {
			names = append(names, "“"+title+"”")
		} else if len(names) == 0 || names[len(names)-1] != "…" {
			names = append(names, "…")
		}
	}
	failure := *ErrCycle
	failure.Message = "The tasks would wait for each other in a circle: " + strings.Join(names, " → ") + "."
	return &failure
}

// pathBetween is a shortest way along edges, from blocker to blocked, both ends included; nil where there is none.
func pathBetween(edges []edge, from, to ID) []ID {
	next := map[ID][]ID{}
	for _, e := range edges {
		next[e.blocker] = append(next[e.blocker], e.blocked)
	}
	cameFrom := map[ID]ID{from: {}}
	for queue := []ID{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == to {
			var path []ID
			for ; !at.IsZero(); at = cameFrom[at] {
				path = append(path, at)
			}
			slices.Reverse(path)
			return path
		}
		for _, id := range next[at] {
			if _, seen := cameFrom[id]; !seen {
				cameFrom[id] = at
				queue = append(queue, id)
			}
		}
	}
	return nil
}

// dependencyChanged is the data of the dependency_ kinds. Whoever sees the waiting task's workspace sees the event, so the
// other task is named only where it lies in the same one.
func (s *Service) dependencyChanged(waiting, awaited *Task) DependencyChanged {
	data := DependencyChanged{Title: waiting.Title}
	if waiting.Workspace == awaited.Workspace {
		data.Blocker, data.BlockerTitle = awaited.ID, awaited.Title
	}
	return data
}

// emitUnblocked says of those tasks that wait for nothing more that they can be begun.
func (s *Service) emitUnblocked(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, org veranda.OrgID, ids ...ID) error {
	for _, id := range ids {
		t, err := selectOne(ctx, tx, selectTask, org, id)
		if err != nil {
			return err
		}
		if !t.ID.IsZero() && t.State == Open && t.Waiting.Here+t.Waiting.Elsewhere == 0 {
			tx.Emit(taskEvent(EventTaskUnblocked, t, standing, tx.DB().Now(), TaskUnblocked{Title: t.Title, Assignees: t.Assignees}))
		}
	}
	return nil
}
