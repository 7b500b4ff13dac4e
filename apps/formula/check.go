package formula

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"

	"github.com/veranda-go/veranda/apps/field"
)

// checker finds the type of each part of a formula and makes of it a tree in which nothing is left but what this package
// computes: fields are read, operators applied and functions called through Go functions named here.
type checker struct {
	text      []rune
	fields    map[string]*field.Field
	functions conf.FunctionsTable
	uses      []string
	visited   int
}

func (c *checker) problem(n ast.Node, rule, format string, a ...any) error {
	return &Problem{n.Location().From + 1, rule, fmt.Sprintf(format, a...)}
}

// call makes a call of a Go function under a name of its own.
func (c *checker) call(at ast.Node, name string, do func(...any) (any, error), arguments ...ast.Node) ast.Node {
	name = "$" + name
	if c.functions[name] == nil {
		c.functions[name] = &builtin.Function{Name: name, Func: do}
	}
	n := &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: arguments}
	n.SetLocation(at.Location())
	return n
}

func (c *checker) check(node ast.Node) (ast.Node, valueType, error) {
	// The parser shares the middle of a < b < c, so that a tree can have more parts than were written.
	if c.visited++; c.visited > 2*MaxNodes {
		return nil, 0, &Problem{1, "too_complex", "has too many parts"}
	}
	switch n := node.(type) {
	case *ast.NilNode:
		return n, typeEmpty, nil
	case *ast.BoolNode:
		return n, typeBool, nil
	case *ast.StringNode:
		return n, typeText, nil
	case *ast.IntegerNode, *ast.FloatNode:
		return c.number(n)
	case *ast.IdentifierNode:
		return c.field(n, n.Value)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.conditional(n, n.Cond, n.Exp1, n.Exp2)
	case *ast.CallNode:
		name, ok := n.Callee.(*ast.IdentifierNode)
		if !ok {
			return nil, 0, c.problem(n, "not_allowed", "only functions by their names can be called")
		}
		return c.function(n, name.Value)
	case *ast.BuiltinNode:
		return nil, 0, c.problem(n, "unknown_function", "there is no function of this name")
	default:
		return nil, 0, c.problem(n, "not_allowed", "this cannot be used in a formula")
	}
}

// number takes a number as it is written, for the parser has made a floating point number of it.
func (c *checker) number(n ast.Node) (ast.Node, valueType, error) {
	at := n.Location()
	if at.From < 0 || at.To > len(c.text) || at.From >= at.To {
		return nil, 0, c.problem(n, "syntax", "is no number")
	}
	v, ok := readNumber(strings.ReplaceAll(string(c.text[at.From:at.To]), "_", ""))
	if !ok {
		return nil, 0, c.problem(n, "syntax", "must be a decimal number of at most 60 digits")
	}
	constant := &ast.ConstantNode{Value: v}
	constant.SetLocation(at)
	return constant, typeNumber, nil
}

func (c *checker) field(n ast.Node, key string) (ast.Node, valueType, error) {
	f := c.fields[key]
	if f == nil {
		return nil, 0, c.problem(n, "unknown_field", "there is no field of this key")
	}
	t, read := reading(f)
	if read == nil {
		return nil, 0, c.problem(n, "not_allowed", "a field of this kind cannot be used in a formula")
	}
	if !slices.Contains(c.uses, key) {
		c.uses = append(c.uses, key)
	}
	return c.call(n, "field "+key, read, environment), t, nil
}

func (c *checker) unary(n *ast.UnaryNode) (ast.Node, valueType, error) {
	inner, t, err := c.check(n.Node)
	if err != nil {
		return nil, 0, err
	}
	switch n.Operator {
	case "not", "!":
		if t != typeBool {
			return nil, 0, c.problem(n, "type", "not needs a condition, not %s", t)
		}
		made := &ast.UnaryNode{Operator: "not", Node: c.call(n, "bool", truth, inner)}
		made.SetLocation(n.Location())
		return made, typeBool, nil
	case "-", "+":
		if t != typeNumber {
			return nil, 0, c.problem(n, "type", "%s needs a number, not %s", n.Operator, t)
		}
		if n.Operator == "+" {
			return inner, t, nil
		}
		return c.call(n, "negate", negate, inner), t, nil
	}
	return nil, 0, c.problem(n, "not_allowed", "there is no such operator")
}

// condition checks a part that must be true or false; an empty one is false.
func (c *checker) condition(n ast.Node) (ast.Node, error) {
	made, t, err := c.check(n)
	if err != nil {
		return nil, err
	}
	if t != typeBool {
		return nil, c.problem(n, "type", "must be a condition, not %s", t)
	}
	return c.call(n, "bool", truth, made), nil
}

func (c *checker) conditional(at, cond, yes, no ast.Node) (ast.Node, valueType, error) {
	condition, err := c.condition(cond)
	if err != nil {
		return nil, 0, err
	}
	a, t, err := c.check(yes)
	if err != nil {
		return nil, 0, err
	}
	b, u, err := c.check(no)
	if err != nil {
		return nil, 0, err
	}
	t, ok := common(t, u)
	if !ok {
		return nil, 0, c.problem(no, "type", "both outcomes must be of one type")
	}
	made := &ast.ConditionalNode{Ternary: true, Cond: condition, Exp1: a, Exp2: b}
	made.SetLocation(at.Location())
	return made, t, nil
}

// otherwise is a, or b where a is empty; b is computed then only.
func (c *checker) otherwise(at ast.Node, parts ...ast.Node) (ast.Node, valueType, error) {
	left, t, err := c.check(parts[0])
	if err != nil || len(parts) == 1 {
		return left, t, err
	}
	right, u, err := c.otherwise(at, parts[1:]...)
	if err != nil {
		return nil, 0, err
	}
	t, ok := common(t, u)
	if !ok {
		return nil, 0, c.problem(at, "type", "all values must be of one type")
	}
	made := &ast.BinaryNode{Operator: "??", Left: c.call(at, "filled", filled, left), Right: right}
	made.SetLocation(at.Location())
	return made, t, nil
}

func (c *checker) binary(n *ast.BinaryNode) (ast.Node, valueType, error) {
	switch n.Operator {
	case "and", "&&", "or", "||":
		left, err := c.condition(n.Left)
		if err != nil {
			return nil, 0, err
		}
		right, err := c.condition(n.Right)
		if err != nil {
			return nil, 0, err
		}
		made := &ast.BinaryNode{Operator: n.Operator, Left: left, Right: right}
		made.SetLocation(n.Location())
		return made, typeBool, nil
	case "??":
		return c.otherwise(n, n.Left, n.Right)
	case "matches":
		return c.matches(n)
	case "in":
		if list, ok := n.Right.(*ast.ArrayNode); ok {
			return c.oneOf(n, n.Left, list.Nodes)
		}
	}
	left, t, err := c.check(n.Left)
	if err != nil {
		return nil, 0, err
	}
	right, u, err := c.check(n.Right)
	if err != nil {
		return nil, 0, err
	}
	both, same := common(t, u)
	if do := arithmetic[n.Operator]; do != nil && same && both == typeNumber {
		return c.call(n, n.Operator, do, left, right), typeNumber, nil
	}
	if do := comparison[n.Operator]; do != nil && same && both != typeList {
		ordered := both != typeBool && both != typeEmpty
		if ordered || n.Operator == "==" || n.Operator == "!=" {
			return c.call(n, n.Operator, do, environment, left, right), typeBool, nil
		}
	}
	if do := textual[n.Operator]; do != nil && same && both == typeText {
		return c.call(n, n.Operator, do, environment, left, right), typeBool, nil
	}
	switch {
	case n.Operator == "+" && same && both == typeText:
		return c.call(n, "concat", concat, environment, left, right), typeText, nil
	case n.Operator == "in" && t == typeText && u == typeList:
		return c.call(n, "in", within, environment, left, right), typeBool, nil
	case n.Operator == "contains" && t == typeList && u == typeText:
		return c.call(n, "in", within, environment, right, left), typeBool, nil
	}
	return nil, 0, c.problem(n, "type", "%s does not go with %s and %s", n.Operator, t, u)
}

// oneOf makes x in [a, b] a comparison with each.
func (c *checker) oneOf(at, x ast.Node, list []ast.Node) (ast.Node, valueType, error) {
	var all ast.Node = &ast.BoolNode{}
	for _, one := range list {
		equal := &ast.BinaryNode{Operator: "==", Left: x, Right: one}
		equal.SetLocation(at.Location())
		made, _, err := c.binary(equal)
		if err != nil {
			return nil, 0, err
		}
		all = &ast.BinaryNode{Operator: "||", Left: all, Right: made}
		all.SetLocation(at.Location())
	}
	return all, typeBool, nil
}

// matches compiles the pattern once, when the formula is made: RE2, which takes linear time.
func (c *checker) matches(n *ast.BinaryNode) (ast.Node, valueType, error) {
	left, t, err := c.check(n.Left)
	if err != nil {
		return nil, 0, err
	}
	pattern, ok := n.Right.(*ast.StringNode)
	if t != typeText || !ok {
		return nil, 0, c.problem(n, "type", "matches needs a text and a pattern in quotes")
	}
	if len(pattern.Value) > field.MaxPattern {
		return nil, 0, c.problem(n, "too_long", "the pattern must have at most %d characters", field.MaxPattern)
	}
	re, err := regexp.Compile(pattern.Value)
	if err != nil {
		return nil, 0, c.problem(n, "pattern", "the pattern is no regular expression (RE2)")
	}
	match := func(a ...any) (any, error) {
		if err := spend(a[0], 16*len(textOf(a[1]))); err != nil {
			return nil, err
		}
		return re.MatchString(textOf(a[1])), nil
	}
	return c.call(n, "matches "+pattern.Value, match, environment, left), typeBool, nil
}
