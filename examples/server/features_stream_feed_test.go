package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func streamFeedClauses() []clause {
	return []clause{
		{name: "everything", run: streamEverything},
		{name: "runs", run: streamRuns},
		{name: "filters", run: streamFilters},
		{name: "mute", run: streamMute},
	}
}

// Everything one may see is what the workspaces' own streams show, merged, to each what is theirs, at once.
func streamEverything(t *testing.T, s *stack) {
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	cellar := h.owner.workspace(t, h.org, "Cellar", false)
	var guests, owners []string
	for i := range 6 {
		in := []string{h.open, roof, cellar}[i%3]
		owners = append(owners, h.owner.status(t, h, in, strings.Repeat("x", i+1)))
		if in == h.open {
			guests = append(guests, owners[i])
		}
		// A status is there for its author with the next call, and for whoever else sees it.
		first := h.owner.get(t, h.at("/stream?limit=1")).want(http.StatusOK)
		if first.field("items.0.subject_id") != owners[i] {
			t.Errorf("the newest is %s, want %s", first.Body, owners[i])
		}
	}
	slices.Reverse(guests)
	slices.Reverse(owners)
	for _, limit := range []string{"1", "2", "50"} {
		if diff := cmp.Diff(owners, h.owner.pages(t, h.at("/stream?statuses=true"), "subject_id", limit)); diff != "" {
			t.Errorf("the owner's, %s a page (-want +got):\n%s", limit, diff)
		}
		if diff := cmp.Diff(guests, h.guest.pages(t, h.at("/stream?kind=stream"), "subject_id", limit)); diff != "" {
			t.Errorf("the guest's, %s a page (-want +got):\n%s", limit, diff)
		}
	}
	// The place where the owner is in the stream shows the guest what the guest may see below it, and nothing else.
	cursor := h.owner.get(t, h.at("/stream?limit=1")).want(http.StatusOK).text("next")
	stolen := h.guest.get(t, h.at("/stream?kind=stream&cursor="+cursor)).want(http.StatusOK)
	if diff := cmp.Diff(guests, stolen.column("subject_id")); diff != "" {
		t.Errorf("with the owner's cursor the guest sees (-want +got):\n%s", diff)
	}
}

// What somebody does many times in a row is one item for who asks for that, and can be listed.
func streamRuns(t *testing.T, s *stack) {
	h := newHouse(t, s)
	for _, title := range []string{"One", "Two", "Three", "Four", "Five", "Six", "Seven"} {
		h.employee.task(t, h.org, h.open, title)
	}
	said := h.employee.status(t, h, h.open, "Said.")
	h.employee.status(t, h, h.open, "Said again.")
	h.owner.task(t, h.org, h.open, "Another's")
	path := h.in(h.open, "/stream")
	for _, path := range []string{path, h.at("/stream")} {
		page := h.guest.get(t, path+"?collapse=true&limit=4").want(http.StatusOK)
		kinds := page.column("kind")
		if diff := cmp.Diff([]string{"tasks.task_created", "stream.status_posted", "stream.status_posted", "tasks.task_created"}, kinds); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		if page.field("items.0.run") != nil || page.field("items.3.run.count") != 7.0 || page.text("items.3.run.sample.4.subject_id") == "" {
			t.Errorf("the run is %s", page.Body)
		}
		list := h.in(h.open, "/stream/run?newest="+page.text("items.3.id")+"&oldest="+page.text("items.3.run.oldest_id"))
		one := h.guest.get(t, list).want(http.StatusOK).column("id")
		if diff := cmp.Diff(one, h.guest.pages(t, list, "id", "2")); diff != "" || len(one) != 7 || one[0] != page.text("items.3.id") {
			t.Errorf("the run lists %v; page by page (-want +got):\n%s", one, diff)
		}
		one1 := h.guest.pages(t, path+"?collapse=true", "id", "1")
		if diff := cmp.Diff(h.guest.get(t, path+"?collapse=true").want(http.StatusOK).column("id"), one1); diff != "" {
			t.Errorf("one a page (-want +got):\n%s", diff)
		}
	}
	if all := h.guest.get(t, path).want(http.StatusOK).column("kind"); len(all) < 10 {
		t.Errorf("one by one there are %v", all)
	}
	alike(t, said, func(id string) *reply {
		return h.guest.get(t, h.in(h.open, "/stream/run?oldest="+id+"&newest="+nobodysID))
	})
	h.guest.get(t, h.in(h.open, "/stream/run")).invalid("/newest required", "/oldest required")
}

func streamFilters(t *testing.T, s *stack) {
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	garden := h.employee.status(t, h, h.open, "The Straße behind the garden.")
	fern := h.owner.status(t, h, roof, "A fern for the garden, as ordered.")
	h.employee.task(t, h.org, h.open, "Rake")
	all, path := h.at("/stream"), h.in(h.open, "/stream")
	for query, want := range map[string][]string{
		"?text=GARDEN":                         {fern, garden},
		"?text=garden+strasse":                 {garden},
		"?text=garden+nowhere":                 {},
		"?statuses=true&workspace=" + roof:     {fern},
		"?text=garden&workspace=" + nobodysID:  {},
		"?kind=stream&kind=workspace.renamed":  {fern, garden},
		"?statuses=true&by=" + h.owner.account: {fern},
		"?statuses=true&until=" + time.Now().Add(-240*time.Hour).UTC().Format(time.RFC3339): {},
		"?statuses=true&since=" + time.Now().Add(-240*time.Hour).UTC().Format(time.RFC3339): {fern, garden},
	} {
		h.employee.get(t, all+query).wantColumn("subject_id", want...)
	}
	h.employee.get(t, path+"?text=garden").wantColumn("subject_id", garden)
	h.employee.get(t, path+"?kind=stream&kind=tasks").wantColumn("kind", "tasks.task_created", "stream.status_posted")
	h.employee.get(t, all+"?text="+strings.Repeat("x", 201)+"&since=yesterday&kind=*&workspace=here&collapse=yes").
		invalid("/text too_long", "/since format", "/kind kind", "/workspace format", "/collapse type")
	h.employee.get(t, all+"?text=+%E2%80%8B").invalid("/text required")
}

func streamMute(t *testing.T, s *stack) {
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	loud := h.owner.status(t, h, roof, "Noise.")
	mine := h.owner.status(t, h, roof, "Look, [@Emil](account:"+h.employee.account+")!")
	said := h.external.status(t, h, h.open, "From outside.")
	h.employee.task(t, h.org, h.open, "Rake")
	all, mutes := h.at("/stream?kind=stream&kind=tasks"), h.at("/stream/mutes")
	task := h.employee.get(t, all).want(http.StatusOK).column("subject_id")[0]
	h.employee.get(t, all).wantColumn("subject_id", task, said, mine, loud)
	h.employee.put(t, mutes+"/workspaces/"+roof, nil).want(http.StatusNoContent)
	h.employee.get(t, all).wantColumn("subject_id", task, said, mine)
	h.employee.put(t, mutes+"/people/"+h.external.account, nil).want(http.StatusNoContent)
	h.employee.put(t, mutes+"/workspaces/"+h.open+"?kind=tasks.task_created", nil).want(http.StatusNoContent)
	h.employee.get(t, all).wantColumn("subject_id", mine)
	if got := h.employee.get(t, mutes).want(http.StatusOK); len(got.items()) != 3 {
		t.Errorf("the mutes are %s", got.Body)
	}
	// Nobody else notices, and a workspace by itself shows everything.
	h.owner.get(t, all).wantColumn("subject_id", task, said, mine, loud)
	if got := h.owner.get(t, mutes).want(http.StatusOK); len(got.items()) != 0 {
		t.Errorf("the owner sees mutes: %s", got.Body)
	}
	h.employee.get(t, h.in(roof, "/stream?kind=stream")).wantColumn("subject_id", mine, loud)
	for _, path := range []string{"/workspaces/" + roof, "/workspaces/" + roof, "/people/" + h.external.account, "/workspaces/" + h.open + "?kind=tasks.task_created"} {
		h.employee.delete(t, mutes+path).want(http.StatusNoContent)
	}
	h.employee.get(t, all).wantColumn("subject_id", task, said, mine, loud)
	alike(t, roof, func(id string) *reply { return h.guest.put(t, mutes+"/workspaces/"+id, nil) })
	h.employee.put(t, mutes+"/workspaces/"+roof+"?kind=tasks.*", nil).invalid("/kind kind")
}
