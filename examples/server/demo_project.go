package main

import (
	"context"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/workspace/calendar"
)

// demoStages are the board of the boathouse.
var demoStages = []tasks.Stage{{Name: "To do"}, {Name: "On site"}, {Name: "Accepted", Finished: true}}

// demoPart is a part of the boathouse's largest task: who does it, on which stage it is, in so many days from which to
// which, and which part it waits for.
type demoPart struct {
	title, assignee string
	stage, from, to int // the stages are counted from zero
	after           int // the part before, counted from one; 0 for none
}

const demoWhole = "Build the new stair"

var demoParts = []demoPart{
	{title: "Take the old stair out", assignee: "mateo", stage: 2, from: 22, to: 23},
	{title: "Cast the footing", assignee: "kwame", stage: 1, from: 24, to: 31, after: 1},
	{title: "Set the strings and treads", assignee: "mateo", from: 32, to: 36, after: 2},
	{title: "Handrail, oiled twice", assignee: "jun", from: 37, to: 40, after: 3},
}

// demoRound is a task that comes again each week.
const demoRound = "Walk around the site with the club"

// demoProjectTasks is how many tasks planProject makes.
var demoProjectTasks = len(demoParts) + 2

// planProject gives the boathouse a board, a task in parts of which each waits for the one before, and one that comes again.
func (d *demo) planProject() {
	var board *tasks.Board
	ids := make([]tasks.ID, len(demoParts))
	for i, part := range demoParts {
		if part.stage > 0 {
			d.then(d.at(part.from+1, 16, 20), func(ctx context.Context) error {
				_, err := d.services.tasks.Move(ctx, d.as(part.assignee), tasks.MoveInput{Org: d.org, Task: ids[i], Stage: board.Stages[part.stage].ID})
				return err
			})
		}
	}
	d.then(d.at(21, 10, 5), func(ctx context.Context) (err error) {
		org, place, by := d.org, d.workspaces[boathouse], d.as("jun")
		board, err = d.services.tasks.SetStages(ctx, by, tasks.SetStagesInput{Org: org, Workspace: place, Stages: demoStages})
		if err != nil {
			return err
		}
		day := func(n int) string { return d.at(n, 0, 0).Format(time.DateOnly) }
		whole, err := d.services.tasks.Create(ctx, by, tasks.CreateInput{
			Org: org, Workspace: place, Title: demoWhole, Priority: high, Assignees: []veranda.AccountID{d.accounts["jun"]}, Labels: []string{"stairs"},
			ScheduleInput: tasks.ScheduleInput{StartOn: day(22), DueOn: day(40), TimeZone: demoZone},
		})
		if err != nil {
			return err
		}
		for i, part := range demoParts {
			made, err := d.services.tasks.Create(ctx, by, tasks.CreateInput{
				Org: org, Workspace: place, Title: part.title, Parent: whole.ID, Stage: board.Stages[0].ID, Assignees: []veranda.AccountID{d.accounts[part.assignee]},
				ScheduleInput: tasks.ScheduleInput{StartOn: day(part.from), DueOn: day(part.to), TimeZone: demoZone},
			})
			if err != nil {
				return err
			}
			ids[i] = made.ID
			if part.after > 0 {
				if _, err := d.services.tasks.AddDependency(ctx, by, tasks.DependencyInput{Org: org, Task: made.ID, BlockedBy: ids[part.after-1]}); err != nil {
					return err
				}
			}
		}
		_, err = d.services.tasks.Create(ctx, by, tasks.CreateInput{
			Org: org, Workspace: place, Title: demoRound, Priority: normal, Assignees: []veranda.AccountID{d.accounts["jun"]},
			ScheduleInput: tasks.ScheduleInput{DueOn: day(31), TimeZone: demoZone}, Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=WEEKLY;BYDAY=TH"},
		})
		return err
	})
}

// The demo's meeting, each Tuesday.
const demoMeeting = "Site meeting"

// planMeeting makes an event with guests, who answer, at the same time of the day in summer and winter.
func (d *demo) planMeeting() {
	d.then(d.at(21, 11, 0), func(ctx context.Context) error {
		starts, ends := d.at(22, 9, 30), d.at(22, 10, 15)
		made, err := d.services.calendar.Create(ctx, d.as("jun"), calendar.CreateInput{
			Org: d.org, Workspace: d.workspaces[boathouse], Title: demoMeeting, Place: "The boathouse, ground floor", StartsAt: &starts, EndsAt: &ends, TimeZone: demoZone,
			Recurrence: "FREQ=WEEKLY;BYDAY=TU;COUNT=12", Reminders: []int{30},
			Guests: []veranda.AccountID{d.accounts["mateo"], d.accounts["kwame"], d.accounts["ines"], d.accounts["daniel"]},
		})
		if err != nil {
			return err
		}
		for key, answer := range map[string]calendar.Answer{"mateo": calendar.Accepted, "daniel": calendar.Accepted, "ines": calendar.Tentative} {
			if _, err := d.services.calendar.Respond(ctx, d.as(key), calendar.AnswerInput{Org: d.org, Event: made.ID, Answer: answer}); err != nil {
				return err
			}
		}
		return nil
	})
}
