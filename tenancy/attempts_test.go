package tenancy

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
)

// A refusal says when the window that is used up ends, and by then the call is taken again.
func TestRefusedSaysUntilWhen(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		guess := func(address string) error {
			_, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: address, Password: "wrong", ClientAddress: "192.0.2.1"})
			return err
		}
		wait := func(address string) time.Duration {
			for range rulePair.limit {
				want(t, guess(address), ErrSignIn)
			}
			k.Clock.Advance(5 * time.Minute)
			err := guess(address)
			want(t, err, ErrRateSignIn)
			own, _ := errors.AsType[*veranda.Error](err)
			return own.RetryAfter
		}
		k.account(t, "ada@works.example")
		for _, address := range []string{"ada@works.example", "nobody@works.example"} {
			got := wait(address)
			if got < 9*time.Minute+50*time.Second || got > 10*time.Minute {
				t.Errorf("%s: wait %s, want just under ten minutes", address, got)
			}
			k.Clock.Advance(got - time.Second)
			want(t, guess(address), ErrRateSignIn)
			k.Clock.Advance(time.Second)
			want(t, guess(address), ErrSignIn)
		}
	})
}
