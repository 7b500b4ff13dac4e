package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/workspace/statistics"
)

func statisticsRoutes(s *web.Server, service *statistics.Service) {
	const all = "/v1/organizations/{org}/statistics"
	g := web.On(s, "Statistics", "Figures of each week, for an organization, a workspace or a person.", service)
	web.Get(g, all+"/weeks", "List past weeks", (*statistics.Service).Weeks)
	web.Get(g, all+"/current", "Read the running week", (*statistics.Service).Current)
	web.Get(g, all+"/preferences", "Read one's preferences", (*statistics.Service).Preferences)
	web.Put(g, all+"/preferences", "Choose whether the digest comes by mail", (*statistics.Service).SetDigest)
}
