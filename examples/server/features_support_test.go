package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func supportFeatures() []feature {
	return []feature{{"T18", []clause{
		{name: "first_on_command_line", run: supportFirst}, {name: "anybody_writes", run: supportAnybody}, {name: "conversation", run: supportConversation},
		{name: "theirs_alone", run: supportTheirsAlone}, {name: "carried_out_once_confirmed", run: supportCarriesOut},
		{name: "lost_second_factor", run: supportLostFactor},
		{name: "content_by_consent", run: supportConsent}, {name: "private_workspace", run: supportPrivateWorkspace},
		{name: "consent_ends", run: supportConsentEnds, alone: true},
	}}}
}

// platformSupport is somebody of the platform's own, made on the command line.
func (s *stack) platformSupport(t *testing.T) *caller {
	t.Helper()
	person := s.register(t, "Sam Support")
	person.makeSupport(t)
	return person
}

func supportFirst(t *testing.T, s *stack) {
	sam := s.platformSupport(t)
	sue := s.register(t, "Sue Support")
	sue.get(t, "/v1/support/queue").want(http.StatusForbidden)
	sue.post(t, "/v1/support/staff", map[string]any{"address": sue.address}).want(http.StatusForbidden)
	sam.post(t, "/v1/support/staff", map[string]any{"address": "nobody@people.example"}).invalid("/address not_found")
	sam.post(t, "/v1/support/staff", map[string]any{"address": sue.address}).want(http.StatusOK)
	sue.get(t, "/v1/support/queue").want(http.StatusOK)
	sue.delete(t, "/v1/support/staff/"+sue.account).refused(http.StatusForbidden, "support.own_staff")
	sam.delete(t, "/v1/support/staff/"+sue.account).want(http.StatusNoContent)
	sue.get(t, "/v1/support/queue").want(http.StatusForbidden)
}

func supportAnybody(t *testing.T, s *stack) {
	person := s.register(t, "Paula Person")
	nobody := s.elsewhere()
	known := nobody.post(t, "/v1/support/requests", map[string]any{"address": person.address, "topic": "sign_in", "subject": "Locked out", "text": "Help"}).want(http.StatusAccepted)
	unknown := newAddress("Stranger")
	other := nobody.post(t, "/v1/support/requests", map[string]any{"address": unknown, "topic": "sign_in", "subject": "Locked out", "text": "Help"}).want(http.StatusAccepted)
	if diff := cmp.Diff(string(known.Body), string(other.Body)); diff != "" {
		t.Errorf("a known and an unknown address (-known +unknown):\n%s", diff)
	}
	s.inbox.last(t, unknown, "Your request has reached us")
	if got := person.get(t, "/v1/support/requests").want(http.StatusOK).column("subject"); !slices.Equal(got, []string{"Locked out"}) {
		t.Errorf("requests from one's own address: %v", got)
	}
	id := person.post(t, "/v1/support/requests", map[string]any{"topic": "other", "subject": "More", "text": "I forgot"}).want(http.StatusAccepted).text("id")
	person.get(t, "/v1/support/requests/"+id).want(http.StatusOK)
	nobody.post(t, "/v1/support/requests", map[string]any{"topic": "weather", "subject": " ", "text": "\u200b"}).invalid(
		"/address required", "/topic one_of", "/subject required", "/text required")
}

func supportConversation(t *testing.T, s *stack) {
	sam := s.platformSupport(t)
	person := s.register(t, "Paula Person")
	id := person.post(t, "/v1/support/requests", map[string]any{"topic": "other", "subject": "How do I", "text": "print a stream?"}).want(http.StatusAccepted).text("id")
	path := "/v1/support/requests/" + id
	if queue := sam.get(t, "/v1/support/queue?limit=200").want(http.StatusOK); !slices.Contains(queue.column("id"), id) {
		t.Fatalf("the queue does not hold the request: %s", queue.Body)
	}
	taken := sam.patch(t, path, map[string]any{"take": true}, "If-Match: *").want(http.StatusOK)
	if taken.text("assigned_to") != sam.account {
		t.Errorf("taken: %s", taken.Body)
	}
	sam.post(t, path+"/messages", map[string]any{"text": "By the print button."}).want(http.StatusOK)
	s.inbox.last(t, person.address, "By the print button.")
	answered := person.get(t, path).want(http.StatusOK)
	if answered.text("state") != "answered" || answered.text("messages.1.author") != "support" {
		t.Errorf("answered: %s", answered.Body)
	}
	person.post(t, path+"/messages", map[string]any{"text": "Found it."}).want(http.StatusOK)
	person.patch(t, path, map[string]any{"state": "closed"}, "If-Match: "+answered.Header.Get("ETag")).want(http.StatusPreconditionFailed)
	person.patch(t, path, map[string]any{"state": "closed"}, "If-Match: *").want(http.StatusOK)
	person.patch(t, path, map[string]any{"state": "open"}, "If-Match: *").want(http.StatusForbidden)
}

func supportTheirsAlone(t *testing.T, s *stack) {
	person, stranger := s.register(t, "Paula Person"), s.register(t, "Sven Stranger")
	id := person.post(t, "/v1/support/requests", map[string]any{"topic": "other", "subject": "Private", "text": "matter"}).want(http.StatusAccepted).text("id")
	nowhere := stranger.get(t, "/v1/support/requests/01890000-0000-7000-8000-000000000000").want(http.StatusNotFound)
	there := stranger.get(t, "/v1/support/requests/"+id).want(http.StatusNotFound)
	if diff := cmp.Diff(nowhere.text("detail"), there.text("detail")); diff != "" {
		t.Errorf("another's request and none (-want +got):\n%s", diff)
	}
	stranger.post(t, "/v1/support/requests/"+id+"/messages", map[string]any{"text": "x"}).want(http.StatusNotFound)
	if got := stranger.get(t, "/v1/support/requests").want(http.StatusOK).items(); len(got) != 0 {
		t.Errorf("a stranger's requests: %v", got)
	}
}

func supportCarriesOut(t *testing.T, s *stack) {
	sam := s.platformSupport(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Too many invitations")
	owner.invite(t, org, "", "internal", newAddress("Mistake"))
	invitation := owner.get(t, "/v1/organizations/"+org+"/invitations").want(http.StatusOK).column("id")[0]
	owner.delete(t, "/v1/organizations/"+org+"/invitations/"+invitation).want(http.StatusForbidden)
	id := owner.post(t, "/v1/support/requests", map[string]any{"topic": "invitation", "subject": "Wrong person", "text": "Please take " + invitation + " back", "organization_id": org}).want(http.StatusAccepted).text("id")
	path := "/v1/support/requests/" + id + "/actions"
	sam.post(t, path, map[string]any{"action": "withdraw_invitation", "target": "x"}).invalid("/organization_id required", "/target target")
	proposed := sam.post(t, path, map[string]any{"action": "withdraw_invitation", "organization_id": org, "target": invitation}).want(http.StatusOK)
	action := path + "/" + proposed.text("actions.0.id")
	s.inbox.last(t, owner.address, "withdraw_invitation: "+invitation)
	sam.post(t, action+"/carry-out", nil).refused(http.StatusConflict, "support.not_confirmed")
	sam.post(t, action+"/confirm", nil).want(http.StatusNotFound)
	s.register(t, "Sven Stranger").post(t, action+"/confirm", nil).want(http.StatusNotFound)
	owner.post(t, action+"/carry-out", nil).want(http.StatusForbidden)
	owner.post(t, action+"/confirm", nil).want(http.StatusOK)
	done := sam.post(t, action+"/carry-out", nil).want(http.StatusOK)
	if done.text("actions.0.state") != "done" || done.text("actions.0.done_by") != sam.account {
		t.Errorf("carried out: %s", done.Body)
	}
	sam.post(t, action+"/carry-out", nil).refused(http.StatusConflict, "support.not_confirmed")
	if got := slices.Collect(maps.Values(owner.states(t, org))); !slices.Equal(got, []string{"withdrawn"}) {
		t.Errorf("invitations: %v", got)
	}
	for _, kind := range []string{"support.action_proposed", "support.action_confirmed", "support.action_done", "tenancy.invitation_withdrawn"} {
		if !slices.Contains(owner.audit(t, org, ""), kind) {
			t.Errorf("the tenant's log has no %s", kind)
		}
	}
}

// Who has lost the second factor and all codes confirms by the password alone what gives the account back.
func supportLostFactor(t *testing.T, s *stack) {
	sam := s.platformSupport(t)
	person := s.register(t, "Lara Locked")
	person.setUp(t)
	signIn := func() *reply {
		return s.anonymous().post(t, "/v1/sessions", map[string]any{"address": person.address, "password": password, "kind": "program"})
	}
	signIn().refused(http.StatusUnauthorized, "sign_in.code_required")
	s.elsewhere().post(t, "/v1/support/requests", map[string]any{"address": person.address, "topic": "sign_in", "subject": "Lost phone", "text": "Help"}).want(http.StatusAccepted)
	var id string
	for _, item := range sam.get(t, "/v1/support/queue?limit=200").want(http.StatusOK).items() {
		if item["address"] == person.address {
			id = item["id"].(string)
		}
	}
	path := "/v1/support/requests/" + id + "/actions"
	action := sam.post(t, path, map[string]any{"action": "remove_second_factor", "target": person.address}).want(http.StatusOK).text("actions.0.id")
	s.inbox.last(t, person.address, "/support?token="+id+"."+action)
	sam.post(t, path+"/"+action+"/carry-out", nil).refused(http.StatusConflict, "support.not_confirmed")
	body := map[string]any{"request_id": id, "action_id": action, "address": person.address, "password": "not the right one"}
	s.elsewhere().post(t, "/v1/support/confirmations", body).refused(http.StatusUnauthorized, "sign_in.refused")
	body["password"] = password
	s.elsewhere().post(t, "/v1/support/confirmations", body).want(http.StatusOK)
	sam.post(t, path+"/"+action+"/carry-out", nil).want(http.StatusOK)
	signIn().want(http.StatusCreated)
}

func supportConsent(t *testing.T, s *stack) {
	sam := s.platformSupport(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Shown")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	open, private := owner.workspace(t, org, "Open", true), owner.workspace(t, org, "Private", false)
	task, secret := owner.task(t, org, open, "Broken task"), owner.task(t, org, private, "Secret task")
	one := "/v1/organizations/" + org
	look := func(id string) int { return sam.get(t, one+"/tasks/"+id).Status }
	if look(task) != http.StatusNotFound || look(secret) != http.StatusNotFound {
		t.Fatal("support looks without consent")
	}
	employee.post(t, one+"/support-consents", map[string]any{"hours": 1, "reason": "x"}).want(http.StatusForbidden)
	owner.post(t, one+"/support-consents", map[string]any{"hours": 1000, "reason": ""}).invalid("/hours range", "/reason too_short")
	consent := owner.post(t, one+"/support-consents", map[string]any{"hours": 2, "reason": "A task does not open"}).want(http.StatusCreated).text("id")
	if look(task) != http.StatusOK || look(secret) != http.StatusNotFound {
		t.Errorf("with consent: open %d, private %d", look(task), look(secret))
	}
	if got := sam.get(t, one+"/tasks?limit=200").want(http.StatusOK).column("title"); !slices.Equal(got, []string{"Broken task"}) {
		t.Errorf("the list shows %v", got)
	}
	sam.patch(t, one+"/tasks/"+task, map[string]any{"title": "Mended"}, "If-Match: *").want(http.StatusForbidden)
	if got := owner.audit(t, org, ""); !slices.Contains(got, "support.consent_given") || !slices.Contains(got, "tenancy.support_looked") {
		t.Errorf("the tenant's log: %v", got)
	}
	if got := sam.get(t, "/v1/support/consents").want(http.StatusOK); !slices.Contains(got.column("organization_id"), org) {
		t.Errorf("support does not see the consent: %s", got.Body)
	}
	employee.delete(t, one+"/support-consents/"+consent).want(http.StatusForbidden)
	owner.delete(t, one+"/support-consents/"+consent).want(http.StatusNoContent)
	owner.delete(t, one+"/support-consents/"+consent).want(http.StatusNotFound)
	if look(task) != http.StatusNotFound {
		t.Error("support looks on after the consent's end")
	}
}

func supportPrivateWorkspace(t *testing.T, s *stack) {
	sam := s.platformSupport(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Private matters")
	maker := owner.join(t, org, "", "internal", "Mara Maker")
	private := maker.workspace(t, org, "Mara's", false)
	task := maker.task(t, org, private, "Mara's task")
	one := "/v1/organizations/" + org
	owner.post(t, one+"/support-consents", map[string]any{"hours": 1, "reason": "x", "workspace_id": private}).want(http.StatusNotFound)
	maker.post(t, one+"/support-consents", map[string]any{"hours": 1, "reason": "x", "workspace_id": private}).want(http.StatusCreated)
	sam.get(t, one+"/tasks/"+task).want(http.StatusOK)
	body := string(owner.get(t, one+"/audit?limit=200").want(http.StatusOK).Body) + string(owner.get(t, one+"/support-consents").want(http.StatusOK).Body)
	if strings.Contains(body, private) {
		t.Error("the owner learns of the private workspace")
	}
	if got := maker.audit(t, org, ""); !slices.Contains(got, "tenancy.support_looked") {
		t.Errorf("who let support look does not read that it did: %v", got)
	}
}

func supportConsentEnds(t *testing.T, s *stack) {
	s.start(t)
	sam := s.platformSupport(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "For an hour")
	task := owner.task(t, org, owner.workspace(t, org, "Open", true), "Task")
	owner.post(t, "/v1/organizations/"+org+"/support-consents", map[string]any{"hours": 1, "reason": "x"}).want(http.StatusCreated)
	sam.get(t, "/v1/organizations/"+org+"/tasks/"+task).want(http.StatusOK)
	s.advance(t, 61*time.Minute)
	sam.get(t, "/v1/organizations/"+org+"/tasks/"+task).want(http.StatusNotFound)
}
