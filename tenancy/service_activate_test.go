package tenancy

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// reserve makes an account as an access manager does, and gives the token of its link to a key.
func (k *kit) reserve(t *testing.T, name, address, phone string, membership bool) (veranda.AccountID, string) {
	t.Helper()
	id, key := veranda.NewAccountID(), phone
	var link *linkRow
	must(t, k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		at := tx.DB().Time(tx.DB().Now())
		_, err := tx.Exec(ctx, `INSERT INTO veranda_accounts (id, name, language, time_zone, state, reserved_by, created_at, updated_at, version)
VALUES ($1, $2, 'en', 'UTC', 'pending', $3, $4, $4, 1)`, id, name, k.Org, at)
		if err != nil {
			return err
		}
		if address != "" {
			parsed, err := ParseAddress(address)
			if err != nil {
				return err
			}
			key = parsed.Key
			if err := storeAddress(ctx, tx, id, parsed, false, true, tx.DB().Now()); err != nil {
				return err
			}
		}
		if phone != "" {
			if _, err := tx.Exec(ctx, `INSERT INTO veranda_phones (account_id, number, created_at) VALUES ($1, $2, $3)`, id, phone, at); err != nil {
				return err
			}
		}
		if membership {
			_, err := tx.Exec(ctx, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version)
VALUES ($1, $2, 'internal', 'employee', $3, $4, 1)`, k.Org, id, key, at)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, id, k.Org); err != nil {
				return err
			}
		}
		if link, err = k.s.newLink(linkActivate, k.s.now()); err != nil {
			return err
		}
		link.Account, link.Key = id, key
		return storeLink(ctx, tx, link)
	}))
	return id, k.s.deriveToken(linkActivate, link.Nonce)
}

func (k *kit) activate(token, password string) (*NewSession, error) {
	return k.s.Activate(context.Background(), veranda.Anonymous(), ActivateInput{Token: token, Password: password, ClientAddress: "203.0.113.5"})
}

func TestActivate(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.register(t, "nina@works.example", goodPassword) // a claim of somebody else, older than the reservation
		claim := token(t, k.one(t))
		id, token := k.reserve(t, "Nina New", "nina@works.example", "+4915123456789", true)
		signIn := SignInInput{Address: "nina@works.example", Password: "", ClientAddress: "203.0.113.5"}
		_, err := k.s.SignIn(ctx, veranda.Anonymous(), signIn)
		want(t, err, ErrSignIn) // nothing opens a reserved account but its link

		_, err = k.activate(token, "short")
		verandatest.WantFields(t, err, "/password too_short")
		_, err = k.activate(token, "Nina New 1")
		verandatest.WantFields(t, err, "/password common")
		empty, tongue, zone := " ", "tongue of angels", "Europe/Atlantis"
		_, err = k.s.Activate(ctx, veranda.Anonymous(), ActivateInput{Token: token, Password: "x", Name: &empty, Language: &tongue, TimeZone: &zone, Label: "a\nb"})
		verandatest.WantFields(t, err, "/name required", "/language language", "/time_zone time_zone", "/label line", "/password too_short")
		before := len(k.Events(t))
		session, err := k.activate(token, goodPassword)
		must(t, err)
		if session.Account != id || session.Kind != SessionBrowser || session.Token == "" {
			t.Errorf("%+v", session)
		}
		me, err := k.s.Me(ctx, veranda.TokenActor(session.Token))
		must(t, err)
		if me.State != AccountActive || me.Name != "Nina New" || len(me.Addresses) != 1 || me.Addresses[0].ConfirmedAt == nil || len(me.Organizations) != 1 {
			t.Errorf("%+v", me)
		}
		kinds := []string{}
		for _, e := range k.Events(t)[before:] {
			kinds = append(kinds, e.Kind)
		}
		if got := strings.Join(kinds, " "); got != EventAccountActivated+" "+EventSignedIn {
			t.Errorf("events: %s", got)
		}
		_, err = k.activate(token, otherPassword)
		want(t, err, ErrLink)
		k.signIn(t, "nina@works.example", goodPassword)
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: claim, Password: goodPassword})
		want(t, err, ErrLink) // the other claim is gone
	})
}

func TestActivateByPhone(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		id, token := k.reserve(t, "Paul Phone", "", "+4915123456780", true)
		rival, _ := k.reserve(t, "Rita Rival", "", "+4915123456780", false)
		session, err := k.activate(token, goodPassword)
		must(t, err)
		if session.Account != id || k.count(t, `SELECT count(*) FROM veranda_phones WHERE account_id = $1 AND confirmed_at IS NOT NULL`, id) != 1 {
			t.Error("the number is not proved")
		}
		if k.count(t, `SELECT count(*) FROM veranda_phones WHERE account_id = $1`, rival) != 0 {
			t.Error("another's claim of the number stays")
		}
	})
}

// Links that do not work answer alike, and of several at once one works.
func TestActivateLinks(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, token := k.reserve(t, "Nina New", "nina@works.example", "", true)
		won, errs := atOnce(4, func(int) error { _, err := k.activate(token, goodPassword); return err })
		if won != 1 {
			t.Errorf("%d of 4 activated: %v", won, errs)
		}
		id, late := k.reserve(t, "Otto Late", "otto@works.example", "", true)
		k.Clock.Advance(activateLives + time.Second)
		_, err := k.activate(late, goodPassword)
		want(t, err, ErrLink)
		_, err = k.activate("nonsense", goodPassword)
		want(t, err, ErrLink)
		k.register(t, "vera@works.example", goodPassword)
		for _, mail := range k.sent(t) {
			if strings.Contains(mail.Text, "/confirm?") {
				_, err = k.activate(linkPattern.FindStringSubmatch(mail.Text)[2], goodPassword)
				want(t, err, ErrLink) // of another purpose
			}
		}
		must(t, k.s.tidy(ctx))
		if k.count(t, `SELECT count(*) FROM veranda_accounts WHERE id = $1`, id) != 1 {
			t.Error("a reserved account with a membership was removed")
		}
	})
}

// Who registers an address that is reserved, or asks for a reset, gets the link of the reserved account.
func TestRegisterReservedAddress(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		id, _ := k.reserve(t, "Nina New", "nina@works.example", "", true)
		accounts := k.count(t, `SELECT count(*) FROM veranda_accounts`)
		k.mails.fails = []error{context.DeadlineExceeded} // sent at the second attempt, by the same link
		k.register(t, "Nina@works.example", otherPassword)
		if n := len(k.sent(t)); n != 0 {
			t.Fatal("sent in spite of an error")
		}
		k.Clock.Advance(time.Minute)
		mail := k.one(t)
		if !strings.Contains(mail.Text, "Nina New") || !strings.Contains(mail.Text, "/activate?") {
			t.Fatalf("%s", mail.Text)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_accounts`); n != accounts {
			t.Errorf("%d accounts, want %d: the new claim is given up", n, accounts)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_links WHERE purpose = 'activate' AND account_id = $1`, id); n != 2 {
			t.Errorf("%d links, want 2", n)
		}
		_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: "nina@works.example", ClientAddress: "203.0.113.5"})
		must(t, err)
		reset := k.one(t)
		session, err := k.activate(token(t, reset), goodPassword)
		must(t, err)
		if session.Account != id {
			t.Error("another account was activated")
		}
		_, err = k.activate(token(t, mail), goodPassword)
		want(t, err, ErrLink) // links of an account that is active are ended
	})
}
