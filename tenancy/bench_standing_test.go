package tenancy_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
)

// crowd is a database with many memberships: in one organization, or in organizations of a hundred.
type crowd struct {
	db      *veranda.DB
	authz   *tenancy.Authorizer
	read    veranda.ComposedRead
	orgs    int
	members int // of each organization
}

// memberships is how many there are; VERANDA_BENCH_MEMBERSHIPS says otherwise.
func memberships(b *testing.B) int {
	b.Helper()
	text := os.Getenv("VERANDA_BENCH_MEMBERSHIPS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// Organizations and accounts have numbers as ids, and accounts sessions by their numbers.
const (
	crowdOrg     = `00000000-0000-7000-9000-%012x`
	crowdAccount = `00000000-0000-7000-8000-%012x`
	crowdTokens  = 10_000
)

func newCrowd(b *testing.B, engine verandatest.Engine, orgs, members int) *crowd {
	b.Helper()
	ctx := context.Background()
	e := verandatest.New(b, engine, modules())
	c := &crowd{db: e.DB, orgs: orgs, members: members}
	now := e.DB.Time(e.DB.Now())
	exec := func(postgres, sqlite string, args ...any) {
		b.Helper()
		if err := e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, tx.DB().Pick(postgres, sqlite), args...)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	exec(`INSERT INTO veranda_accounts (id, name, language, time_zone, state, created_at, updated_at, version)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'Somebody', 'en', 'UTC', 'active', $2, $2, 1 FROM generate_series(0, $1::bigint - 1) i`,
		`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
INSERT INTO veranda_accounts (id, name, language, time_zone, state, created_at, updated_at, version)
SELECT printf('00000000-0000-7000-8000-%012x', i), 'Somebody', 'en', 'UTC', 'active', $2, $2, 1 FROM n`, orgs*members, now)
	exec(`INSERT INTO veranda_organizations (id, kind, name, domains, employees_invite, language, time_zone, policy_version, created_by, created_at, updated_at, version)
SELECT ('00000000-0000-7000-9000-' || lpad(to_hex(i), 12, '0'))::uuid, 'organization', 'A house', '[]', false, 'en', 'UTC', 0, '00000000-0000-7000-8000-000000000000', $2, $2, 1 FROM generate_series(0, $1::bigint - 1) i`,
		`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
INSERT INTO veranda_organizations (id, kind, name, domains, employees_invite, language, time_zone, policy_version, created_by, created_at, updated_at, version)
SELECT printf('00000000-0000-7000-9000-%012x', i), 'organization', 'A house', '[]', 0, 'en', 'UTC', 0, '00000000-0000-7000-8000-000000000000', $2, $2, 1 FROM n`, orgs, now)
	exec(`INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version)
SELECT ('00000000-0000-7000-9000-' || lpad(to_hex(i / $2::bigint), 12, '0'))::uuid, ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'internal', 'employee', 'somebody' || i || '@house.example', $3, 1 FROM generate_series(0, $1::bigint - 1) i`,
		`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version)
SELECT printf('00000000-0000-7000-9000-%012x', i / $2), printf('00000000-0000-7000-8000-%012x', i), 'internal', 'employee', 'somebody' || i || '@house.example', $3, 1 FROM n`, orgs*members, members, now)
	err := e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		for i := range min(crowdTokens, orgs*members) {
			hash := sha256.Sum256([]byte(strconv.Itoa(i)))
			if _, err := tx.Exec(ctx, `INSERT INTO veranda_sessions (token_hash, id, account_id, kind, label, address, created_at, seen_at, expires_at) VALUES ($1, $2, $3, 'browser', '', '', $4, $4, $5)`,
				hash[:], veranda.NewAccountID(), fmt.Sprintf(crowdAccount, i*c.stride()), now, e.DB.Time(e.DB.Now().Add(time.Hour))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{"ANALYZE veranda_memberships", "ANALYZE veranda_organizations", "ANALYZE veranda_sessions"} {
		if _, err := e.DB.Writer().NewRaw(text).Exec(ctx); err != nil {
			b.Fatal(err)
		}
	}
	if c.authz, err = tenancy.NewAuthorizer(ctx, e.DB, modules()...); err != nil {
		b.Fatal(err)
	}
	c.read = c.authz.Compose(veranda.Target{})
	return c
}

// stride spreads the sessions over all accounts.
func (c *crowd) stride() int { return max(1, c.orgs*c.members/crowdTokens) }

type passer struct {
	org     veranda.OrgID
	account veranda.AccountID
	token   string
}

// passers are people to ask about, made beforehand, spread over all.
func (c *crowd) passers(b *testing.B) []passer {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]passer, 4096)
	for i := range out {
		n := random.IntN(min(crowdTokens, c.orgs*c.members))
		account := n * c.stride()
		out[i].token = strconv.Itoa(n)
		if err := out[i].org.UnmarshalText(fmt.Appendf(nil, crowdOrg, account/c.members)); err != nil {
			b.Fatal(err)
		}
		if err := out[i].account.UnmarshalText(fmt.Appendf(nil, crowdAccount, account)); err != nil {
			b.Fatal(err)
		}
	}
	return out
}

// bare is the indexed read of one membership, by the same means: a prepared statement, a row, a scan.
func (c *crowd) bare(ctx context.Context, p passer) error {
	rows, err := c.db.Conn().Query(ctx, `SELECT m.kind, m.roles, m.cap FROM veranda_memberships m WHERE m.org_id = $1 AND m.account_id = $2 AND m.disabled_at IS NULL`, p.org, p.account)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var kind, roles, limit string
	if !rows.Next() {
		return sql.ErrNoRows
	}
	if err := rows.Scan(&kind, &roles, &limit); err != nil {
		return err
	}
	return rows.Err()
}

// checked is a permission check with all it reads.
func (c *crowd) checked(ctx context.Context, p passer, by veranda.Actor) error {
	standing, err := c.db.Conn().Read(ctx, c.read, by, p.org, nil)
	if err != nil {
		return err
	}
	return c.authz.Decide(ctx, c.db.Conn(), standing, veranda.Ask{Permission: tenancy.PermOrganizationRead})
}

// BenchmarkStanding is what a permission check costs with a million memberships, the membership looked up, beside the
// bare indexed read of one membership: RATIO lines. MEMORY lines say how much more the program holds after asking about
// thousands of people.
func BenchmarkStanding(b *testing.B) {
	all := memberships(b)
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		for _, shape := range []struct {
			name          string
			orgs, members int
		}{{"one organization", 1, all}, {"organizations of a hundred", all / 100, 100}} {
			b.Run(string(engine)+"/"+shape.name, func(b *testing.B) {
				c := newCrowd(b, engine, shape.orgs, shape.members)
				ctx := context.Background()
				people := c.passers(b)
				heap := held()
				// By turns, call by call, and the middle one counts: the machine is not always equally fast.
				var took [3][]time.Duration
				for b.Loop() {
					for i, call := range []func(p passer) error{
						func(p passer) error { return c.bare(ctx, p) },
						func(p passer) error { return c.checked(ctx, p, veranda.AccountActor(p.account)) },
						func(p passer) error { return c.checked(ctx, p, veranda.TokenActor(p.token)) },
					} {
						// Each about somebody else: what one has read would be there for the next.
						p := people[(len(took[i])+i*len(people)/3)%len(people)]
						began := time.Now()
						if err := call(p); err != nil {
							b.Fatal(err)
						}
						took[i] = append(took[i], time.Since(began))
					}
				}
				bare := median(took[0])
				b.ReportMetric(median(took[1])/bare, "account/bare")
				b.ReportMetric(median(took[2])/bare, "session/bare")
				for i, who := range []string{"account", "session"} {
					fmt.Printf("RATIO %s, %s, %s: %.2f (%.1f µs to %.1f µs bare, %d calls)\n", engine, shape.name, who, median(took[i+1])/bare, median(took[i+1]), bare, len(took[0]))
				}
				took = [3][]time.Duration{}
				fmt.Printf("MEMORY %s, %s: %+d KiB\n", engine, shape.name, (int64(held())-int64(heap))/1024)
			})
		}
	}
}

// median is the middle one, in microseconds.
func median(took []time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)/2]) / float64(time.Microsecond)
}

// held is how much the program holds.
func held() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
