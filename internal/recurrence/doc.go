// Package recurrence tells when things that repeat happen: recurrence rules of RFC 5545 (section 3.3.10) in a time zone.
//
// A Pattern is the text of a rule, parsed, refused or normalised. A Rule is a pattern with its start, its zone and its
// exceptions, and gives occurrences.
//
// # Wall time
//
// Rules speak of the clock on the wall: "every day at 09:30 in Berlin" is another instant in summer than in winter. A
// wall time is a [time.Time] in UTC whose clock reads what the wall's clock shows. Patterns are expanded in wall time,
// and each wall time is then resolved in the zone: one that does not exist because the clock is put forward takes the
// offset from before the change (02:30 becomes 03:30 in New York's spring), one that exists twice is the first (RFC 5545,
// section 3.3.5). The wall time is also the name of an occurrence (RECURRENCE-ID, EXDATE): it stays when a zone's rules
// change.
//
// # Bounds
//
// Of RFC 5545 this leaves out what calendars of people do not use and what costs without bound: frequencies below a day,
// BYHOUR, BYMINUTE, BYSECOND, and combinations that the RFC itself forbids. INTERVAL lies between 1 and [MaxInterval],
// COUNT between 1 and [MaxCount]. A pattern may go on for ever; every question about it is bounded by its caller, or by
// [Horizon]. [Rule.First] refuses patterns without an occurrence in the first ten years, so that 30 February is refused
// and 29 February is not.
//
// Expanding starts close to what is asked, not at the start: it moves by whole periods, so that a daily rule of twenty
// years costs as much as one of last week. The days themselves come from github.com/teambition/rrule-go, whose traps this
// package keeps away from: it puts a time in a spring gap before it instead of after, evaluates BYSETPOS on the rest of
// the first week instead of the whole, panics on ordinals outside a month, and searches up to the year 9999 for what
// never matches.
package recurrence
