package web

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// The kit's own cost: a call whose method does nothing but give a value, beside a bare fiber handler that does the same.
func BenchmarkCall(b *testing.B) {
	some := &note{Title: "milk", Version: 7}
	page := veranda.List[note]{Items: make([]note, 50)}
	log := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := New(Options{BaseURL: &url.URL{Scheme: "http", Host: "localhost"}, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	g := On(s, "Notes", "Notes.", newNotes(nil))
	Get(g, notePath, "Get", func(*notes, context.Context, veranda.Actor, getNote) (*note, error) { return some, nil })
	Get(g, notesPath, "List", func(*notes, context.Context, veranda.Actor, listNotes) (veranda.List[note], error) { return page, nil })
	Create(g, notesPath, "Create", func(_ *notes, _ context.Context, _ veranda.Actor, in createNote) (*note, error) { return some, nil })

	bare := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	bare.Get("/v1/organizations/:org/notes/:note", func(c *fiber.Ctx) error {
		var org veranda.OrgID
		var id noteID
		if org.UnmarshalText([]byte(c.Params("org"))) != nil || id.UnmarshalText([]byte(c.Params("note"))) != nil {
			return fiber.ErrNotFound
		}
		return c.JSON(some)
	})
	bare.Get("/v1/organizations/:org/notes", func(c *fiber.Ctx) error {
		limit := c.QueryInt("limit", 50)
		if c.Query("state") == "x" || limit > 200 {
			return fiber.ErrBadRequest
		}
		return c.JSON(page)
	})
	bare.Post("/v1/organizations/:org/notes", func(c *fiber.Ctx) error {
		var in createNote
		if err := c.BodyParser(&in); err != nil {
			return err
		}
		return c.Status(201).JSON(some)
	})
	body, _ := json.Marshal(map[string]any{"title": "milk", "tags": []string{"a", "b"}, "due_at": "2026-03-01T09:00:00Z", "priority": 2})
	for _, call := range []struct{ name, method, path string }{
		{"get", "GET", fill(notePath)}, {"list", "GET", fill(notesPath) + "?limit=50&state=open"}, {"create", "POST", fill(notesPath)},
	} {
		for _, side := range []struct {
			name    string
			handler fasthttp.RequestHandler
		}{{"kit", s.App().Server().Handler}, {"bare", bare.Handler()}} {
			s.App().Handler() // builds the router's tree
			b.Run(call.name+"/"+side.name, func(b *testing.B) {
				b.ReportAllocs()
				var rctx fasthttp.RequestCtx
				for b.Loop() {
					rctx.Request.Reset()
					rctx.Response.Reset()
					rctx.ResetUserValues()
					rctx.Request.Header.SetMethod(call.method)
					rctx.Request.SetRequestURI(call.path)
					rctx.Request.Header.Set("Authorization", "Bearer token-of-ann")
					if call.method == "POST" {
						rctx.Request.Header.SetContentType("application/json")
						rctx.Request.SetBody(body)
						rctx.Request.Header.SetContentLength(len(body))
					}
					side.handler(&rctx)
					if status := rctx.Response.StatusCode(); status > 201 {
						b.Fatal(strconv.Itoa(status), string(rctx.Response.Body()))
					}
				}
			})
		}
	}
}
