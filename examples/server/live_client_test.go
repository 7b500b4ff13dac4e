package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

// readAnswer reads an answer whole, and of a stream of events what comes before it falls silent.
func readAnswer(response *http.Response) ([]byte, error) {
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return io.ReadAll(response.Body)
	}
	var answer []byte
	lines := bufio.NewReader(response.Body)
	for {
		line, err := lines.ReadBytes('\n')
		answer = append(answer, line...)
		if err != nil || len(line) == 1 {
			return answer, err
		}
	}
}

// told is a frame of a stream.
type told struct {
	name, data string
}

// listener is somebody who follows what happens, as a browser does: when the connection ends it connects again, at the
// next of its nodes, and resumes.
type listener struct {
	caller *caller
	nodes  []*stack
	query  string

	mu     sync.Mutex
	cursor string
	frames []told
	status int       // of the last answer
	broken time.Time // when the last connection ended
	opened int
	stop   context.CancelFunc
	done   chan struct{}
}

// listen follows what happens until the test ends, or leave is called.
func (c *caller) listen(t *testing.T, nodes ...*stack) *listener {
	t.Helper()
	return c.listenFrom(t, "", nodes...)
}

func (c *caller) listenFrom(t *testing.T, cursor string, nodes ...*stack) *listener {
	t.Helper()
	if len(nodes) == 0 {
		nodes = []*stack{c.stack}
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &listener{caller: c, nodes: nodes, cursor: cursor, stop: stop, done: make(chan struct{})}
	go l.run(ctx)
	t.Cleanup(l.leave)
	verandatest.Eventually(t, 20*time.Second, "the stream begins", func() bool { return l.count("ready") > 0 })
	return l
}

func (l *listener) leave() {
	l.stop()
	<-l.done
}

func (l *listener) run(ctx context.Context) {
	defer close(l.done)
	for i := 0; ctx.Err() == nil; i++ {
		status := l.once(ctx, l.nodes[i%len(l.nodes)])
		l.mu.Lock()
		l.status, l.broken = status, time.Now()
		l.mu.Unlock()
		if status == http.StatusUnauthorized || status == http.StatusUnprocessableEntity {
			return // a browser does not try again
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// once is one connection.
func (l *listener) once(ctx context.Context, node *stack) (status int) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, node.base+"/v1/live"+l.query, nil)
	if err != nil {
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+l.caller.token)
	l.mu.Lock()
	if l.cursor != "" {
		request.Header.Set("Last-Event-ID", l.cursor)
	}
	l.mu.Unlock()
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode
	}
	l.mu.Lock()
	l.opened++
	l.mu.Unlock()
	var frame told
	cursor := ""
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			cursor = value
		case "event":
			frame.name = value
		case "data":
			frame.data = value
		case "":
			l.mu.Lock()
			if cursor != "" { // as a browser: with the frame, not before it is whole
				l.cursor = cursor
			}
			if frame.name != "" {
				l.frames = append(l.frames, frame)
			}
			l.mu.Unlock()
			frame, cursor = told{}, ""
		}
	}
	return http.StatusOK
}

func (l *listener) count(name string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.frames {
		if f.name == name {
			n++
		}
	}
	return n
}

// changes are the subjects of the changes of a kind, in order.
func (l *listener) changes(kind string) (subjects []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.frames {
		var c struct {
			Kind    string `json:"kind"`
			Subject string `json:"subject_id"`
		}
		if f.name == "change" && json.Unmarshal([]byte(f.data), &c) == nil && c.Kind == kind {
			subjects = append(subjects, c.Subject)
		}
	}
	return subjects
}

const taskCreated = "tasks.task_created"

// heard waits until exactly these tasks were told of; in any order, as writers at once have none.
func (l *listener) heard(t *testing.T, who string, want []string) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for len(l.changes(taskCreated)) < len(want) && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	got := l.changes(taskCreated)
	if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, slices.Sorted(slices.Values(want))) {
		missing, twice := slices.DeleteFunc(slices.Clone(want), func(id string) bool { return slices.Contains(got, id) }), len(sorted)-len(slices.Compact(slices.Clone(sorted)))
		t.Errorf("%s heard of %d tasks, want %d; missing %v, %d twice", who, len(got), len(want), missing, twice)
	}
}

func (l *listener) state() (status, opened int, broken time.Time, cursor string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status, l.opened, l.broken, l.cursor
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprint(l.status, " ", l.frames)
}
