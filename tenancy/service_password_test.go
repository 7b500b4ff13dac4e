package tenancy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func TestChangePassword(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "ada@analytic.example")
		elsewhere := veranda.TokenActor(k.signIn(t, "ada@analytic.example", goodPassword).Token)
		_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: "ada@analytic.example"})
		must(t, err)
		reset := token(t, k.one(t))

		_, err = k.s.ChangePassword(ctx, by, ChangePasswordInput{Present: otherPassword, New: otherPassword})
		want(t, err, ErrPassword)
		_, err = k.s.ChangePassword(ctx, by, ChangePasswordInput{Present: goodPassword, New: "Ada Person"})
		verandatest.WantFields(t, err, "/new common")
		_, err = k.s.ChangePassword(ctx, veranda.Anonymous(), ChangePasswordInput{Present: goodPassword, New: otherPassword})
		want(t, err, veranda.ErrUnauthenticated)
		set, err := k.s.ChangePassword(ctx, by, ChangePasswordInput{Present: goodPassword, New: otherPassword})
		must(t, err)
		if set.SessionsEnded != 1 {
			t.Errorf("%d sessions ended", set.SessionsEnded)
		}
		if mail := k.one(t); mail.Subject != "Your password was changed" || mail.To != "ada@analytic.example" {
			t.Errorf("mail %+v", mail)
		}
		_, err = k.s.Me(ctx, by)
		must(t, err)
		_, err = k.s.Me(ctx, elsewhere)
		want(t, err, veranda.ErrUnauthenticated)
		_, err = k.s.ResetPassword(ctx, veranda.Anonymous(), ResetPasswordInput{Token: reset, Password: goodPassword})
		want(t, err, ErrLink)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "ada@analytic.example", Password: goodPassword})
		want(t, err, ErrSignIn)
		k.signIn(t, "ada@analytic.example", otherPassword)
		k.WantEvents(t, EventPasswordChanged, EventPasswordChanged)
		for range 10 {
			_, err = k.s.ChangePassword(ctx, by, ChangePasswordInput{Present: goodPassword, New: otherPassword})
			want(t, err, ErrPassword)
		}
		_, err = k.s.ChangePassword(ctx, by, ChangePasswordInput{Present: otherPassword, New: goodPassword})
		want(t, err, ErrRate)
	})
}

func TestResetPassword(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "Ada@analytic.example")
		ask := func() string {
			_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: "ADA@analytic.example"})
			must(t, err)
			mail := k.one(t)
			if mail.To != "Ada@analytic.example" || mail.ToName != "Ada Person" {
				t.Errorf("the mail goes to %q, not to the address its owner wrote", mail.To)
			}
			return token(t, mail)
		}
		reset := func(token string) error {
			_, err := k.s.ResetPassword(ctx, veranda.Anonymous(), ResetPasswordInput{Token: token, Password: otherPassword})
			return err
		}
		first, second := ask(), ask()
		_, err := k.s.ResetPassword(ctx, veranda.Anonymous(), ResetPasswordInput{Token: first, Password: "short"})
		verandatest.WantFields(t, err, "/password too_short")
		won, errs := atOnce(8, func(i int) error { return reset([]string{first, second}[i%2]) })
		if won != 1 {
			t.Fatalf("%d of 8 reset it: %v", won, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrLink)
			}
		}
		_, err = k.s.Me(ctx, by)
		want(t, err, veranda.ErrUnauthenticated)
		if mail := k.one(t); mail.Subject != "Your password was changed" {
			t.Errorf("mail %q", mail.Subject)
		}
		k.signIn(t, "ada@analytic.example", otherPassword)
		third := ask()
		k.Clock.Advance(resetLives + time.Second)
		for _, bad := range []string{first, second, third, "", "x", strings.Repeat("A", 43)} {
			want(t, reset(bad), ErrLink)
		}
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: third, Password: goodPassword})
		want(t, err, ErrLink)
		k.WantEvents(t, EventPasswordReset, EventPasswordReset)
	})
}

func TestRequestResetTellsNothing(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@analytic.example")
		type trace struct {
			Answer Registered
			Hashes int64
			Rows   [4]int
			Events int
		}
		run := func(address string) trace {
			hashes, rows, events := k.s.passwords.hashed.Load(), k.rows(t), len(k.Events(t))
			answer, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: address})
			must(t, err)
			tr := trace{Answer: *answer, Hashes: k.s.passwords.hashed.Load() - hashes, Events: len(k.Events(t)) - events}
			for i, n := range k.rows(t) {
				tr.Rows[i] = n - rows[i]
			}
			return tr
		}
		known, unknown := run("ada@analytic.example"), run("unknown@analytic.example")
		if diff := cmp.Diff(unknown, known); diff != "" {
			t.Errorf("a known address is answered differently (-unknown +known):\n%s", diff)
		}
		if mail := k.one(t); mail.To != "ada@analytic.example" {
			t.Errorf("mail to %q", mail.To)
		}
	})
}

func TestMailsAreBounded(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@analytic.example")
		ask := func(address string) error {
			_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: address, ClientAddress: "192.0.2.1"})
			return err
		}
		for range 10 {
			must(t, ask("ada@analytic.example"))
		}
		if n := len(k.sent(t)); n != 4 { // and one to confirm it
			t.Errorf("%d mails to one address", n)
		}
		var err error
		for range 60 {
			if err = ask("somebody@analytic.example"); err != nil {
				break
			}
		}
		want(t, err, ErrRate)
	})
}

// A link tried again and again is refused to the network that tries.
func TestLinkGuessing(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.register(t, "ada@analytic.example", goodPassword)
		link := token(t, k.one(t))
		confirm := func(token, client string) error {
			_, err := k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: token, Password: goodPassword, ClientAddress: client})
			return err
		}
		for range ruleLink.limit {
			want(t, confirm("guess", "192.0.2.1"), ErrLink)
		}
		want(t, confirm("guess", "192.0.2.1"), ErrRate)
		want(t, confirm(link, "192.0.2.1"), ErrRate)
		must(t, confirm(link, "192.0.2.2"))
	})
}

func TestDelivery(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		state := func() (state, reason string) {
			_, err := readOne(ctx, k.DB.Conn().Query, `SELECT state, reason FROM veranda_deliveries ORDER BY id DESC LIMIT 1`, nil, &state, &reason)
			must(t, err)
			return state, reason
		}
		k.mails.fails = []error{errors.New("451 try later"), errors.New("still not")}
		k.register(t, "ada@analytic.example", goodPassword)
		if n := len(k.sent(t)); n != 0 {
			t.Fatal("sent in spite of an error")
		}
		if s, r := state(); s != "queued" || r != "451 try later" {
			t.Errorf("%s, %s", s, r)
		}
		for range 2 {
			k.Clock.Advance(time.Minute)
			k.Drain(t)
		}
		first := k.one(t)
		if s, _ := state(); s != "sent" {
			t.Errorf("state %s", s)
		}
		// After a crash behind the sending the event comes again: a sent mail is not sent twice.
		event := k.Events(t, EventDeliveryQueued)[0]
		must(t, k.s.deliver(ctx, event))
		if n := len(k.sent(t)); n != 0 {
			t.Error("sent twice")
		}
		if first.ID != event.Subject {
			t.Errorf("the mail's id is %q, the delivery's %q", first.ID, event.Subject)
		}

		k.mails.fails = []error{permanentError{errors.New("550 no such user\r\nX: y")}}
		k.register(t, "gone@analytic.example", goodPassword)
		k.Drain(t)
		if s, r := state(); s != "failed" || r != "550 no such user  X: y" {
			t.Errorf("%s, %q", s, r)
		}
		k.WantEvents(t, EventDeliveryFailed, EventDeliveryFailed)
		if n := k.Env.Open(t); n != 0 {
			t.Errorf("%d pieces of work are open", n)
		}

		// A mail whose link has ended before it could be sent is not sent.
		k.mails.fails = []error{errors.New("down")}
		k.register(t, "slow@analytic.example", goodPassword)
		k.Drain(t)
		k.Clock.Advance(confirmLives)
		if n := len(k.sent(t)); n != 0 {
			t.Error("a dead link was sent")
		}
		if s, r := state(); s != "failed" || r != reasonLinkEnded {
			t.Errorf("%s, %q", s, r)
		}

		// Given up in the end.
		for range maxSendAttempts {
			k.mails.fails = append(k.mails.fails, errors.New("down"))
		}
		must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := Post{}.Queue(ctx, tx, MailRequest{To: "x@y.example", Template: "digest", Subject: "s", Text: "t"})
			return err
		}))
		for range maxSendAttempts {
			k.Drain(t)
			k.Clock.Advance(time.Hour)
		}
		if s, r := state(); s != "given_up" || r != "down" {
			t.Errorf("%s, %q", s, r)
		}
	})
}

func TestPost(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		queue := func(m MailRequest) error {
			return k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				_, err := Post{}.Queue(ctx, tx, m)
				return err
			})
		}
		must(t, queue(MailRequest{
			Org: k.Org, Account: k.Employee.Account, Template: "digest", Subject: "Your week\r\nBcc: x@y.example", Text: "text", HTML: "<p>html</p>",
			UnsubscribeURL: "https://veranda.example/unsubscribe",
		}))
		mail := k.one(t)
		wanted := Mail{
			ID: mail.ID, To: k.Employee.Address, ToName: k.Employee.Name, Subject: "Your week  Bcc: x@y.example", Text: "text", HTML: "<p>html</p>",
			UnsubscribeURL: "https://veranda.example/unsubscribe",
		}
		if diff := cmp.Diff(wanted, mail); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		want(t, queue(MailRequest{Account: veranda.NewAccountID(), Template: "digest", Subject: "s"}), veranda.ErrNotFound)

		queueBy := func(by, to veranda.AccountID) {
			must(t, queue(MailRequest{Org: k.Org, Account: to, By: by, Template: "digest", Subject: "s"}))
		}
		queueBy(k.Employee.Account, k.Guest.Account)
		queueBy(k.Owner.Account, k.External.Account)
		must(t, queue(MailRequest{Org: k.Other, Account: k.Outsider.Account, Template: "digest", Subject: "s"}))
		for _, c := range []struct {
			by   veranda.Actor
			want int
		}{
			{k.Owner.Actor, 3}, {k.Administrator.Actor, 3}, {k.AccessManager.Actor, 3}, {k.Employee.Actor, 2}, {k.External.Actor, 1}, {k.Guest.Actor, 1},
		} {
			list, err := k.s.Deliveries(ctx, c.by, DeliveriesInput{Org: k.Org})
			must(t, err)
			if len(list.Items) != c.want {
				t.Errorf("sees %d deliveries, want %d", len(list.Items), c.want)
			}
		}
		_, err := k.s.Deliveries(ctx, k.Outsider.Actor, DeliveriesInput{Org: k.Org})
		want(t, err, veranda.ErrNotFound)
		// Support sees what it caused itself, which is nothing here.
		list, err := k.s.Deliveries(ctx, k.Support.Actor, DeliveriesInput{Org: k.Org})
		must(t, err)
		if len(list.Items) != 0 {
			t.Errorf("support sees %d deliveries of an organization", len(list.Items))
		}

		var recipients []string
		page := veranda.Page{Limit: 1}
		for {
			list, err := k.s.Deliveries(ctx, k.Owner.Actor, DeliveriesInput{Org: k.Org, Page: page})
			must(t, err)
			for _, d := range list.Items {
				recipients = append(recipients, d.Recipient)
			}
			if page.Cursor = list.Next; list.Next == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{k.External.Address, k.Guest.Address, k.Employee.Address}, recipients); diff != "" {
			t.Errorf("newest first (-want +got):\n%s", diff)
		}
		list, err = k.s.Deliveries(ctx, k.Owner.Actor, DeliveriesInput{Org: k.Org, State: "sent"})
		must(t, err)
		if len(list.Items) != 1 {
			t.Errorf("%d sent", len(list.Items))
		}
		_, err = k.s.Deliveries(ctx, k.Owner.Actor, DeliveriesInput{Org: k.Org, State: "lost", Page: veranda.Page{Cursor: veranda.EncodeCursor("deliveries", "x", "y")}})
		verandatest.WantFields(t, err, "/cursor cursor", "/state one_of")
	})
}
