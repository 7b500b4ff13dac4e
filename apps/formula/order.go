package formula

import (
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
)

// Use says which fields the formula of a field uses (Program.DependsOn).
type Use struct {
	Key  string
	Uses []string
}

// Order gives the keys of an application's formula fields in the order in which they are to be computed: each after
// those that it uses, else as given. Formulas that use each other in a circle are refused with the rule "cycle" at
// "/formula"; the message names the way round.
func Order(formulas []Use) ([]string, error) {
	uses := make(map[string][]string, len(formulas))
	for _, f := range formulas {
		uses[f.Key] = f.Uses
	}
	order, done := make([]string, 0, len(formulas)), make(map[string]bool, len(formulas))
	var way []string
	var visit func(key string) bool
	visit = func(key string) bool {
		if _, isFormula := uses[key]; !isFormula || done[key] {
			return true
		}
		if i := slices.Index(way, key); i >= 0 {
			way = append(way[i:], key)
			return false
		}
		way = append(way, key)
		for _, used := range uses[key] {
			if !visit(used) {
				return false
			}
		}
		way = way[:len(way)-1]
		done[key] = true
		order = append(order, key)
		return true
	}
	for _, f := range formulas {
		if !visit(f.Key) {
			var c veranda.Checks
			c.Add("/formula", "cycle", "formulas use each other: "+strings.Join(way, " → "))
			return nil, c.Err()
		}
	}
	return order, nil
}

// UsedBy are the keys of the formula fields that use a field themselves: those that would fail without it.
func UsedBy(formulas []Use, key string) []string {
	var users []string
	for _, f := range formulas {
		if slices.Contains(f.Uses, key) {
			users = append(users, f.Key)
		}
	}
	return users
}
