package main

import (
	"os/exec"
	"syscall"
	"testing"
)

func TestProcessGroup(t *testing.T) {
	t.Parallel()
	for stat, want := range map[string]int{
		"12 (sleep) S 11 10 9 0 -1":     10,
		"12 (a) S 1 2 3) S 11 10 9 0 ":  10,
		"12 (tmux: server) S 11 77 9 0": 77,
		"12 (sleep) S":                  0,
		"":                              0,
	} {
		if got := processGroup(stat); got != want {
			t.Errorf("%q: got %d, want %d", stat, got, want)
		}
	}
}

func TestGroupMembers(t *testing.T) {
	t.Parallel()
	command := exec.Command("sh", "-c", "sleep 600 & sleep 600 & wait")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	leader := command.Process.Pid
	t.Cleanup(func() { _ = syscall.Kill(-leader, syscall.SIGKILL); _ = command.Wait() })
	waitFor(t, "the two children", func() bool { return len(groupMembers(leader)) == 2 })
	for _, pid := range groupMembers(leader) {
		if pid == leader {
			t.Error("the leader is listed")
		}
	}
}
