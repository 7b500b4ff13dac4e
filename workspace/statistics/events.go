package statistics

import (
	"time"

	"github.com/veranda-go/veranda"
)

// Kinds of events. The first two are the background job's, under the system name "statistics".
const (
	// EventWeekComputed says that a week's figures are there; the subject is the date of its Monday.
	EventWeekComputed = "statistics.week_computed" // WeekComputed
	// EventDigestsQueued says that a part of the week's mails was queued; the subject is the date of its Monday.
	EventDigestsQueued = "statistics.digests_queued" // DigestsQueued
	// EventDigestChanged says that somebody chose to have the weekly mail or not; the subject is their account.
	EventDigestChanged = "statistics.digest_changed" // Preferences
)

// system is the name the background job acts under.
const system = "statistics"

// WeekComputed is the data of EventWeekComputed. It has no figures, for not everybody who may see that a week is over
// may see those.
type WeekComputed struct {
	Week     string    `json:"week"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	// Latest tells whether it was the last full week; weeks made up for after a standstill are not, and get no mails.
	Latest bool `json:"latest"`
}

// DigestsQueued is the data of EventDigestsQueued.
type DigestsQueued struct {
	Week   string `json:"week"`
	Queued int    `json:"queued"`
	// After is the last account looked at while there are more; absent at the end.
	After veranda.AccountID `json:"after,omitzero"`
}
