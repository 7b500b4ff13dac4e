package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

func TestCreateAnswersWithLocationAndVersion(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	r := b.call("POST", fill(notesPath), `{"title":"milk","tags":["a","b"],"due_at":"2026-03-01T09:00:00+02:00"}`)
	if r.status != http.StatusCreated {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var n note
	if err := json.Unmarshal([]byte(r.body), &n); err != nil {
		t.Fatal(err)
	}
	if want := fill(notesPath) + "/" + n.ID.String(); r.header.Get("Location") != want {
		t.Errorf("Location %q, want %q", r.header.Get("Location"), want)
	}
	if !strings.HasPrefix(r.header.Get("ETag"), `"1-`) || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", r.header)
	}
	if diff := cmp.Diff([]string{"a", "b"}, n.Tags); diff != "" {
		t.Error(diff)
	}
}

func TestInvalidFieldsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	for name, test := range map[string]struct {
		body string
		want []string
	}{
		"several at once": {
			`{"title":"","priority":9,"state":"x","tags":["a","toolong","b","c"],"due_at":"yesterday","others":["no"],"steps":[{"text":"ok"},{"text":"","done":1}],"secret":"hunter2"}`,
			[]string{"/title too_short", "/priority range", "/state one_of", "/tags/1 too_long", "/tags too_many", "/due_at format", "/others/0 format", "/steps/1/text too_short", "/steps/1/done type", "/secret unknown"},
		},
		"missing":              {`{}`, []string{"/title required"}},
		"no body":              {``, []string{"/title required"}},
		"null":                 {`{"title":null}`, []string{"/title type"}},
		"not an object":        {`["title"]`, []string{" type"}},
		"other case":           {`{"TITLE":"x"}`, []string{"/TITLE unknown", "/title required"}},
		"given twice":          {`{"title":"a","title":"b"}`, []string{"/title repeated"}},
		"escaped name":         {`{"t\u0069tle":"a","a/b~":1}`, []string{"/a~1b~0 unknown"}},
		"whole number":         {`{"title":"a","priority":1.0}`, []string{"/priority type"}},
		"huge number":          {`{"title":"a","priority":99999999999999999999}`, []string{"/priority range"}},
		"path in the body":     {`{"title":"a","org":"` + orgID + `"}`, []string{"/org unknown"}},
		"field of the server":  {`{"title":"a","Internal":"x","ClientAddress":"1.2.3.4"}`, []string{"/Internal unknown", "/ClientAddress unknown"}},
		"nested unknown field": {`{"title":"a","steps":[{"text":"b","x":{"y":[1,"}"]}}]}`, []string{"/steps/0/x unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := b.call("POST", fill(notesPath), test.body)
			p := r.problem(t)
			if r.status != http.StatusUnprocessableEntity || p.Reason != "invalid" {
				t.Errorf("%d %s", r.status, r.body)
			}
			var got []string
			for _, f := range p.Errors {
				got = append(got, f.Pointer+" "+f.Rule)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(r.body, "hunter2") {
				t.Error("the value is repeated")
			}
		})
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	for name, test := range map[string]struct {
		body, contentType, reason string
		status                    int
	}{
		"cut off":      {`{"title":`, "application/json", "body.malformed", 400},
		"two values":   {`{"title":"a"}{}`, "application/json", "body.malformed", 400},
		"no UTF-8":     {"{\"title\":\"\xff\"}", "application/json", "body.malformed", 400},
		"form":         {`{"title":"a"}`, "text/plain", "body.media_type", 415},
		"no type":      {`{"title":"a"}`, "", "body.media_type", 415},
		"own type":     {`{"title":"a"}`, "application/vnd.x+json", "", 201},
		"with charset": {`{"title":"a"}`, "Application/JSON; charset=utf-8", "", 201},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := b.call("POST", fill(notesPath), test.body, "Content-Type: ", "Content-Type: "+test.contentType)
			if r.status != test.status {
				t.Fatalf("%d %s", r.status, r.body)
			}
			if test.reason != "" && r.problem(t).Reason != test.reason {
				t.Error(r.body)
			}
		})
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	for name, test := range map[string]struct {
		query, want string
	}{
		"nothing":     {"", `{"items":[]}`},
		"list":        {"?label=a&label=b%20c&limit=7", `a 7, b c 7`},
		"default":     {"?label=a", `a 50`},
		"time":        {"?before=2026-03-01T09:00:00%2B02:00", `2026-03-01T07:00:00Z`},
		"enum":        {"?state=none", `/state one_of`},
		"range":       {"?limit=201", `/limit range`},
		"no number":   {"?limit=0x10", `/limit type`},
		"bool":        {"?mine=yes", `/mine type`},
		"id":          {"?by=1", `/by format`},
		"unknown":     {"?lable=a", `/lable unknown`},
		"given twice": {"?state=open&state=closed", `/state repeated`},
		"element":     {"?label=a&label=toolong", `/label too_long`},
		"NUL":         {"?label=%00", `/label unicode`},
		"several":     {"?limit=0&mine=1", `/limit range, /mine type`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := b.call("GET", fill(notesPath)+test.query, "")
			got := strings.TrimSpace(r.body)
			if r.status == http.StatusOK {
				var list veranda.List[note]
				if err := json.Unmarshal([]byte(r.body), &list); err != nil {
					t.Fatal(err)
				}
				var parts []string
				for _, n := range list.Items {
					parts = append(parts, n.Title+" "+strings.Trim(n.ETag(), `"`))
				}
				if list.Next != "" {
					parts = append(parts, list.Next)
				}
				if len(parts) > 0 {
					got = strings.Join(parts, ", ")
				}
			} else {
				var parts []string
				for _, f := range r.problem(t).Errors {
					parts = append(parts, f.Pointer+" "+f.Rule)
				}
				got = strings.Join(parts, ", ")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConditionalCalls(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	path := fill(notePath)
	tag := b.call("GET", path, "").header.Get("ETag")
	for name, test := range map[string]struct {
		method, header string
		status         int
		reason         string
	}{
		"read":            {"GET", "", 200, ""},
		"same version":    {"GET", "If-None-Match: " + tag, 304, ""},
		"weakly the same": {"GET", `If-None-Match: "1", W/` + tag, 304, ""},
		"any version":     {"GET", `If-None-Match: *`, 304, ""},
		"other body":      {"GET", `If-None-Match: "7-abc"`, 200, ""},
		"whole tag":       {"PATCH", "If-Match: " + tag, 200, ""},
		"other version":   {"GET", `If-None-Match: "6"`, 200, ""},
		"head":            {"HEAD", "", 200, ""},
		"write":           {"PATCH", `If-Match: "7"`, 200, ""},
		"write any":       {"PATCH", `If-Match: *`, 200, ""},
		"old version":     {"PATCH", `If-Match: "6"`, 412, "version"},
		"weak version":    {"PATCH", `If-Match: W/"7"`, 412, "version"},
		"foreign tag":     {"PATCH", `If-Match: "abc"`, 412, "version"},
		"no version":      {"PATCH", "", 428, "if_match.required"},
		"no tag":          {"PATCH", "If-Match: 7", 422, "invalid"},
		"delete":          {"DELETE", "", 204, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := ""
			if test.method == "PATCH" {
				body = `{"title":"new"}`
			}
			r := b.call(test.method, path, body, test.header)
			if r.status != test.status {
				t.Fatalf("%d %s", r.status, r.body)
			}
			if test.reason != "" && r.problem(t).Reason != test.reason {
				t.Error(r.body)
			}
			if (r.status == 304 || r.status == 204 || test.method == "HEAD") && r.body != "" {
				t.Errorf("a body: %s", r.body)
			}
			if test.method == "GET" && (r.header.Get("ETag") != tag || r.header.Get("Cache-Control") != "private, no-cache") {
				t.Errorf("headers %v", r.header)
			}
		})
	}
}

func TestRawRouteHasInputAndCall(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	if r := b.call("GET", "/v1/raw/a%20b", ""); r.status != 200 || r.body != "raw a b true" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestClientAddressReachesTheInput(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, func(b *bench) {
		Post(On(b.server, "Who", "Who calls.", b.notes), "/v1/organizations/{org}/who", "Who",
			func(_ *notes, ctx context.Context, _ veranda.Actor, in createNote) (map[string]string, error) {
				return map[string]string{"address": in.ClientAddress, "agent": CallOf(ctx).UserAgent}, nil
			})
	})
	r := b.call("POST", strings.Replace("/v1/organizations/{org}/who", "{org}", orgID, 1), `{"title":"a"}`, "User-Agent: probe")
	if want := `{"address":"127.0.0.1","agent":"probe"}` + "\n"; r.body != want {
		t.Errorf("%d %s, want %s", r.status, r.body, want)
	}
}
