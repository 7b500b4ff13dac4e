package main

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/veranda-go/veranda"
)

// openapiDescription holds the description against the standard, against what a linter asks, and against the program.
func openapiDescription(t *testing.T, s *stack) {
	r := s.anonymous().get(t, "/openapi.json").want(http.StatusOK)
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") && !strings.HasPrefix(kind, "application/vnd.oai.openapi+json") {
		t.Errorf("content type %q", kind)
	}
	document, err := openapi3.NewLoader().LoadFromData(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if document.OpenAPI != "3.1.0" && document.OpenAPI != "3.1.1" {
		t.Errorf("openapi %q", document.OpenAPI)
	}
	if document.Info.Title == "" || document.Info.Version != version || document.Info.License == nil || document.Info.Contact == nil || len(document.Servers) == 0 {
		t.Errorf("info %+v", document.Info)
	}
	tags := map[string]bool{}
	for _, tag := range document.Tags {
		if tag.Description == "" || tags[tag.Name] {
			t.Errorf("tag %q has no description, or is there twice", tag.Name)
		}
		tags[tag.Name] = true
	}
	ids := map[string]string{}
	for path, item := range document.Paths.Map() {
		if strings.HasSuffix(path, "/") || strings.ContainsAny(path, "?_ ") {
			t.Errorf("path %s", path)
		}
		for method, op := range item.Operations() {
			lintOperation(t, method+" "+path, op, tags)
			if other, twice := ids[op.OperationID]; twice {
				t.Errorf("operationId %s is of %s and %s %s", op.OperationID, other, method, path)
			}
			ids[op.OperationID] = method + " " + path
		}
	}
	if len(ids) < 60 {
		t.Errorf("only %d operations are described", len(ids))
	}
	var plain map[string]any
	if err := json.Unmarshal(r.Body, &plain); err != nil {
		t.Fatal(err)
	}
	lintReferences(t, plain)
	routesAnswer(t, s, document)
}

var (
	kebab       = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	inPath      = regexp.MustCompile(`\{([^}]+)\}`)
	problemsRef = "#/components/responses/Problem"
)

// lintOperation asks what the usual linters ask of an operation.
func lintOperation(t *testing.T, name string, op *openapi3.Operation, tags map[string]bool) {
	t.Helper()
	if op.Summary == "" || op.Description == "" || !kebab.MatchString(op.OperationID) || len(op.Tags) != 1 || !tags[op.Tags[0]] || op.Security == nil {
		t.Errorf("%s: summary %q, operationId %q, tags %v, security %v", name, op.Summary, op.OperationID, op.Tags, op.Security)
	}
	var wanted, given []string
	for _, found := range inPath.FindAllStringSubmatch(name, -1) {
		wanted = append(wanted, found[1])
	}
	for _, p := range op.Parameters {
		if p.Value.Schema == nil || p.Value.Description == "" && p.Value.In != "path" {
			t.Errorf("%s: parameter %s is not described", name, p.Value.Name)
		}
		if p.Value.In == "path" {
			given = append(given, p.Value.Name)
			if !p.Value.Required {
				t.Errorf("%s: path parameter %s is optional", name, p.Value.Name)
			}
		}
	}
	slices.Sort(wanted)
	slices.Sort(given)
	if !slices.Equal(wanted, given) {
		t.Errorf("%s: path parameters %v", name, given)
	}
	success, problems := 0, 0
	operational := !strings.Contains(name, " /v1/") // health and readiness have answers of their own
	for status, response := range op.Responses.Map() {
		if response.Value == nil || response.Value.Description == nil || *response.Value.Description == "" {
			t.Errorf("%s: response %s has no description", name, status)
			continue
		}
		switch {
		case status[0] == '2' || status == "304":
			success++
		default:
			problems++
			if operational && status == "503" {
				continue
			}
			if (!operational && !strings.HasPrefix(response.Ref, problemsRef)) || response.Value.Content["application/problem+json"] == nil {
				t.Errorf("%s: response %s is no described problem", name, status)
			}
		}
	}
	if success == 0 || !operational && (problems < 4 || op.Responses.Value("default") == nil) {
		t.Errorf("%s: %d successes, %d problems", name, success, problems)
	}
}

// lintReferences wants every $ref to lead somewhere, every component to be used, and every object of a request to refuse
// fields it does not know.
func lintReferences(t *testing.T, document map[string]any) {
	t.Helper()
	used := map[string]bool{}
	var walk func(place string, value any)
	walk = func(place string, value any) {
		switch v := value.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				used[ref] = true
				var here any = document
				for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
					object, _ := here.(map[string]any)
					here = object[step]
				}
				if here == nil {
					t.Errorf("%s: $ref %s leads nowhere", place, ref)
				}
			}
			if _, nullable := v["nullable"]; nullable {
				t.Errorf("%s: nullable is of OpenAPI 3.0", place)
			}
			for key, inner := range v {
				walk(place+"/"+key, inner)
			}
		case []any:
			for i, inner := range v {
				walk(fmt.Sprintf("%s/%d", place, i), inner)
			}
		}
	}
	walk("", document)
	components := document["components"].(map[string]any)
	for name := range components["schemas"].(map[string]any) {
		if !used["#/components/schemas/"+name] {
			t.Errorf("schema %s is used nowhere", name)
		}
	}
	for path, item := range document["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			body, ok := op.(map[string]any)["requestBody"].(map[string]any)
			if !ok {
				continue
			}
			media, ok := body["content"].(map[string]any)["application/json"].(map[string]any)
			if !ok { // a file
				continue
			}
			ref, _ := media["schema"].(map[string]any)["$ref"].(string)
			schema, _ := components["schemas"].(map[string]any)[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
			if schema["additionalProperties"] != false {
				t.Errorf("%s %s: the body %s does not refuse unknown fields", method, path, ref)
			}
		}
	}
}

// routesAnswer calls every described operation without a session: each is there, and says so in the same way.
func routesAnswer(t *testing.T, s *stack, document *openapi3.T) {
	t.Helper()
	nobody := s.elsewhere()
	for path, item := range document.Paths.Map() {
		called := inPath.ReplaceAllString(path, veranda.NewOrgID().String())
		for method, op := range item.Operations() {
			closed := true
			for _, one := range *op.Security {
				closed = closed && len(one) > 0
			}
			if !closed {
				continue
			}
			r := nobody.send(t, method, called, nil)
			if r.Status == http.StatusNotFound || r.Status == http.StatusMethodNotAllowed {
				t.Errorf("%s %s is described and answers %d", method, path, r.Status)
				continue
			}
			r.refused(http.StatusUnauthorized, "unauthenticated")
			if r.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s: 401 without WWW-Authenticate", method, path)
			}
		}
	}
}

var fetched = regexp.MustCompile(`(?i)(src|href|action)\s*=\s*["']?(https?:)?//`)

// docsPages are served from the binary: every operation is on the page, and nothing is loaded from anywhere.
func docsPages(t *testing.T, s *stack) {
	docs := s.anonymous().get(t, "/docs").want(http.StatusOK)
	document, err := openapi3.NewLoader().LoadFromData(s.anonymous().get(t, "/openapi.json").want(http.StatusOK).Body)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			if !strings.Contains(string(docs.Body), html.EscapeString(op.Summary)) || !strings.Contains(string(docs.Body), path) {
				t.Errorf("/docs lacks %s %s", method, path)
			}
		}
	}
	home := s.anonymous().get(t, "/").want(http.StatusOK)
	for _, want := range []string{"Veranda", "/docs", "/openapi.json", version} {
		if !strings.Contains(string(home.Body), want) {
			t.Errorf("the page at / lacks %q", want)
		}
	}
	for name, page := range map[string]*reply{"/docs": docs, "/": home} {
		if !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") || !strings.Contains(page.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v", name, page.Header)
		}
		if found := fetched.FindString(strings.ReplaceAll(string(page.Body), s.base, "")); found != "" || strings.Contains(string(page.Body), "<script") {
			t.Errorf("%s loads or links to elsewhere: %q", name, found)
		}
	}
}
