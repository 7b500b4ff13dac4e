package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

func notificationFeatures() []feature {
	return []feature{{"N1", []clause{
		{name: "one_inbox", run: noticesInbox},
		{name: "preferences_of_ones_own", run: noticesPreferences},
		{name: "digest_and_unsubscribe", run: noticesMails, alone: true},
	}}}
}

// notices waits until somebody has so many notices, and gives them, newest first.
func (c *caller) notices(t *testing.T, n int) *reply {
	t.Helper()
	var r *reply
	verandatest.Eventually(t, 30*time.Second, "notices", func() bool {
		r = c.get(t, "/v1/me/notices").want(http.StatusOK)
		return len(r.items()) >= n
	})
	if len(r.items()) != n {
		t.Fatalf("%s has %s, want %d notices", c.name, r.Body, n)
	}
	return r
}

func noticesInbox(t *testing.T, s *stack) {
	owner := s.register(t, "Nora Owner")
	org := owner.found(t, "Nursery")
	room := owner.workspace(t, org, "Greenhouse", false)
	employee := owner.join(t, org, "", "internal", "Niels Employee")
	if r := owner.notices(t, 1); r.text("items.0.sentence") != "Niels Employee accepted your invitation to Nursery" || r.text("items.0.organization_id") != org {
		t.Errorf("the inviter is told %s", r.Body)
	}
	owner.post(t, "/v1/organizations/"+org+"/workspaces/"+room+"/members", map[string]any{"accounts": []string{employee.account}}).want(http.StatusOK)
	r := employee.notices(t, 1)
	if r.text("items.0.sentence") != "Nora Owner added you to Greenhouse" || r.text("items.0.place") != "Greenhouse" || r.text("items.0.by") != owner.account {
		t.Errorf("who was added is told %s", r.Body)
	}
	notice := r.text("items.0.id")
	unread := func(want float64) {
		t.Helper()
		if got := employee.get(t, "/v1/me/notices/unread").want(http.StatusOK).field("unread"); got != want {
			t.Errorf("%v are unread, want %v", got, want)
		}
	}
	unread(1)
	// In the reader's language, and nobody else's.
	employee.patch(t, "/v1/me", map[string]any{"language": "tr"}, "If-Match: *").want(http.StatusOK)
	if got := employee.notices(t, 1).text("items.0.sentence"); got != "Greenhouse çalışma alanına eklendiniz (Nora Owner)" {
		t.Errorf("in Turkish it says %q", got)
	}
	for _, c := range []*caller{owner, s.register(t, "Otto Outsider")} {
		c.put(t, "/v1/me/notices/"+notice+"/read", nil).want(http.StatusNotFound)
		c.delete(t, "/v1/me/notices/"+notice).want(http.StatusNotFound)
	}
	// What one sees no longer is not shown.
	members := "/v1/organizations/" + org + "/workspaces/" + room + "/members"
	owner.delete(t, members+"/"+employee.account).want(http.StatusNoContent)
	employee.notices(t, 0)
	unread(0)
	owner.post(t, members, map[string]any{"accounts": []string{employee.account}}).want(http.StatusOK)
	employee.notices(t, 2)
	employee.put(t, "/v1/me/notices/"+notice+"/read", nil).want(http.StatusOK)
	unread(1)
	employee.delete(t, "/v1/me/notices/"+notice+"/read").want(http.StatusOK)
	unread(2)
	if got := employee.post(t, "/v1/me/notices/read", map[string]any{"up_to": notice}).want(http.StatusOK).field("marked"); got != 1.0 {
		t.Errorf("%v were marked", got)
	}
	employee.post(t, "/v1/me/notices/read", map[string]any{"up_to": org}).invalid("/up_to not_found")
	employee.delete(t, "/v1/me/notices/"+notice).want(http.StatusNoContent)
	employee.notices(t, 1)
	employee.get(t, "/v1/me/notices?cursor=x&limit=0").want(http.StatusUnprocessableEntity)
}

func noticesPreferences(t *testing.T, s *stack) {
	owner := s.register(t, "Nadja Owner")
	org := owner.found(t, "Nuthouse")
	room := owner.workspace(t, org, "Porch", true)
	external := owner.join(t, org, room, "external", "Xaver External")
	// The host has no say: there is no way to another's preferences, and its own are its own.
	owner.put(t, "/v1/me/notice-choices/*?organization="+org, map[string]any{"in_product": false}).want(http.StatusOK)
	choices := external.get(t, "/v1/me/notice-choices?organization="+org).want(http.StatusOK)
	for _, item := range choices.items() {
		if item["in_product"] != true {
			t.Errorf("the host's choice is %v for an external", item)
		}
	}
	external.put(t, "/v1/me/notice-choices/workspace.added?organization="+org, map[string]any{"in_product": false}).want(http.StatusOK)
	external.put(t, "/v1/me/notice-choices/workspace.nothing", map[string]any{"mail": true}).want(http.StatusNotFound)
	other := owner.workspace(t, org, "Attic", true)
	owner.post(t, "/v1/organizations/"+org+"/workspaces/"+other+"/members", map[string]any{"accounts": []string{external.account}}).want(http.StatusOK)
	external.put(t, "/v1/me/notice-choices/workspace.added", map[string]any{"mail": true}).want(http.StatusOK)
	body := map[string]any{"digest": "weekly", "hour": 7, "weekday": 5, "quiet_from": "22:00", "quiet_to": "06:30", "quiet_days": []int{1}, "urgent_at_once": false, "away_minutes": 0}
	r := external.put(t, "/v1/me/notice-preferences", body, "If-Match: \"1\"").want(http.StatusOK)
	if r.text("quiet_to") != "06:30" || r.field("version") != 2.0 || r.Header.Get("ETag") == "" {
		t.Errorf("the preferences are %s", r.Body)
	}
	external.put(t, "/v1/me/notice-preferences", body, "If-Match: \"1\"").want(http.StatusPreconditionFailed)
	body["quiet_to"], body["quiet_from"] = "", "25:00"
	external.put(t, "/v1/me/notice-preferences", body, "If-Match: *").invalid("/quiet_from time", "/quiet_to required")
	if got := owner.get(t, "/v1/me/notice-preferences").want(http.StatusOK).text("digest"); got != "immediately" {
		t.Errorf("another's are %s", got)
	}
}

func noticesMails(t *testing.T, s *stack) {
	s.start(t)
	owner := s.register(t, "Nelly Owner")
	org := owner.found(t, "Nest")
	employee := owner.join(t, org, "", "internal", "Nico Employee")
	employee.put(t, "/v1/me/notice-choices/workspace.*", map[string]any{"mail": true}).want(http.StatusOK)
	added := func(names ...string) {
		t.Helper()
		for _, name := range names {
			room := owner.workspace(t, org, name, false)
			owner.post(t, "/v1/organizations/"+org+"/workspaces/"+room+"/members", map[string]any{"accounts": []string{employee.account}}).want(http.StatusOK)
		}
	}
	added("Twigs", "Moss")
	employee.notices(t, 2)
	s.advance(t, 10*time.Minute)
	m := s.inbox.last(t, employee.address, "Nelly Owner added you to Twigs")
	if m.Subject != "2 notices" || !strings.Contains(m.Text, "Hello Nico Employee,") || !strings.Contains(m.Text, "Nelly Owner added you to Moss") {
		t.Errorf("the mail is %q:\n%s", m.Subject, m.Text)
	}
	link, err := url.Parse(strings.Trim(m.Header.Get("List-Unsubscribe"), "<>"))
	if err != nil || link.Path != "/unsubscribe" {
		t.Fatalf("List-Unsubscribe is %q, %v", m.Header.Get("List-Unsubscribe"), err)
	}
	path := link.RequestURI()
	choice := func(want bool) {
		t.Helper()
		for _, item := range employee.get(t, "/v1/me/notice-choices").want(http.StatusOK).items() {
			if item["kind"] == "workspace.added" && item["mail"] != want {
				t.Errorf("mail is %v, want %v", item["mail"], want)
			}
		}
	}
	nobody := s.anonymous()
	if page := nobody.get(t, path).want(http.StatusOK); !strings.Contains(string(page.Body), "<button>") {
		t.Errorf("the page is %s", page.Body)
	}
	choice(true) // looking changes nothing
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		body := "List-Unsubscribe=One-Click"
		if strings.HasPrefix(kind, "multipart") {
			body = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
		}
		nobody.send(t, http.MethodPost, path, body, "Content-Type: "+kind, "Origin: https://mail.example", "Sec-Fetch-Site: cross-site").want(http.StatusOK)
		choice(false)
	}
	nobody.send(t, http.MethodPost, "/unsubscribe?token=AAAA", "List-Unsubscribe=One-Click", "Content-Type: application/x-www-form-urlencoded").want(http.StatusNotFound)
	before := len(s.inbox.holding(employee.address, "added you to"))
	added("Feathers")
	employee.notices(t, 3)
	employee.put(t, "/v1/me/notice-choices/workspace.*", map[string]any{"mail": true}).want(http.StatusOK)
	added("Straw")
	employee.notices(t, 4)
	s.advance(t, 10*time.Minute)
	s.inbox.last(t, employee.address, "Nelly Owner added you to Straw")
	if got := len(s.inbox.holding(employee.address, "Nelly Owner added you to Feathers")); got != 0 {
		t.Errorf("%d mails after they were ended, %d before", got, before)
	}
}
