package tenancy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for text, wanted := range map[string]string{
		"+49 30 23125 000":      "+493023125000",
		" +49 (0)30/23125-000":  "+493023125000",
		"+491512 3456789":       "+4915123456789",
		"+1 202-555-0123":       "+12025550123",
		"+44 7700 900123":       "+447700900123",
		"+90 501 234 56 78":     "+905012345678",
		"+7 912 345-67-89":      "+79123456789",
		"+39 06 6982":           "+39066982", // Italy's leading zero is part of the number
		"+４９ ３０ ２３１２５ ０００":      "+493023125000",
		"030 23125000":          "phone_country",
		"0049 30 23125000":      "phone_country",
		"+999 123456789":        "phone_country",
		"":                      "phone",
		"+":                     "phone",
		"+49":                   "phone",
		"+49 1":                 "phone",
		"+1 202 555 01234":      "phone",
		"+1 800 FLOWERS":        "phone",
		"+49 30 23125000x12":    "phone",
		"+49 30 23125000;ext=1": "phone",
		"tel:+493023125000":     "phone",
		"+49 900 1 234567":      "phone_kind",
		"+4930231250001234567890123456789012345678": "phone",
		"+49\x0030": "phone",
	} {
		got, err := ParsePhone(text)
		if problem, ok := err.(*phoneProblem); ok {
			got = problem.rule
		} else if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if got != wanted {
			t.Errorf("%q: want %q, got %q", text, wanted, got)
		}
		if again, err := ParsePhone(got); got != "" && got[0] == '+' && (err != nil || again != got) {
			t.Errorf("%q: its stored spelling is not taken: %q, %v", got, again, err)
		}
	}
	var c veranda.Checks
	checkPhone(&c, "/phone", " ")
	checkPhone(&c, "/other", "030 1234567")
	fields := []string{}
	for _, f := range c.Err().(*veranda.Error).Fields {
		fields = append(fields, f.Pointer+" "+f.Rule)
	}
	if diff := cmp.Diff([]string{"/phone required", "/other phone_country"}, fields); diff != "" {
		t.Error(diff)
	}
}
