// Package calendar keeps the calendars of workspaces: events of their own, with guests, reminders and recurrence, beside
// everything else that has a date, such as tasks, which join through Source.
//
// # Time
//
// An event happens on the clock of a wall: it has a time zone, and one that repeats does so at the same time of that
// clock, in summer and winter (package internal/recurrence says what becomes of times that do not exist or exist twice).
// What takes whole days has dates; its moments are the midnights of its zone. Occurrences of what repeats are named by
// the wall time at which they would begin ("2026-03-08T09:30:00", or the date), whatever was changed about one of them.
//
// An event with a rule begins with the rule's first occurrence, whatever start was given: programs that read calendars
// disagree about a start that the rule does not have.
//
// # Ranges
//
// List and ListAll give all that lies in a time, at most MaxRange of it and MaxEntries things. Nothing is materialised:
// what repeats is expanded when it is asked for and kept by month in memory, under a version of the workspace that is read
// with each page.
//
// # Secret addresses
//
// A feed is an address under which programs that know nothing of sessions read a calendar (iCalendar, RFC 5545): of a
// workspace, or of what is one's own in an organization. Its secret has 256 bits, is shown once and stored as a hash; it
// gives what its owner may see in the moment of each fetch, and so nothing once the membership has ended.
//
// # Wiring
//
// Add Module to the modules, give New its Deps, register RemindersJob as a periodic job, and give Notices to package
// tenancy/notifications. Events are emitted in the workspace, so that a stream shows "calendar.event_*" and
// "calendar.occurrence_*"; reminders and secret addresses are addressed to whom they concern alone.
package calendar
