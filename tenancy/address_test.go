package tenancy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ text, key, rule string }{
		{"ada@example.org", "ada@example.org", ""},
		{"  Ada.Lovelace@Example.ORG ", "ada.lovelace@example.org", ""},
		{"ada+news@example.org", "ada+news@example.org", ""},
		{"ada@bücher.example", "ada@xn--bcher-kva.example", ""},
		{"ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example", ""},
		{"jürgen@example.org", "jürgen@example.org", ""},
		{"JÜRGEN@example.org", "jürgen@example.org", ""},
		{"ju\u0308rgen@example.org", "jürgen@example.org", ""},
		{"иван@пример.рф", "иван@xn--e1afmkfd.xn--p1ai", ""},
		{"o'neill&sons@example.co.uk", "o'neill&sons@example.co.uk", ""},
		{long + "@example.org", long + "@example.org", ""},

		{"", "", "email"},
		{"ada", "", "email"},
		{"@example.org", "", "email"},
		{"ada@", "", "email"},
		{"ada..b@example.org", "", "email"},
		{".ada@example.org", "", "email"},
		{"ada@b@example.org", "", "email"},
		{"<ada@example.org>", "", "email_domain"},
		{"Ada<ada@example.org", "", "email"},
		{"a(comment)@example.org", "", "email"},
		{"\"a b\"@example.org", "", "email_quoted"},
		{"ada lovelace@example.org", "", "email_characters"},
		{"ada@example.org\r\nBcc: x@y.example", "", "email_characters"},
		{"ada\x00@example.org", "", "email_characters"},
		{"a\u200bda@example.org", "", "email_characters"},
		{"a\u202eda@example.org", "", "email_characters"},
		{"\xff@example.org", "", "email_characters"},
		{"ａda@example.org", "", "email_characters"},  // full-width a
		{"аda@example.org", "", "email_scripts"},     // Cyrillic а before Latin
		{"ada@аpple.example", "", "email_scripts"},   // the same in the domain
		{"ada@[192.0.2.1]", "", "email_domain"},      // literal
		{"ada@192.0.2.1", "", "email_domain"},        // number
		{"ada@localhost", "", "email_domain"},        // no dot
		{"ada@example.org.", "", "email_domain"},     // dot at the end
		{"ada@-example.org", "", "email_domain"},     // hyphen at the beginning
		{"ada@exa_mple.org", "", "email_domain"},     // not a host's name
		{"ada@exa mple.org", "", "email_characters"}, // space
		{"ada@xn--0.example", "", "email_domain"},    // not Punycode
		{long + "a@example.org", "", "too_long"},
		{"a@" + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 63) + "." + strings.Repeat("e", 63) + ".org", "", "too_long"},
		{"a@" + strings.Repeat("b", 64) + ".org", "", "email_domain"},
	} {
		address, err := ParseAddress(c.text)
		rule := ""
		if problem, ok := err.(*addressProblem); ok {
			rule = problem.rule
		} else if err != nil {
			t.Errorf("%q: an error without a rule: %v", c.text, err)
		}
		if rule != c.rule || address.Key != c.key {
			t.Errorf("%q: key %q, rule %q; want %q, %q", c.text, address.Key, rule, c.key, c.rule)
		}
	}
}

func TestAddressForms(t *testing.T) {
	t.Parallel()
	address, err := ParseAddress("  Jürgen@Bücher.Example")
	if err != nil {
		t.Fatal(err)
	}
	want := Address{Written: "Jürgen@Bücher.Example", Key: "jürgen@xn--bcher-kva.example", Local: "Jürgen", Domain: "xn--bcher-kva.example"}
	if diff := cmp.Diff(want, address); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := address.Deliverable(); got != "Jürgen@xn--bcher-kva.example" {
		t.Errorf("deliverable %q", got)
	}
	if got := maskAddress(address.Written); got != "J***@Bücher.Example" {
		t.Errorf("masked %q", got)
	}
}

// checkKey holds what a key must be: one fixed point, whatever the spelling.
func checkKey(t interface{ Fatalf(string, ...any) }, text string) {
	address, err := ParseAddress(text)
	if err != nil {
		if address != (Address{}) {
			t.Fatalf("%q: an error and an address", text)
		}
		return
	}
	again, err := ParseAddress(address.Key)
	if err != nil {
		t.Fatalf("%q: its key %q is refused: %v", text, address.Key, err)
	}
	if again.Key != address.Key {
		t.Fatalf("%q: key %q has the key %q", text, address.Key, again.Key)
	}
	if strings.ContainsAny(address.Key, "\r\n\x00 <>\"") || len(address.Key) > maxAddressOctets || domainOf(address.Key) != address.Domain {
		t.Fatalf("%q: bad key %q", text, address.Key)
	}
	sent, err := ParseAddress(address.Deliverable())
	if err != nil || sent.Key != address.Key {
		t.Fatalf("%q: is sent to %q, which is %q, %v", text, address.Deliverable(), sent.Key, err)
	}
}

func TestAddressKeyProperty(t *testing.T) {
	t.Parallel()
	local := rapid.StringMatching(`[a-zA-Z0-9üÜßéИвİıΣςσ+._'&-]{1,20}`)
	domain := rapid.StringMatching(`[a-zA-Z0-9üßéΣς-]{1,12}(\.[a-zA-Z0-9éü-]{1,8}){0,2}\.(org|COM|example|рф)`)
	rapid.Check(t, func(t *rapid.T) {
		text := local.Draw(t, "local") + "@" + domain.Draw(t, "domain")
		checkKey(t, text)
		if address, err := ParseAddress(text); err == nil {
			upper, err := ParseAddress(address.Local + "@" + strings.ToUpper(address.Domain))
			if err != nil || upper.Key != address.Key {
				t.Fatalf("%q in upper case is another address: %q, %v", text, upper.Key, err)
			}
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"ada@example.org", "Jürgen@Bücher.example", "a@xn--bcher-kva.example", "\"q\"@x.org", "a@[::1]", "İ@x.org", "a@ß.de", "ΣΑΣ@x.gr"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { checkKey(t, text) })
}
