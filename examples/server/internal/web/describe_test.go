package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func described(t *testing.T) (*openapi3.T, map[string]any) {
	t.Helper()
	b := start(t, Options{DB: verandatest.New(t, verandatest.SQLite, modules()).DB}, withWho)
	r := b.call("GET", "/openapi.json", "", "Authorization: ")
	document, err := openapi3.NewLoader().LoadFromData([]byte(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	var plain map[string]any
	if err := json.Unmarshal([]byte(r.body), &plain); err != nil {
		t.Fatal(err)
	}
	return document, plain
}

func TestDescriptionIsValid(t *testing.T) {
	t.Parallel()
	document, _ := described(t)
	if document.OpenAPI != "3.1.0" {
		t.Error(document.OpenAPI)
	}
	ids := map[string]bool{}
	tags := map[string]bool{}
	for _, tag := range document.Tags {
		tags[tag.Name] = true
		if tag.Description == "" {
			t.Errorf("tag %s has no description", tag.Name)
		}
	}
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || op.Description == "" || len(op.Tags) != 1 || !tags[op.Tags[0]] || op.Security == nil {
				t.Errorf("%s %s is not described well: %+v", method, path, op)
			}
			ids[op.OperationID] = true
		}
	}
}

func TestDescriptionSaysWhatIsChecked(t *testing.T) {
	t.Parallel()
	_, plain := described(t)
	at := func(path ...string) any {
		t.Helper()
		var here any = plain
		for _, name := range path {
			object, ok := here.(map[string]any)
			if !ok || object[name] == nil {
				t.Fatalf("nothing at %v", path)
			}
			here = object[name]
		}
		return here
	}
	schemas := at("components", "schemas").(map[string]any)
	for _, name := range []string{"Note", "NoteList", "CreateNote", "Problem"} {
		if schemas[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
	for name := range schemas {
		if strings.ContainsAny(name, "[]·./") || strings.HasPrefix(name, "ID") {
			t.Errorf("schema %s", name)
		}
	}
	input := at("components", "schemas", "CreateNote").(map[string]any)
	if input["additionalProperties"] != false {
		t.Error("unknown fields are not refused")
	}
	if diff := cmp.Diff([]any{"title"}, input["required"]); diff != "" {
		t.Error(diff)
	}
	properties := input["properties"].(map[string]any)
	for _, hidden := range []string{"Org", "org", "Internal", "ClientAddress"} {
		if properties[hidden] != nil {
			t.Errorf("%s is in the body", hidden)
		}
	}
	if diff := cmp.Diff(map[string]any{"type": "string", "format": "uuid"}, at("components", "schemas", "Note", "properties", "id")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("date-time", at("components", "schemas", "Note", "properties", "due_at", "format")); diff != "" {
		t.Error(diff)
	}
	for _, path := range [][]string{
		{"paths", notesPath, "post", "responses", "201", "headers", "Location"}, {"paths", notesPath, "post", "responses", "422"},
		{"paths", notePath, "patch", "responses", "428"}, {"paths", notePath, "get", "responses", "304"}, {"paths", notePath, "delete", "responses", "204"},
		{"paths", notePath, "get", "responses", "401"}, {"components", "securitySchemes", "cookie"},
	} {
		at(path...)
	}
	var names []string
	for _, p := range at("paths", notesPath, "get", "parameters").([]any) {
		names = append(names, p.(map[string]any)["name"].(string))
	}
	if diff := cmp.Diff([]string{"org", "label", "state", "before", "mine", "by", "limit", "cursor"}, names); diff != "" {
		t.Error(diff)
	}
}

// Two packages may each have a type of one name.
func TestTypesOfOneNameGetTheirOwn(t *testing.T) {
	t.Parallel()
	r := newRegistry()
	one := func() reflect.Type {
		type Thing struct{ A string }
		return reflect.TypeFor[Thing]()
	}()
	two := func() reflect.Type {
		type Thing struct{ B string }
		return reflect.TypeFor[Thing]()
	}()
	first, second := r.Schema(one, true, ""), r.Schema(two, true, "")
	if first.Ref == second.Ref || r.Schema(one, true, "").Ref != first.Ref || len(r.Map()) != 2 {
		t.Error(first.Ref, second.Ref)
	}
	if got := r.Schema(reflect.TypeFor[*veranda.OrgID](), true, ""); got.Type != huma.TypeString || got.Format != "uuid" || !got.Nullable {
		t.Errorf("%+v", got)
	}
}

func TestDeclarationsThatCannotWork(t *testing.T) {
	t.Parallel()
	type withBody struct {
		Title string `json:"title"`
	}
	for name, declare := range map[string]func(g *Group[*notes]){
		"body of a GET": func(g *Group[*notes]) {
			Get(g, "/a", "A", None(func(*notes, context.Context, veranda.Actor, withBody) error { return nil }))
		},
		"path without parameter": func(g *Group[*notes]) { Get(g, "/a", "A", (*notes).Get) },
		"parameter without path": func(g *Group[*notes]) { Get(g, notePath+"/{more}", "A", (*notes).Get) },
		"idempotent without store": func(g *Group[*notes]) {
			Create(g, "/b/{org}", "A", (*notes).Create, Idempotent())
		},
		"one id twice": func(g *Group[*notes]) { Get(g, "/c/{org}/{note}", "Get a note", (*notes).Get, ID("notes-get-a-note")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start(t, Options{}, func(b *bench) {
				defer func() {
					if recover() == nil {
						t.Error("the declaration was accepted")
					}
				}()
				declare(On(b.server, "More", "More.", b.notes))
			})
		})
	}
}
