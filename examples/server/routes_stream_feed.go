package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/stream"
)

func streamFeedRoutes(s *web.Server, service *stream.Service) {
	const mutes = "/v1/organizations/{org}/stream/mutes"
	g := web.On(s, "Stream", "What happened in a workspace, newest first, and what people say there.", service)
	web.Get(g, "/v1/organizations/{org}/workspaces/{workspace}/stream/run", "List what an item of a stream stands for", (*stream.Service).ListRun)
	web.Get(g, mutes, "List what one has muted", (*stream.Service).ListMutes)
	web.Put(g, mutes+"/workspaces/{workspace}", "Mute a workspace, or a kind of events in it", web.None((*stream.Service).MuteWorkspace))
	web.Delete(g, mutes+"/workspaces/{workspace}", "Unmute a workspace, or a kind of events in it", web.None((*stream.Service).UnmuteWorkspace))
	web.Put(g, mutes+"/people/{account}", "Mute a person", web.None((*stream.Service).MutePerson))
	web.Delete(g, mutes+"/people/{account}", "Unmute a person", web.None((*stream.Service).UnmutePerson))
}
