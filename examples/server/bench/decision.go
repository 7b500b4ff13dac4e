package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda/internal/policy"
)

// decisionGoal is how many times faster than casbin's own Enforce the compiled rows are to decide.
const decisionGoal = 100

// decisions holds the compiled policy against casbin's Enforce on the same rows, for somebody with three roles.
func (b *bench) decisions(context.Context) error {
	for _, size := range []int{60, 1_500, 15_000} {
		if err := b.decision(size); err != nil {
			return fmt.Errorf("%d rows: %w", size, err)
		}
	}
	return nil
}

func (b *bench) decision(size int) error {
	rules, options := policyRows(size)
	snapshot, err := policy.Compile(1, rules, options)
	if err != nil {
		return err
	}
	last := size/rowsOfRole - 1
	roles := []string{roleName(last), roleName(last / 2), roleName(0)}
	may := snapshot.Permissions(roles)
	if len(may) == 0 {
		return fmt.Errorf("%v may do nothing", roles)
	}
	permission := may[len(may)/2]
	enforcer, err := snapshot.Enforcer()
	if err != nil {
		return err
	}
	for _, role := range roles {
		if _, err := enforcer.AddGroupingPolicy("somebody", role); err != nil {
			return err
		}
	}
	kind, action, _ := strings.Cut(permission, ".")
	list := strings.Join(roles, " ")
	compiled := func() error {
		if !snapshot.AllowsList(list, permission) {
			return fmt.Errorf("%s is refused", permission)
		}
		return nil
	}
	enforce := func() error {
		allowed, err := enforcer.Enforce("somebody", kind, action)
		if err == nil && !allowed {
			err = fmt.Errorf("casbin refuses %s", permission)
		}
		return err
	}
	var ours, theirs []float64
	for range b.rounds {
		one, err := nanoseconds(compiled, b.duration/10)
		if err != nil {
			return err
		}
		other, err := nanoseconds(enforce, b.duration/10)
		if err != nil {
			return err
		}
		ours, theirs = append(ours, one), append(theirs, other)
	}
	name := fmt.Sprintf("decision.%d", size)
	b.atLeast(name, medianRatio(theirs, ours), decisionGoal)
	b.info(name+".compiled", median(ours), "ns")
	b.info(name+".casbin", median(theirs), "ns")
	b.info(name+".allocs", testing.AllocsPerRun(1000, func() { _ = compiled() }), "allocations")
	return nil
}

// nanoseconds is how long one run takes, over many.
func nanoseconds(run func() error, duration time.Duration) (float64, error) {
	runs, batch := 0, 1
	begin := time.Now()
	for time.Since(begin) < duration {
		for range batch {
			if err := run(); err != nil {
				return 0, err
			}
		}
		runs += batch
		batch = min(2*batch, 10_000) // so that looking at the clock costs nothing
	}
	return float64(time.Since(begin).Nanoseconds()) / float64(runs), nil
}

// rowsOfRole is how many rows a role has.
const rowsOfRole = 15

func roleName(number int) string { return fmt.Sprintf("role%d", number) }

// policyRows makes a policy of a size: roles of fifteen rows over 25 kinds of things and eight actions, with denials,
// wildcards, and every fifth role inheriting from the one before.
func policyRows(size int) ([]policy.Rule, policy.Options) {
	var options policy.Options
	actions := []string{"read", "list", "create", "update", "delete", "delete:own", "restore", "share"}
	for kind := range 25 {
		for _, action := range actions {
			options.Permissions = append(options.Permissions, fmt.Sprintf("kind%d.%s", kind, action))
		}
	}
	rules := make([]policy.Rule, 0, size)
	for n := range size {
		role, row := n/rowsOfRole, n%rowsOfRole
		rule := policy.Rule{Type: "p", Source: fmt.Sprintf("policy.csv:%d", n+1)}
		switch {
		case row == 14 && role%5 == 4:
			rule.Type, rule.Values = "g", []string{roleName(role), roleName(role - 1)}
		case row == 13:
			rule.Values = []string{roleName(role), "*", actions[role%len(actions)], "deny"}
		default:
			rule.Values = []string{roleName(role), fmt.Sprintf("kind%d", (role+row)%25), actions[(role+row*3+1)%len(actions)]}
		}
		rules = append(rules, rule)
	}
	return rules, options
}
