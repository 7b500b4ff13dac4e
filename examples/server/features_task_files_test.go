package main

import (
	"net/http"
	"testing"
)

func taskFiles(t *testing.T, s *stack) {
	h := newHouse(t, s)
	upload := func(c *caller, name string) string {
		t.Helper()
		return c.post(t, h.at("/attachments?name="+name), "Water twice a day.").want(http.StatusCreated).text("id")
	}
	path := h.at("/tasks/"+h.employee.newTask(t, h, h.open, "Water the fern", nil).text("id")) + "/attachments"
	mine, others := upload(h.employee, "how.txt"), upload(h.external, "why.txt")
	h.employee.post(t, path, map[string]any{"attachments": []string{mine, others}}).invalid("/attachments/1 not_found")
	h.employee.post(t, path, map[string]any{"attachments": []string{}}).invalid("/attachments too_few")
	if r := h.employee.post(t, path, map[string]any{"attachments": []string{mine}}).want(http.StatusOK); r.text("items.0.name") != "how.txt" {
		t.Errorf("%s", r.Body)
	}
	h.guest.post(t, path, map[string]any{"attachments": []string{upload(h.guest, "no.txt")}}).want(http.StatusForbidden)
	r := h.guest.get(t, path+"/"+mine).want(http.StatusOK)
	if string(r.Body) != "Water twice a day." || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Content-Disposition") != `attachment; filename=how.txt` {
		t.Errorf("%q %v", r.Body, r.Header)
	}
	alike(t, others, func(id string) *reply { return h.owner.get(t, path+"/"+id) })
	h.guest.delete(t, path+"/"+mine).want(http.StatusForbidden)
	h.employee.delete(t, path+"/"+mine).want(http.StatusNoContent)
	if r := h.guest.get(t, path).want(http.StatusOK); len(r.items()) != 0 {
		t.Errorf("%s", r.Body)
	}
}
