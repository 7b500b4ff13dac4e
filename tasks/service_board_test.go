package tasks_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
)

// board makes the stages To do, Doing and Done.
func (f *fixture) board(t testing.TB) *tasks.Board {
	t.Helper()
	board, err := f.tasks.SetStages(context.Background(), f.Employee.Actor, tasks.SetStagesInput{
		Org: f.World.Org, Workspace: f.World.Open, Stages: []tasks.Stage{{Name: "To do"}, {Name: "Doing"}, {Name: "Done", Finished: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return board
}

// cards are the titles of a stage's cards, in order, read by pages of two; of the list where the stage is zero.
func (f *fixture) cards(t testing.TB, stage tasks.StageID) (titles []string) {
	t.Helper()
	in := tasks.ListInput{Org: f.World.Org, Workspaces: []veranda.WorkspaceID{f.World.Open}, Sort: tasks.SortRank, Page: veranda.Page{Limit: 2}}
	if !stage.IsZero() {
		in.Stage, in.Sort = stage, tasks.SortBoard
	}
	for {
		page, err := f.tasks.List(context.Background(), f.Employee.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		titles = append(titles, titlesOf(page.Items)...)
		if page.Next == "" {
			return titles
		}
		in.Cursor = page.Next
	}
}

func (f *fixture) move(t testing.TB, in tasks.MoveInput) *tasks.Task {
	t.Helper()
	in.Org = f.World.Org
	task, err := f.tasks.Move(context.Background(), f.Employee.Actor, in)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestBoard(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org, me := context.Background(), f.World.Org, f.Employee.Actor
		board := f.board(t)
		todo, doing, done := board.Stages[0].ID, board.Stages[1].ID, board.Stages[2].ID
		var list []*tasks.Task
		for _, title := range []string{"A", "B", "C"} {
			list = append(list, f.create(t, me, tasks.CreateInput{Title: title, Stage: todo}))
		}
		a, b, c := list[0].ID, list[1].ID, list[2].ID
		f.move(t, tasks.MoveInput{Task: c, Stage: todo, Before: a})
		f.move(t, tasks.MoveInput{Task: a, After: c})
		if d := diff([]string{"C", "A", "B"}, f.cards(t, todo)); d != "" {
			t.Errorf("to do (-want +got):\n%s", d)
		}
		if d := diff([]string{"B", "C", "A"}, f.cards(t, tasks.StageID{})); d != "" {
			t.Errorf("list (-want +got):\n%s", d)
		}
		if moved := f.move(t, tasks.MoveInput{Task: a, Stage: doing}); moved.Version != 2 || moved.Stage != doing {
			t.Errorf("moved to %+v", moved)
		}
		if moved := f.move(t, tasks.MoveInput{Task: a, Stage: done}); moved.State != tasks.Finished || moved.FinishedBy != f.Employee.Account {
			t.Errorf("in a finished stage: %+v", moved)
		}
		if moved := f.move(t, tasks.MoveInput{Task: a, Stage: todo, After: c}); moved.State != tasks.Open {
			t.Errorf("back in an open stage: %+v", moved)
		}
		if got := f.finish(t, me, b); got.Stage != done {
			t.Errorf("finished without the board it is in %v", got.Stage)
		}
		if d := diff([]string{"C", "A"}, f.cards(t, todo)); d != "" {
			t.Errorf("to do (-want +got):\n%s", d)
		}
		_, err := f.tasks.Move(ctx, me, tasks.MoveInput{Org: org, Task: a, Stage: todo, After: b})
		verandatest.WantFields(t, err, "/after not_found")
		_, err = f.tasks.Move(ctx, me, tasks.MoveInput{Org: org, Task: a, Stage: tasks.StageID(veranda.NewID[struct{}]())})
		verandatest.WantFields(t, err, "/stage_id not_found")
		_, err = f.tasks.Move(ctx, f.Guest.Actor, tasks.MoveInput{Org: org, Task: a, After: b})
		verandatest.WantCode(t, err, veranda.CodeForbidden)

		_, err = f.tasks.SetStages(ctx, f.Guest.Actor, tasks.SetStagesInput{Org: org, Workspace: f.World.Open})
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		_, err = f.tasks.SetStages(ctx, me, tasks.SetStagesInput{Org: org, Workspace: f.World.Open, Version: 7})
		verandatest.WantCode(t, err, veranda.CodePrecondition)
		_, err = f.tasks.SetStages(ctx, me, tasks.SetStagesInput{Org: org, Workspace: f.World.Open, Stages: []tasks.Stage{{Name: "X"}, {Name: "x"}, {}}})
		verandatest.WantFields(t, err, "/stages/1/name duplicate", "/stages/2/name required")
		after, err := f.tasks.SetStages(ctx, me, tasks.SetStagesInput{Org: org, Workspace: f.World.Open, Version: 1, Stages: []tasks.Stage{board.Stages[2], {ID: doing, Name: "Now"}}})
		if err != nil || after.Version != 2 || f.get(t, me, c).Stage != (tasks.StageID{}) {
			t.Errorf("after %+v, %v", after, err)
		}
		read, err := f.tasks.Board(ctx, f.Guest.Actor, tasks.BoardInput{Org: org, Workspace: f.World.Open})
		if err != nil || diff(after, read) != "" {
			t.Errorf("read %+v, %v", read, err)
		}
	})
}

// Whatever is moved, many times into the same gap, the order is that of a list in which it is done too.
func TestMovesAreThoseOfAList(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		me := f.Employee.Actor
		random := rand.New(rand.NewPCG(1, 2))
		var order []string
		ids := map[string]tasks.ID{}
		for i := range 8 {
			title := fmt.Sprint(i)
			order, ids[title] = append(order, title), f.create(t, me, tasks.CreateInput{Title: title}).ID
		}
		for i := range 150 {
			from, to := random.IntN(8), random.IntN(7)
			if i%3 > 0 { // the second last always right behind the first: fractions grow
				from, to = 6, 0
			}
			title := order[from]
			order = slices.Delete(order, from, from+1)
			if i%2 == 0 {
				f.move(t, tasks.MoveInput{Task: ids[title], After: ids[order[to]]})
				to++
			} else {
				f.move(t, tasks.MoveInput{Task: ids[title], Before: ids[order[to]]})
			}
			order = slices.Insert(order, to, title)
		}
		if d := diff(order, f.cards(t, tasks.StageID{})); d != "" {
			t.Errorf("order (-want +got):\n%s", d)
		}
		for _, id := range ids {
			if got := f.get(t, me, id).Rank; len(got) > 64 {
				t.Errorf("a rank of %d characters", len(got))
			}
		}
	})
}

// Moves at once lose no card and give no two the same place.
func TestConcurrentMoves(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		board := f.board(t)
		var list []*tasks.Task
		for i := range 6 {
			list = append(list, f.create(t, f.Employee.Actor, tasks.CreateInput{Title: fmt.Sprint(i), Stage: board.Stages[0].ID}))
		}
		n := together(t, 10, nil, func(i int) error {
			_, err := f.tasks.Move(context.Background(), f.Employee.Actor, tasks.MoveInput{
				Org: f.World.Org, Task: list[i%5+1].ID, Stage: board.Stages[0].ID, After: list[0].ID,
			})
			return err
		})
		page, err := f.tasks.List(context.Background(), f.Employee.Actor, tasks.ListInput{
			Org: f.World.Org, Workspaces: []veranda.WorkspaceID{f.World.Open}, Stage: board.Stages[0].ID, Sort: tasks.SortBoard,
		})
		if err != nil {
			t.Fatal(err)
		}
		places := map[string]bool{}
		for _, task := range page.Items {
			places[task.BoardRank] = true
		}
		if n != 10 || len(page.Items) != 6 || len(places) != 6 || page.Items[0].ID != list[0].ID {
			t.Errorf("%d moves, %d cards in %d places", n, len(page.Items), len(places))
		}
	})
}
