package tenancy

import (
	"context"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// Who clicks the link of somebody else's registration activates nothing: the password chosen at registration is asked.
func TestConfirmAsksPassword(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		confirm := func(by veranda.Actor, token, password string) error {
			_, err := k.s.Confirm(ctx, by, ConfirmInput{Token: token, Password: password, ClientAddress: "192.0.2.1"})
			return err
		}
		nobody := veranda.Anonymous()
		k.register(t, "victim@works.example", otherPassword) // by somebody else
		link := token(t, k.one(t))
		verandatest.WantFields(t, confirm(nobody, link, ""), "/password required")
		k.account(t, "eve@works.example")
		eve := veranda.TokenActor(k.signIn(t, "eve@works.example", goodPassword).Token)
		want(t, confirm(eve, link, ""), ErrConfirmPassword)
		for range ruleConfirm.limit - 1 {
			want(t, confirm(nobody, link, goodPassword), ErrConfirmPassword)
		}
		err := confirm(nobody, link, otherPassword)
		want(t, err, ErrRate) // counted by the link, and said until when
		if n := k.count(t, `SELECT count(*) FROM veranda_accounts WHERE state = 'pending'`); n != 1 {
			t.Errorf("%d pending accounts", n)
		}
		k.Clock.Advance(15 * time.Minute)
		must(t, confirm(nobody, link, otherPassword)) // it stayed usable
		want(t, confirm(nobody, link, otherPassword), ErrLink)

		// A further address: the password, or being signed in as the account.
		ada, _ := k.account(t, "ada@works.example")
		for i, second := range []string{"ada@private.example", "ada@third.example"} {
			_, err := k.s.AddAddress(ctx, ada, AddressInput{Address: second})
			must(t, err)
			link := token(t, k.one(t))
			want(t, confirm(eve, link, ""), ErrConfirmPassword)
			want(t, confirm(nobody, link, otherPassword), ErrConfirmPassword)
			if i == 0 {
				must(t, confirm(ada, link, ""))
			} else {
				must(t, confirm(nobody, link, goodPassword))
			}
		}
	})
}

// A link that does not work answers alike whatever password is given, and costs no hash.
func TestConfirmTellsNothing(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@works.example")
		before := k.work(t).Hashes
		for _, password := range []string{goodPassword, otherPassword} {
			_, err := k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: "nonsense", Password: password})
			want(t, err, ErrLink)
		}
		if n := k.work(t).Hashes - before; n != 0 {
			t.Errorf("%d hashes", n)
		}
	})
}

// Names in parts, week and channel: given at registration, changed later.
func TestProfile(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		_, err := k.s.Register(ctx, veranda.Anonymous(), RegisterInput{
			Address: "ada@works.example", Password: "quiet-orbit-lantern", Name: "Ada Lovelace", FirstName: "Ada", LastName: "Love\nlace",
		})
		verandatest.WantFields(t, err, "/last_name line")
		_, err = k.s.Register(ctx, veranda.Anonymous(), RegisterInput{Address: "ada@works.example", Password: "Lovelace12", Name: "A", FirstName: "Ada", LastName: "Lovelace"})
		verandatest.WantFields(t, err, "/password common")
		_, err = k.s.Register(ctx, veranda.Anonymous(), RegisterInput{Address: "ada@works.example", Password: goodPassword, Name: "Ada Lovelace", FirstName: "Ada", LastName: "Lovelace"})
		must(t, err)
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: token(t, k.one(t)), Password: goodPassword})
		must(t, err)
		by := veranda.TokenActor(k.signIn(t, "ada@works.example", goodPassword).Token)
		me, err := k.s.Me(ctx, by)
		must(t, err)
		if me.FirstName != "Ada" || me.LastName != "Lovelace" || me.WeekStart != 1 || me.Channel != ChannelMail || len(me.Phones) != 0 || me.SecondFactor != nil {
			t.Errorf("%+v", me)
		}
		first, last, week, channel := "Augusta", "", int64(7), "pigeon"
		day := int64(8)
		_, err = k.s.UpdateMe(ctx, by, UpdateMeInput{WeekStart: &day, Channel: &channel})
		verandatest.WantFields(t, err, "/week_start range", "/channel one_of")
		me, err = k.s.UpdateMe(ctx, by, UpdateMeInput{FirstName: &first, LastName: &last, WeekStart: &week})
		must(t, err)
		if me.FirstName != "Augusta" || me.LastName != "" || me.WeekStart != 7 || me.Name != "Ada Lovelace" {
			t.Errorf("%+v", me)
		}
	})
}
