package formula

import (
	"strings"
	"unicode/utf8"

	"github.com/veranda-go/veranda/apps/field"
)

// The first argument of every function is the record.

func absolute(a ...any) (any, error) {
	if n := numberOf(a[1]); n.sign() < 0 {
		return n.negated(), nil
	}
	return numberOf(a[1]), nil
}

// count reads an argument that is a whole number between two bounds.
func count(v any, least, most int64) (int, error) {
	n := numberOf(v)
	i, err := n.scaled(0)
	if err != nil || i < least || i > most || n.compare(number{n: i}) != 0 {
		return 0, ErrArgument
	}
	return int(i), nil
}

func rounder(how rounding) func(...any) (any, error) {
	return func(a ...any) (any, error) {
		places := 0
		if len(a) > 2 {
			var err error
			if places, err = count(a[2], -mostScale, mostScale); err != nil {
				return nil, err
			}
		}
		return boxed(numberOf(a[1]).to(places, how))
	}
}

func extreme(sign int) func(...any) (any, error) {
	return func(a ...any) (any, error) {
		var best any
		for _, v := range a[1:] {
			if v == nil {
				continue
			}
			if order, ok, err := compare(a[0], v, best); err != nil {
				return nil, err
			} else if !ok || order*sign > 0 {
				best = v
			}
		}
		return best, nil
	}
}

func toNumber(a ...any) (any, error) {
	text := strings.TrimSpace(textOf(a[1]))
	if text == "" {
		return nil, nil
	}
	n, ok := readNumber(text)
	if !ok {
		return nil, ErrNoNumber
	}
	return n, nil
}

func shown(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case number:
		return v.text()
	case day:
		return string(v)
	case moment:
		return string(v)
	case []string:
		return strings.Join(v, ", ")
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

func concat(a ...any) (any, error) {
	parts, size := make([]string, len(a)-1), 0
	for i, v := range a[1:] {
		parts[i] = shown(v)
		size += len(parts[i])
	}
	return made(a[0], size, func() string { return strings.Join(parts, "") })
}

// made makes a text of a known size, if it is not too large.
func made(environment any, size int, make func() string) (any, error) {
	if size > field.MaxText*utf8.UTFMax {
		return nil, ErrTooLong
	}
	if err := spend(environment, size); err != nil {
		return nil, err
	}
	return make(), nil
}

func join(a ...any) (any, error) {
	list, separator := listOf(a[1]), textOf(a[2])
	size := len(list) * len(separator)
	for _, one := range list {
		size += len(one)
	}
	return made(a[0], size, func() string { return strings.Join(list, separator) })
}

func mapped(do func(string) string) func(...any) (any, error) {
	return func(a ...any) (any, error) {
		text := textOf(a[1])
		return made(a[0], len(text), func() string { return do(text) })
	}
}

func left(a ...any) (any, error) {
	text, most := textOf(a[1]), int64(field.MaxText)
	n, err := count(a[2], 0, most)
	if err != nil {
		return nil, err
	}
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return text[:at], spend(a[0], at)
}

func right(a ...any) (any, error) {
	text := textOf(a[1])
	n, err := count(a[2], 0, field.MaxText)
	if err != nil {
		return nil, err
	}
	at := len(text)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return text[at:], spend(a[0], len(text)-at)
}

func length(a ...any) (any, error) {
	if list, ok := a[1].([]string); ok {
		return whole(len(list)), nil
	}
	return whole(utf8.RuneCountInString(textOf(a[1]))), spend(a[0], len(textOf(a[1])))
}

func replace(a ...any) (any, error) {
	text, before, after := textOf(a[1]), textOf(a[2]), textOf(a[3])
	if before == "" {
		return text, nil
	}
	if err := spend(a[0], len(text)); err != nil {
		return nil, err
	}
	size := len(text) + strings.Count(text, before)*(len(after)-len(before))
	return made(a[0], size, func() string { return strings.ReplaceAll(text, before, after) })
}
