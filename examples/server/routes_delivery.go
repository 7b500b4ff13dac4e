package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

func deliveryRoutes(s *web.Server, service *tenancy.Service) {
	const all, one = "/v1/organizations/{org}/deliveries", "/v1/organizations/{org}/deliveries/{delivery}"
	g := web.On(s, "Deliveries", "What was sent where, by mail or phone, and what became of it.", service)
	web.Get(g, all, "List what was sent", (*tenancy.Service).Deliveries)
	web.Get(g, one, "Read what became of something sent", (*tenancy.Service).Delivery)
	web.Post(g, one+"/send-again", "Send again what failed", (*tenancy.Service).SendAgain, web.Status(201), web.Describe("An entry of its own in the log, with the same content and link."))
}
