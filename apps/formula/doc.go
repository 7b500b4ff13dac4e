// Package formula computes fields from other fields of a record. Formulas are written in the language of
// github.com/expr-lang/expr, of which its parser and its machine are used; types, operators and functions are this
// package's own, so that numbers are exact and a formula reaches nothing but its record.
//
//	qty * price * (1 - discount)
//	empty(due) ? "open" : concat("due in ", month(due))
//	status in ["Won", "Lost"] and not paid
//
// [Compile] checks a formula, [Program.Eval] computes it for a record, [Order] gives the order of formulas that use each
// other. Fields are named by their keys, which never change: renaming a field changes no formula. [UsedBy] tells which
// formulas a field is needed by.
//
// # Values
//
//   - number, currency, percent, rating and auto_number are numbers. They are exact throughout: + - * / never round, 1/3
//     stays a third. The result is rounded once, to the decimals of its field, halves away from zero (0.5 to 1, -0.5 to
//     -1). A percent is a fraction: 10 % of 50 is pct * 50 = 5, and 0.125 in a percent field is 12.5 %.
//   - text, long_text, email, phone and link are texts; a select field is the name of its choice, a person the account's
//     id. multi_select and several people are lists of such texts, for in, len and join. Texts are compared as filters
//     compare them: neither case nor accents count.
//   - checkbox is true or false; date is a date; date_time and the stamps are moments, in UTC.
//
// After a choice was renamed, the formulas that use its field must be computed anew.
//
// # Empty
//
// An empty number counts as 0 in arithmetic, an empty text as "", as in spreadsheets. What is asked of an empty date is
// empty. == holds between two empty values and not between an empty and a filled one: an empty number is not 0. < <= > >=
// do not hold where either is empty. a ?? b and coalesce take the first that is not empty; nil is empty.
//
// # Failures
//
// Division by zero, numbers that do not fit and the like give no value but an [Error]; the field is empty then.
//
// # Limits
//
// A formula has no loops and no variables, [MaxText] characters, [MaxNodes] parts and [MaxNesting] nested brackets; for
// one record it works on two million octets of text at most. today() and now() are refused: what is stored would be out of
// date the next day; a filter with a relative date says what was meant.
//
// # Operators and functions
//
// + - * / % == != < <= > >= and or not ?: ?? in contains startsWith endsWith matches (a pattern of RE2, in quotes).
// [Functions] lists the functions: abs ceil coalesce concat contains date date_add date_diff date_time day empty field
// floor hour if join left len lower max min minute mod month number quarter replace right round text trim upper weekday
// year.
package formula
