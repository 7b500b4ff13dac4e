package web

import (
	"bufio"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// StreamWriter writes an answer that goes on: events, or a large export.
type StreamWriter struct {
	to       *bufio.Writer
	conn     net.Conn
	patience time.Duration
	stopping <-chan struct{}
}

// Stream answers with what write writes, until it returns. It runs after the handler has returned: write must not touch
// the fiber context nor anything taken from it. A caller that has left shows only as an error of Flush, so a stream that
// may fall silent flushes something from time to time; and it ends when Stopping is closed, or it would hold up the stop
// of the server.
func (s *Server) Stream(c *fiber.Ctx, contentType string, write func(w *StreamWriter) error) {
	w := &StreamWriter{conn: c.Context().Conn(), patience: s.options.WriteTimeout, stopping: s.stopping}
	c.Context().SetContentType(contentType)
	// Proxies that gather answers before passing them on would hold events back.
	c.Set("X-Accel-Buffering", "no")
	call, _ := s.callOf(c.Context())
	log, id := s.log, call.ID
	c.Context().SetBodyStreamWriter(func(to *bufio.Writer) {
		defer func() {
			if reason := recover(); reason != nil {
				log.Error("panic in a stream", "request_id", id, "panic", reason)
			}
		}()
		w.to = to
		if err := write(w); err != nil {
			log.Debug("stream ended", "request_id", id, "error", err)
		}
	})
}

// Stopping is closed when the server begins to stop.
func (w *StreamWriter) Stopping() <-chan struct{} { return w.stopping }

// Write adds to what the next Flush sends.
func (w *StreamWriter) Write(p []byte) (int, error) {
	if len(p) > w.to.Available() {
		if err := w.extend(); err != nil {
			return 0, err
		}
	}
	return w.to.Write(p)
}

// Flush sends what was written. It gives the connection time anew, and an error once the caller has left.
func (w *StreamWriter) Flush() error {
	if err := w.extend(); err != nil {
		return err
	}
	return w.to.Flush()
}

func (w *StreamWriter) extend() error {
	return w.conn.SetWriteDeadline(time.Now().Add(w.patience))
}
