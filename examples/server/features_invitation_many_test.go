package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

func invitationManyAtOnce(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Many")
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"domains": []string{"people.example"}}, "If-Match: *").want(http.StatusOK)
	here := owner.join(t, org, "", "internal", "Hera Here")
	const many = 300
	addresses, want := []string{}, []string{}
	for i := range many {
		switch i {
		case 7:
			addresses, want = append(addresses, here.address), append(want, "already_here")
		case 11:
			addresses, want = append(addresses, at(newAddress("x"), "elsewhere.example")), append(want, "not_allowed domain")
		default:
			addresses, want = append(addresses, newAddress(fmt.Sprint("many", i))), append(want, "sent")
		}
	}
	if diff := cmp.Diff(want, owner.inviting(t, org, "", "internal", addresses...)); diff != "" {
		t.Errorf("inviting many (-want +got):\n%s", diff)
	}
	tokens := map[string]bool{}
	for i, address := range addresses {
		if want[i] == "sent" {
			tokens[s.inbox.wait(t, address, 1).token(t)] = true
		}
	}
	if len(tokens) != many-2 {
		t.Errorf("%d different links were mailed, want one each for %d", len(tokens), many-2)
	}
	s.anonymous().post(t, acceptPath, accepting(s.inbox.wait(t, addresses[many-1], 1).token(t), "Last One")).want(http.StatusOK)

	people := []any{}
	for i := range 1001 {
		people = append(people, map[string]any{"address": newAddress(fmt.Sprint("more", i))})
	}
	owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": people}).invalid("/people too_many")
	// One bad address refuses all, so that a corrected list can simply be sent again.
	people[3] = map[string]any{"address": "nonsense"}
	owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": people[:20]}).invalid("/people/3/address email")
	pending := owner.get(t, "/v1/organizations/"+org+"/invitations?state=pending&limit=100").want(http.StatusOK)
	if got := len(pending.items()); got != 100 || pending.text("next") == "" {
		t.Errorf("the first page has %d invitations, next %v", got, pending.field("next"))
	}
}

func invitationTellsNothing(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Curious")
	garden := owner.workspace(t, org, "Garden", false)
	pending := newAddress("Petra Pending")
	s.elsewhere().post(t, "/v1/accounts", registration(pending, password, "Petra Pending")).want(http.StatusAccepted)
	addresses := []string{newAddress("Unknown"), s.register(t, "Kurt Known").address, pending}
	// Everything about an invitation but its own address, id and time.
	facts := func(item map[string]any) map[string]any {
		for _, name := range []string{"id", "invitation_id", "address", "recipient", "created_at", "ended_at", "expires_at"} {
			delete(item, name)
		}
		return item
	}
	for _, kind := range []string{"internal", "external", "guest"} {
		workspace, people := "", []any{}
		if kind == "external" {
			workspace = garden
		}
		for _, a := range addresses {
			people = append(people, map[string]any{"address": a, "kind": kind})
		}
		body := map[string]any{"people": people}
		if workspace != "" {
			body["workspace_id"] = workspace
		}
		items := owner.post(t, "/v1/organizations/"+org+"/invitations", body).want(http.StatusOK).items()
		for _, item := range items {
			if item["result"] != "sent" {
				t.Errorf("%v as %s is %v", item["address"], kind, item)
			}
			if diff := cmp.Diff(facts(items[0]), facts(item)); diff != "" {
				t.Errorf("an unknown (-) and another (+) address differ as %s:\n%s", kind, diff)
			}
		}
	}
	for _, a := range addresses {
		for i := range 3 {
			s.inbox.last(t, a, "/invitation?token=")
			verandatest.Eventually(t, 30*time.Second, "three invitations to "+a, func() bool { return len(s.inbox.holding(a, "/invitation?token=")) > i })
		}
	}
	// Nor do the lists of invitations and of what was sent tell.
	invitations := owner.get(t, "/v1/organizations/"+org+"/invitations").want(http.StatusOK).items()
	var deliveries []map[string]any
	verandatest.Eventually(t, 30*time.Second, "nine mails are sent", func() bool {
		deliveries = owner.get(t, "/v1/organizations/"+org+"/deliveries?state=sent").want(http.StatusOK).items()
		return len(deliveries) == 9
	})
	kinds := map[any]map[string]any{}
	for _, item := range invitations {
		if first, ok := kinds[item["kind"]]; !ok {
			kinds[item["kind"]] = facts(item)
		} else if diff := cmp.Diff(first, facts(item)); diff != "" {
			t.Errorf("the invitations differ:\n%s", diff)
		}
	}
	if len(invitations) != 9 || len(kinds) != 3 {
		t.Errorf("%d invitations of %d kinds are listed", len(invitations), len(kinds))
	}
	for _, item := range deliveries {
		if diff := cmp.Diff(facts(deliveries[0]), facts(item)); diff != "" {
			t.Errorf("the deliveries differ:\n%s", diff)
		}
	}
}
