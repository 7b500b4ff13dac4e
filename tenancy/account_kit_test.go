package tenancy

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	_ "time/tzdata"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// kit is what tests of accounts and invitations work with.
type kit struct {
	*verandatest.Env
	*world.World
	s     *Service
	authz *Authorizer
	mails *mailbox
	texts *textbox
}

const (
	goodPassword  = "quiet-orbit-lantern"
	otherPassword = "lantern-orbit-quiet"
)

// testCost makes a hash in microseconds.
var testCost = PasswordCost{Memory: 64, Time: 1, Threads: 1}

func eachKit(t *testing.T, run func(t *testing.T, k *kit)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, []veranda.Module{veranda.Core(), Module()}, func(t *testing.T, e *verandatest.Env) { run(t, newKit(t, e, veranda.Unlimited{})) })
}

func newKit(t testing.TB, e *verandatest.Env, limits veranda.Limits) *kit {
	t.Helper()
	authz, err := NewAuthorizer(context.Background(), e.DB, Module())
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{Env: e, World: world.New(t, e), authz: authz, mails: &mailbox{}, texts: &textbox{}}
	k.s, err = New(Deps{
		DB: e.DB, Authz: authz, Limits: limits, Mailer: k.mails, Phone: k.texts, Secret: []byte(strings.Repeat("k", 32)), BaseURL: "https://veranda.example",
		PasswordCost: testCost,
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// mailbox is a Mailer that keeps what it is sent. As a real one it may be sent a mail twice, and may fail.
type mailbox struct {
	mu    sync.Mutex
	mails []Mail
	fails []error // of the next calls
}

func (m *mailbox) Send(_ context.Context, mail Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.fails) > 0 {
		err := m.fails[0]
		m.fails = m.fails[1:]
		if err != nil {
			return err
		}
	}
	m.mails = append(m.mails, mail)
	return nil
}

// sent gives and forgets what arrived.
func (k *kit) sent(t *testing.T) []Mail {
	t.Helper()
	k.Drain(t)
	k.mails.mu.Lock()
	defer k.mails.mu.Unlock()
	mails := k.mails.mails
	k.mails.mails = nil
	return mails
}

// one gives the only mail that arrived.
func (k *kit) one(t *testing.T) Mail {
	t.Helper()
	mails := k.sent(t)
	if len(mails) != 1 {
		t.Fatalf("want one mail, got %d: %+v", len(mails), mails)
	}
	return mails[0]
}

var linkPattern = regexp.MustCompile(`https://veranda\.example/(confirm|reset|invitation|activate)\?token=(\S+)`)

// token is that of the link in a mail.
func token(t *testing.T, mail Mail) string {
	t.Helper()
	found := linkPattern.FindStringSubmatch(mail.Text)
	if found == nil {
		t.Fatalf("no link in the mail:\n%s", mail.Text)
	}
	text, err := url.QueryUnescape(found[2])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (k *kit) register(t *testing.T, address, password string) {
	t.Helper()
	_, err := k.s.Register(context.Background(), veranda.Anonymous(), RegisterInput{Address: address, Password: password, Name: "Ada Person", ClientAddress: "198.51.100.7"})
	if err != nil {
		t.Fatal(err)
	}
}

// account makes a confirmed account and signs it in.
func (k *kit) account(t *testing.T, address string) (veranda.Actor, veranda.AccountID) {
	t.Helper()
	k.register(t, address, goodPassword)
	if _, err := k.s.Confirm(context.Background(), veranda.Anonymous(), ConfirmInput{Token: token(t, k.one(t)), Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	session := k.signIn(t, address, goodPassword)
	return veranda.TokenActor(session.Token), session.Account
}

func (k *kit) signIn(t *testing.T, address, password string) *NewSession {
	t.Helper()
	session, err := k.s.SignIn(context.Background(), veranda.Anonymous(), SignInInput{Address: address, Password: password, ClientAddress: "203.0.113.5"})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// want asserts that an error is exactly one of the package's.
func want(t *testing.T, err error, wanted *veranda.Error) {
	t.Helper()
	if !errors.Is(err, wanted) {
		t.Fatalf("want %v, got %v", wanted, err)
	}
	if wanted == ErrLink || wanted == veranda.ErrNotFound {
		if err.Error() != wanted.Error() {
			t.Fatalf("want exactly %q, got %q", wanted, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// atOnce runs something n times at once and counts the errors that are nil.
func atOnce(n int, run func(i int) error) (succeeded int, errs []error) {
	errs = make([]error, n)
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wait.Go(func() {
			<-start
			errs[i] = run(i)
		})
	}
	close(start)
	wait.Wait()
	for _, err := range errs {
		if err == nil {
			succeeded++
		}
	}
	return succeeded, errs
}

// count runs a query that gives one number.
func (k *kit) count(t *testing.T, text string, args ...any) int {
	t.Helper()
	n := 0
	if _, err := readOne(context.Background(), k.DB.Conn().Query, text, args, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
