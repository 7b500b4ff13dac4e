package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent has the kernel send the signal to the child when this program
// ends in a way that leaves it no time to clean up (SIGKILL). It is tied to the
// thread that starts the child: see main.
func dieWithParent(attributes *syscall.SysProcAttr, signal syscall.Signal) {
	attributes.Pdeathsig = signal
}

// groupMembers lists the processes of a group, without its leader.
func groupMembers(group int) (members []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // only a malformed pattern is an error
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // ended meanwhile
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && pid != group && processGroup(string(stat)) == group {
			members = append(members, pid)
		}
	}
	return members
}

// processGroup reads the group from a /proc/<pid>/stat (proc_pid_stat(5)): the
// third field after the program's name, which stands in parentheses and may itself
// hold some. It is 0 when the text is something else.
func processGroup(stat string) int {
	end := strings.LastIndexByte(stat, ')')
	if end < 0 {
		return 0
	}
	fields := strings.Fields(stat[end+1:])
	if len(fields) < 3 {
		return 0
	}
	group, _ := strconv.Atoi(fields[2])
	return group
}
