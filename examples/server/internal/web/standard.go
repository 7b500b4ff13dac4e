package web

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// addOperations adds the routes every server has.
func (s *Server) addOperations() {
	s.app.Get("/", s.serveHome)
	s.app.Get("/healthz", s.serveHealth)
	s.app.Get("/readyz", s.serveReady)
	s.app.Get("/metrics", s.serveMetrics)
	s.app.Get("/openapi.json", s.serveDescription)
	s.app.Get("/docs", s.serveDocs)
	const tag = "Server"
	s.tags[tag] = true
	s.description.Tags = append(s.description.Tags, &huma.Tag{Name: tag, Description: "The server itself."})
	for _, one := range []struct{ path, id, summary, description, media string }{
		{"/healthz", "server-health", "Is the process alive", "Answers as long as the process serves at all.", "application/json"},
		{"/readyz", "server-ready", "Can the server serve", "Schema, database and queue; 503 while any of them is missing.", "application/json"},
	} {
		s.description.AddOperation(&huma.Operation{
			Method: fiber.MethodGet, Path: one.path, OperationID: one.id, Summary: one.summary, Description: one.description,
			Tags: []string{tag}, Security: []map[string][]string{{}},
			Responses: map[string]*huma.Response{
				"200": {Description: "Yes.", Content: map[string]*huma.MediaType{one.media: {Schema: &huma.Schema{Type: huma.TypeObject}}}},
				"503": {Description: "No.", Content: map[string]*huma.MediaType{one.media: {Schema: &huma.Schema{Type: huma.TypeObject}}}},
				"400": {Ref: "#/components/responses/Problem"},
			},
		})
	}
}

// prepareDocs makes description and documentation once, when they are first asked for: by then every route is there.
func (s *Server) prepareDocs() (err error) {
	s.docs.Do(func() {
		if s.spec, err = json.MarshalIndent(s.description, "", " "); err != nil {
			err = fmt.Errorf("write the description: %w", err)
			return
		}
		s.docsPage, err = s.renderDocs()
	})
	if err == nil && (s.spec == nil || s.docsPage == nil) {
		err = fmt.Errorf("the description could not be written")
	}
	return err
}

// Description is the API's description, as /openapi.json gives it.
func (s *Server) Description() ([]byte, error) {
	err := s.prepareDocs()
	return s.spec, err
}

func (s *Server) serveDescription(c *fiber.Ctx) error {
	spec, err := s.Description()
	if err != nil {
		return err
	}
	// The description is public and the same for everybody: documentation elsewhere may load it.
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	c.Context().SetContentType("application/json")
	return c.Send(spec)
}
