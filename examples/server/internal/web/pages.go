package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

//go:embed pages
var pageFiles embed.FS

// pages are the server's own few pages: no scripts, and one style that the policy names by its hash.
type pages struct {
	templates *template.Template
	style     template.CSS
	policy    string
}

func newPages() (*pages, error) {
	style, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		return nil, fmt.Errorf("web: pages: %w", err)
	}
	templates, err := template.ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("web: pages: %w", err)
	}
	hash := sha256.Sum256(style)
	return &pages{
		templates: templates, style: template.CSS(style), // the file above, not what anybody sent
		policy: fmt.Sprintf(policyPage, base64.StdEncoding.EncodeToString(hash[:])),
	}, nil
}

func (p *pages) render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("web: page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

func (p *pages) send(c *fiber.Ctx, page []byte) error {
	c.Set(fasthttp.HeaderContentSecurityPolicy, p.policy)
	c.Context().SetContentType("text/html; charset=utf-8")
	return c.Send(page)
}

// serveHome says what runs here and where to go next.
func (s *Server) serveHome(c *fiber.Ctx) error {
	links := []Link{
		{"/docs", "Every operation, with an example of each."},
		{"/openapi.json", "The same for programs: OpenAPI 3.1."},
		{"/healthz", "Whether the process is alive."},
		{"/readyz", "Whether schema, database and queue are there."},
	}
	page, err := s.pages.render("home.html", map[string]any{
		"Title": s.options.Title, "Version": s.options.Version, "Origin": s.credentials.origin,
		"Links": append(links, s.options.Links...), "Style": s.pages.style,
	})
	if err != nil {
		return err
	}
	return s.pages.send(c, page)
}

// serveDocs shows every operation on one page.
func (s *Server) serveDocs(c *fiber.Ctx) error {
	if err := s.prepareDocs(); err != nil {
		return err
	}
	return s.pages.send(c, s.docsPage)
}
