package field

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Empty stands for "no number" where numbers are compared. It is itself no value of a field.
const Empty int64 = math.MinInt64

var (
	errNumber   = errors.New("must be a number")
	errDecimals = errors.New("has too many decimals")
	errOverflow = errors.New("is too large")
)

// scale reads a decimal number, with an exponent or without, as a whole number of units of 10^-decimals. Nothing is
// rounded: digits beyond the decimals, unless they are noughts, are an error.
func scale(text string, decimals int) (int64, error) {
	negative := strings.HasPrefix(text, "-")
	digits := strings.TrimPrefix(text, "-")
	exponent := 0
	if i := strings.IndexAny(digits, "eE"); i >= 0 {
		e, err := strconv.Atoi(digits[i+1:])
		if err != nil || e < -400 || e > 400 {
			return 0, errNumber
		}
		digits, exponent = digits[:i], e
	}
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || point && fraction == "" || len(digits) > 400 || !digitsOnly(whole) || !digitsOnly(fraction) {
		return 0, errNumber
	}
	all := whole + fraction
	shift := exponent - len(fraction) + decimals // the value is all · 10^(shift-decimals)
	all = strings.TrimLeft(all, "0")
	for shift < 0 && strings.HasSuffix(all, "0") {
		all, shift = all[:len(all)-1], shift+1
	}
	switch {
	case all == "":
		return 0, nil
	case shift < 0:
		return 0, errDecimals
	case len(all)+shift > 19:
		return 0, errOverflow
	}
	v, err := strconv.ParseUint(all+strings.Repeat("0", shift), 10, 64)
	if err != nil || v > math.MaxInt64 {
		return 0, errOverflow
	}
	if negative {
		return -int64(v), nil
	}
	return int64(v), nil
}

func digitsOnly(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// appendDecimal writes a scaled number; fixed keeps the noughts at the end of its decimals.
func appendDecimal(b []byte, v int64, decimals int, fixed bool) []byte {
	if decimals == 0 {
		return strconv.AppendInt(b, v, 10)
	}
	magnitude := uint64(v)
	if v < 0 {
		b = append(b, '-')
		magnitude = -magnitude
	}
	var buffer [20]byte
	digits := strconv.AppendUint(buffer[:0], magnitude, 10)
	if len(digits) > decimals {
		b = append(b, digits[:len(digits)-decimals]...)
		digits = digits[len(digits)-decimals:]
	} else {
		b = append(b, '0')
	}
	b = append(b, '.')
	for i := len(digits); i < decimals; i++ {
		b = append(b, '0')
	}
	b = append(b, digits...)
	if fixed {
		return b
	}
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	return b
}
