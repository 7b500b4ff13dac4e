// Package query is how records of applications are found: filters, sorts and the positions of keyset pages, checked against
// the fields of an application, evaluated in memory, and spelled in SQL for both databases.
//
// A [Filter] is what people ask for, in JSON:
//
//	{"and": [{"field": "state", "is": "any_of", "value": ["open", "won"]},
//	         {"not": {"field": "due", "is": "less", "value": "today"}}]}
//
// [Check] makes a [Checked] of it: every value read by its field's kind, every mistake named by its place. A field that is
// hidden from who asks is unknown, in the same words as one that is not there.
//
// # Meaning
//
// There is no NULL: what is empty is the empty text, or less than every number, so that each condition holds or does not,
// and its negation is the rest. Empty values come first in ascending order. less, at_most, greater and at_least never hold
// for an empty value; not_equal, none_of and not_contains do. Texts are compared in folded form, choices by the order of
// the field's choices. A day that a moment is compared with is the whole day where who asks lives: equal is "on that day".
// Besides dates there are "today", "yesterday", "tomorrow", {"days": -7} and periods: "this_week", "last_month", "next_year".
//
// [Checked.Match] and the texts of a [Builder] agree, on both databases; a test compares them over random records and
// filters. Positions of pages are compared by the same expressions that sort.
//
// # Groups and words
//
// A [Summary] gathers the records that meet a filter by up to three fields, days and moments by periods of the zone of who
// asks, and tells counts, exact sums, averages, least and greatest; [Summary.Of] does in memory what the databases do. A
// [Search] finds records by words, and never by what lies in a hidden field.
//
// # Places
//
// Records of small applications share one table, where a field's value is an expression over the document; large ones have
// a table of their own, in which some fields are generated columns with an index. A [Place] says which, and
// [Place.Generated] spells the column, whose expression must be, to the letter, what the document's would be.
package query
