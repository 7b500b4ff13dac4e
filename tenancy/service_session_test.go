package tenancy

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// Wrong passwords and unknown addresses are one answer after the same work.
func TestSignInTellsNothing(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@analytic.example")
		type trace struct {
			Err                      string
			Hashes                   int64
			Events, Attempts, Counts int
		}
		run := func(address string) trace {
			hashes, events, attempts := k.s.passwords.hashed.Load(), len(k.Events(t)), k.count(t, `SELECT count(*) FROM veranda_attempts`)
			_, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: address, Password: otherPassword, ClientAddress: "192.0.2.77"})
			want(t, err, ErrSignIn)
			return trace{err.Error(), k.s.passwords.hashed.Load() - hashes, len(k.Events(t)) - events, k.count(t, `SELECT count(*) FROM veranda_attempts`) - attempts, 0}
		}
		run("first@analytic.example") // the network's own count is there from now on
		known, unknown := run("ada@analytic.example"), run("unknown@analytic.example")
		unknown.Attempts-- // ada's own count is there since the fixture signed in
		if diff := cmp.Diff(unknown, known); diff != "" {
			t.Errorf("a known address is answered differently (-unknown +known):\n%s", diff)
		}
		if known.Hashes != 1 || known.Events != 1 {
			t.Errorf("trace %+v", known)
		}
	})
}

func TestSignInStates(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, account := k.account(t, "ada@analytic.example")
		_, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "x", Password: "y", Kind: "robot", Label: "a\nb"})
		verandatest.WantFields(t, err, "/address email", "/kind one_of", "/label line")
		// An account without a password, as a host's own or an invited one's.
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: k.Employee.Address, Password: ""})
		want(t, err, ErrSignIn)
		must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE veranda_accounts SET state = 'disabled' WHERE id = $1`, account)
			return err
		}))
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "ada@analytic.example", Password: otherPassword})
		want(t, err, ErrSignIn)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "ada@analytic.example", Password: goodPassword})
		want(t, err, ErrDisabled)
		_, err = k.s.SignIn(ctx, veranda.Actor{}, SignInInput{Address: "ada@analytic.example", Password: goodPassword})
		want(t, err, veranda.ErrUnauthenticated)
	})
}

func TestSessions(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "ada@analytic.example")
		otherBy, _ := k.account(t, "eve@analytic.example")
		program, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{
			Address: "ada@analytic.example", Password: goodPassword, Kind: SessionProgram, Label: "nightly export", ClientAddress: "2001:db8::1",
		})
		must(t, err)
		if len(program.Token) != 43 || !program.ExpiresAt.Equal(program.CreatedAt.Add(programAbsolute)) {
			t.Errorf("session %+v", program)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_sessions WHERE label = $1`, program.Token); n != 0 {
			t.Error("the token is stored")
		}
		list, err := k.s.Sessions(ctx, by)
		must(t, err)
		if len(list.Items) != 2 || list.Items[0].ID != program.ID || list.Items[0].Current || !list.Items[1].Current || list.Items[0].Label != "nightly export" ||
			list.Items[0].Address != "2001:db8::1" || list.Items[0].Kind != SessionProgram {
			t.Errorf("sessions %+v", list.Items)
		}
		want(t, k.s.RevokeSession(ctx, otherBy, RevokeSessionInput{Session: program.ID}), veranda.ErrNotFound)
		want(t, k.s.RevokeSession(ctx, veranda.Anonymous(), RevokeSessionInput{Session: program.ID}), veranda.ErrUnauthenticated)
		must(t, k.s.RevokeSession(ctx, by, RevokeSessionInput{Session: program.ID}))
		want(t, k.s.RevokeSession(ctx, by, RevokeSessionInput{Session: program.ID}), veranda.ErrNotFound)
		_, err = k.s.Me(ctx, veranda.TokenActor(program.Token))
		want(t, err, veranda.ErrUnauthenticated)

		third := veranda.TokenActor(k.signIn(t, "ada@analytic.example", goodPassword).Token)
		must(t, k.s.RevokeOtherSessions(ctx, third))
		_, err = k.s.Me(ctx, by)
		want(t, err, veranda.ErrUnauthenticated)
		must(t, k.s.SignOut(ctx, third))
		want(t, k.s.SignOut(ctx, third), veranda.ErrUnauthenticated)
		_, err = k.s.Sessions(ctx, third)
		want(t, err, veranda.ErrUnauthenticated)
		if _, err = k.s.Me(ctx, otherBy); err != nil {
			t.Errorf("somebody else's session ended: %v", err)
		}
		k.WantEvents(t, EventSessionRevoked, EventSessionRevoked, EventSessionRevoked)
		k.WantEvents(t, EventSignedOut, EventSignedOut)
	})
}

func TestSessionEnds(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, account := k.account(t, "ada@analytic.example")
		use := func() error {
			_, err := k.s.Me(ctx, by)
			return err
		}
		ends := func() time.Time {
			sessions, err := k.s.readSessions(ctx, account, by.TokenHash())
			must(t, err)
			if len(sessions) != 1 {
				t.Fatalf("%d sessions", len(sessions))
			}
			return sessions[0].ExpiresAt
		}
		first := ends()
		started := first.Add(-browserIdle)
		k.Clock.Advance(4 * time.Minute)
		must(t, use())
		if !ends().Equal(first) {
			t.Error("use was written down before five minutes")
		}
		for day := range 8 { // used every ten days, it lives on
			k.Clock.Advance(10 * 24 * time.Hour)
			if err := use(); err != nil {
				t.Fatalf("after %d days: %v", 10*(day+1), err)
			}
			// Use is written down beside the call.
			verandatest.Eventually(t, 10*time.Second, "the session's end moves on", func() bool {
				// While one use is still being written down, another is not: the next one is.
				must(t, use())
				end := ends()
				return end.After(first) || end.Equal(started.Add(browserAbsolute))
			})
			first = ends()
		}
		k.Clock.Advance(11 * 24 * time.Hour) // but not beyond 90
		want(t, use(), veranda.ErrUnauthenticated)

		by = veranda.TokenActor(k.signIn(t, "ada@analytic.example", goodPassword).Token)
		k.Clock.Advance(browserIdle + time.Minute)
		want(t, use(), veranda.ErrUnauthenticated)
	})
}

func TestSignInLimits(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@analytic.example")
		try := func(address, password, client string) error {
			_, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: address, Password: password, ClientAddress: client})
			return err
		}
		// Guesses at once are all counted.
		for _, address := range []string{"ada@analytic.example", "unknown@analytic.example"} {
			_, errs := atOnce(25, func(int) error { return try(address, otherPassword, "192.0.2.1") })
			refused := 0
			for _, err := range errs {
				if veranda.CodeOf(err) == veranda.CodeLimit {
					want(t, err, ErrRateSignIn)
					refused++
				} else {
					want(t, err, ErrSignIn)
				}
			}
			if refused != 15 {
				t.Errorf("%s: %d of 25 guesses were refused, want 15", address, refused)
			}
		}
		want(t, try("ada@analytic.example", goodPassword, "192.0.2.1"), ErrRateSignIn)
		must(t, try("ada@analytic.example", goodPassword, "192.0.2.2")) // the owner, from elsewhere
		k.Clock.Advance(15*time.Minute + time.Second)
		must(t, try("ada@analytic.example", goodPassword, "192.0.2.1"))

		// A window that was used up makes the next one longer.
		for range 11 {
			_ = try("ada@analytic.example", otherPassword, "192.0.2.3")
		}
		k.Clock.Advance(15*time.Minute + time.Second)
		for range 10 {
			want(t, try("ada@analytic.example", otherPassword, "192.0.2.3"), ErrSignIn)
		}
		k.Clock.Advance(16 * time.Minute)
		want(t, try("ada@analytic.example", goodPassword, "192.0.2.3"), ErrRateSignIn)
		k.Clock.Advance(15 * time.Minute)
		must(t, try("ada@analytic.example", goodPassword, "192.0.2.3"))
	})
}

// An attack from many networks slows guessing down and locks nobody out.
func TestDistributedGuessing(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@analytic.example")
		try := func(password, client string) error {
			_, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "ada@analytic.example", Password: password, ClientAddress: client})
			return err
		}
		for i := range 100 {
			want(t, try(otherPassword, fmt.Sprintf("198.51.%d.1", i)), ErrSignIn)
		}
		for i := range 5 {
			wanted := ErrSignIn
			if i >= 3 {
				wanted = ErrRateSignIn
			}
			want(t, try(otherPassword, "192.0.2.50"), wanted)
		}
		must(t, try(goodPassword, "192.0.2.60"))
	})
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for client, wanted := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "unknown", "x": "unknown",
	} {
		if got := network(client); got != wanted {
			t.Errorf("%q is of %q, want %q", client, got, wanted)
		}
	}
}

func TestRehashAtSignIn(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		_, account := k.account(t, "ada@analytic.example")
		k.s.passwords = newPasswords(PasswordCost{Memory: 128, Time: 1, Threads: 1})
		k.signIn(t, "ada@analytic.example", goodPassword)
		if n := k.count(t, `SELECT count(*) FROM veranda_accounts WHERE id = $1 AND password_hash LIKE '$argon2id$v=19$m=128,%'`, account); n != 1 {
			t.Error("the hash was not made anew")
		}
		k.signIn(t, "ada@analytic.example", goodPassword)
	})
}

func TestSignInVetoed(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, account := k.account(t, "ada@analytic.example")
		veto := veranda.NewError(veranda.CodeForbidden, "host.no", "Not today.")
		k.DB.Veto(veranda.Hook{Name: "no sign-in", Kinds: []string{EventSignedIn}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return veto }})
		_, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "ada@analytic.example", Password: goodPassword})
		want(t, err, veto)
		if n := k.count(t, `SELECT count(*) FROM veranda_sessions WHERE account_id = $1`, account); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}
