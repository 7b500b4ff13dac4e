package tenancy

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
)

func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	if n := commonPasswords().Len(); n < 50000 {
		t.Errorf("the list has %d entries", n)
	}
	own, err := os.ReadFile("password_common.txt")
	must(t, err)
	for line := range strings.Lines(string(own)) {
		for _, word := range strings.Fields(line) {
			if !strings.HasPrefix(line, "#") && len(word) >= shortestCommon && !commonPasswords().Has(strings.ToLower(word)) {
				t.Errorf("%q of the list is not in the set: it is to be made anew", word)
			}
		}
	}
	for _, password := range []string{
		"password", "Password1", "P@ssw0rd", "passw0rd!", "12345678", "1234567890", "qwertyui", "QWERTY123", "iloveyou", "ILoveYou2!", "letmein123",
		"aaaaaaaa", "abcabcabc", "abcdefgh", "hgfedcba", "football2024", "1q2w3e4r", "zaq12wsx", "sunshine", "Monkey1234", "trustno1", "asdfghjkl",
		"geheim123", "motdepasse", "98765432", "dragon!!!!", "Summer2026", "mustang123", "zxcvbnmm", "elizabeth", "Elizabeth1990", "outstanding", "1qazxsw23edc", "starwars77", "p4ssphr4s3", "jennifer!", "йцукенгш",
	} {
		if !isCommonPassword(password) {
			t.Errorf("%q is not refused", password)
		}
	}
	for _, password := range []string{
		goodPassword, otherPassword, "correct donkey battery", "xkcd-tr0ub4dor-3", "Zq7!vL0p", "dragon flies over the hill", "passwords are hard to choose",
		"日本語のパスワードです", "the 12345678 people", "mein Hund heißt Rex",
	} {
		if isCommonPassword(password) {
			t.Errorf("%q is refused", password)
		}
	}
}

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	about := []string{"ada.lovelace@analytic.example", "Ada Lovelace"}
	for _, c := range []struct{ password, rule string }{
		{goodPassword, ""},
		{"Zq7!vL0", "too_short"},
		{"日本語パスワー", "too_short"},
		{"日本語パスワード", ""},
		{strings.Repeat("long enough? ", 19) + "yes it is", ""}, // 256
		{strings.Repeat("long enough? ", 20), "too_long"},
		{"with a \x00 in it", "unicode"},
		{"not \xff unicode", "unicode"},
		{"ada.lovelace@analytic.example", "common"},
		{"Ada.Lovelace", "common"},
		{"adalovelace", "common"},
		{"Ada Lovelace1815", "common"},
		{"analytic.example", "common"},
		{"veranda1", "common"},
		{"Ada Lovelace wrote programs", ""},
	} {
		var checks veranda.Checks
		checkPassword(&checks, "/password", c.password, about...)
		rule := ""
		if err, ok := checks.Err().(*veranda.Error); ok {
			rule = err.Fields[0].Rule
			if strings.Contains(err.Error(), c.password) {
				t.Errorf("%q: the error repeats it", c.password)
			}
		}
		if rule != c.rule {
			t.Errorf("%q: rule %q, want %q", c.password, rule, c.rule)
		}
	}
}

func TestPasswordHash(t *testing.T) {
	t.Parallel()
	ctx, p := context.Background(), newPasswords(testCost)
	stored, err := p.hash(ctx, goodPassword)
	must(t, err)
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("stored %q", stored)
	}
	if other, err := p.hash(ctx, goodPassword); err != nil || other == stored {
		t.Errorf("the same password has the same hash: %v", err)
	}
	check := func(p *passwords, stored, password string, ok, outdated bool) {
		t.Helper()
		gotOK, gotOutdated, err := p.verify(ctx, stored, password)
		if err != nil || gotOK != ok || gotOutdated != outdated {
			t.Errorf("%q: %v, %v, %v; want %v, %v", password, gotOK, gotOutdated, err, ok, outdated)
		}
	}
	check(p, stored, goodPassword, true, false)
	check(p, stored, goodPassword+" ", false, false)
	check(p, stored, strings.ToUpper(goodPassword), false, false)
	check(p, "", goodPassword, false, false)
	check(p, "", "", false, false)
	check(newPasswords(PasswordCost{Memory: 128, Time: 1, Threads: 1}), stored, goodPassword, true, true)
	check(newPasswords(PasswordCost{Memory: 128, Time: 1, Threads: 1}), stored, otherPassword, false, false)

	long := strings.Repeat("x", 255)
	stored, err = p.hash(ctx, long+"y")
	must(t, err)
	check(p, stored, long+"y", true, false)
	check(p, stored, long+"z", false, false) // nothing is cut off
	stored, err = p.hash(ctx, "Käsekuchen ohne Boden")
	must(t, err)
	check(p, stored, "Ka\u0308sekuchen ohne Boden", true, false)

	for _, damaged := range []string{"x", "$argon2id$v=19$m=64,t=1,p=1$AAAA", "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"} {
		if ok, _, err := p.verify(ctx, damaged, goodPassword); ok || err == nil {
			t.Errorf("%q: %v, %v", damaged, ok, err)
		}
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	for range cap(p.turns) {
		p.turns <- struct{}{}
	}
	if _, err := p.hash(canceled, goodPassword); err == nil {
		t.Error("a hash was made without a turn")
	}
}

func TestProductionCost(t *testing.T) {
	t.Parallel()
	p := newPasswords(PasswordCost{})
	if !strings.HasPrefix(p.dummy, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the cost is %q", p.dummy)
	}
}

// What looking into the set of common passwords costs, beside a hash.
func BenchmarkCheckPassword(b *testing.B) {
	for b.Loop() {
		var c veranda.Checks
		checkPassword(&c, "/password", goodPassword+"12!", "ada.lovelace@analytic.example", "Ada Lovelace")
		if c.Err() != nil {
			b.Fatal(c.Err())
		}
	}
}
