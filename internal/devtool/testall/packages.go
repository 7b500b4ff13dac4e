package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// need is something the tests want on the machine and the packages that bring it,
// by the family of the distribution.
type need struct {
	what   string
	debian []string
	fedora []string
	arch   []string
	brew   []string
}

var (
	needPostgres = need{
		what:   "PostgreSQL (initdb, postgres)",
		debian: []string{"postgresql"}, fedora: []string{"postgresql-server"},
		arch: []string{"postgresql"}, brew: []string{"postgresql@17"},
	}
	needRedis = need{
		what:   "Redis (redis-server)",
		debian: []string{"redis-server"}, fedora: []string{"redis"},
		arch: []string{"redis"}, brew: []string{"redis"},
	}
	// The README's walk is run as it is printed.
	needCurl = need{what: "curl", debian: []string{"curl"}, fedora: []string{"curl"}, arch: []string{"curl"}, brew: []string{"curl"}}
	needJQ   = need{what: "jq", debian: []string{"jq"}, fedora: []string{"jq"}, arch: []string{"jq"}, brew: []string{"jq"}}
	// Calendars are read by a program of other people's.
	needKhal = need{what: "khal", debian: []string{"khal"}, fedora: []string{"khal"}, arch: []string{"khal"}, brew: []string{"khal"}}
	// The race detector is linked by the C compiler.
	needCompiler = need{
		what:   "a C compiler for go test -race (gcc)",
		debian: []string{"gcc", "libc6-dev"}, fedora: []string{"gcc"},
		arch: []string{"gcc"}, brew: nil, // Apple's own compiler: xcode-select --install
	}
)

// requireBinaries finds the servers, installing what is missing where that can be
// done without asking anybody. tests tells that more than a command is to run.
func requireBinaries(ctx context.Context, tests bool) (binaries, error) {
	found, missing := findBinaries(tests)
	if len(missing) == 0 {
		return found, nil
	}
	commands, err := installCommands(missing)
	if err != nil {
		return binaries{}, err
	}
	fmt.Fprintf(os.Stderr, "testall: installing %s\n", describe(missing))
	for i, command := range commands {
		if err := runStep(ctx, step{name: strings.Join(command, " "), arguments: command}, os.Environ()); err != nil {
			if i < len(commands)-1 && ctx.Err() == nil {
				// apt-get update also fails when a source that is not ours is broken;
				// whether the packages are there is for the next command to say.
				fmt.Fprintf(os.Stderr, "testall: %v; going on\n", err)
				continue
			}
			return binaries{}, fmt.Errorf("installing %s: %w", describe(missing), err)
		}
	}
	if found, missing = findBinaries(tests); len(missing) > 0 {
		return binaries{}, fmt.Errorf("installed, but still not found: %s", describe(missing))
	}
	return found, nil
}

// installCommands gives the commands that install what is missing, or an error
// that tells a person what to install.
func installCommands(missing []need) ([][]string, error) {
	release, _ := os.ReadFile("/etc/os-release") // absent on macOS: then it is not Debian
	if !isDebian(string(release)) {
		return nil, errors.New(askForInstall(missing, "this is no Debian, so nothing is installed by itself"))
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, errors.New(askForInstall(missing, "apt-get is not there"))
	}
	if os.Geteuid() == 0 {
		return aptCommands(missing, nil), nil
	}
	// -n: a build server has nobody to type a password.
	if err := exec.Command("sudo", "-n", "true").Run(); err != nil {
		return nil, errors.New(askForInstall(missing, "this user is not root and sudo does not work without a password"))
	}
	return aptCommands(missing, []string{"sudo", "-n"}), nil
}

// askForInstall says once, completely, what is missing and how to get it.
func askForInstall(missing []need, why string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "the tests need %s; %s. Install it, then run the same command again:\n", describe(missing), why)
	for _, family := range []struct {
		name, command string
		packages      func(need) []string
	}{
		{"Debian, Ubuntu", "sudo apt-get install", func(n need) []string { return n.debian }},
		{"Fedora", "sudo dnf install", func(n need) []string { return n.fedora }},
		{"Arch", "sudo pacman -S", func(n need) []string { return n.arch }},
		{"macOS", "brew install", func(n need) []string { return n.brew }},
	} {
		if names := packagesOf(missing, family.packages); len(names) > 0 {
			fmt.Fprintf(&text, "  %-15s %s %s\n", family.name+":", family.command, strings.Join(names, " "))
		}
	}
	text.WriteString("The tests start private copies of the servers; none needs to be running.")
	return text.String()
}

func describe(missing []need) string {
	var names []string
	for _, n := range missing {
		names = append(names, n.what)
	}
	return strings.Join(names, ", ")
}

func packagesOf(missing []need, of func(need) []string) []string {
	var names []string
	for _, n := range missing {
		for _, name := range of(n) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
