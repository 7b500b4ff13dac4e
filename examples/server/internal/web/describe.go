package web

import (
	"fmt"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// problemName is the component that describes every error.
const problemName = "Problem"

// describe begins the description of the API (OpenAPI 3.1).
func (s *Server) describe() {
	s.registry = newRegistry()
	s.compiler = newCompiler(s.registry)
	problem := &huma.MediaType{Schema: huma.SchemaFromType(s.registry, typeOf[Problem]())}
	s.registry.define(typeOf[Problem](), problemName, problem.Schema)
	text := s.options.Description
	if text == "" {
		text = "Collaboration: organizations, workspaces, tasks, applications, forms, messages, documents and plans."
	}
	s.description = &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: s.options.Title, Version: s.options.Version, Description: text,
			License: &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"},
			Contact: &huma.Contact{Name: s.options.Title, URL: s.credentials.origin},
		},
		Servers: []*huma.Server{{URL: s.credentials.origin, Description: "This server."}},
		Components: &huma.Components{
			Schemas: s.registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "The token of a session, or a personal access token."},
				"cookie": {Type: "apiKey", In: "cookie", Name: s.credentials.cookie, Description: "The session of a browser; calls that write must come from this server's own pages."},
			},
			Responses: problemResponses(),
		},
	}
	// The library's own routes for description and documentation stay off; the documentation would load from elsewhere.
	config := huma.Config{OpenAPI: s.description, Formats: huma.DefaultFormats, DefaultFormat: "application/json", Transformers: []huma.Transformer{transformProblem}}
	s.api = humafiber.New(s.app, config)
}

// problemTexts are the errors operations have in common.
var problemTexts = map[int]string{
	fasthttp.StatusUnauthorized:         "Nobody is signed in, or the session is over.",
	fasthttp.StatusForbidden:            "The caller sees the thing but may not do that, or a plan's limit is reached.",
	fasthttp.StatusNotFound:             "It does not exist, or the caller may not know that it does.",
	fasthttp.StatusConflict:             "The state of the thing does not allow it.",
	fasthttp.StatusPreconditionFailed:   "It has changed since it was read.",
	fasthttp.StatusPreconditionRequired: "The header If-Match is missing.",
	fasthttp.StatusUnprocessableEntity:  "Some fields are not valid; all of them are listed.",
	fasthttp.StatusTooManyRequests:      "Too many calls; Retry-After says when to go on.",
}

func problemResponses() map[string]*huma.Response {
	content := map[string]*huma.MediaType{mediaProblem: {Schema: &huma.Schema{Ref: schemaPrefix + problemName}}}
	responses := map[string]*huma.Response{"Problem": {Description: "Something else went wrong.", Content: content}}
	for status, text := range problemTexts {
		responses["Problem"+strconv.Itoa(status)] = &huma.Response{Description: text, Content: content}
	}
	return responses
}

// describe adds a route to the description.
func describe[O any](r *route, out *output[O]) {
	if r.hidden {
		return
	}
	s := r.server
	op := &huma.Operation{
		Method: r.method, Path: r.pattern, OperationID: r.id, Summary: r.summary, Description: r.description, Tags: []string{r.tag},
		Responses: map[string]*huma.Response{},
	}
	if op.Description == "" {
		op.Description = r.summary + "."
	}
	switch {
	case r.access == accessAnonymous || r.crossOrigin:
		op.Security = []map[string][]string{{}}
	case r.access == accessPublic:
		op.Security = []map[string][]string{{}, {"bearer": {}}, {"cookie": {}}}
	default:
		op.Security = []map[string][]string{{"bearer": {}}, {"cookie": {}}}
	}
	r.describeInput(op)
	success := &huma.Response{Description: "Success.", Headers: map[string]*huma.Param{}}
	text := &huma.Schema{Type: huma.TypeString}
	switch {
	case r.media != "":
		success.Content = map[string]*huma.MediaType{r.media: {Schema: text}}
	case !out.nothing:
		schema := s.registry.Schema(out.t, true, r.id+"Output")
		success.Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
	}
	if out.tagged {
		success.Headers[fasthttp.HeaderETag] = &huma.Param{Description: "The version, for If-Match and If-None-Match.", Schema: text}
		if r.method == fiber.MethodGet {
			op.Responses["304"] = &huma.Response{Description: "It is what If-None-Match names."}
		}
	}
	if r.status == fasthttp.StatusCreated && (out.located || out.idIndex != nil) {
		success.Headers[fasthttp.HeaderLocation] = &huma.Param{Description: "Where the new thing lies.", Schema: text}
	}
	op.Responses[strconv.Itoa(r.status)] = success
	if r.orNothing {
		op.Responses["204"] = &huma.Response{Description: "Success, with nothing to say."}
	}
	r.describeProblems(op)
	s.description.AddOperation(op)
}

func (r *route) describeInput(op *huma.Operation) {
	for _, list := range [][]parameter{r.plan.path, r.plan.query, r.plan.header} {
		for _, p := range list {
			param := &huma.Param{Name: p.name, In: p.in, Description: p.doc, Required: p.required, Schema: p.schema}
			if p.list {
				explode := true
				param.Style, param.Explode = "form", &explode
			}
			op.Parameters = append(op.Parameters, param)
		}
	}
	if r.idempotent {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: headerIdempotencyKey, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(255)},
			Description: "Repeating the call with the same key within 24 hours gives the first answer again and does nothing.",
		})
	}
	switch {
	case r.upload:
		op.RequestBody = &huma.RequestBody{Required: true, Description: "The content.", Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}
	case r.plan.bodySchema != nil:
		op.RequestBody = &huma.RequestBody{Required: r.plan.bodyRequired, Content: map[string]*huma.MediaType{
			"application/json": {Schema: r.plan.bodySchema},
		}}
	}
}

func (r *route) describeProblems(op *huma.Operation) {
	add := func(statuses ...int) {
		for _, status := range statuses {
			op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: fmt.Sprintf("#/components/responses/Problem%d", status)}
		}
	}
	add(fasthttp.StatusForbidden, fasthttp.StatusNotFound, fasthttp.StatusUnprocessableEntity, fasthttp.StatusTooManyRequests)
	if r.access == accessSession {
		add(fasthttp.StatusUnauthorized)
	}
	if r.method != fiber.MethodGet {
		add(fasthttp.StatusConflict)
	}
	if r.plan.ifMatch {
		add(fasthttp.StatusPreconditionFailed, fasthttp.StatusPreconditionRequired)
	}
	op.Responses["default"] = &huma.Response{Ref: "#/components/responses/Problem"}
}

// transformProblem gives errors of huma's own operations the shape of all others: JSON pointers, and no value repeated,
// which could be a password.
func transformProblem(_ huma.Context, _ string, value any) (any, error) {
	model, ok := value.(*huma.ErrorModel)
	if !ok {
		return value, nil
	}
	p := routerProblem(model.Status)
	if model.Status < 500 && model.Status != fasthttp.StatusNotFound {
		p.Detail = model.Detail
	}
	var found findings
	for _, detail := range model.Errors {
		place := detail.Location
		for _, prefix := range []string{"body", "path", "query", "header"} {
			if place == prefix {
				place = ""
			} else if len(place) > len(prefix) && place[:len(prefix)] == prefix && (place[len(prefix)] == '.' || place[len(prefix)] == '[') {
				place = place[len(prefix)+1:]
			}
		}
		found.addAt(pointerOf(place), "invalid", detail.Message)
	}
	p.Errors = found.fields
	if p.Status == fasthttp.StatusUnprocessableEntity {
		p.Reason = "invalid"
	}
	return &p, nil
}
