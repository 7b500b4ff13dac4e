package tenancy

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

const (
	onePhone   = "+4915123456789"
	otherPhone = "+4915123456780"
)

// phone adds a number to an account and proves it.
func (k *kit) phone(t *testing.T, by veranda.Actor, number string) {
	t.Helper()
	ctx := context.Background()
	_, err := k.s.AddPhone(ctx, by, PhoneInput{Phone: number, ClientAddress: "203.0.113.5"})
	must(t, err)
	_, err = k.s.ConfirmPhone(ctx, by, ConfirmPhoneInput{Phone: number, Code: codeIn(t, k.oneText(t))})
	must(t, err)
	k.sent(t)
}

func TestPhone(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, id := k.account(t, "ada@works.example")
		_, err := k.s.AddPhone(ctx, by, PhoneInput{Phone: "0151 23456789"})
		verandatest.WantFields(t, err, "/phone phone_country")
		_, err = k.s.ConfirmPhone(ctx, by, ConfirmPhoneInput{})
		verandatest.WantFields(t, err, "/phone required", "/code required")

		me, err := k.s.AddPhone(ctx, by, PhoneInput{Phone: "+49 1512 345 67 89"})
		must(t, err)
		if len(me.Phones) != 1 || me.Phones[0].Number != onePhone || me.Phones[0].ConfirmedAt != nil {
			t.Fatalf("phones %+v", me.Phones)
		}
		first := k.oneText(t)
		if first.To != onePhone || strings.Contains(k.stored(t), codeIn(t, first)) {
			t.Errorf("to %s; the code must not be kept with the message", first.To)
		}
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Phone: onePhone, Password: goodPassword})
		want(t, err, ErrSignIn) // a claim signs nobody in
		channel := ChannelPhone
		_, err = k.s.UpdateMe(ctx, by, UpdateMeInput{Channel: &channel})
		verandatest.WantFields(t, err, "/channel phone_unconfirmed")

		_, err = k.s.AddPhone(ctx, by, PhoneInput{Phone: onePhone}) // again: another code, no other row
		must(t, err)
		second := k.oneText(t)
		_, err = k.s.ConfirmPhone(ctx, by, ConfirmPhoneInput{Phone: onePhone, Code: codeIn(t, first)})
		want(t, err, ErrPhoneCode)
		code := codeIn(t, second)
		me, err = k.s.ConfirmPhone(ctx, by, ConfirmPhoneInput{Phone: onePhone, Code: code[:3] + " " + code[3:]})
		must(t, err)
		if me.Phones[0].ConfirmedAt == nil {
			t.Error("not confirmed")
		}
		if mail := k.one(t); mail.To != "ada@works.example" || !strings.Contains(mail.Text, onePhone) {
			t.Errorf("mail to %s: %s", mail.To, mail.Text)
		}
		_, err = k.s.ConfirmPhone(ctx, by, ConfirmPhoneInput{Phone: onePhone, Code: code})
		want(t, err, ErrPhoneCode) // once
		me, err = k.s.UpdateMe(ctx, by, UpdateMeInput{Channel: &channel})
		must(t, err)
		if me.Channel != ChannelPhone {
			t.Error(me.Channel)
		}
		session, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Phone: "+49 (0)1512 3456789", Password: goodPassword})
		must(t, err)
		if session.Account != id {
			t.Error("signed in as somebody else")
		}
		me, err = k.s.RemovePhone(ctx, by, PhoneInput{Phone: onePhone})
		must(t, err)
		if len(me.Phones) != 0 || me.Channel != ChannelMail {
			t.Errorf("%+v", me)
		}
		_, err = k.s.RemovePhone(ctx, by, PhoneInput{Phone: onePhone})
		want(t, err, veranda.ErrNotFound)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Phone: onePhone, Password: goodPassword})
		want(t, err, ErrSignIn)
		k.WantEvents(t, "tenancy.phone_*", EventPhoneAdded, EventPhoneConfirmed, EventPhoneRemoved)
	})
}

// stored is all that is kept of queued messages.
func (k *kit) stored(t *testing.T) string {
	t.Helper()
	text := ""
	if _, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT data FROM veranda_deliveries WHERE channel = 'phone' ORDER BY created_at DESC LIMIT 1`, nil, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

// Few guesses, ten minutes; a new code begins anew, and messages are limited by number, network and account.
func TestPhoneCodeLimits(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "ada@works.example")
		add := func(number string) error {
			_, err := k.s.AddPhone(ctx, by, PhoneInput{Phone: number, ClientAddress: "203.0.113.5"})
			return err
		}
		confirm := func(code string) error {
			_, err := k.s.ConfirmPhone(ctx, by, ConfirmPhoneInput{Phone: onePhone, Code: code})
			return err
		}
		must(t, add(onePhone))
		code := codeIn(t, k.oneText(t))
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		for range codeGuesses {
			want(t, confirm(wrong), ErrPhoneCode)
		}
		want(t, confirm(code), ErrPhoneCode) // all guesses are used up
		must(t, add(onePhone))
		code = codeIn(t, k.oneText(t))
		k.Clock.Advance(codeLives)
		want(t, confirm(code), ErrPhoneCode)
		must(t, add(onePhone))
		code = codeIn(t, k.oneText(t))
		won, errs := atOnce(4, func(int) error { return confirm(code) })
		if won != 1 {
			t.Errorf("%d of 4: %v", won, errs)
		}
		must(t, add(otherPhone))
		must(t, add(otherPhone))
		for i := range 10 { // the account's own limit comes after ten messages
			err := add("+491512345600" + string(rune('0'+i)))
			if i < 5 && err != nil && veranda.CodeOf(err) != veranda.CodeLimit {
				t.Fatal(err)
			}
		}
		want(t, add("+4915123456011"), ErrRate)
		k.Clock.Advance(25 * time.Hour)
		want(t, add("+4915123456011"), ErrPhoneLimit) // five numbers are an account's most
		k.sent(t)
	})
}

// Somebody else's number is answered as any other; its owner is told, and the code never goes out.
func TestPhoneOfAnother(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		owner, ownerID := k.account(t, "ada@works.example")
		k.phone(t, owner, onePhone)
		by, _ := k.account(t, "eve@works.example")
		rows := func() int { return k.count(t, `SELECT count(*) FROM veranda_deliveries`) }
		before := rows()
		me, err := k.s.AddPhone(ctx, by, PhoneInput{Phone: onePhone})
		must(t, err)
		free, err := k.s.AddPhone(ctx, by, PhoneInput{Phone: otherPhone})
		must(t, err)
		if len(me.Phones) != 1 || len(free.Phones) != 2 || rows() != before+2 {
			t.Errorf("the answers differ: %+v, %+v", me.Phones, free.Phones)
		}
		for _, m := range k.texted(t) {
			switch {
			case m.To == onePhone && (codePattern.MatchString(m.Text) || !strings.Contains(m.Text, "belongs to yours")):
				t.Errorf("the owner is sent %q", m.Text)
			case m.To == otherPhone:
				codeIn(t, m)
			}
		}
		// Two claims of a free number: who proves it first has it, and the other's claim is gone.
		rival, rivalID := k.account(t, "rita@works.example")
		_, err = k.s.AddPhone(ctx, rival, PhoneInput{Phone: otherPhone})
		must(t, err)
		code := codeIn(t, k.oneText(t))
		_, err = k.s.ConfirmPhone(ctx, rival, ConfirmPhoneInput{Phone: otherPhone, Code: code})
		must(t, err)
		if k.count(t, `SELECT count(*) FROM veranda_phones WHERE number = $1`, otherPhone) != 1 ||
			k.count(t, `SELECT count(*) FROM veranda_phones WHERE number = $1 AND account_id = $2`, otherPhone, rivalID) != 1 ||
			k.count(t, `SELECT count(*) FROM veranda_phones WHERE number = $1 AND account_id = $2 AND confirmed_at IS NOT NULL`, onePhone, ownerID) != 1 {
			t.Error("numbers are not their owners'")
		}
	})
}

// A reset goes to a phone as to an address; what is asked for an unknown number is the same work.
func TestResetByPhone(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "ada@works.example")
		k.phone(t, by, onePhone)
		k.phone(t, by, otherPhone)
		ask := func(number string) {
			t.Helper()
			_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Phone: number, ClientAddress: "192.0.2.1"})
			must(t, err)
		}
		_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Phone: onePhone, Address: "ada@works.example"})
		verandatest.WantFields(t, err, "/phone exclusive")
		_, err = k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{})
		verandatest.WantFields(t, err, "/address required")
		before := k.work(t)
		ask("+4915199999999")
		unknown := k.work(t).since(before)
		if texts := k.texted(t); len(texts) != 0 {
			t.Errorf("%+v", texts)
		}
		before = k.work(t)
		ask(onePhone)
		if known := k.work(t).since(before); known != unknown {
			t.Errorf("the work for a known number is %+v, for an unknown one %+v", known, unknown)
		}
		link := linkPattern.FindStringSubmatch(k.oneText(t).Text)
		if link == nil || link[1] != "reset" {
			t.Fatalf("%v", link)
		}
		_, err = k.s.ResetPassword(ctx, veranda.Anonymous(), ResetPasswordInput{Token: link[2], Password: otherPassword})
		must(t, err)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Phone: onePhone, Password: otherPassword})
		must(t, err)
	})
}

// An account that was made for a phone alone keeps a way in, and is told by text message.
func TestPhoneAlone(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, token := k.reserve(t, "Paul Phone", "", onePhone, false)
		session, err := k.activate(token, goodPassword)
		must(t, err)
		by := veranda.TokenActor(session.Token)
		_, err = k.s.RemovePhone(ctx, by, PhoneInput{Phone: onePhone})
		want(t, err, ErrPhoneLast)
		_, err = k.s.ChangePassword(ctx, by, ChangePasswordInput{Present: goodPassword, New: otherPassword})
		must(t, err)
		if m := k.oneText(t); m.To != onePhone || !strings.Contains(m.Text, "was changed") {
			t.Errorf("%+v", m)
		}
		// Its first address becomes the primary one, and then the number may go.
		_, err = k.s.AddAddress(ctx, by, AddressInput{Address: "paul@works.example"})
		must(t, err)
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: linkPattern.FindStringSubmatch(k.one(t).Text)[2], Password: otherPassword})
		must(t, err)
		me, err := k.s.RemovePhone(ctx, by, PhoneInput{Phone: onePhone})
		must(t, err)
		if len(me.Addresses) != 1 || !me.Addresses[0].Primary {
			t.Errorf("%+v", me.Addresses)
		}
	})
}

// Whoever belongs to an organization by a number keeps it; and where nothing is sent, nothing is promised.
func TestPhoneRefusals(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, token := k.reserve(t, "Paul Phone", "", onePhone, true)
		session, err := k.activate(token, goodPassword)
		must(t, err)
		by := veranda.TokenActor(session.Token)
		k.phone(t, by, otherPhone)
		_, err = k.s.RemovePhone(ctx, by, PhoneInput{Phone: onePhone})
		want(t, err, ErrPhoneInUse)
		k.s.phone = nil
		_, err = k.s.AddPhone(ctx, by, PhoneInput{Phone: "+4915123456999"})
		want(t, err, ErrNoMessages)
		_, err = k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Phone: onePhone})
		want(t, err, ErrNoMessages)
	})
}
