package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// joiningRoutes are domains proved by the DNS, and joining an organization by an address in one.
func joiningRoutes(s *web.Server, service *tenancy.Service) {
	const one = "/v1/organizations/{org}"
	d := web.On(s, "Domains", "Mail domains an organization proves by a DNS record: whoever registers with an address in one asks to join.", service)
	web.Get(d, one+"/domains", "List the domains of an organization", (*tenancy.Service).Domains)
	web.Post(d, one+"/domains", "Claim a domain", (*tenancy.Service).ClaimDomain, web.Status(201), web.Describe("The answer holds the TXT record to set. A domain that is claimed already comes back as it is."))
	web.Post(d, one+"/domains/{domain}/check", "Prove a domain by its record", (*tenancy.Service).CheckDomain, web.Describe("Asks the DNS. The record stays for as long as the domain is to count as proved."))
	web.Delete(d, one+"/domains/{domain}", "Give a domain up", web.None((*tenancy.Service).RemoveDomain))

	j := web.On(s, "Joining", "Asking to join an organization that has proved the domain of one's address.", service)
	web.Get(j, one+"/join-requests", "List the requests to join", (*tenancy.Service).JoinRequests)
	web.Patch(j, one+"/join-requests/{request}", "Approve or decline a request to join", (*tenancy.Service).DecideJoin)
	web.Get(j, "/v1/me/joinable", "List the organizations one could ask to join", plain((*tenancy.Service).MyJoinable))
	web.Get(j, "/v1/me/join-requests", "List one's requests to join", plain((*tenancy.Service).MyJoinRequests))
	web.Create(j, "/v1/me/join-requests", "Ask to join an organization", (*tenancy.Service).AskToJoin, web.Idempotent())
	web.Delete(j, "/v1/me/join-requests/{request}", "Take a request to join back", web.None((*tenancy.Service).WithdrawJoin))
}
