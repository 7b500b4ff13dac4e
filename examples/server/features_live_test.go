package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func liveFeatures() []feature {
	return []feature{{"R3", []clause{
		{name: "arrives", run: liveArrives},
		{name: "resume", run: liveResume},
		{name: "revoked", run: liveRevoked},
		{name: "refused", run: liveRefused},
		{name: "two_nodes", run: liveTwoNodes, alone: true},
		{name: "without_redis", run: liveWithoutRedis, alone: true},
	}}}
}

// liveArrives: what happens is told at once, to those who see it.
func liveArrives(t *testing.T, s *stack) {
	h := newHouse(t, s)
	owner, guest, external := h.owner.listen(t), h.guest.listen(t), h.external.listen(t)
	begin := time.Now()
	first := h.employee.task(t, h.org, h.open, "Sweep the yard")
	guest.heard(t, "the guest", []string{first})
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	shed := h.owner.workspace(t, h.org, "Shed", false)
	hidden := h.owner.task(t, h.org, shed, "Nobody else's")
	last := h.employee.task(t, h.org, h.open, "Sweep it again")
	owner.heard(t, "the owner", []string{first, hidden, last})
	guest.heard(t, "the guest", []string{first, last})
	external.heard(t, "the external", []string{first, last})
	// A comment is told of without its text.
	h.guest.post(t, h.at("/tasks/"+last+"/comments"), map[string]any{"text": "Said in the yard."}).want(http.StatusCreated)
	verandatest.Eventually(t, 10*time.Second, "the comment is told of", func() bool { return len(owner.changes("tasks.comment_added")) == 1 })
	if strings.Contains(owner.String(), "Said in the yard") {
		t.Error("what was said is in the stream")
	}

	// A browser comes with its cookie and asks for nothing more.
	cookie, _ := h.guest.browse(t)
	request, err := http.NewRequest(http.MethodGet, s.base+"/v1/live?organization="+h.org, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(cookie)
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Access-Control-Allow-Origin": ""} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	line, err := bufio.NewReader(response.Body).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "retry: ") {
		t.Errorf("the stream begins with %q, %v", line, err)
	}
}

// liveResume: a connection that comes back with its cursor misses nothing and hears nothing twice.
func liveResume(t *testing.T, s *stack) {
	h := newHouse(t, s)
	guest := h.guest.listen(t)
	first := h.employee.task(t, h.org, h.open, "Before")
	guest.heard(t, "the guest", []string{first})
	guest.leave()
	_, _, _, cursor := guest.state()
	var missed []string
	for range 5 {
		missed = append(missed, h.employee.task(t, h.org, h.open, "Meanwhile"))
	}
	again := h.guest.listenFrom(t, cursor)
	again.heard(t, "who resumed", missed)
	last := h.employee.task(t, h.org, h.open, "Afterwards")
	again.heard(t, "who resumed", append(missed, last))
	again.leave()
	_, _, _, cursor = again.state()
	h.guest.listenFrom(t, cursor).heard(t, "who had everything", nil)
}

// liveRevoked: what happens after a right was taken away is not told, and a stream that has lost everything is closed
// within a second.
func liveRevoked(t *testing.T, s *stack) {
	h := newHouse(t, s)
	maria := h.owner.join(t, h.org, "", "internal", "Maria Member")
	yard := h.owner.workspace(t, h.org, "Yard", false)
	h.owner.add(t, h, yard, maria)
	l := maria.listen(t)
	first := h.owner.task(t, h.org, yard, "Seen")
	l.heard(t, "a member", []string{first})
	told := l.count("access")
	h.owner.delete(t, h.in(yard, "/members/"+maria.account)).want(http.StatusNoContent)
	h.owner.task(t, h.org, yard, "Not seen")
	last := h.owner.task(t, h.org, h.open, "Seen again")
	l.heard(t, "who lost a workspace", []string{first, last})
	verandatest.Eventually(t, 5*time.Second, "who lost a workspace is told", func() bool { return l.count("access") > told })

	// Her session ends, on purpose; then the membership of somebody else.
	begin := time.Now()
	maria.delete(t, "/v1/sessions/current").want(http.StatusNoContent)
	verandatest.Eventually(t, 5*time.Second, "the stream ends", func() bool { return l.count("end") == 1 })
	if took := time.Since(begin); took > time.Second {
		t.Errorf("the stream ended after %v, want within a second", took)
	}
	verandatest.Eventually(t, 5*time.Second, "it does not come back", func() bool { status, _, _, _ := l.state(); return status == http.StatusUnauthorized })

	paul := h.owner.join(t, h.org, "", "internal", "Paul Parting")
	left := &listener{caller: paul, nodes: []*stack{s}, query: "?organization=" + h.org, done: make(chan struct{})}
	ended := make(chan int, 1)
	go func() { ended <- left.once(t.Context(), s) }()
	verandatest.Eventually(t, 10*time.Second, "the stream begins", func() bool { return left.count("ready") == 1 })
	begin = time.Now()
	h.owner.delete(t, "/v1/organizations/"+h.org+"/members/"+paul.account, "If-Match: *").want(http.StatusNoContent)
	h.owner.task(t, h.org, h.open, "After Paul")
	select {
	case <-ended:
		if took := time.Since(begin); took > time.Second+200*time.Millisecond {
			t.Errorf("the stream ended after %v, want within a second", took)
		}
	case <-time.After(10 * time.Second):
		t.Error("the stream of somebody removed goes on")
	}
	left.heard(t, "somebody removed", nil)
}

// liveRefused: what is no cursor, or somebody else's, and connections beyond the limit.
func liveRefused(t *testing.T, s *stack) {
	h := newHouse(t, s)
	s.anonymous().get(t, "/v1/live").refused(http.StatusUnauthorized, "unauthenticated")
	h.guest.get(t, "/v1/live?cursor=forged").invalid("/cursor cursor")
	h.guest.get(t, "/v1/live?organization="+veranda.NewOrgID().String()).refused(http.StatusNotFound, "not_found")
	owner := h.owner.listen(t)
	_, _, _, cursor := owner.state()
	h.guest.get(t, "/v1/live", "Last-Event-ID: "+cursor).invalid("/Last-Event-ID cursor")
	h.owner.get(t, "/v1/live?organization="+h.org+"&cursor="+cursor).invalid("/cursor cursor")
	for range 19 {
		h.owner.listen(t)
	}
	h.owner.get(t, "/v1/live").refused(http.StatusTooManyRequests, "rate.live")
	owner.leave()
	verandatest.Eventually(t, 5*time.Second, "a connection that left is noticed", func() bool {
		return h.owner.get(t, "/v1/live").Status == http.StatusOK
	})
}
