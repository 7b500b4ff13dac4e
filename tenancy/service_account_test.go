package tenancy

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func TestRegisterAndConfirm(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, err := k.s.Register(ctx, veranda.Anonymous(), RegisterInput{
			Address: "Ada@Analytic.Example", Password: goodPassword, Name: " Ada Person ", Language: "de-at", TimeZone: "Europe/Vienna",
		})
		must(t, err)
		mail := k.one(t)
		if mail.To != "Ada@analytic.example" || mail.ToName != "Ada Person" || mail.Subject != "Confirm your address" || mail.ID == "" {
			t.Errorf("mail %+v", mail)
		}
		if !strings.Contains(mail.Text, "5 March 2026, 10:30 CET") || !strings.Contains(mail.HTML, "/confirm?token=") {
			t.Errorf("the end of the link in the reader's zone, and the link, are missing:\n%s\n%s", mail.Text, mail.HTML)
		}
		in := SignInInput{Address: "ada@analytic.example", Password: goodPassword}
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), in)
		want(t, err, ErrUnconfirmed)
		wrong := in
		wrong.Password = otherPassword
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), wrong)
		want(t, err, ErrSignIn)

		confirmed, err := k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: token(t, mail), Password: goodPassword})
		must(t, err)
		if confirmed.Address != "Ada@Analytic.Example" {
			t.Errorf("confirmed %q", confirmed.Address)
		}
		session := k.signIn(t, "ADA@analytic.example", goodPassword)
		me, err := k.s.Me(ctx, veranda.TokenActor(session.Token))
		must(t, err)
		if me.Name != "Ada Person" || me.Language != "de-AT" || me.TimeZone != "Europe/Vienna" || me.State != AccountActive || len(me.Addresses) != 1 ||
			!me.Addresses[0].Primary || me.Addresses[0].ConfirmedAt == nil || len(me.Organizations) != 0 {
			t.Errorf("account %+v", me)
		}
		k.WantEvents(t, "tenancy.*", EventAccountRegistered, EventDeliveryQueued, EventSignInRefused, EventSignInRefused, EventAccountConfirmed, EventSignedIn)
		for _, e := range k.Events(t) {
			for _, secret := range []string{goodPassword, otherPassword, session.Token, token(t, mail)} {
				if strings.Contains(string(e.Data), secret) {
					t.Errorf("event %s holds a secret: %s", e.Kind, e.Data)
				}
			}
		}
	})
}

func TestRegisterRefuses(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, err := k.s.Register(ctx, veranda.Anonymous(), RegisterInput{Address: "nobody", Password: "short", Name: " ", Language: "klingon language", TimeZone: "Mars/Olympus"})
		verandatest.WantFields(t, err, "/address email", "/name required", "/language language", "/time_zone time_zone", "/password too_short")
		_, err = k.s.Register(ctx, veranda.Actor{}, RegisterInput{Address: "ada@analytic.example", Password: goodPassword, Name: "Ada"})
		want(t, err, veranda.ErrUnauthenticated)
		_, err = k.s.Register(ctx, veranda.Anonymous(), RegisterInput{Address: "ada@analytic.example", Password: "Ada@Analytic.example", Name: "Ada"})
		verandatest.WantFields(t, err, "/password common")
		if mails := k.sent(t); len(mails) != 0 {
			t.Errorf("mails %+v", mails)
		}
	})
}

// What is answered and done for an address must not tell whether it has an account.
func TestRegisterTellsNothing(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@analytic.example")
		type trace struct {
			Answer Registered
			Err    error
			Hashes int64
			Rows   [4]int
		}
		run := func(address string) trace {
			before, rows := k.s.passwords.hashed.Load(), k.rows(t)
			answer, err := k.s.Register(ctx, veranda.Anonymous(), RegisterInput{Address: address, Password: otherPassword, Name: "Eve"})
			tr := trace{Answer: *answer, Err: err, Hashes: k.s.passwords.hashed.Load() - before}
			for i, n := range k.rows(t) {
				tr.Rows[i] = n - rows[i]
			}
			return tr
		}
		known, unknown := run("ada@analytic.example"), run("eve@analytic.example")
		if diff := cmp.Diff(unknown, known); diff != "" {
			t.Errorf("a known address is answered differently (-unknown +known):\n%s", diff)
		}
		if known.Hashes != 1 || known.Rows != [4]int{1, 1, 1, 1} {
			t.Errorf("trace %+v", known)
		}
		mails := k.sent(t)
		subjects := map[string]string{}
		for _, m := range mails {
			subjects[m.To] = m.Subject
		}
		if diff := cmp.Diff(map[string]string{"ada@analytic.example": "You already have an account", "eve@analytic.example": "Confirm your address"}, subjects); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
		if strings.Contains(mails[0].Text+mails[0].HTML, "token=") && mails[0].To == "ada@analytic.example" {
			t.Error("the owner of an account is sent a link to a new one")
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE address_key = 'ada@analytic.example'`); n != 1 {
			t.Errorf("%d claims are left", n)
		}
		k.signIn(t, "ada@analytic.example", goodPassword)
		_, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "ada@analytic.example", Password: otherPassword})
		want(t, err, ErrSignIn)
	})
}

// rows counts what registering writes.
func (k *kit) rows(t *testing.T) [4]int {
	t.Helper()
	return [4]int{
		k.count(t, `SELECT count(*) FROM veranda_accounts`), k.count(t, `SELECT count(*) FROM veranda_addresses`),
		k.count(t, `SELECT count(*) FROM veranda_links`), k.count(t, `SELECT count(*) FROM veranda_deliveries`),
	}
}

// Somebody claims an address before its owner comes: the claim gives nothing.
func TestSquatting(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.register(t, "victim@analytic.example", otherPassword) // by the attacker
		attackers := token(t, k.one(t))
		k.register(t, "victim@analytic.example", goodPassword) // by the owner
		owners := token(t, k.one(t))
		_, err := k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: owners, Password: goodPassword})
		must(t, err)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "victim@analytic.example", Password: otherPassword})
		want(t, err, ErrSignIn)
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: attackers, Password: goodPassword})
		want(t, err, ErrLink)
		k.signIn(t, "victim@analytic.example", goodPassword)
		if n := k.count(t, `SELECT count(*) FROM veranda_accounts WHERE state = 'pending'`); n != 0 {
			t.Errorf("%d pending accounts are left", n)
		}
	})
}

func TestConfirmOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		confirm := func(token string) error {
			_, err := k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: token, Password: goodPassword, ClientAddress: "192.0.2.9"})
			return err
		}
		k.register(t, "ada@analytic.example", goodPassword)
		link := token(t, k.one(t))
		won, errs := atOnce(8, func(int) error { return confirm(link) })
		if won != 1 {
			t.Fatalf("%d of 8 confirmed: %v", won, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrLink)
			}
		}
		k.register(t, "eve@analytic.example", goodPassword)
		late := token(t, k.one(t))
		k.Clock.Advance(confirmLives + time.Second)
		for _, bad := range []string{link, late, late + "x", "", strings.Repeat("A", 43)} {
			want(t, confirm(bad), ErrLink)
		}
		_, err := k.s.ResetPassword(ctx, veranda.Anonymous(), ResetPasswordInput{Token: late, Password: goodPassword})
		want(t, err, ErrLink)
		k.WantEvents(t, EventAccountConfirmed, EventAccountConfirmed)
	})
}

// Two claims of one address are confirmed at the same moment: one becomes an account.
func TestRivalClaims(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		var tokens []string
		for range 4 {
			k.register(t, "ada@analytic.example", goodPassword)
			tokens = append(tokens, token(t, k.one(t)))
		}
		won, errs := atOnce(len(tokens), func(i int) error {
			_, err := k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: tokens[i], Password: goodPassword})
			return err
		})
		if won != 1 {
			t.Fatalf("%d confirmed: %v", won, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrLink)
			}
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE address_key = 'ada@analytic.example'`); n != 1 {
			t.Errorf("%d claims are left", n)
		}
	})
}

func TestUpdateMe(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "ada@analytic.example")
		me, err := k.s.Me(ctx, by)
		must(t, err)
		name, zone, bad := "Ada L.", "America/Lima", "x\ny"
		changed, err := k.s.UpdateMe(ctx, by, UpdateMeInput{Name: &name, TimeZone: &zone, Version: me.Version})
		must(t, err)
		if changed.Name != name || changed.TimeZone != zone || changed.Language != "en" || changed.Version != me.Version+1 || changed.ETag() == me.ETag() {
			t.Errorf("account %+v", changed)
		}
		_, err = k.s.UpdateMe(ctx, by, UpdateMeInput{Name: &name, Version: me.Version})
		want(t, err, veranda.ErrVersion)
		_, err = k.s.UpdateMe(ctx, by, UpdateMeInput{Name: &bad, Language: &bad})
		verandatest.WantFields(t, err, "/name line", "/language language")
		for _, nobody := range []veranda.Actor{veranda.Anonymous(), {}, veranda.TokenActor("none")} {
			_, err = k.s.UpdateMe(ctx, nobody, UpdateMeInput{Name: &name})
			want(t, err, veranda.ErrUnauthenticated)
			_, err = k.s.Me(ctx, nobody)
			want(t, err, veranda.ErrUnauthenticated)
		}
		k.WantEvents(t, EventAccountUpdated, EventAccountUpdated)
	})
}

func TestMeListsOrganizations(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		me, err := k.s.Me(context.Background(), k.External.Actor)
		must(t, err)
		if len(me.Organizations) != 1 || me.Organizations[0].ID != k.Org || me.Organizations[0].Member != MemberExternal ||
			me.Organizations[0].Address != k.External.Address || !cmp.Equal(me.Organizations[0].Roles, []string{"external"}) {
			t.Errorf("organizations %+v", me.Organizations)
		}
	})
}

func TestTidy(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@analytic.example")
		k.register(t, "late@analytic.example", goodPassword)
		_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: "unknown@analytic.example"})
		must(t, err)
		k.sent(t)
		k.Clock.Advance(6 * 24 * time.Hour)
		must(t, k.s.tidy(ctx))
		if n := k.count(t, `SELECT count(*) FROM veranda_accounts WHERE state = 'pending'`); n != 1 {
			t.Errorf("%d pending accounts after six days", n)
		}
		k.Clock.Advance(keepLinks + 2*24*time.Hour)
		must(t, k.s.tidy(ctx))
		got := map[string]int{}
		for _, table := range []string{"accounts", "sessions", "attempts", "links", "strangers", "deliveries"} {
			got[table] = k.count(t, map[string]string{
				"accounts": `SELECT count(*) FROM veranda_accounts WHERE state = 'pending'`, "sessions": `SELECT count(*) FROM veranda_sessions`,
				"attempts": `SELECT count(*) FROM veranda_attempts`, "links": `SELECT count(*) FROM veranda_links`,
				"strangers":  `SELECT count(*) FROM veranda_deliveries WHERE account_id IS NULL`,
				"deliveries": `SELECT count(*) FROM veranda_deliveries`,
			}[table])
		}
		if diff := cmp.Diff(map[string]int{"accounts": 0, "sessions": 0, "attempts": 0, "links": 0, "strangers": 0, "deliveries": 2}, got); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		k.Clock.Advance(keepDeliveries)
		must(t, k.s.tidy(ctx))
		if n := k.count(t, `SELECT count(*) FROM veranda_deliveries`); n != 0 {
			t.Errorf("%d deliveries after a year", n)
		}
		if job := k.s.TidyJob(); job.Name == "" || job.Run == nil {
			t.Error("no job")
		}
	})
}
