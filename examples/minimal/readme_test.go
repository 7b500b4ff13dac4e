package main

import (
	"os"
	"strings"
	"testing"
)

// What the README shows is this program's code.
func TestReadmeShowsThisCode(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(readme), "<!-- minimal -->\n```go\n")
	block, _, closed := strings.Cut(block, "\n```\n<!-- /minimal -->")
	if !found || !closed || !strings.Contains(block, "UseTx") {
		t.Fatal("the README has no block between the marks")
	}
	for function := range strings.SplitSeq(block, "\n\n") {
		if !strings.Contains(string(code), function) {
			t.Errorf("main.go does not have what the README shows:\n%s", function)
		}
	}
}
