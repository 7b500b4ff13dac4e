package policy

import "sync/atomic"

// Table holds the snapshot in force. Readers never wait: they see one snapshot
// or the next, as a whole. The zero table holds none, and then nothing is
// allowed. A table must not be copied after its first use.
type Table struct {
	current atomic.Pointer[Snapshot]
}

// Load returns the snapshot in force, nil when there is none yet; a nil
// snapshot may be asked and allows nothing.
func (t *Table) Load() *Snapshot { return t.current.Load() }

// Swap puts a snapshot in force whatever its version and returns the one
// before. It is for start-up, tests and going back on purpose; reloading uses
// [Table.Advance].
func (t *Table) Swap(next *Snapshot) *Snapshot { return t.current.Swap(next) }

// Advance puts a snapshot in force unless one of the same or a higher version
// already is, and tells whether it did. Of two reloads that run side by side
// the newer wins, whichever ends last, so that a revoked right is not revived
// by a slow reader. A nil snapshot is never put in force.
func (t *Table) Advance(next *Snapshot) bool {
	if next == nil {
		return false
	}
	for {
		current := t.current.Load()
		if current != nil && current.version >= next.version {
			return false
		}
		if t.current.CompareAndSwap(current, next) {
			return true
		}
	}
}
