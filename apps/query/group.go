package query

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// What a summary can hold.
const (
	MaxGroupLevels = 3
	MaxAggregates  = 20
	MaxGroups      = 1000 // groups of a result; more are cut off, and the result says so
)

// Period is what days and moments are gathered by.
type Period string

// The periods. Weeks begin on Monday, as in ISO 8601.
const (
	ByValue   Period = "" // each value is a group; a moment's is its day
	ByDay     Period = "day"
	ByWeek    Period = "week"
	ByMonth   Period = "month"
	ByQuarter Period = "quarter"
	ByYear    Period = "year"
)

// Group is what records are gathered by. Records of a field that holds lists are counted under each of its values.
type Group struct {
	Field      string `json:"field" doc:"A field's key."`
	By         Period `json:"by,omitempty" enum:"day,week,month,quarter,year" doc:"Dates and moments: the period."`
	Descending bool   `json:"descending,omitempty"`
}

// Function is what is told of each group.
type Function string

// The functions.
const (
	Count       Function = "count"        // records
	CountFilled Function = "count_filled" // records whose field is not empty
	Sum         Function = "sum"          // of numbers, exact
	Average     Function = "average"      // of the numbers that are there, rounded to four decimals more than the field has
	Min         Function = "min"          // of numbers, dates and moments
	Max         Function = "max"
)

// Aggregate is a function over a field; Count has none.
type Aggregate struct {
	Function Function `json:"function" enum:"count,count_filled,sum,average,min,max"`
	Field    string   `json:"field,omitempty" doc:"A field's key; none for count."`
}

// Summary is groups and aggregates that fit the fields of an application.
type Summary struct {
	levels     []level
	columns    []*field.Field // what is aggregated, each once
	aggregates []aggregate
	zone       *time.Location
	quarters   bool // the zone has hours that begin within one of UTC
}

type level struct {
	field      *field.Field
	by         Period
	descending bool
}

type aggregate struct {
	function Function
	field    *field.Field
	column   int // in columns
}

// Functions are what can be told of a field.
func Functions(f *field.Field) []Function {
	switch {
	case temporal(f):
		return []Function{CountFilled, Min, Max}
	case f.Class() == field.ClassInt && f.Kind != field.AutoNumber:
		return []Function{CountFilled, Sum, Average, Min, Max}
	case f.Class() == field.ClassInt:
		return []Function{CountFilled, Min, Max}
	}
	return []Function{CountFilled}
}

// temporal tells whether the values are days or moments.
func temporal(f *field.Field) bool { return f.Kind == field.Date || moments(f) }

func moments(f *field.Field) bool {
	return f.Kind == field.DateTime || f.Kind == field.CreatedAt || f.Kind == field.ChangedAt
}

// CheckSummary checks groups and aggregates against an application's fields and reports what is wrong at the pointers
// at/groups and at/aggregates. Without groups there is one, of all records.
func CheckSummary(c *veranda.Checks, at string, groups []Group, aggregates []Aggregate, set *field.Set, asking Asking) *Summary {
	s := &Summary{zone: asking.Location}
	if s.zone == nil {
		s.zone = time.UTC
	}
	s.quarters = withinHours(s.zone)
	c.Count(at+"/groups", len(groups), 0, MaxGroupLevels)
	c.Count(at+"/aggregates", len(aggregates), 0, MaxAggregates)
	if c.Failed(at+"/groups") || c.Failed(at+"/aggregates") {
		return s
	}
	visible := func(place, key string) *field.Field {
		f := set.Field(key)
		if f == nil || asking.Hidden[key] {
			c.Add(place, "unknown", "is no field of this application")
			return nil
		}
		if f.Reverse {
			c.Add(place, "kind", otherSide)
			return nil
		}
		return f
	}
	for i, g := range groups {
		place := at + "/groups/" + strconv.Itoa(i)
		f := visible(place+"/field", g.Field)
		if f == nil {
			continue
		}
		if !slices.Contains([]Period{ByValue, ByDay, ByWeek, ByMonth, ByQuarter, ByYear}, g.By) {
			c.Add(place+"/by", "one_of", "must be one of: day, week, month, quarter, year")
		} else if g.By != ByValue && !temporal(f) {
			c.Add(place+"/by", "kind", "is for dates and moments")
		}
		s.levels = append(s.levels, level{field: f, by: g.By, descending: g.Descending})
	}
	for i, a := range aggregates {
		place := at + "/aggregates/" + strconv.Itoa(i)
		if a.Function == Count {
			if a.Field != "" {
				c.Add(place+"/field", "exclusive", "must not be given with count")
			}
			s.aggregates = append(s.aggregates, aggregate{function: Count})
			continue
		}
		f := visible(place+"/field", a.Field)
		if f == nil {
			continue
		}
		if allowed := Functions(f); !slices.Contains(allowed, a.Function) {
			names := make([]string, len(allowed))
			for i, name := range allowed {
				names[i] = string(name)
			}
			c.Add(place+"/function", "one_of", "must be one of: "+strings.Join(names, ", "))
			continue
		}
		column := slices.Index(s.columns, f)
		if column < 0 {
			column = len(s.columns)
			s.columns = append(s.columns, f)
		}
		s.aggregates = append(s.aggregates, aggregate{function: a.Function, field: f, column: column})
	}
	return s
}

// withinHours tells whether the zone's clocks ever, since 1970, stood apart from UTC by more than whole hours.
func withinHours(zone *time.Location) bool {
	for year := 1970; year < 2040; year++ {
		for _, month := range []time.Month{time.January, time.July} {
			if _, offset := time.Date(year, month, 1, 0, 0, 0, 0, zone).Zone(); offset%3600 != 0 {
				return true
			}
		}
	}
	return false
}

// wants tells whether one of the functions is asked of a column.
func (s *Summary) wants(column int, functions ...Function) bool {
	return slices.ContainsFunc(s.aggregates, func(a aggregate) bool {
		return a.field != nil && a.column == column && slices.Contains(functions, a.function)
	})
}
