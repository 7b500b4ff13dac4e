package web

import (
	"bufio"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// EventStream is the media type of server-sent events (HTML standard, section 9.2).
const EventStream = "text/event-stream"

// eventPatience is how long one part may take to leave: a client that does not read is dropped.
const eventPatience = 10 * time.Second

// EventWriter writes server-sent events.
type EventWriter struct {
	*StreamWriter
	left chan struct{}
}

// Left is closed when the caller has left.
func (w *EventWriter) Left() <-chan struct{} { return w.left }

// Events answers with server-sent events, for as long as write runs. It is Stream with what a stream wants that may last
// for days: parts have little time to leave, that the caller has left is noticed at once, and the connection is not used
// again. write ends when Left or Stopping is closed. ended is called when it has, or could not begin.
func (s *Server) Events(c *fiber.Ctx, write func(w *EventWriter) error, ended func()) {
	rctx := c.Context()
	conn := rctx.Conn()
	w := &EventWriter{
		StreamWriter: &StreamWriter{conn: conn, patience: eventPatience, stopping: s.stopping}, left: make(chan struct{}),
	}
	rctx.SetContentType(EventStream)
	c.Set("X-Accel-Buffering", "no")
	c.Set(fiber.HeaderCacheControl, "no-store")
	rctx.Response.SetConnectionClose()
	call, _ := s.callOf(rctx)
	log, id := s.log, call.ID
	rctx.SetBodyStreamWriter(func(to *bufio.Writer) {
		defer ended()
		defer func() {
			if reason := recover(); reason != nil {
				log.Error("panic in a stream", "request_id", id, "panic", reason)
			}
		}()
		stop := w.watch(conn)
		defer stop()
		w.to = to
		if err := write(w); err != nil {
			log.Debug("stream ended", "request_id", id, "error", err)
		}
	})
}

// watch notices that the caller leaves: nothing more is to come from it, so whatever ends the reading says so. stop waits
// until the connection is nobody's again.
func (w *EventWriter) watch(conn net.Conn) (stop func()) {
	_ = conn.SetReadDeadline(time.Time{}) // the time a request may take does not bound how long its answer lasts
	go func() {
		defer close(w.left)
		var b [1]byte
		_, _ = conn.Read(b[:])
	}()
	return func() {
		_ = conn.SetReadDeadline(time.Unix(1, 0))
		<-w.left
	}
}

// idleWorkers is how long the HTTP server keeps a goroutine for the next connection: after thousands of streams have ended
// at once, few are wanted again.
const idleWorkers = time.Second

func tune(server *fasthttp.Server) { server.MaxIdleWorkerDuration = idleWorkers }
