package notifications

import (
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
)

// everything is the pattern of all kinds.
const everything = "*"

// Channels tell by which channels one is told.
type Channels struct {
	InProduct bool `json:"in_product" doc:"In the inbox."`
	Mail      bool `json:"mail"`
	Phone     bool `json:"phone"`
}

// KindChoice is how one is told of a kind.
type KindChoice struct {
	Kind    string `json:"kind"`
	Meaning string `json:"meaning" doc:"When one gets it."`
	Urgent  bool   `json:"urgent"`
	Channels
	// Chosen is what was chosen for just this kind, here.
	Chosen Choice `json:"chosen" doc:"What was chosen for just this kind, here; what is absent comes from what is more general."`
}

// Choice is what somebody chose; nil leaves a channel to what is more general.
type Choice struct {
	InProduct *bool `json:"in_product,omitempty"`
	Mail      *bool `json:"mail,omitempty"`
	Phone     *bool `json:"phone,omitempty"`
}

// Choices are how one is told of each kind, everywhere or in one organization.
type Choices struct {
	Org   veranda.OrgID `json:"organization_id" doc:"All zeros: everywhere."`
	Items []KindChoice  `json:"items"`
	// Patterns are choices for many kinds at once.
	Patterns []PatternChoice `json:"patterns" doc:"What was chosen for all kinds of a package, or for all."`
}

// PatternChoice is a choice for many kinds at once.
type PatternChoice struct {
	Pattern string `json:"pattern" doc:"\"tasks.*\", or \"*\" for all."`
	Choice
}

// ChoicesInput asks how one is told.
type ChoicesInput struct {
	Org veranda.OrgID `query:"organization" json:"-" doc:"In this organization; absent: everywhere."`
}

// ChooseInput chooses how one is told of a kind, or of many.
type ChooseInput struct {
	Kind string        `path:"kind" json:"-" maxLength:"100" doc:"A kind, \"tasks.*\" for all of a package, or \"*\" for all."`
	Org  veranda.OrgID `query:"organization" json:"-" doc:"In this organization alone; absent: everywhere."`
	Choice
}

// stored is a row of choices.
type stored struct {
	org  veranda.OrgID
	kind string
	Choice
}

// patternOf is the pattern of a kind's package.
func patternOf(kind string) string {
	name, _, _ := strings.Cut(kind, ".")
	return name + ".*"
}

// covers tells whether a pattern is, or stands for, a kind or narrower pattern.
func covers(pattern, kind string) bool {
	if pattern == everything || pattern == kind {
		return true
	}
	prefix, wild := strings.CutSuffix(pattern, "*")
	return wild && strings.HasPrefix(kind, prefix)
}

// channels are those by which somebody is told of a kind in an organization: by what they chose for it, there or else
// everywhere; else for its package, there or everywhere; else for all; and at last by the kind's own defaults.
func channels(kind veranda.NoticeKind, org veranda.OrgID, rows []stored) Channels {
	c := Channels{InProduct: true, Mail: kind.Mail, Phone: kind.Phone}
	rank := func(r stored) int {
		n := 2 * slices.Index([]string{kind.Name, patternOf(kind.Name), everything}, r.kind)
		if r.org.IsZero() {
			n++
		}
		return n
	}
	mine := slices.DeleteFunc(slices.Clone(rows), func(r stored) bool {
		return !covers(r.kind, kind.Name) || !r.org.IsZero() && r.org != org
	})
	slices.SortFunc(mine, func(a, b stored) int { return rank(b) - rank(a) })
	for _, r := range mine { // the most general first
		for _, one := range []struct {
			to     *bool
			chosen *bool
		}{{&c.InProduct, r.InProduct}, {&c.Mail, r.Mail}, {&c.Phone, r.Phone}} {
			if one.chosen != nil {
				*one.to = *one.chosen
			}
		}
	}
	return c
}
