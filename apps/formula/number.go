package formula

import (
	"math"
	"math/big"
	"math/bits"
	"strings"

	"github.com/veranda-go/veranda/apps/field"
)

// number is an exact number: n·10^-s while that fits, else the fraction r. Nothing is rounded before the end, so that a
// result is rounded once.
type number struct {
	n int64
	s int
	r *big.Rat
}

const (
	mostScale = 18   // of a number without r; 10^18 is the greatest power of ten in an int64
	mostBits  = 2048 // of a fraction's halves: what a formula of ordinary numbers never reaches
)

var powers = func() (p [mostScale + 1]int64) {
	p[0] = 1
	for i := 1; i <= mostScale; i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

func whole(n int) number { return number{n: int64(n)} }

func (a number) rat() *big.Rat {
	if a.r != nil {
		return a.r
	}
	return new(big.Rat).SetFrac(big.NewInt(a.n), big.NewInt(powers[a.s]))
}

func ratio(r *big.Rat) (number, error) {
	if r.Num().BitLen() > mostBits || r.Denom().BitLen() > mostBits {
		return number{}, ErrOverflow
	}
	return number{r: r}, nil
}

// times is x·y where it fits an int64.
func times(x, y int64) (int64, bool) {
	if x == math.MinInt64 || y == math.MinInt64 {
		return 0, false
	}
	hi, lo := bits.Mul64(uint64(max(x, -x)), uint64(max(y, -y)))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (x < 0) != (y < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

// align gives two numbers one scale.
func align(a, b number) (x, y int64, s int, ok bool) {
	if a.r != nil || b.r != nil {
		return 0, 0, 0, false
	}
	x, y, s, ok = a.n, b.n, max(a.s, b.s), true
	if a.s < s {
		x, ok = times(a.n, powers[s-a.s])
	} else if b.s < s {
		y, ok = times(b.n, powers[s-b.s])
	}
	return x, y, s, ok
}

func (a number) plus(b number) (number, error) {
	if x, y, s, ok := align(a, b); ok {
		if sum := x + y; (sum > x) == (y > 0) {
			return number{n: sum, s: s}, nil
		}
	}
	return ratio(new(big.Rat).Add(a.rat(), b.rat()))
}

func (a number) negated() number {
	if a.r == nil && a.n != math.MinInt64 {
		return number{n: -a.n, s: a.s}
	}
	return number{r: new(big.Rat).Neg(a.rat())}
}

func (a number) minus(b number) (number, error) { return a.plus(b.negated()) }

func (a number) by(b number) (number, error) {
	if a.r == nil && b.r == nil && a.s+b.s <= mostScale {
		if n, ok := times(a.n, b.n); ok {
			return number{n: n, s: a.s + b.s}, nil
		}
	}
	return ratio(new(big.Rat).Mul(a.rat(), b.rat()))
}

func (a number) over(b number) (number, error) {
	if b.sign() == 0 {
		return number{}, ErrDivision
	}
	if x, y, _, ok := align(a, b); ok && x != math.MinInt64 && x%y == 0 {
		return number{n: x / y}, nil
	}
	return ratio(new(big.Rat).Quo(a.rat(), b.rat()))
}

func (a number) sign() int {
	if a.r != nil {
		return a.r.Sign()
	}
	switch {
	case a.n < 0:
		return -1
	case a.n > 0:
		return 1
	default:
		return 0
	}
}

func (a number) compare(b number) int {
	if x, y, _, ok := align(a, b); ok {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		default:
			return 0
		}
	}
	return a.rat().Cmp(b.rat())
}

// rounding is how a number is brought to fewer decimals.
type rounding int

const (
	halfAway rounding = iota // 0.5 to 1, -0.5 to -1: as merchants round
	down                     // towards minus infinity
	up                       // towards plus infinity
)

// rounded is the number in whole units of 10^-places.
func (a number) rounded(places int, how rounding) *big.Int {
	r := a.rat()
	num, den := new(big.Int).Set(r.Num()), new(big.Int).Set(r.Denom())
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(places, -places))), nil)
	if places >= 0 {
		num.Mul(num, factor)
	} else {
		den.Mul(den, factor)
	}
	q, m := new(big.Int).DivMod(num, den, new(big.Int)) // the denominator is positive: q is the floor
	switch twice := m.Lsh(m, 1).Cmp(den); {
	case m.Sign() == 0:
	case how == up, how == halfAway && (twice > 0 || twice == 0 && num.Sign() > 0):
		q.Add(q, big.NewInt(1))
	}
	return q
}

// scaled is the number as fields keep it, rounded once.
func (a number) scaled(decimals int) (int64, error) {
	if a.r == nil && a.s <= decimals {
		if n, ok := times(a.n, powers[decimals-a.s]); ok && n != field.Empty {
			return n, nil
		}
		return 0, ErrOverflow
	}
	if a.r == nil {
		unit := powers[a.s-decimals]
		q, m := a.n/unit, a.n%unit
		if m >= unit-m && m > 0 {
			q++
		} else if -m >= unit+m && m < 0 {
			q--
		}
		if q == field.Empty {
			return 0, ErrOverflow
		}
		return q, nil
	}
	q := a.rounded(decimals, halfAway)
	if !q.IsInt64() || q.Int64() == field.Empty {
		return 0, ErrOverflow
	}
	return q.Int64(), nil
}

// to is the number rounded to some decimals; fewer than none rounds to tens, hundreds and so on.
func (a number) to(places int, how rounding) (number, error) {
	if a.r == nil && a.s <= places {
		return a, nil
	}
	q := a.rounded(places, how)
	if places >= 0 && places <= mostScale && q.IsInt64() {
		return number{n: q.Int64(), s: places}, nil
	}
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(places, -places))), nil)
	if places >= 0 {
		return ratio(new(big.Rat).SetFrac(q, factor))
	}
	return ratio(new(big.Rat).SetInt(q.Mul(q, factor)))
}

// text is the number for people: nine decimals at most, no noughts at their end.
func (a number) text() string {
	text := a.rat().FloatString(9) // exact, rounded half away from zero
	text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// readNumber reads a decimal number, with an exponent or without.
func readNumber(text string) (number, bool) {
	if len(text) == 0 || len(text) > 60 || strings.Trim(text, "+-.0123456789eE") != "" {
		return number{}, false
	}
	if _, exponent, there := strings.Cut(strings.ToLower(text), "e"); there && len(strings.TrimLeft(exponent, "+-0")) > 2 {
		return number{}, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return number{}, false
	}
	for s := range mostScale + 1 {
		n := new(big.Rat).Mul(r, new(big.Rat).SetInt64(powers[s]))
		if n.IsInt() {
			if n.Num().IsInt64() {
				return number{n: n.Num().Int64(), s: s}, true
			}
			break
		}
	}
	return number{r: r}, true
}
