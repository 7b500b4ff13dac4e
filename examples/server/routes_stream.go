package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/stream"
)

func streamRoutes(s *web.Server, service *stream.Service) {
	const status = "/v1/organizations/{org}/statuses/{status}"
	g := web.On(s, "Stream", "What happened in a workspace, newest first, and what people say there.", service)
	web.Get(g, "/v1/organizations/{org}/workspaces/{workspace}/stream", "Read the stream of a workspace", (*stream.Service).List)
	web.Get(g, "/v1/organizations/{org}/stream", "Read the stream of all one's workspaces", (*stream.Service).ListAll)
	web.Create(g, "/v1/organizations/{org}/workspaces/{workspace}/statuses", "Post a status", (*stream.Service).Post, web.Idempotent())
	web.Get(g, status, "Read a status", (*stream.Service).Get)
	web.Patch(g, status, "Change a status", (*stream.Service).Edit)
	web.Delete(g, status, "Delete a status", web.None((*stream.Service).Delete))
	web.Get(g, status+"/history", "List the former texts of a status", (*stream.Service).History)
	web.Create(g, status+"/comments", "Comment on a status", (*stream.Service).AddComment, web.Idempotent())
	web.Get(g, status+"/comments", "List the comments of a status", (*stream.Service).ListComments)
	web.Patch(g, status+"/comments/{comment}", "Change a comment on a status", (*stream.Service).EditComment)
	web.Delete(g, status+"/comments/{comment}", "Delete a comment on a status", web.None((*stream.Service).DeleteComment))
	web.Put(g, status+"/reactions/{reaction}", "React to a status", (*stream.Service).React)
	web.Delete(g, status+"/reactions/{reaction}", "Take a reaction to a status back", (*stream.Service).Unreact)
	web.Get(g, status+"/reactions", "List who reacted to a status", (*stream.Service).ListReactions)
	web.Put(g, status+"/comments/{comment}/reactions/{reaction}", "React to a comment", (*stream.Service).ReactToComment)
	web.Delete(g, status+"/comments/{comment}/reactions/{reaction}", "Take a reaction to a comment back", (*stream.Service).UnreactToComment)
	web.Get(g, status+"/comments/{comment}/reactions", "List who reacted to a comment", (*stream.Service).ListCommentReactions)
}
