package field

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	keyForm  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	slotForm = regexp.MustCompile(`^f[1-9][0-9]{0,5}$`)
)

// SlotOf is the n-th slot of an application.
func SlotOf(n int64) string { return "f" + strconv.FormatInt(n, 10) }

// KeyOf makes a field's key of its name: "Unit price" is unit_price. Where nothing of the name remains it is "field"; what
// is taken gets a number.
func KeyOf(name string, taken func(key string) bool) string {
	var b strings.Builder
	gap := false
	for _, r := range Fold(name) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	key := b.String()
	if key == "" {
		key = "field"
	}
	if key[0] <= '9' {
		key = "f_" + key
	}
	key = shorten(key, MaxKey)
	for n, base := 2, key; taken(key); n++ {
		suffix := "_" + strconv.Itoa(n)
		key = shorten(base, MaxKey-len(suffix)) + suffix
	}
	return key
}

func shorten(key string, most int) string {
	if len(key) > most {
		key = strings.TrimRight(key[:most], "_")
	}
	return key
}
