package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

func policyRoutes(s *web.Server, service *services) {
	g := web.On(s, "Policy", "The casbin rows that say who may do what.", service.tenancy)
	web.Get(g, "/v1/organizations/{org}/policy", "Read the policy in force", (*tenancy.Service).Policy)
}
