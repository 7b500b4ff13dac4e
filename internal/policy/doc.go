// Package policy compiles casbin rows into immutable tables of bits.
//
// The rows are the only source of truth: a host reads them, replaces them and
// hands them to casbin's own tools. Asking casbin itself at every call costs
// tens of microseconds to milliseconds, because it evaluates its matcher once
// per row, so the rows are resolved once, when they are loaded, and a decision
// becomes a few map look-ups.
//
// # Meaning
//
// One casbin model is taken, [Model]:
//
//   - a "p" row gives or denies a role an action on a kind of thing:
//     "p, employee, task, read, allow". "*" stands for every kind or every
//     action; the effect may be left out and is then "allow".
//   - a "g" row lets a role inherit: "g, guest, external" gives guest all that
//     external has, its denials too.
//   - a denial wins over every permission, whichever role brought it.
//
// A permission is named "kind.action", split at the first dot, so "task.read"
// is the action read on the kind task. An action may carry a qualifier after a
// colon, as in "task.delete:own"; to the compiler that is an action like any
// other, and "*" covers it.
//
// A person's roles are not rows. They are read with the thing itself at every
// call and handed to [Snapshot.Allows] as names; the answer is what casbin
// gives for a subject that has exactly these roles through "g". Neither an
// unknown role nor an unknown permission allows anything.
//
// # What is refused
//
// Whatever the table cannot hold exactly as casbin would decide it is refused
// by [Compile] with a [RuleError]: other row types, patterns, undeclared
// permissions, cycles, and inheritance deeper than casbin follows.
// [CheckModel] does the same for a foreign model text. A host that needs more
// than this brings its own authorizer.
//
// # Use
//
//	rules, err := policy.ParseCSV("tasks/policy.csv", text)
//	snapshot, err := policy.Compile(version, rules, policy.Options{Permissions: declared})
//	table.Advance(snapshot)
//	...
//	if table.Load().Allows(roles, "task.read") { ... }
//
// A [Snapshot] never changes and may be read by any number of goroutines; a
// [Table] replaces one by the next as a whole.
package policy
