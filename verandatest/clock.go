package verandatest

import (
	"sync"
	"time"
)

// Clock is a veranda.Clock that is moved by hand. Each reading is a microsecond after the one before, so that what
// happened later has a later time.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at a Wednesday morning.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, time.March, 4, 9, 30, 0, 0, time.UTC)}
}

// Now is the clock's moment.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set moves the clock to a moment.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t.UTC().Truncate(time.Microsecond)
}
