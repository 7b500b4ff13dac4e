package main

import (
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

func policyRoutes(s *web.Server, service *services) {
	g := web.On(s, "Policy", "The casbin rows that say who may do what.", service.tenancy)
	web.Get(g, "/v1/organizations/{org}/policy", "Read the policy in force", (*tenancy.Service).Policy)
	web.Put(g, "/v1/organizations/{org}/policy", "Replace the organization's own policy rows", (*tenancy.Service).SetOrganizationPolicy,
		web.Describe("They hold in addition to the installation's, at the next call. `If-Match` is the tag of the policy in force."))
	web.Raw(g, fiber.MethodGet, "/v1/organizations/{org}/policy.csv", "Export policy rows", policyCSV, web.Media("text/csv"))
}
