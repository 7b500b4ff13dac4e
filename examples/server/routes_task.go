package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tasks"
)

func taskRoutes(s *web.Server, service *tasks.Service) {
	const all, one = "/v1/organizations/{org}/tasks", "/v1/organizations/{org}/tasks/{task}"
	g := web.On(s, "Tasks", "Work for oneself or others, in a workspace.", service)
	web.Create(g, "/v1/organizations/{org}/workspaces/{workspace}/tasks", "Create a task", (*tasks.Service).Create, web.Idempotent())
	web.Get(g, all, "List tasks", (*tasks.Service).List)
	web.Get(g, one, "Read a task", (*tasks.Service).Get)
	web.Patch(g, one, "Change a task", (*tasks.Service).Update)
	web.Delete(g, one, "Delete a task", web.None((*tasks.Service).Delete))
	web.Post(g, one+"/finish", "Finish a task", (*tasks.Service).Finish)
	web.Post(g, one+"/reopen", "Reopen a task", (*tasks.Service).Reopen)
	web.Put(g, one+"/checklist", "Replace the checklist", (*tasks.Service).SetChecklist)
	web.Post(g, one+"/checklist/{item}", "Tick an item of the checklist", (*tasks.Service).TickItem)
	web.Put(g, one+"/follow", "Follow a task", (*tasks.Service).Follow)
	web.Delete(g, one+"/follow", "Unfollow a task", (*tasks.Service).Unfollow)
	web.Create(g, one+"/comments", "Comment on a task", (*tasks.Service).AddComment, web.Idempotent())
	web.Get(g, one+"/comments", "List the comments of a task", (*tasks.Service).Comments)
	web.Patch(g, one+"/comments/{comment}", "Change a comment", (*tasks.Service).EditComment)
	web.Delete(g, one+"/comments/{comment}", "Delete a comment", web.None((*tasks.Service).DeleteComment))
	web.Get(g, "/v1/organizations/{org}/workspaces/{workspace}/labels", "List the labels of a workspace", (*tasks.Service).Labels)
}
