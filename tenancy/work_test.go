package tenancy

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
)

// work is what was done: hashes computed and rows kept. Tests compare it, for the time it takes depends on the machine.
type work struct {
	Hashes                                                          int64
	Accounts, Addresses, Links, Deliveries, Events, Attempts, Codes int
}

func (k *kit) work(t *testing.T) work {
	t.Helper()
	rows := func(table string) int { return k.count(t, `SELECT count(*) FROM veranda_`+table) }
	return work{
		Hashes: k.s.passwords.hashed.Load(), Accounts: rows("accounts"), Addresses: rows("addresses"), Links: rows("links"),
		Deliveries: rows("deliveries"), Events: rows("events"), Attempts: k.count(t, `SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM veranda_attempts`), Codes: rows("phone_codes"),
	}
}

func (w work) since(before work) work {
	return work{
		Hashes: w.Hashes - before.Hashes, Accounts: w.Accounts - before.Accounts, Addresses: w.Addresses - before.Addresses, Links: w.Links - before.Links,
		Deliveries: w.Deliveries - before.Deliveries, Events: w.Events - before.Events, Attempts: w.Attempts - before.Attempts, Codes: w.Codes - before.Codes,
	}
}

// The work of a call is the same whether somebody has an account or not: for a known address, a pending one, a disabled one,
// a reserved one and an unknown one, for known and unknown numbers.
func TestSameWork(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "known@works.example")
		k.phone(t, by, onePhone)
		k.account(t, "coded@works.example")
		_, coded := k.account(t, "factor@works.example")
		k.exec(t, `INSERT INTO veranda_factors (account_id, secret, last_step, confirmed_at, created_at) VALUES ($1, $2, 0, $3, $3)`, coded, []byte("x"), k.DB.Time(k.DB.Now()))
		k.register(t, "pending@works.example", otherPassword)
		k.sent(t)
		_, disabled := k.account(t, "disabled@works.example")
		k.exec(t, `UPDATE veranda_accounts SET state = 'disabled' WHERE id = $1`, disabled)
		k.reserve(t, "Rosa Reserved", "reserved@works.example", otherPhone, false)
		k.sent(t)

		addresses := []string{"unknown@works.example", "known@works.example", "factor@works.example", "pending@works.example", "disabled@works.example", "reserved@works.example"}
		phones := []string{"+4915199999999", onePhone, otherPhone}
		for name, call := range map[string]func(address, phone string) error{
			"sign in": func(address, phone string) error {
				_, err := k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: address, Phone: phone, Password: "wrong", Code: "123456", ClientAddress: "192.0.2.1"})
				want(t, err, ErrSignIn)
				return nil
			},
			"reset": func(address, phone string) error {
				_, err := k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: address, Phone: phone, ClientAddress: "192.0.2.1"})
				return err
			},
			"register": func(address, _ string) error {
				if address == "" {
					return nil
				}
				_, err := k.s.Register(ctx, veranda.Anonymous(), RegisterInput{Address: address, Password: goodPassword, Name: "Some Body", ClientAddress: "192.0.2.1"})
				return err
			},
		} {
			measure := func(address, phone string) work {
				before := k.work(t)
				must(t, call(address, phone))
				return k.work(t).since(before)
			}
			for i, list := range [][]string{addresses, phones} {
				var first work
				for j, who := range list {
					address, phone := who, ""
					if i == 1 {
						address, phone = "", who
					}
					got := measure(address, phone)
					if j == 0 {
						first = got
					} else if got != first {
						t.Errorf("%s: %s is %+v, an unknown one %+v", name, who, got, first)
					}
				}
			}
		}
	})
}

// exec runs a statement.
func (k *kit) exec(t *testing.T, text string, args ...any) {
	t.Helper()
	must(t, k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	}))
}
