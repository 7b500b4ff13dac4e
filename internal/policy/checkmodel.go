package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/casbin/casbin/v2/constant"
	"github.com/casbin/casbin/v2/model"
)

// CheckModel refuses a casbin model text whose meaning is not that of [Model].
// A host that brings its rows with a model of its own learns here, at load,
// that the table would decide otherwise than its model says.
//
// What may differ is what changes nothing: names of the request's and the
// policy's fields (though not eft, which casbin knows by name), layout,
// comments, order of operands, parentheses. Refused are other or further
// definitions (r2, p2, g2, e2, m2), domains, other effects, functions such as
// keyMatch or regexMatch, eval, and any other matcher.
func CheckModel(text string) error {
	given, err := describe(text)
	if err != nil {
		return err
	}
	taken, err := describe(Model)
	if err != nil {
		return fmt.Errorf("the model that is taken: %w", err)
	}
	if given != taken {
		return fmt.Errorf("the model's matcher means something else than the one that is taken: %q", matcherLine(Model))
	}
	return nil
}

// describe returns the matcher of a model in normal form, once everything else
// about the model is as in [Model].
func describe(text string) (string, error) {
	const most = 16 << 10 // far beyond any model; bounds the matcher's nesting
	if len(text) > most {
		return "", fmt.Errorf("the model text is longer than %d bytes", most)
	}
	m, err := model.NewModelFromString(text)
	if err != nil {
		return "", fmt.Errorf("casbin does not read the model: %w", err)
	}
	for section, definitions := range m {
		for key := range definitions {
			if section != "logger" && key != section {
				return "", fmt.Errorf("the model defines %s; only r, p, g, e and m are taken", key)
			}
		}
	}
	request, policy := m["r"]["r"].Tokens, m["p"]["p"].Tokens
	if len(request) != 3 {
		return "", fmt.Errorf("the model's request has %d fields instead of role, kind and act", len(request))
	}
	if len(policy) != 4 || policy[3] != "p_eft" {
		return "", fmt.Errorf("the model's policy is %q instead of role, kind, act, eft", clip(m["p"]["p"].Value))
	}
	roles, found := m["g"]["g"]
	if !found {
		return "", errors.New(`the model has no role_definition "g = _, _"`)
	}
	if definition := strings.ReplaceAll(roles.Value, " ", ""); definition != "_,_" {
		return "", fmt.Errorf("the model's role_definition is %q instead of \"_, _\" (no domains, no conditions)", clip(roles.Value))
	}
	// casbin itself compares this text letter by letter.
	if effect := m["e"]["e"].Value; effect != constant.AllowAndDenyEffect {
		return "", fmt.Errorf("the model's policy_effect is %q; the only one taken is some(where (p.eft == allow)) && !some(where (p.eft == deny))", clip(effect))
	}
	names := map[string]string{}
	for _, fields := range [][]string{request, policy} {
		for i, field := range fields {
			if _, twice := names[field]; twice {
				return "", fmt.Errorf("the model names the field %q twice", clip(field))
			}
			names[field] = fmt.Sprintf("%c%d", field[0], i)
		}
	}
	matcher, err := normalMatcher(m["m"]["m"].Value, names)
	if err != nil {
		return "", fmt.Errorf("the model's matcher %q is not taken: %w", clip(m["m"]["m"].Value), err)
	}
	return matcher, nil
}

// matcherLine returns the matcher of a model text as it is written.
func matcherLine(text string) string {
	_, after, _ := strings.Cut(text, "m = ")
	line, _, _ := strings.Cut(after, "\n")
	return line
}
