package tenancy

import (
	"context"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func TestWelcome(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		must(t, k.DB.Consume(k.s.Welcome()))
		updated, err := k.s.UpdateOrganization(ctx, k.Owner.Actor, UpdateOrganizationInput{Org: k.Org, Welcome: new(" Coffee is on <us>.\r\nDoors open at nine. ")})
		must(t, err)
		if updated.Welcome != "Coffee is on <us>.\nDoors open at nine." {
			t.Errorf("the welcome is %q", updated.Welcome)
		}
		_, err = k.s.UpdateOrganization(ctx, k.Owner.Actor, UpdateOrganizationInput{Org: k.Org, Welcome: new(strings.Repeat("x", 5001))})
		verandatest.WantFields(t, err, "/welcome too_long")
		welcomed := func() (to []string) {
			t.Helper()
			for _, mail := range k.sent(t) {
				if mail.Subject == "Welcome to Veranda Works" {
					to = append(to, mail.To)
					for text, part := range map[string]string{"Coffee is on <us>.\nDoors open at nine.": mail.Text, "Coffee is on &lt;us&gt;.": mail.HTML} {
						if !strings.Contains(part, text) {
							t.Errorf("the mail does not say %q:\n%s", text, part)
						}
					}
				}
			}
			return to
		}
		join := func(account veranda.AccountID, kind string, event string, before string) {
			t.Helper()
			must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				if _, err := tx.Exec(ctx, `UPDATE veranda_memberships SET kind = $3 WHERE org_id = $1 AND account_id = $2`, k.Org, account, kind); err != nil {
					return err
				}
				tx.Emit(veranda.Event{Org: k.Org, Kind: event, Subject: account.String(), By: account, Data: veranda.MarshalData(MemberJoined{Kind: kind, Before: before})})
				return nil
			}))
		}
		for _, c := range []struct {
			what    string
			account veranda.AccountID
			kind    string
			event   string
			before  string
			want    int
		}{
			{"a new employee", k.Employee.Account, MemberInternal, EventMemberJoined, "", 1},
			{"the same again", k.Employee.Account, MemberInternal, EventMemberJoined, "", 0},
			{"an external", k.External.Account, MemberExternal, EventMemberJoined, "", 0},
			{"who becomes an employee", k.External.Account, MemberInternal, EventMemberUpgraded, MemberExternal, 1},
			{"who is one already", k.Stranger.Account, MemberInternal, EventMemberJoined, MemberInternal, 0},
			{"the founder", k.Owner.Account, MemberInternal, EventMemberJoined, "", 0},
			{"who does not belong to it any more", k.Outsider.Account, MemberInternal, EventMemberJoined, "", 0},
		} {
			join(c.account, c.kind, c.event, c.before)
			if to := welcomed(); len(to) != c.want {
				t.Errorf("%s: %d mails, want %d", c.what, len(to), c.want)
			}
		}
		k.exec(t, `DELETE FROM veranda_addresses WHERE account_id = $1`, k.Administrator.Account)
		join(k.Administrator.Account, MemberInternal, EventMemberJoined, "")
		if to := welcomed(); len(to) != 0 || k.Env.Open(t) != 0 {
			t.Errorf("who has no address: %v, %d left to do", to, k.Env.Open(t))
		}
	})
}
