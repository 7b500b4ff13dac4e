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
	// With a new task and a new comment, or not at all.
	plan, photo := upload(h.employee, "plan.txt"), upload(h.employee, "photo.txt")
	h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "No", "attachments": []string{plan, others}}).invalid("/attachments/1 not_found")
	made := h.at("/tasks/" + h.employee.newTask(t, h, h.open, "Build", map[string]any{"attachments": []string{plan}}).text("id"))
	h.guest.get(t, made+"/attachments").wantColumn("name", "plan.txt")
	h.employee.post(t, made+"/comments", map[string]any{"text": "See", "attachments": []string{plan}}).invalid("/attachments/0 not_found")
	comment := h.employee.post(t, made+"/comments", map[string]any{"text": "See", "attachments": []string{photo}}).want(http.StatusCreated)
	if got := h.guest.get(t, made+"/comments").want(http.StatusOK); got.text("items.0.attachments.0.name") != "photo.txt" {
		t.Errorf("%s", got.Body)
	}
	if got := h.guest.get(t, made+"/comments/"+comment.text("id")+"/attachments/"+photo).want(http.StatusOK); string(got.Body) != "Water twice a day." {
		t.Errorf("%s", got.Body)
	}
	h.guest.get(t, made+"/comments/"+comment.text("id")+"/attachments/"+plan).want(http.StatusNotFound)
	h.guest.delete(t, path+"/"+mine).want(http.StatusForbidden)
	h.employee.delete(t, path+"/"+mine).want(http.StatusNoContent)
	if r := h.guest.get(t, path).want(http.StatusOK); len(r.items()) != 0 {
		t.Errorf("%s", r.Body)
	}
}
