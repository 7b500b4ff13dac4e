package tenancy

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

const home = "203.0.113.5"

// app is an authenticator app, and the recovery codes on paper.
type app struct {
	k      *kit
	secret string
	codes  []string
}

// code is what the app shows now.
func (a *app) code(t *testing.T) string {
	t.Helper()
	code, err := totp.GenerateCode(a.secret, a.k.Clock.Now())
	must(t, err)
	return code
}

// next is the code of the next time step, which nobody has used.
func (a *app) next(t *testing.T) string {
	t.Helper()
	a.k.Clock.Advance(factorPeriod)
	return a.code(t)
}

// factor sets up a second factor in a session.
func (k *kit) factor(t *testing.T, by veranda.Actor) *app {
	t.Helper()
	setup, err := k.s.BeginSecondFactor(context.Background(), by, BeginSecondFactorInput{Password: goodPassword, ClientAddress: home})
	must(t, err)
	a := &app{k: k, secret: setup.Secret}
	made, err := k.s.ConfirmSecondFactor(context.Background(), by, ConfirmSecondFactorInput{Code: a.code(t), ClientAddress: home})
	must(t, err)
	a.codes = made.Codes
	k.sent(t)
	return a
}

func (k *kit) signInWith(address, code, client string) (*NewSession, error) {
	return k.s.SignIn(context.Background(), veranda.Anonymous(), SignInInput{Address: address, Password: goodPassword, Code: code, ClientAddress: client})
}

func TestSecondFactor(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, id := k.account(t, "ada@works.example")
		other := k.signIn(t, "ada@works.example", goodPassword)

		_, err := k.s.BeginSecondFactor(ctx, by, BeginSecondFactorInput{})
		verandatest.WantFields(t, err, "/password required")
		_, err = k.s.BeginSecondFactor(ctx, by, BeginSecondFactorInput{Password: otherPassword})
		want(t, err, ErrPassword)
		_, err = k.s.ConfirmSecondFactor(ctx, by, ConfirmSecondFactorInput{Code: "123456"})
		want(t, err, ErrFactorNone)
		_, err = k.s.RemoveSecondFactor(ctx, by, FactorInput{Password: goodPassword, Code: "123456"})
		want(t, err, ErrFactorNone)

		old, err := k.s.BeginSecondFactor(ctx, by, BeginSecondFactorInput{Password: goodPassword})
		must(t, err)
		k.Clock.Advance(setupLives)
		_, err = k.s.ConfirmSecondFactor(ctx, by, ConfirmSecondFactorInput{Code: (&app{k: k, secret: old.Secret}).code(t)})
		want(t, err, ErrFactorNone) // it waits for an hour
		setup, err := k.s.BeginSecondFactor(ctx, by, BeginSecondFactorInput{Password: goodPassword})
		must(t, err)
		link, err := url.Parse(setup.URL)
		must(t, err)
		if link.Scheme != "otpauth" || link.Host != "totp" || link.Path != "/veranda.example:ada@works.example" || link.Query().Get("secret") != setup.Secret || len(setup.Secret) != 32 {
			t.Errorf("%s", setup.URL)
		}
		stored := []byte{}
		_, err = readOne(ctx, k.DB.Conn().Query, `SELECT secret FROM veranda_factors WHERE account_id = $1`, []any{id}, &stored)
		must(t, err)
		plain, err := base32Text.DecodeString(setup.Secret)
		must(t, err)
		if bytes.Contains(stored, plain) {
			t.Error("the secret is stored as it is")
		}
		if _, err := k.s.openFactor(veranda.NewAccountID(), stored); err == nil {
			t.Error("the secret opens for another account")
		}
		a := &app{k: k, secret: setup.Secret}
		_, err = k.s.ConfirmSecondFactor(ctx, by, ConfirmSecondFactorInput{Code: (&app{k: k, secret: old.Secret}).code(t)})
		want(t, err, ErrFactorCode)
		k.signIn(t, "ada@works.example", goodPassword) // not in force yet
		made, err := k.s.ConfirmSecondFactor(ctx, by, ConfirmSecondFactorInput{Code: a.code(t)})
		must(t, err)
		if len(made.Codes) != recoveryCount || made.SessionsEnded != 2 {
			t.Errorf("%+v", made)
		}
		_, err = k.s.Me(ctx, veranda.TokenActor(other.Token))
		want(t, err, veranda.ErrUnauthenticated)
		me, err := k.s.Me(ctx, by)
		must(t, err)
		if me.SecondFactor == nil || me.SecondFactor.RecoveryCodes != recoveryCount {
			t.Errorf("%+v", me.SecondFactor)
		}
		if mail := k.one(t); mail.To != "ada@works.example" || !strings.Contains(mail.Subject, "code") {
			t.Errorf("%+v", mail)
		}
		sessions, err := k.s.Sessions(ctx, by)
		must(t, err)
		if len(sessions.Items) != 1 || !sessions.Items[0].SecondFactor {
			t.Errorf("%+v", sessions.Items)
		}
		_, err = k.s.BeginSecondFactor(ctx, by, BeginSecondFactorInput{Password: goodPassword})
		want(t, err, ErrFactorExists)
		_, err = k.s.ConfirmSecondFactor(ctx, by, ConfirmSecondFactorInput{Code: a.next(t)})
		want(t, err, ErrFactorExists)
		k.WantEvents(t, "tenancy.second_factor_*", EventFactorRefused, EventFactorRefused, EventFactorConfirmed)
	})
}

func TestSignInWithCode(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "ada@works.example")
		a := k.factor(t, by)
		const address = "ada@works.example"
		_, err := k.signInWith(address, "", home)
		want(t, err, ErrCodeRequired)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: address, Password: otherPassword, Code: a.next(t), ClientAddress: home})
		want(t, err, ErrSignIn) // nothing is told to who does not know the password
		session, err := k.signInWith(address, a.code(t), home)
		must(t, err)
		if !session.SecondFactor {
			t.Error("the session does not say how it was made")
		}
		_, err = k.signInWith(address, a.code(t), home)
		want(t, err, ErrCode) // once
		late := a.next(t)
		k.Clock.Advance(3 * factorPeriod)
		_, err = k.signInWith(address, late, home)
		want(t, err, ErrCode)
		early := a.next(t)
		k.Clock.Advance(factorPeriod) // the clock of a phone may lag behind by a step
		_, err = k.signInWith(address, early[:3]+" "+early[3:], home)
		must(t, err)
		k.Clock.Advance(time.Hour)

		code := a.next(t)
		won, errs := atOnce(4, func(int) error { _, err := k.signInWith(address, code, home); return err })
		if won != 1 {
			t.Errorf("one code signed in %d times: %v", won, errs)
		}
		won, errs = atOnce(4, func(int) error { _, err := k.signInWith(address, a.codes[0], home); return err })
		if won != 1 {
			t.Errorf("one recovery code signed in %d times: %v", won, errs)
		}
		told := 0
		for _, mail := range k.sent(t) { // beside the mail about wrong codes
			if strings.Contains(mail.Text, "9 are left") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("told %d times of the recovery code", told)
		}
		k.Clock.Advance(time.Hour)
		_, err = k.signInWith(address, a.codes[0], home)
		want(t, err, ErrCode)
		session, err = k.signInWith(address, strings.ToUpper(strings.ReplaceAll(a.codes[1], "-", " ")), home)
		must(t, err)
		me, err := k.s.Me(ctx, veranda.TokenActor(session.Token))
		must(t, err)
		if me.SecondFactor.RecoveryCodes != recoveryCount-2 || !session.SecondFactor {
			t.Errorf("%+v", me.SecondFactor)
		}
		k.WantEvents(t, EventRecoveryCodeUsed, EventRecoveryCodeUsed, EventRecoveryCodeUsed)
		// Without a second factor a code is not looked at.
		k.sent(t)
		k.account(t, "eve@works.example")
		session, err = k.signInWith("eve@works.example", "123456", home)
		must(t, err)
		if session.SecondFactor {
			t.Error("a session claims a second factor that there is not")
		}
	})
}

// Codes are counted; the owner is told, and comes in from where they are signed in, or by a recovery code.
func TestCodeGuessing(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		by, _ := k.account(t, "ada@works.example")
		a := k.factor(t, by)
		const address = "ada@works.example"
		wrong := func(code string) string { // six other digits
			return string('0'+('9'-code[0])) + code[1:]
		}
		for range ruleCode.limit {
			_, err := k.signInWith(address, wrong(a.code(t)), "192.0.2.1")
			want(t, err, ErrCode)
		}
		_, err := k.signInWith(address, a.next(t), "192.0.2.1")
		want(t, err, ErrRateSignIn)
		if mail := k.one(t); !strings.Contains(mail.Subject, "knows your password") {
			t.Errorf("%+v", mail)
		}
		_, err = k.signInWith(address, a.code(t), "198.51.100.77") // a right one from elsewhere
		must(t, err)
		for i := 2; ; i++ { // from many networks
			_, err = k.signInWith(address, wrong(a.code(t)), fmt.Sprintf("192.0.2.%d", i))
			if veranda.CodeOf(err) == veranda.CodeLimit {
				break
			}
			want(t, err, ErrCode)
			if i > 60 {
				t.Fatal("the guesses from everywhere are not limited")
			}
		}
		_, err = k.signInWith(address, a.next(t), "192.0.2.200")
		want(t, err, ErrRateSignIn)
		_, err = k.signInWith(address, a.code(t), home) // where the owner is signed in
		must(t, err)
		_, err = k.signInWith(address, a.codes[0], "192.0.2.201")
		must(t, err)
		k.sent(t)
	})
}

func TestChangeSecondFactor(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, id := k.account(t, "ada@works.example")
		a := k.factor(t, by)
		_, err := k.s.ReplaceRecoveryCodes(ctx, by, FactorInput{})
		verandatest.WantFields(t, err, "/password required", "/code required")
		_, err = k.s.ReplaceRecoveryCodes(ctx, by, FactorInput{Password: otherPassword, Code: a.next(t), ClientAddress: home})
		want(t, err, ErrPassword)
		_, err = k.s.ReplaceRecoveryCodes(ctx, by, FactorInput{Password: goodPassword, Code: "nonsense", ClientAddress: home})
		want(t, err, ErrFactorCode)
		made, err := k.s.ReplaceRecoveryCodes(ctx, by, FactorInput{Password: goodPassword, Code: a.codes[0], ClientAddress: home})
		must(t, err)
		if len(made.Codes) != recoveryCount || k.count(t, `SELECT count(*) FROM veranda_recovery_codes WHERE account_id = $1`, id) != recoveryCount {
			t.Errorf("%+v", made)
		}
		_, err = k.signInWith("ada@works.example", a.codes[1], home)
		want(t, err, ErrCode) // the former ones work no more
		session, err := k.signInWith("ada@works.example", made.Codes[0], home)
		must(t, err)
		k.sent(t)
		k.Clock.Advance(time.Hour)
		code := a.next(t)
		removed, err := k.s.RemoveSecondFactor(ctx, by, FactorInput{Password: goodPassword, Code: code, ClientAddress: home})
		must(t, err)
		if removed.SessionsEnded != 1 {
			t.Errorf("%d sessions ended", removed.SessionsEnded)
		}
		_, err = k.s.Me(ctx, veranda.TokenActor(session.Token))
		want(t, err, veranda.ErrUnauthenticated)
		me, err := k.s.Me(ctx, by)
		must(t, err)
		sessions, err := k.s.Sessions(ctx, by)
		must(t, err)
		if me.SecondFactor != nil || sessions.Items[0].SecondFactor || k.count(t, `SELECT count(*) FROM veranda_recovery_codes WHERE account_id = $1`, id) != 0 {
			t.Error("something is left of the second factor")
		}
		if mail := k.one(t); !strings.Contains(mail.Subject, "no code any more") {
			t.Errorf("%+v", mail)
		}
		k.signIn(t, "ada@works.example", goodPassword)
		k.factor(t, by) // and set up again
		k.WantEvents(t, "tenancy.recovery_codes_*", EventRecoveryCodesReplaced)
	})
}

// A reset by mail proves the mailbox, not the second factor: signing in asks the code all the same.
func TestResetKeepsSecondFactor(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "ada@works.example")
		k.factor(t, by)
		_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: "ada@works.example"})
		must(t, err)
		_, err = k.s.ResetPassword(ctx, veranda.Anonymous(), ResetPasswordInput{Token: token(t, k.one(t)), Password: otherPassword})
		must(t, err)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "ada@works.example", Password: otherPassword})
		want(t, err, ErrCodeRequired)
	})
}

// A second factor is set up while somebody signs in without one: no session is left that was made without.
func TestSecondFactorBesideSignIn(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, id := k.account(t, "ada@works.example")
		setup, err := k.s.BeginSecondFactor(ctx, by, BeginSecondFactorInput{Password: goodPassword, ClientAddress: home})
		must(t, err)
		a := &app{k: k, secret: setup.Secret}
		code := a.code(t)
		_, errs := atOnce(6, func(i int) error {
			if i == 0 {
				_, err := k.s.ConfirmSecondFactor(ctx, by, ConfirmSecondFactorInput{Code: code, ClientAddress: home})
				return err
			}
			_, err := k.signInWith("ada@works.example", "", "192.0.2.9")
			return err
		})
		must(t, errs[0])
		if n := k.count(t, `SELECT count(*) FROM veranda_sessions WHERE account_id = $1 AND second_factor = $2`, id, false); n != 0 {
			t.Errorf("%d sessions without a second factor are left: %v", n, errs)
		}
	})
}

// Who may require a second factor, and whom it shuts out.
func TestRequireSecondFactor(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		owner, _ := k.account(t, "olga@works.example")
		org, err := k.s.CreateOrganization(ctx, owner, CreateOrganizationInput{Kind: KindOrganization, Name: "Works"})
		must(t, err)
		require := func(by veranda.Actor, on bool) error {
			_, err := k.s.UpdateOrganization(ctx, by, UpdateOrganizationInput{Org: org.ID, RequireSecondFactor: &on})
			return err
		}
		want(t, require(owner, true), ErrSecondFactorFirst)
		must(t, require(owner, false))
		external, externalID := k.account(t, "xeno@elsewhere.example")
		k.exec(t, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) VALUES ($1, $2, 'external', 'external', 'xeno@elsewhere.example', $3, 1)`,
			org.ID, externalID, k.DB.Time(k.DB.Now()))
		program, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "olga@works.example", Password: goodPassword, Kind: SessionProgram})
		must(t, err)
		k.factor(t, owner)
		_, err = k.s.Me(ctx, veranda.TokenActor(program.Token))
		want(t, err, veranda.ErrUnauthenticated) // tokens end when a second factor is set up
		must(t, require(owner, true))
		_, err = k.s.Members(ctx, external, MembersInput{Org: org.ID})
		must(t, err)
		employee, employeeID := k.account(t, "emil@works.example")
		k.exec(t, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) VALUES ($1, $2, 'internal', 'employee', 'emil@works.example', $3, 1)`,
			org.ID, employeeID, k.DB.Time(k.DB.Now()))
		_, err = k.s.Members(ctx, employee, MembersInput{Org: org.ID})
		want(t, err, ErrSecondFactorRequired)
		_, err = k.s.Members(ctx, veranda.AccountActor(employeeID), MembersInput{Org: org.ID})
		must(t, err) // the host program's own affair
		k.factor(t, employee)
		_, err = k.s.Members(ctx, employee, MembersInput{Org: org.ID})
		must(t, err)
	})
}
