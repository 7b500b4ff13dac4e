package tenancy

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

// By phone, where that is all that is known, or what the person prefers.
func TestTell(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		now := k.DB.Time(k.Clock.Now())
		k.set(t, `INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, '+4930123456', $2, $2)`, k.Stranger.Account, now)
		tell := func(workspace veranda.WorkspaceID) (mails []Mail, messages []TextMessage) {
			t.Helper()
			k.phone.sent = nil
			assigned, err := k.assign(k.Owner.Actor, k.Stranger.Address, func(in *AssignPersonInput) { in.Workspace = workspace })
			must(t, err)
			if assigned.Result != AssignedHere {
				t.Fatal(assigned.Result)
			}
			mails = k.sent(t)
			k.set(t, `DELETE FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`, k.Org, k.Stranger.Account)
			return mails, k.phone.sent
		}
		if mails, messages := tell(k.World.Open); len(mails) != 1 || len(messages) != 0 {
			t.Errorf("%d mails, %d messages", len(mails), len(messages))
		}
		k.set(t, `UPDATE veranda_accounts SET channel = 'phone' WHERE id = $1`, k.Stranger.Account)
		if mails, messages := tell(k.World.Open); len(mails) != 0 || len(messages) != 1 || messages[0].To != "+4930123456" || !strings.Contains(messages[0].Text, "Open") {
			t.Errorf("%d mails, messages %+v", len(mails), messages)
		}
		k.set(t, `UPDATE veranda_phones SET confirmed_at = NULL WHERE account_id = $1`, k.Stranger.Account)
		if mails, messages := tell(k.Sibling); len(mails) != 1 || len(messages) != 0 {
			t.Errorf("an unproved number: %d mails, %d messages", len(mails), len(messages))
		}
		k.set(t, `UPDATE veranda_accounts SET channel = 'mail' WHERE id = $1`, k.Stranger.Account)
		k.set(t, `UPDATE veranda_phones SET confirmed_at = $2 WHERE account_id = $1`, k.Stranger.Account, now)
		k.set(t, `UPDATE veranda_addresses SET bounced_at = $2 WHERE account_id = $1`, k.Stranger.Account, now)
		if mails, messages := tell(k.Sibling); len(mails) != 0 || len(messages) != 1 {
			t.Errorf("nothing but a phone is left: %d mails, %d messages", len(mails), len(messages))
		}
	})
}

// The fall-back language counts where nothing is written in the person's own.
func TestMailLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ own, fallback, want string }{
		{"en", "de", "en"}, {"en-GB", "de", "en-GB"}, {"tlh", "", "tlh"}, {"tlh", "en-GB", "en-GB"},
	} {
		if got := mailLanguage(c.own, c.fallback); got != c.want {
			t.Errorf("own %s, fallback %s: %s, want %s", c.own, c.fallback, got, c.want)
		}
	}
}

// Of many who assign the same new person at once, one makes the account.
func TestAssignAtOnce(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		k.set(t, `UPDATE veranda_memberships SET roles = 'owner' WHERE org_id = $1`, k.Other)
		results := make([]*Assigned, 8)
		n, errs := atOnce(len(results), func(i int) (err error) {
			if i%2 == 0 {
				results[i], err = k.assign(k.Owner.Actor, "race@new.example")
				return err
			}
			results[i], err = k.s.AssignPerson(context.Background(), k.Outsider.Actor, AssignPersonInput{
				Org: k.Other, Workspace: k.OtherWorkspace, Address: "race@new.example", FirstName: "Other", LastName: "Name",
			})
			return err
		})
		if n != len(results) {
			t.Fatal(errs)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE address_key = 'race@new.example'`); n != 1 {
			t.Errorf("%d accounts", n)
		}
		created, linked := 0, 0
		for _, r := range results {
			switch r.Result {
			case AssignedCreatedInternal:
				created++
			case AssignedLinked:
				linked++
				if r.Member.Name != "" || r.Member.State != StateOffered {
					t.Errorf("the other organization is told %+v", r.Member)
				}
			}
		}
		if created != 1 || linked != 4 {
			t.Errorf("%d created, %d linked", created, linked)
		}
	})
}

func TestResendActivation(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		resend := func(by veranda.Actor, org veranda.OrgID, account veranda.AccountID) error {
			_, err := k.s.ResendActivation(ctx, by, ReservedInput{Org: org, Account: account})
			return err
		}
		assigned, err := k.assign(k.Owner.Actor, "late@new.example")
		must(t, err)
		first := token(t, k.one(t))
		k.Clock.Advance(15 * 24 * time.Hour)
		_, err = k.s.Activate(ctx, veranda.Anonymous(), ActivateInput{Token: first, Password: goodPassword})
		want(t, err, ErrLink)
		account := assigned.Member.Account
		want(t, resend(k.Employee.Actor, k.Org, account), veranda.ErrForbidden)
		want(t, resend(k.Outsider.Actor, k.Org, account), veranda.ErrNotFound)
		want(t, resend(k.Outsider.Actor, k.Other, account), veranda.ErrNotFound)
		want(t, resend(k.Owner.Actor, k.Org, veranda.NewAccountID()), veranda.ErrNotFound)
		want(t, resend(k.Owner.Actor, k.Org, k.Guest.Account), ErrNotReserved)
		before := len(k.Events(t))
		must(t, resend(k.AccessManager.Actor, k.Org, account))
		if diff := cmp.Diff([]string{EventActivationSent}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		second := token(t, k.one(t))
		for range 4 {
			must(t, resend(k.AccessManager.Actor, k.Org, account))
		}
		want(t, resend(k.AccessManager.Actor, k.Org, account), ErrRate)
		_, err = k.s.Activate(ctx, veranda.Anonymous(), ActivateInput{Token: second, Password: goodPassword})
		want(t, err, ErrLink)
		mails := k.sent(t)
		_, err = k.s.Activate(ctx, veranda.Anonymous(), ActivateInput{Token: token(t, mails[len(mails)-1]), Password: goodPassword})
		must(t, err)
		k.Clock.Advance(2 * time.Hour)
		want(t, resend(k.AccessManager.Actor, k.Org, account), ErrNotReserved)
	})
}
