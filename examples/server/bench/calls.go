package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

const (
	organizationPath = "/v1/organizations/" + organizationID
	listPath         = organizationPath + "/tasks?state=open&sort=due&limit=50"
)

func listRequests(*world) [][]byte {
	return [][]byte{request(http.MethodGet, listPath, callerToken, nil)}
}

// getRequests read tasks from all over the table.
func getRequests(w *world) [][]byte {
	random := rand.New(rand.NewPCG(3, 4))
	requests := make([][]byte, min(len(w.tasks), 10_000))
	for i := range requests {
		requests[i] = request(http.MethodGet, organizationPath+"/tasks/"+w.tasks[random.IntN(len(w.tasks))], callerToken, nil)
	}
	return requests
}

// createRequests make tasks in every workspace.
func createRequests(w *world) [][]byte {
	requests := make([][]byte, 10*len(w.workspaces))
	for i := range requests {
		due := w.begin.Add(time.Duration(i) * time.Hour)
		body, err := json.Marshal(newTask{
			Title:       fmt.Sprintf("Call landlord %d about the roof", i),
			Description: "We" + strings.Repeat(" write what was said the last time, and what is to be said now.", 3), Priority: i % 5, DueAt: &due,
		})
		if err != nil { // a plain struct always marshals
			panic(err)
		}
		requests[i] = request(http.MethodPost, organizationPath+"/workspaces/"+w.workspaces[i%len(w.workspaces)]+"/tasks", callerToken, body)
	}
	return requests
}

// sameAnswers makes sure that the sides do the same: what they answer to reads is the same to the byte, and to a create
// the same but for ids and moments.
func sameAnswers(sides []*child, w *world) error {
	ask := func(side *child, request []byte, want int) ([]byte, error) {
		c, err := dial(side.address)
		if err != nil {
			return nil, err
		}
		defer c.close()
		status, body, err := c.call(request, true)
		if err == nil && status != want {
			err = fmt.Errorf("status %d, want %d: %s", status, want, body)
		}
		if err != nil {
			return nil, fmt.Errorf("side %s: %.60q: %w", side.name, request, err)
		}
		return bytes.TrimSpace(body), nil
	}
	for _, one := range []struct {
		requests [][]byte
		status   int
		compare  func([]byte) (string, error)
	}{
		{listRequests(w), http.StatusOK, verbatim},
		{getRequests(w)[:50], http.StatusOK, verbatim},
		{createRequests(w)[:1], http.StatusCreated, withoutChance},
	} {
		for _, request := range one.requests {
			var first string
			for i, side := range sides {
				body, err := ask(side, request, one.status)
				if err != nil {
					return err
				}
				text, err := one.compare(body)
				if err != nil {
					return fmt.Errorf("side %s: %w", side.name, err)
				}
				if i == 0 {
					first = text
				} else if text != first {
					return fmt.Errorf("sides %s and %s answer differently:\n%s\n%s", sides[0].name, side.name, first, text)
				}
			}
		}
	}
	return nil
}

func verbatim(body []byte) (string, error) { return string(body), nil }

// withoutChance is a created task without what is new each time.
func withoutChance(body []byte) (string, error) {
	var task map[string]any
	if err := json.Unmarshal(body, &task); err != nil {
		return "", err
	}
	for _, name := range []string{"id", "created_at", "updated_at"} {
		if task[name] == nil {
			return "", fmt.Errorf("a created task has no %s", name)
		}
		delete(task, name)
	}
	text, err := json.Marshal(task)
	return string(text), err
}
