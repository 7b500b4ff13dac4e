// Package wording is what templates in many languages stand on: which languages stand in for one that is missing, plurals,
// the case of letters, numbers, and dates in a language's own order and words.
//
// A calendar is data, so that a host adds a language without a line of Go: months and days of the week, and the patterns
// of dates. Those of English, German, Russian and Turkish lie here; a language without one writes dates as ISO 8601 does.
package wording
