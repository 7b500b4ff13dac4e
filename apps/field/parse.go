package field

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/veranda-go/veranda"
)

// The fixed forms of dates and moments in documents.
const (
	dateForm   = "2006-01-02"
	momentForm = "2006-01-02T15:04:05.000Z"
)

var (
	errDate   = errors.New("must be a date like 2026-11-24")
	errMoment = errors.New("must be a moment like 2026-11-24T09:30:00Z")
)

// parse reads a value in the form of the API: nil where it is empty, or where something is wrong, which is reported.
func (col *column) parse(c *veranda.Checks, at string, raw json.RawMessage) any {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	switch col.class {
	case ClassBool:
		switch string(raw) {
		case "true":
			return int64(1)
		case "false":
			return nil
		}
		c.Add(at, "type", "must be true or false")
		return nil
	case ClassInt:
		text := string(raw)
		if raw[0] == '"' {
			text, _ = stringOf(raw)
		}
		return col.parseNumber(c, at, text)
	case ClassSet:
		return col.parseList(c, at, raw)
	}
	text, ok := stringOf(raw)
	if !ok {
		c.Add(at, "type", "must be a text")
		return nil
	}
	return col.parseString(c, at, text)
}

// stringOf is the text of a JSON string. encoding/json puts U+FFFD in the place of lone surrogates and of what is not
// UTF-8; both are refused here, for nothing shall be stored that was not sent.
func stringOf(raw []byte) (string, bool) {
	var text string
	if len(raw) == 0 || raw[0] != '"' || !utf8.Valid(raw) || json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	if strings.ContainsRune(text, utf8.RuneError) && !bytes.ContainsRune(raw, utf8.RuneError) && !bytes.Contains(bytes.ToLower(raw), []byte(`\ufffd`)) {
		return "", false
	}
	return text, true
}

// parseString checks a text of a class that keeps texts.
func (col *column) parseString(c *veranda.Checks, at, text string) any {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	failed := func(err error) any {
		c.Add(at, string(col.Kind), err.Error())
		return nil
	}
	switch col.Kind {
	case LongText:
		text = c.Text(at, text, 0, col.longest(MaxText))
	case Date:
		date, err := parseDate(text)
		if err != nil {
			return failed(err)
		}
		if col.Min != "" && date < col.Min || col.Max != "" && date > col.Max {
			return failed(fmt.Errorf("must lie %s", between(col.Min, col.Max)))
		}
		return date
	case DateTime:
		moment, err := parseMoment(text)
		if err != nil {
			return failed(err)
		}
		return moment
	case Select:
		return col.parseChoice(c, at, text)
	case Person:
		var account veranda.AccountID
		if err := account.UnmarshalText([]byte(text)); err != nil || account.IsZero() {
			return failed(errors.New("must be the id of an account"))
		}
		return account.String()
	case Relation:
		id, err := veranda.ParseID[fieldKind](text)
		if err != nil || id.IsZero() {
			return failed(errors.New("must be the id of a record"))
		}
		return id.String()
	case Email:
		text = c.Line(at, text, 0, 254)
		if address, err := mail.ParseAddress(text); err != nil || address.Address != text || address.Name != "" {
			return failed(errors.New("must be a mail address"))
		}
	case Phone:
		text = c.Line(at, text, 0, 50)
		phone, err := parsePhone(text)
		if err != nil {
			return failed(err)
		}
		text = phone
	case Link:
		text = c.Line(at, text, 0, 2000)
		if link, err := url.Parse(text); err != nil || !slices.Contains([]string{"http", "https", "mailto"}, link.Scheme) || link.Host == "" && link.Opaque == "" {
			return failed(errors.New("must be an address of the web, http or https, or of mail, mailto"))
		}
	default:
		text = c.Line(at, text, 0, col.longest(MaxLine))
		if col.pattern != nil && !col.pattern.MatchString(text) {
			message := "must match the pattern " + col.Pattern
			if col.PatternFor != "" {
				message = col.PatternFor
			}
			c.Add(at, "pattern", message)
			return nil
		}
	}
	if text == "" || c.Failed(at) {
		return nil
	}
	return text
}

func (col *column) longest(most int) int {
	if col.MaxLength > 0 {
		return col.MaxLength
	}
	return most
}

func between(least, most string) string {
	switch {
	case most == "":
		return "not before " + least
	case least == "":
		return "not after " + most
	}
	return "between " + least + " and " + most
}

// parseDate checks a date and gives it in its fixed form.
func parseDate(text string) (string, error) {
	t, err := time.Parse(dateForm, strings.TrimSpace(text))
	if err != nil || t.Year() < 1 {
		return "", errDate
	}
	return t.Format(dateForm), nil
}

// parseMoment reads RFC 3339 and gives the moment in its fixed form, cut to milliseconds.
func parseMoment(text string) (string, error) {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err != nil {
		return "", errMoment
	}
	return momentOf(t)
}

func momentOf(t time.Time) (string, error) {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return "", errMoment
	}
	return t.Format(momentForm), nil
}

// parsePhone gives numbers with a country's code in the form of E.164, and leaves others as people write them.
func parsePhone(text string) (string, error) {
	if strings.HasPrefix(text, "+") {
		number, err := phonenumbers.Parse(text, "ZZ")
		if err != nil || !phonenumbers.IsPossibleNumber(number) {
			return "", errors.New("must be a phone number")
		}
		return phonenumbers.Format(number, phonenumbers.E164), nil
	}
	digits := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune(" ()-./#*x", r):
			return "", errors.New("must be a phone number")
		}
	}
	if digits < 3 || digits > 20 {
		return "", errors.New("must be a phone number")
	}
	return text, nil
}

// parseNumber reads the text of a number.
func (col *column) parseNumber(c *veranda.Checks, at, text string) any {
	decimals := col.Decimals
	if !col.Kind.decimal() {
		decimals = 0
	}
	v, err := scale(text, decimals)
	switch {
	case errors.Is(err, errDecimals) && decimals == 0:
		c.Add(at, "decimals", "must be a whole number")
	case errors.Is(err, errDecimals):
		c.Add(at, "decimals", fmt.Sprintf("must have at most %d decimals", decimals))
	case err != nil:
		c.Add(at, "number", err.Error())
	case col.min != nil && v < *col.min || col.max != nil && v > *col.max:
		show := func(bound *int64) string {
			if bound == nil {
				return ""
			}
			return string(appendDecimal(nil, *bound, decimals, false))
		}
		message := "must be " + between(show(col.min), show(col.max))
		message = strings.NewReplacer("not before", "at least", "not after", "at most").Replace(message)
		c.Add(at, "range", message)
	default:
		return v
	}
	return nil
}

func (col *column) parseChoice(c *veranda.Checks, at, text string) any {
	if i, ok := col.choices[text]; ok {
		return col.Choices[i].ID
	}
	if i, ok := col.byName[Fold(strings.TrimSpace(text))]; ok {
		return col.Choices[i].ID
	}
	c.Add(at, "choice", fmt.Sprintf("is none of the choices: %q", shown(text)))
	return nil
}

// shown is a value as far as a message repeats it.
func shown(text string) string {
	if r := []rune(text); len(r) > 50 {
		return string(r[:50]) + "…"
	}
	return text
}

// parseList reads a list of texts, each once; choices come in the order of the field's.
func (col *column) parseList(c *veranda.Checks, at string, raw []byte) any {
	var items []json.RawMessage
	if raw[0] == '"' {
		items = []json.RawMessage{raw} // one is a list of one
	} else if json.Unmarshal(raw, &items) != nil {
		c.Add(at, "type", "must be a list")
		return nil
	}
	most := MaxPeople
	switch col.Kind {
	case MultiSelect:
		most = MaxChoices
	case Relation:
		most = MaxLinks
	}
	if c.Count(at, len(items), 0, most); c.Failed(at) {
		return nil
	}
	list := make([]string, 0, len(items))
	for i, item := range items {
		place := at + "/" + strconv.Itoa(i)
		text, ok := stringOf(bytes.TrimSpace(item))
		if !ok {
			c.Add(place, "type", "must be a text")
			continue
		}
		var value any
		if col.Kind == MultiSelect {
			value = col.parseChoice(c, place, text)
		} else {
			value = col.parseString(c, place, text)
		}
		if id, ok := value.(string); ok && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return col.ordered(list)
}

// ordered puts choices into the field's order; an empty list is no value.
func (col *column) ordered(list []string) any {
	if len(list) == 0 {
		return nil
	}
	if col.Kind == MultiSelect {
		slices.SortFunc(list, func(a, b string) int { return col.choices[a] - col.choices[b] })
	}
	return list
}

// put stores a value in a document, nil to empty it.
func (col *column) put(d Doc, value any) {
	if value == nil {
		delete(d, col.Slot)
		delete(d, col.folded)
		return
	}
	d[col.Slot] = value
	if text, ok := value.(string); ok && col.class == ClassText {
		d[col.folded] = Fold(text)
	}
}
