package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// binaries are the programs of the servers.
type binaries struct {
	initdb   string
	postgres string
	redis    string
}

// findBinaries looks in PATH and where distributions keep what is not in it, and
// names what it does not find. What the tests alone need is looked for only when they are to run.
func findBinaries(tests bool) (found binaries, missing []need) {
	directories := append(filepath.SplitList(os.Getenv("PATH")), postgresDirectories()...)
	for _, directory := range directories {
		// Both from one directory: an initdb of one version and a server of another
		// do not work together.
		initdb, postgres := filepath.Join(directory, "initdb"), filepath.Join(directory, "postgres")
		if isProgram(initdb) && isProgram(postgres) {
			found.initdb, found.postgres = initdb, postgres
			break
		}
	}
	if found.postgres == "" {
		missing = append(missing, needPostgres)
	}
	for _, name := range []string{"redis-server", "valkey-server", "/usr/sbin/redis-server"} {
		if path, err := exec.LookPath(name); err == nil {
			found.redis = path
			break
		}
	}
	if found.redis == "" {
		missing = append(missing, needRedis)
	}
	if !tests {
		return found, missing
	}
	if !haveCompiler() {
		missing = append(missing, needCompiler)
	}
	for name, n := range map[string]need{"curl": needCurl, "jq": needJQ, "khal": needKhal} {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, n)
		}
	}
	return found, missing
}

// postgresDirectories are the places outside PATH, the newest version first.
func postgresDirectories() []string {
	var all []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",      // Debian
		"/usr/pgsql-*/bin",               // PostgreSQL's own packages for Fedora and its kin
		"/opt/homebrew/opt/postgresql@*", // macOS on ARM
		"/usr/local/opt/postgresql@*",    // macOS on Intel
	} {
		matches, _ := filepath.Glob(pattern) // only a malformed pattern is an error
		for i, match := range matches {
			if filepath.Base(match) != "bin" {
				matches[i] = filepath.Join(match, "bin")
			}
		}
		all = append(all, newestFirst(matches)...)
	}
	return all
}

var versionInPath = regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)

// newestFirst sorts paths by the first number in them, the greatest first: as
// text, 9.6 would come after 15.
func newestFirst(paths []string) []string {
	version := func(path string) float64 {
		number, _ := strconv.ParseFloat(versionInPath.FindString(path), 64)
		return number
	}
	sorted := slices.Clone(paths)
	slices.SortStableFunc(sorted, func(a, b string) int {
		switch va, vb := version(a), version(b); {
		case va > vb:
			return -1
		case va < vb:
			return 1
		default:
			return 0
		}
	})
	return sorted
}

// isProgram tells whether somebody may execute the file. A directory that holds
// the name as a folder or as plain text does not count.
func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// haveCompiler looks for what go would use: $CC, or gcc, or clang.
func haveCompiler() bool {
	if os.Getenv("CC") != "" {
		// $CC may carry arguments or be a path; go judges it when it is used.
		return true
	}
	return slices.ContainsFunc([]string{"gcc", "clang"}, func(name string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	})
}
