package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tasks"
)

// taskStructureRoutes are how tasks hang together, when they repeat and where they stand.
func taskStructureRoutes(s *web.Server, service *tasks.Service) {
	const one, board = "/v1/organizations/{org}/tasks/{task}", "/v1/organizations/{org}/workspaces/{workspace}/board"
	g := web.On(s, "Tasks", "Work for oneself or others, in a workspace.", service)
	web.Put(g, one+"/parent", "Make a task a part of another one", (*tasks.Service).SetParent)
	web.Get(g, one+"/dependencies", "List what a task waits for and what waits for it", (*tasks.Service).Dependencies)
	web.Post(g, one+"/dependencies", "Make a task wait for another one", (*tasks.Service).AddDependency)
	web.Delete(g, one+"/dependencies/{linked}", "End the waiting between two tasks", web.None((*tasks.Service).RemoveDependency))
	web.Put(g, one+"/recurrence", "Make a task repeat", (*tasks.Service).Recur)
	web.Delete(g, one+"/recurrence", "End a series with this task", (*tasks.Service).StopRecurring)
	web.Post(g, one+"/skip", "Skip an instance of a recurring task", (*tasks.Service).Skip)
	web.Post(g, one+"/reminders", "Be reminded of a task", (*tasks.Service).AddReminder)
	web.Get(g, one+"/reminders", "List one's own reminders of a task", (*tasks.Service).Reminders)
	web.Delete(g, one+"/reminders/{reminder}", "Delete a reminder", web.None((*tasks.Service).DeleteReminder))
	web.Post(g, one+"/move", "Put a task at another place", (*tasks.Service).Move)
	web.Get(g, board, "Read the stages of a workspace's board", (*tasks.Service).Board)
	web.Put(g, board, "Replace the stages of a workspace's board", (*tasks.Service).SetStages)
}
