package policy

import (
	"errors"
	"fmt"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// Model is the casbin model that rows are read by, the only one that is taken.
// See https://casbin.org/docs/syntax-for-models for the notation. The cheap
// comparisons stand first, because casbin evaluates the matcher for each row.
const Model = `[request_definition]
r = role, kind, act

[policy_definition]
p = role, kind, act, eft

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = (p.kind == "*" || r.kind == p.kind) && (p.act == "*" || r.act == p.act) && g(r.role, p.role)
`

// Enforcer builds casbin's own enforcer from the same rows, for tests, tools
// and hosts. Each call builds a new one that shares nothing with the snapshot;
// like every plain casbin enforcer it is for one goroutine at a time. A
// permission "task.read" is asked as Enforce(role, "task", "read"). Unlike the
// snapshot, casbin knows no declared permissions, so a wildcard row also
// covers kinds and actions that nobody declared.
func (s *Snapshot) Enforcer() (*casbin.Enforcer, error) {
	if s == nil {
		return nil, errors.New("no policy is loaded")
	}
	m, err := model.NewModelFromString(Model)
	if err != nil {
		return nil, fmt.Errorf("reading the policy model: %w", err)
	}
	var permissions, links [][]string
	for _, rule := range s.Rules() {
		if rule.Type == typePermission {
			permissions = append(permissions, rule.Values)
		} else {
			links = append(links, rule.Values)
		}
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("making casbin's enforcer: %w", err)
	}
	if err := hand(e.AddPolicies, permissions); err != nil {
		return nil, fmt.Errorf("giving casbin the p rows: %w", err)
	}
	if err := hand(e.AddGroupingPolicies, links); err != nil {
		return nil, fmt.Errorf("giving casbin the g rows: %w", err)
	}
	return e, nil
}

// hand gives rows to one of casbin's adding methods, which takes all or none
// and refuses them with false where it has one of them already.
func hand(add func([][]string) (bool, error), rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	added, err := add(rows)
	if err == nil && !added {
		return errors.New("a row was there already")
	}
	return err
}
