package web

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkString holds a string against the rules, of a body or of a parameter.
func (r *rules) checkString(f *findings, text string) {
	if r.enum != nil && !slices.Contains(r.enum, `"`+text+`"`) {
		f.add("one_of", r.enumMessage)
		return
	}
	if r.minLength >= 0 && len(text) < 4*r.minLength && length(text) < r.minLength {
		f.add("too_short", "must have at least "+strconv.Itoa(r.minLength)+" characters")
	}
	if r.maxLength >= 0 && len(text) > r.maxLength && length(text) > r.maxLength {
		f.add("too_long", "must have at most "+strconv.Itoa(r.maxLength)+" characters")
	}
	if r.pattern != nil && !r.pattern.MatchString(text) {
		f.add("pattern", r.patternMessage)
	}
	if message := r.checkFormat(text); message != "" {
		f.add("format", message)
	}
}

// checkFormat knows the formats that Go types stand for. Others, such as "email", are the domain's to judge.
func (r *rules) checkFormat(text string) string {
	switch r.format {
	case "uuid":
		if !isUUID(text) {
			return "must be an id: the 36 characters of a UUID"
		}
	case "date-time":
		var t time.Time
		if t.UnmarshalText([]byte(text)) != nil {
			return "must be a time, such as 2006-01-02T15:04:05Z (RFC 3339)"
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "must be a date, such as 2006-01-02"
		}
	case "uri":
		if _, err := url.Parse(text); err != nil {
			return "must be a link"
		}
	case "base64":
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return "must be base64"
		}
	}
	return ""
}

// isUUID tells whether a text is the one spelling of an id: hexadecimal digits with hyphens after 8, 12, 16 and 20.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// checkNumber holds a number, as it is written, against the rules.
func (r *rules) checkNumber(f *findings, literal string) {
	if r.enum != nil && !slices.Contains(r.enum, literal) {
		f.add("one_of", r.enumMessage)
		return
	}
	if r.kind == kindInteger {
		// Go's decoder takes no 1.0 for a whole number; neither does this.
		if strings.ContainsAny(literal, ".eE") {
			f.add("type", typeMessage(kindInteger))
			return
		}
		bits := 64
		if r.format == "int32" {
			bits = 32
		}
		if _, err := strconv.ParseInt(literal, 10, bits); err != nil {
			f.add("range", "is too large a number")
			return
		}
	}
	value, err := strconv.ParseFloat(literal, 64)
	if err != nil {
		f.add("range", "is too large a number")
		return
	}
	switch {
	case r.minimum != nil && r.maximum != nil && (value < *r.minimum || value > *r.maximum):
		f.add("range", "must be between "+number(*r.minimum)+" and "+number(*r.maximum))
	case r.minimum != nil && value < *r.minimum:
		f.add("range", "must be at least "+number(*r.minimum))
	case r.maximum != nil && value > *r.maximum:
		f.add("range", "must be at most "+number(*r.maximum))
	case r.above != nil && value <= *r.above:
		f.add("range", "must be greater than "+number(*r.above))
	case r.below != nil && value >= *r.below:
		f.add("range", "must be less than "+number(*r.below))
	}
}

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }
