package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// everything is the pattern of all packages.
const everything = "./..."

// defaultLimit ends a run of the tests before a build server with a limit of 30
// minutes would kill it and leave the servers behind.
const defaultLimit = 29 * time.Minute

// plan is what the command line asks for.
type plan struct {
	with    bool          // run command instead of the checks
	durable bool          // keep the servers' own durability settings
	limit   time.Duration // 0: none
	command []string      // with: program and arguments

	flags    []string // for go test, after the ones testall gives itself
	packages []string // patterns; ./... when none is given
	rest     []string // "-args" and what follows it, for the test binaries
}

// parseArguments reads testall's own flags, which come first, and sorts the
// remaining arguments into flags of go test and package patterns.
func parseArguments(arguments []string) (plan, error) {
	result := plan{limit: defaultLimit}
	limited := false
own:
	for len(arguments) > 0 {
		name, value, hasValue := splitFlag(arguments[0])
		switch name {
		case "with":
			result.with = true
		case "durable":
			result.durable = true
		case "limit":
			if !hasValue {
				if len(arguments) < 2 {
					return plan{}, errors.New("-limit needs a duration")
				}
				value, arguments = arguments[1], arguments[1:]
			}
			limit, err := time.ParseDuration(value)
			if err != nil || limit < 0 {
				return plan{}, fmt.Errorf("-limit: %q is no duration such as 29m", value)
			}
			result.limit, limited = limit, true
		default:
			break own
		}
		arguments = arguments[1:]
	}

	if result.with {
		if len(arguments) > 0 && arguments[0] == "--" {
			arguments = arguments[1:]
		}
		if len(arguments) == 0 {
			return plan{}, errors.New("-with needs a command after --")
		}
		if !limited {
			result.limit = 0 // only the tests have a build server's clock over them
		}
		result.command = arguments
		return result, nil
	}
	result.sortTestArguments(arguments)
	if len(result.packages) == 0 {
		result.packages = []string{everything}
	}
	return result, nil
}

// sortTestArguments tells packages from flags and from the values of flags. go
// test allows them in any order, the checks beside it want the packages alone.
func (p *plan) sortTestArguments(arguments []string) {
	for i := 0; i < len(arguments); i++ {
		argument := arguments[i]
		name, _, hasValue := splitFlag(argument)
		switch {
		case name == "args":
			p.rest = arguments[i:]
			return
		case name == "":
			p.packages = append(p.packages, argument)
		default:
			p.flags = append(p.flags, argument)
			if !hasValue && !switches[name] && i+1 < len(arguments) {
				i++
				p.flags = append(p.flags, arguments[i])
			}
		}
	}
}

// switches are the flags of go build and go test that take no separate value
// (`go help build`, `go help testflag`). All others do.
var switches = map[string]bool{
	"a": true, "artifacts": true, "asan": true, "benchmem": true, "c": true, "cover": true,
	"failfast": true, "fullpath": true, "i": true, "json": true, "linkshared": true, "modcacherw": true,
	"msan": true, "n": true, "race": true, "short": true, "trimpath": true, "v": true, "work": true, "x": true,
}

// splitFlag takes -name, --name, -name=value apart. The name is empty when the
// argument is no flag. A prefix "test." means the same flag to go test.
func splitFlag(argument string) (name, value string, hasValue bool) {
	trimmed := strings.TrimPrefix(argument, "-")
	if trimmed == argument {
		return "", "", false
	}
	trimmed = strings.TrimPrefix(trimmed, "-")
	name, value, hasValue = strings.Cut(trimmed, "=")
	return strings.TrimPrefix(name, "test."), value, hasValue
}
