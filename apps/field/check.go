package field

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/currency"

	"github.com/veranda-go/veranda"
)

// Check puts a definition into its proper form and reports everything that is wrong with it, at pointers below at. Choices
// without an id get one that neither they nor taken have.
func (f *Field) Check(c *veranda.Checks, at string, taken ...string) {
	f.Name = c.Line(at+"/name", f.Name, 1, MaxName)
	f.Description = c.Text(at+"/description", f.Description, 0, MaxDescription)
	if f.Key != "" && !keyForm.MatchString(f.Key) {
		c.Add(at+"/key", "key", "must begin with a letter a–z and have at most 40 letters a–z, digits and underscores")
	}
	if !f.Kind.Known() {
		veranda.OneOf(c, at+"/kind", f.Kind, Kinds()...)
		return
	}
	f.checkForeign(c, at)
	if c.Failed(at) {
		return
	}
	f.checkOptions(c, at, taken)
	f.checkRules(c, at)
}

// options of which kinds: an option of another kind is refused, for it would do nothing.
func (f *Field) checkForeign(c *veranda.Checks, at string) {
	for _, option := range []struct {
		name  string
		set   bool
		kinds []Kind
	}{
		{"decimals", f.Decimals != 0, []Kind{Number, Percent, Currency, Formula, Lookup, RollUp}},
		{"currency", f.Currency != "", []Kind{Currency, Formula, Lookup, RollUp}},
		{"min", f.Min != "", []Kind{Number, Currency, Percent, Date}},
		{"max", f.Max != "", []Kind{Number, Currency, Percent, Date, Rating}},
		{"max_length", f.MaxLength != 0, []Kind{Text, LongText}},
		{"pattern", f.Pattern != "", []Kind{Text}},
		{"pattern_message", f.PatternFor != "", []Kind{Text}},
		{"choices", len(f.Choices) > 0, []Kind{Select, MultiSelect}},
		{"multiple", f.Multiple, []Kind{Person, Relation}},
		{"target", f.Target != "", []Kind{Relation}},
		{"inverse", f.Inverse != "", []Kind{Relation}},
		{"inverse_name", f.InverseName != "", []Kind{Relation}},
		{"on_delete", f.OnDelete != "", []Kind{Relation}},
		{"reverse", f.Reverse, []Kind{Relation}},
		{"formula", f.Formula != "", []Kind{Formula}},
		{"through", f.Through != "", []Kind{Lookup, RollUp}},
		{"of", f.Of != "", []Kind{Lookup, RollUp}},
		{"function", f.Function != "", []Kind{RollUp}},
		{"result", f.Result != "", []Kind{Formula, Lookup, RollUp}},
		{"prefix", f.Prefix != "", []Kind{AutoNumber}},
		{"digits", f.Digits != 0, []Kind{AutoNumber}},
	} {
		if option.set && !slices.Contains(option.kinds, f.Kind) {
			c.Add(at+"/"+option.name, "kind", "is no option of fields of the kind "+string(f.Kind))
		}
	}
	if f.Unique && !f.Kind.canBeUnique() {
		c.Add(at+"/unique", "kind", "is not for fields of the kind "+string(f.Kind))
	}
	if f.Required && f.Kind.ReadOnly() {
		c.Add(at+"/required", "kind", "is not for fields whose values the program gives")
	}
	if len(f.Default) > 0 && string(f.Default) != "null" && (f.Kind.ReadOnly() || f.Kind == Relation || f.Unique) {
		c.Add(at+"/default", "kind", "is not for unique fields, relations, nor for those whose values the program gives")
	}
}

func (f *Field) checkOptions(c *veranda.Checks, at string, taken []string) {
	if f.Kind == Currency {
		unit, err := currency.ParseISO(f.Currency)
		switch {
		case err != nil || unit == currency.XXX:
			c.Add(at+"/currency", "currency", "must be a currency's code of ISO 4217, such as EUR")
		case f.Decimals == 0:
			f.Decimals, _ = currency.Standard.Rounding(unit)
		}
	}
	c.Range(at+"/decimals", int64(f.Decimals), 0, MaxDecimals)
	c.Range(at+"/digits", int64(f.Digits), 0, MaxDigits)
	f.Prefix = c.Line(at+"/prefix", f.Prefix, 0, MaxPrefix)
	f.PatternFor = c.Line(at+"/pattern_message", f.PatternFor, 0, 200)
	f.Pattern = c.Line(at+"/pattern", f.Pattern, 0, MaxPattern)
	most := MaxLine
	if f.Kind == LongText {
		most = MaxText
	}
	c.Range(at+"/max_length", int64(f.MaxLength), 0, int64(most))
	if f.Kind == Date {
		for _, bound := range []struct{ name, text string }{{"/min", f.Min}, {"/max", f.Max}} {
			if _, err := parseDate(bound.text); bound.text != "" && err != nil {
				c.Add(at+bound.name, "date", err.Error())
			}
		}
		if f.Min != "" && f.Max != "" && f.Min > f.Max {
			c.Add(at+"/max", "range", "must not be before min")
		}
	}
	switch f.Kind {
	case Select, MultiSelect:
		f.checkChoices(c, at, taken)
	case Relation:
		f.checkRelation(c, at)
	case Lookup, RollUp:
		f.checkThrough(c, at)
	case Formula:
		f.Formula = c.Text(at+"/formula", f.Formula, 1, MaxFormula)
		if f.Result != "" {
			veranda.OneOf(c, at+"/result", f.Result, Text, LongText, Number, Currency, Percent, Date, DateTime, Checkbox)
		}
	}
}

// checkRelation checks what of a relation can be checked without its target.
func (f *Field) checkRelation(c *veranda.Checks, at string) {
	if _, err := veranda.ParseID[fieldKind](f.Target); err != nil {
		c.Add(at+"/target", "required", "must be the id of an application")
	}
	f.InverseName = c.Line(at+"/inverse_name", f.InverseName, 0, MaxName)
	if f.OnDelete == "" {
		f.OnDelete = Clear
	}
	veranda.OneOf(c, at+"/on_delete", f.OnDelete, Clear, Restrict, Cascade)
	if f.Inverse != "" && !keyForm.MatchString(f.Inverse) {
		c.Add(at+"/inverse", "key", "must be the key of a field")
	}
}

// checkThrough checks what of a lookup or a roll-up can be checked without the fields it speaks of.
func (f *Field) checkThrough(c *veranda.Checks, at string) {
	if f.Through == "" {
		c.Add(at+"/through", "required", "must be the key of a relation")
	}
	if f.Kind == RollUp {
		if f.Function == "" {
			f.Function = Count
		}
		veranda.OneOf(c, at+"/function", f.Function, Count, CountFilled, Sum, Average, Min, Max)
	}
	switch counts := f.Kind == RollUp && f.Function == Count; {
	case counts && f.Of != "":
		c.Add(at+"/of", "exclusive", "is not for count, which counts the records")
	case !counts && f.Of == "":
		c.Add(at+"/of", "required", "must be the key of a field of the related records")
	}
	f.Result = "" // it follows from the field it speaks of
}

func (f *Field) checkChoices(c *veranda.Checks, at string, taken []string) {
	c.Count(at+"/choices", len(f.Choices), 1, MaxChoices)
	if c.Failed(at + "/choices") {
		return
	}
	ids := slices.Clone(taken)
	for i := range f.Choices {
		ids = append(ids, f.Choices[i].ID)
	}
	next := nextChoice(ids)
	names, seen := map[string]bool{}, map[string]bool{}
	for i := range f.Choices {
		choice, place := &f.Choices[i], at+"/choices/"+strconv.Itoa(i)
		choice.Name = c.Line(place+"/name", choice.Name, 1, MaxName)
		if names[Fold(choice.Name)] {
			c.Add(place+"/name", "duplicate", "is the name of another choice")
		}
		names[Fold(choice.Name)] = true
		if choice.Color != "" {
			veranda.OneOf(c, place+"/color", choice.Color, "gray", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown")
		}
		switch {
		case choice.ID == "":
			choice.ID = "o" + strconv.Itoa(next)
			next++
		case choiceNumber(choice.ID) == 0:
			c.Add(place+"/id", "not_found", "is no choice of this field")
		case seen[choice.ID]:
			c.Add(place+"/id", "duplicate", "is the id of another choice")
		}
		seen[choice.ID] = true
	}
}

// choiceNumber is the number of a choice's id, 0 where it is none.
func choiceNumber(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "o"))
	if err != nil || n < 1 || n > 1_000_000 || id != "o"+strconv.Itoa(n) {
		return 0
	}
	return n
}

// nextChoice is the number after the greatest of the ids.
func nextChoice(ids []string) int {
	greatest := 0
	for _, id := range ids {
		greatest = max(greatest, choiceNumber(id))
	}
	return greatest + 1
}

func (f *Field) checkRules(c *veranda.Checks, at string) {
	if c.Failed(at) {
		return
	}
	col := compile(c, at, f.Clone())
	if string(f.Default) == "null" {
		f.Default = nil
	}
	if len(f.Default) == 0 || c.Failed(at) {
		return
	}
	if len(f.Default) > 4*MaxText || !json.Valid(f.Default) {
		c.Add(at+"/default", "json", "must be a value of the field")
		return
	}
	if word := f.defaultWord(); word == "" {
		col.parse(c, at+"/default", f.Default)
	}
}

// defaultWord is the word of a default that stands for what differs from record to record, or "".
func (f *Field) defaultWord() string {
	switch word := strings.Trim(string(f.Default), `"`); {
	case word == "me" && f.Kind == Person, word == "today" && f.Kind == Date, word == "now" && f.Kind == DateTime:
		return word
	}
	return ""
}

// CheckAll reports what is wrong among the fields of one application: keys or names that two of them have.
func CheckAll(c *veranda.Checks, at string, fields []Field) {
	keys, names := map[string]bool{}, map[string]bool{}
	for i := range fields {
		place := at + "/" + strconv.Itoa(i)
		if key := fields[i].Key; key != "" && keys[key] {
			c.Add(place+"/key", "duplicate", "is the key of another field")
		}
		keys[fields[i].Key] = true
		if name := Fold(fields[i].Name); names[name] {
			c.Add(place+"/name", "duplicate", "is the name of another field")
		}
		names[Fold(fields[i].Name)] = true
	}
}
