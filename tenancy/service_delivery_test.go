package tenancy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// refusal is what a mail server says of an address it does not know.
type refusal struct{ error }

func (refusal) Permanent() bool      { return true }
func (refusal) AddressRefused() bool { return true }

// queue queues something in the world's organization.
func (k *kit) queue(t *testing.T, m mailRow) DeliveryID {
	t.Helper()
	if m.ID.IsZero() {
		m.ID = veranda.NewID[deliveryKind]()
	}
	if m.Org.IsZero() {
		m.Org = k.Org
	}
	if m.Text == "" {
		m.Subject, m.Text = "News", "There are news."
	}
	if m.Template == "" {
		m.Template = "news"
	}
	must(t, k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error { return queueMail(ctx, tx, m) }))
	k.Clock.Advance(time.Millisecond)
	return m.ID
}

func (k *kit) delivery(t *testing.T, id DeliveryID) *Delivery {
	t.Helper()
	d, err := k.s.Delivery(context.Background(), k.Owner.Actor, DeliveryInput{Org: k.Org, Delivery: id})
	must(t, err)
	return d
}

func TestDeliveryLog(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.s.phone = nil // an installation that sends no text messages
		sent := k.queue(t, mailRow{Account: k.Employee.Account, By: k.Owner.Account, Recipient: k.Employee.Address})
		k.Drain(t)
		k.mails.fails = []error{permanentError{errors.New("552 too big")}}
		failed := k.queue(t, mailRow{Account: k.Guest.Account, By: k.Employee.Account, Recipient: k.Guest.Address, Template: "report"})
		k.Drain(t)
		text := k.queue(t, mailRow{Channel: ChannelPhone, Account: k.Guest.Account, Recipient: "+4915112345678"})
		k.queue(t, mailRow{Org: k.Other, Account: k.Outsider.Account, Recipient: k.Outsider.Address})
		k.Drain(t)
		list := func(by veranda.Actor, in DeliveriesInput) []DeliveryID {
			t.Helper()
			in.Org = k.Org
			list, err := k.s.Deliveries(ctx, by, in)
			must(t, err)
			ids := []DeliveryID{}
			for _, d := range list.Items {
				ids = append(ids, d.ID)
			}
			return ids
		}
		owner := k.Owner.Actor
		for name, c := range map[string]struct {
			by   veranda.Actor
			in   DeliveriesInput
			want []DeliveryID
		}{
			"all":            {owner, DeliveriesInput{}, []DeliveryID{text, failed, sent}},
			"access manager": {k.AccessManager.Actor, DeliveriesInput{}, []DeliveryID{text, failed, sent}},
			"state":          {owner, DeliveriesInput{State: "failed"}, []DeliveryID{text, failed}},
			"channel":        {owner, DeliveriesInput{Channel: "phone"}, []DeliveryID{text}},
			"person":         {owner, DeliveriesInput{Account: k.Guest.Account}, []DeliveryID{text, failed}},
			"template":       {owner, DeliveriesInput{Template: "report"}, []DeliveryID{failed}},
			"together":       {owner, DeliveriesInput{Account: k.Guest.Account, State: "failed", Channel: "mail", Template: "report"}, []DeliveryID{failed}},
			"nothing":        {owner, DeliveriesInput{Account: k.Employee.Account, State: "failed"}, []DeliveryID{}},
			"one's own":      {k.Employee.Actor, DeliveriesInput{}, []DeliveryID{failed, sent}},
			"of another":     {k.Employee.Actor, DeliveriesInput{Account: k.Guest.Account}, []DeliveryID{failed}},
			"a guest's":      {k.Guest.Actor, DeliveriesInput{State: "failed"}, []DeliveryID{text, failed}},
		} {
			if got := list(c.by, c.in); !slices.Equal(c.want, got) {
				t.Errorf("%s: want %v, got %v", name, c.want, got)
			}
		}
		_, err := k.s.Deliveries(ctx, owner, DeliveriesInput{Org: k.Org, State: "lost", Channel: "pigeon", Template: strings.Repeat("x", 101), Page: veranda.Page{Cursor: "x"}})
		verandatest.WantFields(t, err, "/cursor cursor", "/state one_of", "/channel one_of", "/template too_long")

		d := k.delivery(t, failed)
		if d.State != "failed" || d.Reason != "552 too big" || d.Attempts != 1 || d.EndedAt == nil || d.NextAttemptAt != nil || d.Template != "report" {
			t.Errorf("%+v", d)
		}
		if d := k.delivery(t, text); d.State != "failed" || d.Reason != reasonNoPhone {
			t.Errorf("%+v", d)
		}
		read := func(by veranda.Actor, org veranda.OrgID, id DeliveryID) error {
			_, err := k.s.Delivery(ctx, by, DeliveryInput{Org: org, Delivery: id})
			return err
		}
		must(t, read(k.Employee.Actor, k.Org, failed))
		for name, err := range map[string]error{
			"of others":            read(k.External.Actor, k.Org, failed),
			"elsewhere":            read(k.Outsider.Actor, k.Org, failed),
			"by the wrong tenant":  read(k.Outsider.Actor, k.Other, failed),
			"that does not exist":  read(owner, k.Org, veranda.NewID[deliveryKind]()),
			"in no organization":   read(k.Nobody.Actor, veranda.NewOrgID(), failed),
			"of others by support": read(k.Support.Actor, k.Org, failed),
		} {
			if err == nil || err.Error() != veranda.ErrNotFound.Error() {
				t.Errorf("a delivery %s: %v", name, err)
			}
		}
		verandatest.WantCode(t, read(veranda.Actor{}, k.Org, failed), veranda.CodeUnauthenticated)
	})
}

func TestNextAttempt(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		k.mails.fails = []error{errors.New("451 busy"), errors.New("451 busy"), slow{errors.New("slow down"), 10 * time.Minute}, slow{errors.New("tomorrow"), 100 * time.Hour}}
		id := k.queue(t, mailRow{Recipient: k.Guest.Address})
		for _, wait := range []time.Duration{time.Second, 2 * time.Second, 10 * time.Minute, time.Hour} {
			k.Drain(t)
			d := k.delivery(t, id)
			if d.State != "queued" || d.NextAttemptAt == nil || d.NextAttemptAt.Sub(k.DB.Now().Add(wait)).Abs() > time.Millisecond {
				t.Fatalf("want another attempt in %s: %+v", wait, d)
			}
			k.Clock.Advance(wait - time.Second/2) // the clock moves a little with every look at it
			k.Drain(t)
			if again := k.delivery(t, id); again.Attempts != d.Attempts {
				t.Fatalf("tried before its time: %+v", again)
			}
			k.Clock.Advance(time.Second/2 + time.Millisecond)
		}
		k.Drain(t)
		if d := k.delivery(t, id); d.State != "sent" || d.NextAttemptAt != nil || d.Attempts != 5 || d.Reason != "" {
			t.Errorf("%+v", d)
		}
	})
}

type slow struct {
	error
	wait time.Duration
}

func (s slow) RetryAfter() time.Duration { return s.wait }

func TestSendAgain(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		again := func(by veranda.Actor, id DeliveryID) (*Delivery, error) {
			return k.s.SendAgain(ctx, by, DeliveryInput{Org: k.Org, Delivery: id})
		}
		sent := k.queue(t, mailRow{Recipient: k.Guest.Address})
		k.Drain(t)
		k.mails.fails = []error{permanentError{errors.New("552 too big")}}
		failed := k.queue(t, mailRow{Account: k.Employee.Account, Recipient: k.Employee.Address})
		k.sent(t)

		_, err := again(k.Employee.Actor, failed)
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		for _, by := range []veranda.Actor{k.External.Actor, k.Guest.Actor, k.Outsider.Actor, k.Support.Actor} {
			_, err := again(by, failed)
			want(t, err, veranda.ErrNotFound)
		}
		_, err = again(k.Owner.Actor, sent)
		want(t, err, ErrDeliveryNotFailed)
		_, err = again(k.Owner.Actor, veranda.NewID[deliveryKind]())
		want(t, err, veranda.ErrNotFound)

		// Of several at once, one is sent.
		n, errs := atOnce(4, func(int) error { _, err := again(k.AccessManager.Actor, failed); return err })
		if n != 1 {
			t.Fatalf("sent again %d times: %v", n, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrDeliverySentAgain)
			}
		}
		mail := k.one(t)
		if mail.Text != "There are news." || mail.ID == failed.String() {
			t.Errorf("%+v", mail)
		}
		first := k.delivery(t, failed)
		if first.State != "failed" || first.AgainAs == nil || first.AgainAs.String() != mail.ID {
			t.Errorf("%+v", first)
		}
		if second := k.delivery(t, *first.AgainAs); second.State != "sent" || second.AgainOf == nil || *second.AgainOf != failed || second.By != k.AccessManager.Account {
			t.Errorf("%+v", second)
		}
		k.WantEvents(t, EventDeliverySentAgain, EventDeliverySentAgain)

		// A link that works no more is not sent, and what a host refuses leaves nothing behind.
		k.mails.fails = []error{permanentError{errors.New("552 too big")}}
		link, err := k.s.newLink(linkInvitation, k.DB.Now())
		must(t, err)
		must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error { return storeLink(ctx, tx, link) }))
		linked := k.queue(t, mailRow{Recipient: "new@else.example", Template: templateInvitation, Link: link.Hash,
			mailContent: mailContent{Text: "See.", Subject: "Come"}})
		k.Drain(t)
		refuse := true
		veto := veranda.NewError(veranda.CodeConflict, "host.no", "Not now.")
		k.DB.Veto(veranda.Hook{Name: "host", Kinds: []string{EventDeliverySentAgain}, Before: func(context.Context, *veranda.Tx, veranda.Event) error {
			if refuse {
				return veto
			}
			return nil
		}})
		_, err = again(k.Owner.Actor, linked)
		want(t, err, veto)
		if d := k.delivery(t, linked); d.AgainAs != nil {
			t.Errorf("%+v", d)
		}
		refuse = false
		k.Clock.Advance(invitationLives)
		_, err = again(k.Owner.Actor, linked)
		want(t, err, ErrDeliveryLinkEnded)
	})
}

func TestBouncedAddress(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		const address = "ada@analytic.example"
		ada, account := k.account(t, address)
		k.mails.fails = []error{refusal{errors.New("550 5.1.1 no such user")}}
		first := k.queue(t, mailRow{Account: account, Recipient: "Ada@analytic.example"})
		second := k.queue(t, mailRow{Account: account, Recipient: address})
		if n := len(k.sent(t)); n != 0 {
			t.Errorf("%d mails went to an address that is refused", n)
		}
		if d := k.delivery(t, first); d.State != "failed" || d.Reason != "550 5.1.1 no such user" {
			t.Errorf("%+v", d)
		}
		if d := k.delivery(t, second); d.State != "failed" || d.Reason != reasonBounced {
			t.Errorf("%+v", d)
		}
		k.WantEvents(t, EventAddressBounced, EventAddressBounced)
		me, err := k.s.Me(ctx, ada)
		must(t, err)
		if a := me.Addresses[0]; a.BouncedAt == nil || a.BounceReason != "550 5.1.1 no such user" {
			t.Errorf("%+v", a)
		}
		_, err = k.s.SendAgain(ctx, k.Owner.Actor, DeliveryInput{Org: k.Org, Delivery: second})
		want(t, err, ErrDeliveryBounced)

		// Its owner asks for a link, uses it, and the address is written to again.
		_, err = k.s.AddAddress(ctx, ada, AddressInput{Address: address})
		must(t, err)
		_, err = k.s.Confirm(ctx, ada, ConfirmInput{Token: token(t, k.one(t))})
		must(t, err)
		if me, err = k.s.Me(ctx, ada); err != nil || me.Addresses[0].BouncedAt != nil || me.Addresses[0].ConfirmedAt == nil {
			t.Errorf("%+v %v", me, err)
		}
		_, err = k.s.SendAgain(ctx, k.Owner.Actor, DeliveryInput{Org: k.Org, Delivery: second})
		must(t, err)
		k.one(t)
		// A link to a new password that arrived proves it as well.
		must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error { return markBounced(ctx, tx, address, account, "550") }))
		_, err = k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: address})
		must(t, err)
		_, err = k.s.ResetPassword(ctx, veranda.Anonymous(), ResetPasswordInput{Token: token(t, k.one(t)), Password: otherPassword})
		must(t, err)
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE bounced_at IS NOT NULL`); n != 0 {
			t.Error("the address is still noted as dead")
		}
	})
}

func TestBounceReports(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		for _, c := range []struct {
			status, state string
			bounced       bool
		}{
			{"4.4.1", "sent", false}, {"2.0.0", "delivered", false}, {"5.7.1", "undelivered", false}, {"5.2.2", "undelivered", false},
			{"5.1.1", "undelivered", true}, {"5.2.1", "undelivered", true}, {"5.0.0", "undelivered", true},
		} {
			id := k.queue(t, mailRow{Account: k.Employee.Account, Recipient: k.Employee.Address})
			k.one(t)
			must(t, k.s.Bounced(ctx, id, c.status, "smtp; said\r\nso"))
			must(t, k.s.Bounced(ctx, id, c.status, "smtp; said\r\nso")) // they are repeated
			d := k.delivery(t, id)
			if d.State != c.state || d.ReportedAt == nil || (d.State != "delivered") != (d.Reason == c.status+" smtp; said  so") {
				t.Errorf("%s: %+v", c.status, d)
			}
			bounced := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE bounced_at IS NOT NULL`)
			if (bounced == 1) != c.bounced {
				t.Errorf("%s: %d addresses are noted", c.status, bounced)
			}
			must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				return clearBounced(ctx, tx, k.Employee.Account, k.Employee.Address)
			}))
		}
		verandatest.WantFields(t, k.s.Bounced(ctx, DeliveryID{}, "5.1", ""), "/status status")
		want(t, k.s.Bounced(ctx, veranda.NewID[deliveryKind](), "5.1.1", ""), veranda.ErrNotFound)
	})
}

// texts is a PhoneSender that keeps what it is sent, and answers as it is told.
type texts struct {
	sent  []TextMessage
	fails []error
}

func (p *texts) SendText(_ context.Context, m TextMessage) error {
	p.sent = append(p.sent, m)
	if len(p.fails) == 0 {
		return nil
	}
	err := p.fails[0]
	p.fails = p.fails[1:]
	return err
}

func TestPhoneReports(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		phone := &texts{}
		k.s.phone = phone
		for name, c := range map[string]struct {
			reports []string
			state   string
		}{
			"in order":    {[]string{"sent", "delivered"}, "delivered"},
			"repeated":    {[]string{"sent", "sent", "delivered", "delivered"}, "delivered"},
			"out of turn": {[]string{"delivered", "sent"}, "delivered"},
			"not arrived": {[]string{"sent", "undelivered", "sent"}, "undelivered"},
			"first ends":  {[]string{"undelivered", "delivered"}, "undelivered"},
		} {
			id := k.queue(t, mailRow{Channel: ChannelPhone, Account: k.Guest.Account, Recipient: "+4915112345678"})
			k.Drain(t)
			for _, state := range c.reports {
				must(t, k.s.PhoneReported(ctx, PhoneReport{Delivery: id, State: state, Reason: "30005 unknown"}))
			}
			if d := k.delivery(t, id); d.State != c.state || (c.state == "undelivered") != (d.Reason == "30005 unknown") && c.state == "undelivered" {
				t.Errorf("%s: %+v", name, d)
			}
		}
		// The answer to handing it in was lost, and the report comes before the next attempt: it is not sent twice.
		phone.sent, phone.fails = nil, []error{errors.New("timeout")}
		id := k.queue(t, mailRow{Channel: ChannelPhone, Recipient: "+4915112345678"})
		k.Drain(t)
		must(t, k.s.PhoneReported(ctx, PhoneReport{Delivery: id, State: "sent"}))
		k.Clock.Advance(time.Hour)
		k.Drain(t)
		if d := k.delivery(t, id); d.State != "sent" || len(phone.sent) != 1 {
			t.Errorf("sent %d times: %+v", len(phone.sent), d)
		}
		mail := k.queue(t, mailRow{Recipient: k.Guest.Address})
		k.Drain(t)
		want(t, k.s.PhoneReported(ctx, PhoneReport{Delivery: mail, State: "delivered"}), veranda.ErrNotFound)
		verandatest.WantFields(t, k.s.PhoneReported(ctx, PhoneReport{State: "read"}), "/state one_of")
	})
}

// Who has a phone alone, or prefers it, is told there by packages that post, where the template has a short form.
func TestPostToAPhone(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		phone := &texts{}
		k.s.phone = phone
		account, now := k.Guest.Account, k.DB.Time(k.DB.Now())
		post := func(m MailRequest) (err error) {
			m.Org, m.Account, m.Data = k.Org, account, map[string]string{"Inviter": "Olga", "Organization": "Works", "Workspace": "Garden"}
			must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				_, err = Post{}.Queue(ctx, tx, m)
				return nil
			}))
			k.Drain(t)
			return err
		}
		k.exec(t, `INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, '+4915123456789', $2, $2)`, account, now)
		must(t, post(MailRequest{Template: templateAdded}))
		if len(phone.sent) != 0 {
			t.Errorf("who prefers mail got %v", phone.sent)
		}
		k.exec(t, `UPDATE veranda_accounts SET channel = 'phone' WHERE id = $1`, account)
		must(t, post(MailRequest{Template: templateAdded}))
		k.exec(t, `UPDATE veranda_addresses SET confirmed_at = NULL WHERE account_id = $1`, account)
		k.exec(t, `UPDATE veranda_accounts SET channel = 'mail' WHERE id = $1`, account)
		must(t, post(MailRequest{Template: templateAdded}))
		if len(phone.sent) != 2 || !strings.Contains(phone.sent[0].Text, "Garden") || phone.sent[0].To != "+4915123456789" {
			t.Errorf("sent %v", phone.sent)
		}
		want(t, post(MailRequest{Template: "digest", Subject: "S", Text: "T"}), veranda.ErrNotFound)
	})
}
