package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIsDebian(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		release string
		want    bool
	}{
		"Debian":  {"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n", true},
		"Ubuntu":  {"ID=ubuntu\nID_LIKE=debian\n", true},
		"Mint":    {"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true},
		"Fedora":  {"ID=fedora\nVERSION_ID=41\n", false},
		"named":   {"ID=other\nPRETTY_NAME=\"not debian\"\n", false},
		"nothing": {"", false},
	} {
		if got := isDebian(test.release); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestAptCommands(t *testing.T) {
	t.Parallel()
	got := aptCommands([]need{needRedis, needCompiler, needCompiler}, []string{"sudo", "-n"})
	want := [][]string{
		strings.Fields("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 update"),
		strings.Fields("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 " +
			"install -y --no-install-recommends redis-server gcc libc6-dev"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestAskForInstall(t *testing.T) {
	t.Parallel()
	got := askForInstall([]need{needPostgres, needRedis}, "somebody must do it")
	for _, want := range []string{
		"PostgreSQL (initdb, postgres), Redis (redis-server)", "somebody must do it",
		"sudo apt-get install postgresql redis-server", "sudo dnf install postgresql-server redis",
		"sudo pacman -S postgresql redis", "brew install postgresql@17 redis",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the message lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "gcc") {
		t.Errorf("the message names a package that is not missing:\n%s", got)
	}
}
