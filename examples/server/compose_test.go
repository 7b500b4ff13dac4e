package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/veranda-go/veranda/examples/server/internal/config"
)

// composed is what the test looks at in compose.yaml.
type composed struct {
	Services map[string]struct {
		Image string
		User  string
		Build struct {
			Context          string
			DockerfileInline string `yaml:"dockerfile_inline"`
		}
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
		Environment map[string]string
		Volumes     []string
		Healthcheck struct{ Test []string }
	}
	Volumes map[string]any
}

var interpolated = regexp.MustCompile(`\$\{([A-Z_]+)(:[?-][^}]*)?\}`)

// compose.yaml cannot run where the tests run: it is held against the server's own configuration.
func TestComposeFitsTheServer(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file composed
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	server, ok := file.Services["server"]
	if !ok || len(file.Services) != 3 {
		t.Fatalf("services %v", file.Services)
	}
	var known []string
	for _, v := range config.Table() {
		known = append(known, v.Name)
	}
	given := map[string]string{
		"BASE_URL": "https://veranda.example", "POSTGRES_PASSWORD": "secret", "SECRET_KEY": strings.Repeat("QUJD", 11),
		"SMTP_URL": "smtp://user:password@mail.example:587", "MAIL_FROM": "Veranda <no-reply@veranda.example>",
	}
	environment := map[string]string{}
	for name, value := range server.Environment {
		if !slices.Contains(known, name) {
			t.Errorf("the server reads no variable %s", name)
		}
		environment[name] = interpolated.ReplaceAllStringFunc(value, func(text string) string {
			found := interpolated.FindStringSubmatch(text)
			if given[found[1]] == "" && strings.HasPrefix(found[2], ":?") {
				t.Errorf("%s asks for %s, which the head of the file does not explain", name, found[1])
			}
			return given[found[1]]
		})
	}
	for name := range given {
		if !regexp.MustCompile(`(?m)^#   ` + name + `=`).Match(text) {
			t.Errorf("the head of the file does not tell to set %s", name)
		}
	}
	settings, err := config.Load(func(name string) string { return environment[name] })
	if err != nil {
		t.Fatalf("the server refuses this environment:\n%v", err)
	}
	if !strings.HasPrefix(settings.DatabaseURL.Reveal(), "postgres://") || settings.RedisURL == "" || settings.SMTP == nil || !settings.HTTPS() {
		t.Error("this is not the stack for production")
	}
	if server.User == "" || strings.HasPrefix(server.User, "0") || strings.HasPrefix(server.User, "root") || !strings.Contains(server.Build.DockerfileInline, "\nUSER "+server.User+"\n") {
		t.Errorf("user %q", server.User)
	}
	if !strings.HasSuffix(strings.Join(server.Healthcheck.Test, " "), "/readyz") || server.Build.Context != "../.." {
		t.Errorf("health %v, context %s", server.Healthcheck.Test, server.Build.Context)
	}
	if !slices.Contains(server.Volumes, "data:"+settings.DataDir) {
		t.Errorf("DATA_DIR %s lies in no volume", settings.DataDir)
	}
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	wanted := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(module))
	if wanted == nil || !strings.Contains(server.Build.DockerfileInline, "FROM golang:"+wanted[1]+" ") {
		t.Errorf("the image is not built with go %v", wanted)
	}
	for name := range server.DependsOn {
		other, ok := file.Services[name]
		if !ok || len(other.Healthcheck.Test) == 0 || other.Image == "" || server.DependsOn[name].Condition != "service_healthy" {
			t.Errorf("server depends on %s, which has no health", name)
		}
	}
	for _, one := range file.Services {
		for _, volume := range one.Volumes {
			name, _, _ := strings.Cut(volume, ":")
			if _, ok := file.Volumes[name]; !ok {
				t.Errorf("there is no volume %s", name)
			}
		}
	}
}
