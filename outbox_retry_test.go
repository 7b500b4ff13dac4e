package veranda

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

type asking time.Duration

func (asking) Error() string               { return "not now" }
func (a asking) RetryAfter() time.Duration { return time.Duration(a) }

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	plain := errors.New("down")
	for _, c := range []struct {
		attempts int64
		cause    error
		want     time.Duration
	}{
		{0, plain, time.Second}, {1, plain, time.Second}, {2, plain, 2 * time.Second}, {12, plain, 2048 * time.Second}, {13, plain, time.Hour}, {1000, plain, time.Hour}, {3, nil, 4 * time.Second},
		{1, asking(time.Minute), time.Minute}, {1, fmt.Errorf("wrapped: %w", asking(time.Minute)), time.Minute}, {8, asking(time.Second), 128 * time.Second}, {1, asking(24 * time.Hour), time.Hour}, {1, asking(-time.Hour), time.Second},
	} {
		if got := RetryAfter(c.attempts, c.cause); got != c.want {
			t.Errorf("after %d attempts, %v: %s, want %s", c.attempts, c.cause, got, c.want)
		}
	}
}
