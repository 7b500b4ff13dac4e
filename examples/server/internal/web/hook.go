package web

import (
	"context"
	"net/url"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// Hook is a call of a program elsewhere that reports something by a form, and proves who it is by a signature.
type Hook struct {
	// Address is what was called, as it is known outside: the base URL with path and query as they came.
	Address     string
	Query, Form url.Values
	// Header gives the first value of a header.
	Header func(name string) string
}

// hookOctets bounds a report.
const hookOctets = 64 << 10

// AddHook adds a route for such calls, by POST with a form. It is no part of the described interface. The function proves
// who calls before it believes anything; without an error the answer is 204.
func (s *Server) AddHook(path string, handle func(ctx context.Context, h Hook) error) {
	s.app.Post(path, func(c *fiber.Ctx) error {
		call, _ := s.callOf(c.Context())
		body, err := readBody(c.Context())
		if err != nil {
			return err
		}
		if len(body) > hookOctets {
			return veranda.NewError(veranda.CodeInvalid, "body.too_large", "The report is too long.")
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return errTruncated
		}
		uri := string(c.Context().RequestURI())
		query, err := url.ParseQuery(string(c.Context().QueryArgs().QueryString()))
		if err != nil {
			return errTruncated
		}
		err = handle(call, Hook{
			Address: s.options.BaseURL.String() + uri, Query: query, Form: form,
			Header: func(name string) string { return string(c.Context().Request.Header.Peek(name)) },
		})
		if err != nil {
			return err
		}
		c.Status(fasthttp.StatusNoContent)
		return nil
	})
}
