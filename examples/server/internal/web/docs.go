package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// docsTag and the types below are what the page of operations shows.
type docsTag struct {
	Name, Anchor, Text string
	Operations         []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Text, Access string
	Parameters, Fields                      []docsField
	Curl, Status, Answer                    string
}

type docsField struct {
	Name, In, Type, Text string
	Required             bool
}

func (s *Server) renderDocs() ([]byte, error) {
	byTag := map[string][]docsOperation{}
	for _, path := range slices.Sorted(maps.Keys(s.description.Paths)) {
		item := s.description.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil && len(op.Tags) > 0 {
				byTag[op.Tags[0]] = append(byTag[op.Tags[0]], s.docsOperation(op))
			}
		}
	}
	var tags []docsTag
	for _, tag := range s.description.Tags {
		tags = append(tags, docsTag{Name: tag.Name, Anchor: "tag-" + slug(tag.Name), Text: tag.Description, Operations: byTag[tag.Name]})
	}
	return s.pages.render("docs.html", map[string]any{
		"Title": s.options.Title, "Text": s.description.Info.Description, "Version": s.options.Version, "Tags": tags, "Style": s.pages.style,
	})
}

func (s *Server) docsOperation(op *huma.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Text: op.Description}
	d.Access = "For who is signed in."
	for _, alternative := range op.Security {
		if len(alternative) == 0 {
			d.Access = "For anybody."
		}
	}
	for _, p := range op.Parameters {
		d.Parameters = append(d.Parameters, docsField{Name: p.Name, In: p.In, Type: s.typeName(p.Schema), Text: p.Description, Required: p.Required})
	}
	sample := ""
	if op.RequestBody != nil {
		if media := op.RequestBody.Content["application/json"]; media != nil {
			schema := s.resolve(media.Schema)
			for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
				field := schema.Properties[name]
				d.Fields = append(d.Fields, docsField{Name: name, Type: s.typeName(field), Text: field.Description, Required: slices.Contains(schema.Required, name)})
			}
			sample = s.sampleText(media.Schema)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status[0] != '2' {
			continue
		}
		d.Status = status
		if media := op.Responses[status].Content["application/json"]; media != nil {
			d.Answer = s.sampleText(media.Schema)
		}
	}
	d.Curl = s.curl(op, d.Access != "For anybody.", sample)
	return d
}

func (s *Server) curl(op *huma.Operation, token bool, sample string) string {
	var b strings.Builder
	b.WriteString("curl")
	if op.Method != fiber.MethodGet {
		b.WriteString(" -X " + op.Method)
	}
	fmt.Fprintf(&b, " '%s%s'", s.credentials.origin, op.Path)
	if token {
		b.WriteString(" \\\n  -H \"Authorization: Bearer $TOKEN\"")
	}
	for _, p := range op.Parameters {
		if p.In == "header" && p.Required {
			fmt.Fprintf(&b, " \\\n  -H '%s: %v'", p.Name, sampleOf(p.Schema, `"7"`))
		}
	}
	if sample != "" {
		fmt.Fprintf(&b, " \\\n  -H 'Content-Type: application/json' \\\n  -d '%s'", strings.ReplaceAll(sample, "'", `'\''`))
	}
	return b.String()
}

func sampleOf(s *huma.Schema, fallback any) any {
	if len(s.Examples) > 0 {
		return s.Examples[0]
	}
	return fallback
}

func (s *Server) resolve(schema *huma.Schema) *huma.Schema {
	for schema != nil && schema.Ref != "" {
		schema = s.registry.SchemaFromRef(schema.Ref)
	}
	if schema == nil {
		return &huma.Schema{}
	}
	return schema
}

// typeName says in a word what a value is.
func (s *Server) typeName(schema *huma.Schema) string {
	if name, ok := strings.CutPrefix(schema.Ref, schemaPrefix); ok {
		return name
	}
	switch {
	case len(schema.Enum) > 0:
		words := make([]string, len(schema.Enum))
		for i, value := range schema.Enum {
			words[i] = fmt.Sprint(value)
		}
		return strings.Join(words, ", ")
	case schema.Type == huma.TypeArray && schema.Items != nil:
		return "list of " + s.typeName(schema.Items)
	case schema.Type == huma.TypeString && schema.Format != "":
		return schema.Format
	case schema.Type == "":
		return "anything"
	}
	return schema.Type
}

func (s *Server) sampleText(schema *huma.Schema) string {
	text, err := json.MarshalIndent(s.sample(schema, map[string]bool{}), "", "  ")
	if err != nil { // made of maps, lists and texts
		return ""
	}
	return string(text)
}

// sample makes up a value. A type within itself is shown once.
func (s *Server) sample(schema *huma.Schema, within map[string]bool) any {
	if schema.Ref != "" {
		if within[schema.Ref] {
			return map[string]any{}
		}
		within[schema.Ref] = true
		defer delete(within, schema.Ref)
		schema = s.resolve(schema)
	}
	switch {
	case len(schema.Examples) > 0:
		return schema.Examples[0]
	case schema.Default != nil:
		return schema.Default
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	}
	switch schema.Type {
	case huma.TypeObject:
		object := map[string]any{}
		for name, field := range schema.Properties {
			object[name] = s.sample(field, within)
		}
		return object
	case huma.TypeArray:
		return []any{s.sample(schema.Items, within)}
	case huma.TypeBoolean:
		return false
	case huma.TypeInteger, huma.TypeNumber:
		return 1
	case huma.TypeString:
		switch schema.Format {
		case "uuid":
			return "01920000-0000-7000-8000-000000000000"
		case "date-time":
			return "2026-03-01T09:00:00Z"
		case "date":
			return "2026-03-01"
		}
		return "text"
	}
	return nil
}
