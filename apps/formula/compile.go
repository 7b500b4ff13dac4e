package formula

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
	"golang.org/x/text/unicode/norm"

	"github.com/veranda-go/veranda/apps/field"
)

// What a formula may be at most.
const (
	MaxText    = 4000 // characters
	MaxNodes   = 1000 // parts: fields, numbers, operators, calls
	MaxNesting = 50   // brackets within brackets
)

// Program is a formula that was checked. It never changes and may be used by several goroutines.
type Program struct {
	code     *vm.Program
	machines sync.Pool
	kind     field.Kind
	decimals int
	uses     []string
}

// Compile checks a formula over the fields of an application. into is the field that holds the result: its kind (text,
// long_text, number, currency, percent, checkbox, date or date_time) and decimals; where it has no kind, the kind follows
// from the formula. A formula that uses another is given that one as a field of the kind of its result.
//
// The error is a veranda.Error with reason "invalid" and the field "/formula", whose rule is one of too_long, too_deep,
// too_complex, syntax, unknown_field, unknown_function, arguments, type, result, not_allowed, stale. Its cause is a *Problem.
func Compile(text string, into field.Field, fields []field.Field) (*Program, error) {
	p, err := compile(text, into, fields)
	if err != nil {
		return nil, invalid(err)
	}
	return p, nil
}

func compile(text string, into field.Field, fields []field.Field) (*Program, error) {
	if len(text) > MaxText*utf8.UTFMax || utf8.RuneCountInString(text) > MaxText {
		return nil, &Problem{1, "too_long", fmt.Sprintf("must have at most %d characters", MaxText)}
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, &Problem{1, "syntax", "must be valid Unicode"}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &Problem{1, "syntax", "must not be empty"}
	}
	if at := tooDeep(text); at > 0 {
		return nil, &Problem{at, "too_deep", fmt.Sprintf("has more than %d brackets within each other", MaxNesting)}
	}
	config := conf.CreateNew()
	config.MaxNodes, config.DisableIfOperator, config.Optimize = MaxNodes, true, false
	for _, f := range builtin.Builtins {
		config.Disabled[f.Name] = true
	}
	clear(config.Builtins)
	tree, err := parse(text, config)
	if err != nil {
		return nil, err
	}
	c := &checker{text: []rune(text), functions: config.Functions, fields: make(map[string]*field.Field, len(fields))}
	for i := range fields {
		c.fields[fields[i].Key] = &fields[i]
	}
	node, result, err := c.check(tree.Node)
	if err != nil {
		return nil, err
	}
	p := &Program{kind: into.Kind, decimals: into.Decimals, uses: c.uses}
	if p.kind == "" {
		p.kind = kindOf[result]
	}
	if wanted, known := resultOf[p.kind]; !known || p.kind == "" || result != wanted && result != typeEmpty {
		return nil, &Problem{1, "result", fmt.Sprintf("gives %s, which the field cannot hold", result)}
	}
	if p.decimals < 0 || p.decimals > field.MaxDecimals {
		return nil, &Problem{1, "result", "has too many decimals"}
	}
	tree.Node = node
	if p.code, err = compiler.Compile(tree, config); err != nil {
		return nil, &Problem{1, "syntax", "cannot be computed"}
	}
	p.machines.New = func() any { return &vm.VM{MemoryBudget: 1000} }
	return p, nil
}

// parse never panics, whatever the parser does with strange texts.
func parse(text string, config *conf.Config) (tree *parser.Tree, err error) {
	defer func() {
		if recover() != nil {
			err = &Problem{1, "syntax", "is no formula"}
		}
	}()
	tree, err = parser.ParseWithConfig(text, config)
	var f *file.Error
	switch {
	case err == nil:
		return tree, nil
	case errors.As(err, &f) && strings.Contains(f.Message, "maximum allowed nodes"):
		return nil, &Problem{f.From + 1, "too_complex", fmt.Sprintf("has more than %d parts", MaxNodes)}
	case errors.As(err, &f):
		return nil, &Problem{f.From + 1, "syntax", "is no formula from here on"}
	default:
		return nil, &Problem{1, "syntax", "is no formula"}
	}
}

// tooDeep tells where brackets nest too deeply, before the parser, which recurs, sees the text.
func tooDeep(text string) int {
	depth, position, quote, escaped := 0, 0, rune(0), false
	for _, r := range text {
		position++
		switch {
		case escaped:
			escaped = false
		case quote != 0:
			escaped = r == '\\' && quote != '`'
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
		case r == '(' || r == '[' || r == '{':
			if depth++; depth > MaxNesting {
				return position
			}
		case r == ')' || r == ']' || r == '}':
			depth--
		}
	}
	return 0
}

// Kind is the kind of the result.
func (p *Program) Kind() field.Kind { return p.kind }

// DependsOn are the keys of the fields that the formula uses, each once, in the order of their first use.
func (p *Program) DependsOn() []string { return slices.Clone(p.uses) }

// Eval computes the formula for one record. It gives the value as documents keep it (field.Set.Put stores it): a string
// or an int64, nil where it is empty. The error is one of this package's *Error; the value is nil then.
//
// The same document, stamp and fields always give the same value, and the work for one record is bounded.
func (p *Program) Eval(d field.Doc, stamp field.Stamp) (value any, err error) {
	defer func() {
		if recover() != nil {
			value, err = nil, ErrInternal
		}
	}()
	m := p.machines.Get().(*vm.VM)
	out, err := m.Run(p.code, &run{doc: d, stamp: stamp, budget: budget})
	p.machines.Put(m)
	if err == nil {
		value, err = p.stored(out)
	}
	if err != nil {
		var own *Error
		if !errors.As(err, &own) {
			own = ErrInternal
		}
		return nil, own
	}
	return value, nil
}

// stored is a value as the field of the result keeps it.
func (p *Program) stored(value any) (any, error) {
	switch v := value.(type) {
	case number:
		decimals := p.decimals
		if p.kind == field.Percent {
			decimals += 2 // 0.125 is 12.5 %
		}
		n, err := v.scaled(decimals)
		if err != nil {
			return nil, err
		}
		return n, nil
	case bool:
		if v {
			return int64(1), nil
		}
	case day:
		return string(v), nil
	case moment:
		return string(v), nil
	case string:
		most := field.MaxText
		if p.kind == field.Text {
			most = field.MaxLine
		}
		line := p.kind == field.Text
		v = strings.Map(func(r rune) rune {
			if r == '\u2028' || r == '\u2029' || unicode.IsControl(r) && (line || r != '\n' && r != '\t') {
				return ' '
			}
			return r
		}, v)
		v = strings.TrimSpace(norm.NFC.String(v))
		if utf8.RuneCountInString(v) > most {
			return nil, ErrTooLong
		}
		if v != "" {
			return v, nil
		}
	}
	return nil, nil
}

var environment = &ast.IdentifierNode{Value: "$env"}
