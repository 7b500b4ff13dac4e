package main

import (
	"slices"
	"strings"
)

// isDebian reads the text of /etc/os-release (freedesktop.org os-release(5)) and
// tells whether it is Debian or one of its children, such as Ubuntu.
func isDebian(release string) bool {
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key != "ID" && key != "ID_LIKE" {
			continue
		}
		if slices.Contains(strings.Fields(strings.Trim(value, `"'`)), "debian") {
			return true
		}
	}
	return false
}

// aptCommands gives the commands that install without a question. Lists of
// packages are fetched first, since a fresh machine has none. The wait for the
// lock is there because a fresh machine often still updates itself.
//
// Debian's packages may start servers of their own on the usual ports. They are
// left alone: the tests use private ones on other ports.
func aptCommands(missing []need, privileged []string) [][]string {
	apt := append(slices.Clone(privileged),
		"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120",
		"-o", "Dpkg::Use-Pty=0") // no progress bar in a build server's log
	install := append(slices.Clone(apt), "install", "-y", "--no-install-recommends")
	return [][]string{
		append(slices.Clone(apt), "update"),
		append(install, packagesOf(missing, func(n need) []string { return n.debian })...),
	}
}
