package main

import (
	"context"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/tasks"
)

// peopleOf are the keys of those who take part in a workspace.
func peopleOf(key string) []string {
	for _, w := range demoWorkspaces {
		if w.key == key {
			return w.people
		}
	}
	return nil
}

// pick draws one of several.
func pick[T any](d *demo, from []T) T { return from[d.random.IntN(len(from))] }

// without are the keys but some.
func without(keys []string, not ...string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return slices.Contains(not, key) })
}

// workday is a moment of office hours on the n-th working day since the start.
func (d *demo) workday(n int) time.Time {
	return d.at(n/5*7+n%5, 9+d.random.IntN(8), d.random.IntN(60))
}

// between is a moment between two, in office hours where there are any.
func (d *demo) between(from, to time.Time) time.Time {
	part := time.Duration((0.2 + 0.7*d.random.Float64()) * float64(to.Sub(from)))
	at := from.Add(part).In(d.start.Location())
	for at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		at = at.AddDate(0, 0, -1)
	}
	at = time.Date(at.Year(), at.Month(), at.Day(), 9+d.random.IntN(9), d.random.IntN(60), 0, 0, at.Location())
	if !at.After(from) || !at.Before(to) {
		return from.Add(part)
	}
	return at
}

// planTasks spreads the tasks over the working days after the first. Of eight, one is never finished and one is late.
func (d *demo) planTasks() {
	for i, n := range d.random.Perm(len(demoTasks)) {
		created := d.workday(1 + i*(5*demoWeeks-1)/len(demoTasks))
		p := &plannedTask{demoTask: demoTasks[n], demo: d, created: created}
		p.due = d.dueAfter(created)
		p.unfinished, p.late, p.dateless = i%8 == 3, i%8 == 6, i%10 == 9
		p.plan()
	}
}

// dueAfter is five in the afternoon of a working day, two to nine days later.
func (d *demo) dueAfter(created time.Time) time.Time {
	due := created.AddDate(0, 0, 2+d.random.IntN(8))
	for due.Weekday() == time.Saturday || due.Weekday() == time.Sunday {
		due = due.AddDate(0, 0, 1)
	}
	return time.Date(due.Year(), due.Month(), due.Day(), 17, 0, 0, 0, due.Location())
}

// plannedTask is a task with what will happen to it.
type plannedTask struct {
	demoTask
	demo                       *demo
	created, due               time.Time
	unfinished, late, dateless bool

	creator, assignee string
	id                tasks.ID
	items             []tasks.ChecklistItem
}

func (p *plannedTask) plan() {
	d, people := p.demo, peopleOf(p.workspace)
	p.creator = pick(d, without(people, "noor")) // a guest makes no tasks
	p.assignee = pick(d, people)
	assignedLater := d.random.IntN(3) == 0
	d.then(p.created, func(ctx context.Context) error { return p.create(ctx, assignedLater) })
	begun := p.created
	if assignedLater {
		begun = p.created.Add(time.Duration(20+d.random.IntN(100)) * time.Minute)
		d.then(begun, p.assign)
	}
	finished := d.between(begun, p.due)
	if p.late {
		finished = d.between(p.due, p.due.AddDate(0, 0, 3))
	}
	for i := range p.steps { // half the steps of what is never finished
		if !p.unfinished || i%2 == 0 {
			d.then(d.between(begun, finished), func(ctx context.Context) error { return p.tick(ctx, i) })
		}
	}
	for range d.random.IntN(3) {
		author, text := pick(d, people), pick(d, demoComments)
		d.then(d.between(begun, finished), func(ctx context.Context) error {
			_, err := d.services.tasks.AddComment(ctx, d.as(author), tasks.AddCommentInput{Org: d.org, Task: p.id, Text: text})
			return err
		})
	}
	if !p.unfinished {
		d.then(finished, func(ctx context.Context) error {
			_, err := d.services.tasks.Finish(ctx, d.as(p.assignee), tasks.FinishInput{Org: d.org, Task: p.id})
			return err
		})
	}
}

func (p *plannedTask) create(ctx context.Context, assignedLater bool) error {
	d := p.demo
	in := tasks.CreateInput{Org: d.org, Workspace: d.workspaces[p.workspace], Title: p.title, Priority: p.priority, Labels: p.labels}
	if !p.dateless {
		in.DueAt = &p.due
	}
	if !assignedLater {
		in.Assignees = []veranda.AccountID{d.accounts[p.assignee]}
	}
	for _, text := range p.steps {
		in.Checklist = append(in.Checklist, tasks.ChecklistItem{Text: text})
	}
	task, err := d.services.tasks.Create(ctx, d.as(p.creator), in)
	if err != nil {
		return err
	}
	p.id, p.items = task.ID, task.Checklist
	return nil
}

func (p *plannedTask) assign(ctx context.Context) error {
	d := p.demo
	in := tasks.UpdateInput{Org: d.org, Task: p.id, Assignees: []veranda.AccountID{d.accounts[p.assignee]}}
	_, err := d.services.tasks.Update(ctx, d.as(p.creator), in)
	return err
}

func (p *plannedTask) tick(ctx context.Context, item int) error {
	d := p.demo
	_, err := d.services.tasks.TickItem(ctx, d.as(p.assignee), tasks.TickItemInput{Org: d.org, Task: p.id, Item: p.items[item].ID, Done: true})
	return err
}

// planStatuses has people write, answer and react.
func (d *demo) planStatuses() {
	for _, status := range demoStatuses {
		posted := d.workday(status.day)
		var id stream.ID
		d.then(posted, func(ctx context.Context) error {
			made, err := d.services.stream.Post(ctx, d.as(status.author), stream.PostInput{Org: d.org, Workspace: d.workspaces[status.workspace], Text: status.text})
			if err == nil {
				id = made.ID
			}
			return err
		})
		answered := posted
		for _, reply := range status.replies {
			answered = answered.Add(time.Duration(4+d.random.IntN(40)) * time.Minute)
			d.then(answered, func(ctx context.Context) error {
				_, err := d.services.stream.AddComment(ctx, d.as(reply.author), stream.AddCommentInput{Org: d.org, Status: id, Text: reply.text})
				return err
			})
		}
		readers := without(peopleOf(status.workspace), status.author)
		for _, n := range d.random.Perm(len(readers))[:1+d.random.IntN(len(readers))] {
			reaction := pick(d, []stream.Reaction{stream.ReactionLike, stream.ReactionLike, stream.ReactionLike, stream.ReactionLove, stream.ReactionThanks})
			d.then(posted.Add(time.Duration(3+d.random.IntN(200))*time.Minute), func(ctx context.Context) error {
				_, err := d.services.stream.React(ctx, d.as(readers[n]), stream.ReactInput{Org: d.org, Status: id, Reaction: reaction})
				return err
			})
		}
	}
}
