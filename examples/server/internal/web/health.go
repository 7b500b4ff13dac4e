package web

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// Check is one thing the server needs in order to serve.
type Check struct {
	// Name is shown: "database".
	Name string
	// Run gives an error when the thing is not there. What an error of Veranda's says is shown, of others only that there
	// is one.
	Run func(ctx context.Context) error
}

// checkTimeout bounds one check: a load balancer waits no longer.
const checkTimeout = 3 * time.Second

// CheckDatabase asks whether the database answers.
func CheckDatabase(db *veranda.DB) Check { return Check{Name: "database", Run: db.Ping} }

// CheckSchema asks whether the database has the schema the program was built with.
func CheckSchema(db *veranda.DB, modules ...veranda.Module) Check {
	return Check{Name: "schema", Run: func(ctx context.Context) error {
		pending, err := veranda.PendingMigrations(ctx, db, modules...)
		if err == nil && len(pending) > 0 {
			err = veranda.NewError(veranda.CodeUnavailable, "schema", "Migrations are missing.")
		}
		return err
	}}
}

// CheckQueue asks whether the queue answers.
func CheckQueue(runner *veranda.Runner) Check {
	return Check{Name: "queue", Run: func(context.Context) error { return runner.Ready() }}
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready  bool              `json:"ready" doc:"Whether the server can serve."`
	Checks map[string]string `json:"checks" doc:"Each thing that is needed: ok, or what is wrong."`
}

func (s *Server) serveHealth(c *fiber.Ctx) error {
	c.Context().SetContentTypeBytes(mediaJSON)
	return c.SendString(`{"status":"ok"}` + "\n")
}

// serveReady asks everything at once, so that the answer takes as long as the slowest check.
func (s *Server) serveReady(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	type outcome struct {
		name string
		err  error
	}
	results := make(chan outcome, len(s.options.Ready))
	for _, check := range s.options.Ready {
		go func() { results <- outcome{check.Name, check.Run(ctx)} }()
	}
	state := Readiness{Ready: true, Checks: map[string]string{}}
	for _, check := range s.options.Ready {
		state.Checks[check.Name] = "does not answer in time"
	}
	for range s.options.Ready {
		select {
		case one := <-results:
			state.Checks[one.name] = saying(one.err)
			if one.err != nil {
				state.Ready = false
				s.log.Warn("not ready", "check", one.name, "error", one.err)
			}
		case <-ctx.Done():
			state.Ready = false
		}
	}
	select {
	case <-s.stopping: // a load balancer is to look elsewhere
		state.Ready, state.Checks["server"] = false, "is stopping"
	default:
	}
	status := fasthttp.StatusOK
	if !state.Ready {
		status = fasthttp.StatusServiceUnavailable
	}
	c.Context().SetContentTypeBytes(mediaJSON)
	c.Context().SetStatusCode(status)
	return encode(c.Context().Response.BodyWriter(), &state)
}

func saying(err error) string {
	var own *veranda.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &own):
		return own.Message
	default:
		return "fails"
	}
}
