// Package rank makes the keys by which people order things by hand.
//
// A key is a text of the digits 0-9A-Za-z that never ends in 0; keys are compared byte by byte. Between any two keys
// there is another, so that one thing is moved by writing one key: the fraction between those of its neighbours. Keys
// grow where things are put into the same gap again and again; past MaxLength the owner spreads some of them anew.
//
// A new thing's key comes from its id (see Of): ids rise with time, so new things come last, and need no look at others.
package rank

import "strings"

// MaxLength is the length past which keys should be spread anew.
const MaxLength = 64

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Of is the key of a thing that nobody has moved yet, by its id, a UUID's text. It sorts as the id does.
func Of(id string) string { return strings.ReplaceAll(id, "-", "") + "V" }

// Valid tells whether a text is a key.
func Valid(key string) bool {
	return key != "" && !strings.HasSuffix(key, "0") && strings.Trim(key, digits) == ""
}

// Last is a key behind a key: the one that a new thing of this id would have, or else the next fraction.
func Last(after, id string) string {
	if key := Of(id); key > after {
		return key
	}
	return Between(after, "")
}

// Between is a key between two keys, of which the first is the lesser. An empty text is the beginning or the end.
func Between(after, before string) string {
	var key strings.Builder
	for {
		if before != "" {
			// What both begin with stays; where the lesser is shorter it goes on with zeros.
			n := 0
			for n < len(before) && digitAt(after, n) == before[n] {
				n++
			}
			key.WriteString(before[:n])
			after, before = cut(after, n), before[n:]
		}
		least, most := 0, len(digits)
		if after != "" {
			least = strings.IndexByte(digits, after[0])
		}
		if before != "" {
			most = strings.IndexByte(digits, before[0])
		}
		if most-least > 1 {
			key.WriteByte(digits[(least+most)/2])
			return key.String()
		}
		if len(before) > 1 {
			key.WriteByte(before[0])
			return key.String()
		}
		key.WriteByte(digits[least])
		after, before = cut(after, 1), ""
	}
}

// Spread gives keys between two keys, in order and as short as can be. An empty text is the beginning or the end.
func Spread(after, before string, count int) []string {
	if count <= 0 {
		return nil
	}
	middle := Between(after, before)
	keys := append(Spread(after, middle, count/2), middle)
	return append(keys, Spread(middle, before, count-1-count/2)...)
}

func digitAt(key string, at int) byte {
	if at < len(key) {
		return key[at]
	}
	return digits[0]
}

func cut(key string, from int) string {
	if from >= len(key) {
		return ""
	}
	return key[from:]
}
