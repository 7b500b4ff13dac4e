package formula

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"github.com/veranda-go/veranda/apps/field"
)

// truth makes an empty condition false.
func truth(a ...any) (any, error) { b, _ := a[0].(bool); return b, nil }

// filled makes every empty value nil; a checkbox is never empty here, for false is an answer.
func filled(a ...any) (any, error) {
	if _, ok := a[0].(bool); ok || isFilled(a[0]) {
		return a[0], nil
	}
	return nil, nil
}

func negate(a ...any) (any, error) { return numberOf(a[0]).negated(), nil }

var arithmetic = map[string]func(...any) (any, error){
	"+": func(a ...any) (any, error) { return boxed(numberOf(a[0]).plus(numberOf(a[1]))) },
	"-": func(a ...any) (any, error) { return boxed(numberOf(a[0]).minus(numberOf(a[1]))) },
	"*": func(a ...any) (any, error) { return boxed(numberOf(a[0]).by(numberOf(a[1]))) },
	"/": func(a ...any) (any, error) { return boxed(numberOf(a[0]).over(numberOf(a[1]))) },
	"%": modulo,
}

func boxed(n number, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return n, nil
}

// modulo has the divisor's sign, as spreadsheets have it.
func modulo(a ...any) (any, error) {
	x, y := numberOf(a[0]), numberOf(a[1])
	q, err := x.over(y)
	if err != nil {
		return nil, err
	}
	part, err := ratio(new(big.Rat).SetInt(q.rounded(0, down)))
	if err == nil {
		part, err = part.by(y)
	}
	if err != nil {
		return nil, err
	}
	return boxed(x.minus(part))
}

// compare orders two values of one type; texts by their folded form. ok is false where either is empty.
func compare(environment, a, b any) (order int, ok bool, err error) {
	switch x := a.(type) {
	case number:
		if y, there := b.(number); there {
			return x.compare(y), true, nil
		}
	case day:
		if y, there := b.(day); there {
			return cmp.Compare(x, y), true, nil
		}
	case moment:
		if y, there := b.(moment); there {
			return cmp.Compare(x, y), true, nil
		}
	case string:
		y := textOf(b)
		if x == "" || y == "" {
			return 0, false, nil
		}
		if err := spend(environment, len(x)+len(y)); err != nil {
			return 0, false, err
		}
		return cmp.Compare(field.Fold(x), field.Fold(y)), true, nil
	}
	return 0, false, nil
}

func ordering(holds func(order int) bool) func(...any) (any, error) {
	return func(a ...any) (any, error) {
		order, ok, err := compare(a[0], a[1], a[2])
		return ok && holds(order), err
	}
}

// equality holds of two empty values too. A checkbox that is not set is both false and empty.
func equality(wanted bool) func(...any) (any, error) {
	return func(a ...any) (any, error) {
		x, y := isFilled(a[1]), isFilled(a[2])
		if !x || !y {
			return (x == y) == wanted, nil
		}
		if _, ok := a[1].(bool); ok {
			return wanted, nil // both are true
		}
		order, ok, err := compare(a[0], a[1], a[2])
		return (ok && order == 0) == wanted, err
	}
}

var comparison = map[string]func(...any) (any, error){
	"==": equality(true),
	"!=": equality(false),
	"<":  ordering(func(o int) bool { return o < 0 }),
	"<=": ordering(func(o int) bool { return o <= 0 }),
	">":  ordering(func(o int) bool { return o > 0 }),
	">=": ordering(func(o int) bool { return o >= 0 }),
}

func folded(holds func(text, part string) bool) func(...any) (any, error) {
	return func(a ...any) (any, error) {
		x, y := textOf(a[1]), textOf(a[2])
		if err := spend(a[0], len(x)+len(y)); err != nil {
			return nil, err
		}
		return x != "" && holds(field.Fold(x), field.Fold(y)), nil
	}
}

var textual = map[string]func(...any) (any, error){
	"contains":   folded(strings.Contains),
	"startsWith": folded(strings.HasPrefix),
	"endsWith":   folded(strings.HasSuffix),
}

// within tells whether a list has a text, by their folded forms.
func within(a ...any) (any, error) {
	list, cost := listOf(a[2]), len(textOf(a[1]))
	for _, one := range list {
		cost += len(one)
	}
	if err := spend(a[0], cost); err != nil {
		return nil, err
	}
	wanted := field.Fold(textOf(a[1]))
	return slices.ContainsFunc(list, func(one string) bool { return field.Fold(one) == wanted }), nil
}
