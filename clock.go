package veranda

import "time"

// Clock tells the time. Everything that depends on time asks a Clock, never the database, so that tests can move it.
type Clock interface{ Now() time.Time }

// SystemClock is the machine's clock: UTC, to the microsecond, which is what both databases keep.
type SystemClock struct{}

// Now is the current moment.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
