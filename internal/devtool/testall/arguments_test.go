package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseArguments(t *testing.T) {
	t.Parallel()
	everything := []string{"./..."}
	for name, test := range map[string]struct {
		arguments []string
		want      plan
	}{
		"nothing": {nil, plan{limit: defaultLimit, packages: everything}},
		"a package": {
			[]string{"./internal/devtool/..."},
			plan{limit: defaultLimit, packages: []string{"./internal/devtool/..."}},
		},
		"a flag whose value looks like a package": {
			[]string{"-bench", ".", "-run", "./x", "./tasks"},
			plan{limit: defaultLimit, flags: []string{"-bench", ".", "-run", "./x"}, packages: []string{"./tasks"}},
		},
		"switches take no value": {
			[]string{"-v", "./tasks", "--short", "./apps", "-count=1"},
			plan{limit: defaultLimit, flags: []string{"-v", "--short", "-count=1"}, packages: []string{"./tasks", "./apps"}},
		},
		"a flag at the end": {
			[]string{"./tasks", "-run"},
			plan{limit: defaultLimit, flags: []string{"-run"}, packages: []string{"./tasks"}},
		},
		"for the test binaries": {
			[]string{"./tasks", "-args", "-rapid.checks", "5"},
			plan{limit: defaultLimit, packages: []string{"./tasks"}, rest: []string{"-args", "-rapid.checks", "5"}},
		},
		"a limit": {
			[]string{"-limit", "5m", "-test.run", "X"},
			plan{limit: 5 * time.Minute, flags: []string{"-test.run", "X"}, packages: everything},
		},
		"a command": {
			[]string{"-with", "-durable", "--", "go", "run", "./x", "-only=a"},
			plan{with: true, durable: true, command: []string{"go", "run", "./x", "-only=a"}},
		},
		"a command with a limit and no dashes": {
			[]string{"-limit=1h", "-with", "true"},
			plan{with: true, limit: time.Hour, command: []string{"true"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseArguments(test.arguments)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(plan{})); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseArgumentsRefuses(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"-with"}, {"-with", "--"}, {"-limit"}, {"-limit", "soon"}, {"-limit=-1s"},
	} {
		if got, err := parseArguments(arguments); err == nil {
			t.Errorf("%q: got %+v, want an error", arguments, got)
		}
	}
}
