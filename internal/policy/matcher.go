package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// normalMatcher brings a matcher into a form in which two matchers of the same
// meaning are the same text: fields under the names given, operands of ||, &&
// and == sorted, needless parentheses and repetitions gone. It reads as much of
// the language as [Model] uses:
//
//	any     = all { "||" all }
//	all     = equal { "&&" equal }
//	equal   = operand [ "==" operand ]
//	operand = "(" any ")" | string | field | "g" "(" field "," field ")"
//
// Everything else is an error. casbin has rewritten "r.kind" to "r_kind" when
// a matcher comes here.
func normalMatcher(text string, fields map[string]string) (string, error) {
	tokens, err := matcherTokens(text)
	if err != nil {
		return "", err
	}
	p := matcherParser{tokens: tokens, fields: fields}
	n, err := p.any()
	if err != nil {
		return "", err
	}
	if rest := p.peek(); rest != "" {
		return "", fmt.Errorf("%q is out of place", clip(rest))
	}
	return n.String(), nil
}

// matcherTokens splits a matcher into words, strings and marks. Strings keep
// their first quote, always the double one, so that no word looks like them.
func matcherTokens(text string) ([]string, error) {
	var tokens []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		end := 0
		switch c := text[0]; {
		case strings.HasPrefix(text, "&&"), strings.HasPrefix(text, "||"), strings.HasPrefix(text, "=="):
			end = 2
		case c == '(', c == ')', c == ',':
			end = 1
		case c == '"', c == '\'':
			length := strings.IndexByte(text[1:], c)
			if length < 0 {
				return nil, errors.New("a string does not end")
			}
			if strings.Contains(text[1:1+length], `\`) {
				return nil, errors.New("a string holds a backslash")
			}
			tokens = append(tokens, `"`+text[1:1+length])
			text = text[length+2:]
			continue
		default:
			end = len(text) - len(strings.TrimLeftFunc(text, wordRune))
			if end == 0 {
				return nil, fmt.Errorf("%q is none of && || == ( )", c)
			}
		}
		tokens = append(tokens, text[:end])
		text = text[end:]
	}
	return tokens, nil
}

func wordRune(c rune) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// node is an operator with its operands, or text alone.
type node struct {
	operator string
	operands []string // in normal form
	text     string
}

// String is the node's normal form.
func (n node) String() string {
	if n.operator == "" {
		return n.text
	}
	sorted := slices.Clone(n.operands)
	slices.Sort(sorted)
	if n.operator != "==" {
		sorted = slices.Compact(sorted)
	}
	if len(sorted) == 1 {
		return sorted[0]
	}
	return "(" + strings.Join(sorted, " "+n.operator+" ") + ")"
}

type matcherParser struct {
	tokens []string
	fields map[string]string
}

func (p *matcherParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *matcherParser) next() string {
	token := p.peek()
	if token != "" {
		p.tokens = p.tokens[1:]
	}
	return token
}

func (p *matcherParser) expect(token string) error {
	if got := p.next(); got != token {
		return fmt.Errorf("%q instead of %q", clip(got), token)
	}
	return nil
}

func (p *matcherParser) any() (node, error) { return p.series("||", p.all) }
func (p *matcherParser) all() (node, error) { return p.series("&&", p.equal) }

// series reads operands joined by one operator; an operand in parentheses with
// the same operator becomes part of the series.
func (p *matcherParser) series(operator string, operand func() (node, error)) (node, error) {
	first, err := operand()
	if err != nil || p.peek() != operator {
		return first, err
	}
	joined := node{operator: operator}
	joined.take(first)
	for p.peek() == operator {
		p.next()
		n, err := operand()
		if err != nil {
			return node{}, err
		}
		joined.take(n)
	}
	return joined, nil
}

func (n *node) take(operand node) {
	if operand.operator == n.operator {
		n.operands = append(n.operands, operand.operands...)
		return
	}
	n.operands = append(n.operands, operand.String())
}

func (p *matcherParser) equal() (node, error) {
	left, err := p.operand()
	if err != nil || p.peek() != "==" {
		return left, err
	}
	p.next()
	right, err := p.operand()
	if err != nil {
		return node{}, err
	}
	if p.peek() == "==" {
		return node{}, errors.New("== stands twice in a row")
	}
	return node{operator: "==", operands: []string{left.String(), right.String()}}, nil
}

func (p *matcherParser) operand() (node, error) {
	token := p.next()
	switch {
	case token == "(":
		n, err := p.any()
		if err != nil {
			return node{}, err
		}
		return n, p.expect(")")
	case strings.HasPrefix(token, `"`):
		return node{text: fmt.Sprintf("%q", token[1:])}, nil
	case token == "g" && p.peek() == "(":
		return p.link()
	case p.peek() == "(":
		return node{}, fmt.Errorf("the function %s is not taken", clip(token))
	}
	field, known := p.fields[token]
	if !known {
		return node{}, fmt.Errorf("%q is no field of the request or the policy", clip(token))
	}
	return node{text: field}, nil
}

// link reads what follows g: the two fields in parentheses, whose order counts.
func (p *matcherParser) link() (node, error) {
	if err := p.expect("("); err != nil {
		return node{}, err
	}
	child, known := p.fields[p.next()]
	if !known {
		return node{}, errors.New("g is not given a field first")
	}
	if err := p.expect(","); err != nil {
		return node{}, err
	}
	parent, known := p.fields[p.next()]
	if !known {
		return node{}, errors.New("g is not given a field second")
	}
	return node{text: "g(" + child + ", " + parent + ")"}, p.expect(")")
}
