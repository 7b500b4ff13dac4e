package tenancy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dnstest"
	"github.com/veranda-go/veranda/verandatest"
)

// domainKit has a DNS of its own.
type domainKit struct {
	*kit
	dns    *dnstest.Server
	limits *members
}

// members is a Limits that has room for so many further members; less than zero is any number.
type members struct{ room int64 }

func (m *members) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, add int64) error {
	switch {
	case resource != "members" || m.room < 0:
		return nil
	case m.room < add:
		return veranda.LimitError("members", "The plan has no room for further members.")
	}
	m.room -= add
	return nil
}

func eachDomainKit(t *testing.T, run func(t *testing.T, k *domainKit)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, []veranda.Module{veranda.Core(), Module()}, func(t *testing.T, e *verandatest.Env) {
		limits := &members{room: -1}
		k := &domainKit{kit: newKit(t, e, limits), dns: dnstest.New(t), limits: limits}
		k.s.resolver = k.dns.Resolver()
		run(t, k)
	})
}

func (k *domainKit) claim(t *testing.T, org veranda.OrgID, by veranda.Actor, domain string) *Domain {
	t.Helper()
	d, err := k.s.ClaimDomain(context.Background(), by, ClaimDomainInput{Org: org, Domain: domain})
	must(t, err)
	return d
}

// prove claims a domain, sets its record and has it checked.
func (k *domainKit) prove(t *testing.T, org veranda.OrgID, by veranda.Actor, domain string) *Domain {
	t.Helper()
	d := k.claim(t, org, by, domain)
	k.dns.Set(d.RecordName, []string{d.RecordValue})
	d, err := k.s.CheckDomain(context.Background(), by, DomainInput{Org: org, Domain: domain})
	must(t, err)
	return d
}

func TestClaimDomain(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		for _, c := range []struct{ domain, want string }{
			{"", "domain"}, {"localhost", "domain"}, {"exa mple.com", "domain"}, {"*.example.com", "domain"}, {"a@example.com", "domain"}, {"192.0.2.1", "domain"},
			{"c\u043empany.example", "domain"}, {"-a.example", "domain"}, {"https://example.com", "domain"}, {"example.com..", "domain"},
			{"gmail.com", "public_mail"}, {"GMAIL.com.", "public_mail"}, {"mail.ru", "public_mail"}, {"yahoo.co.uk", "public_mail"},
			{"co.uk", "public_suffix"}, {"com.tr", "public_suffix"}, {"github.io", "public_suffix"}, {"xn--a.example", "domain"}, {"москва.рф.", ""},
			{strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + "." + strings.Repeat("c", 60) + "." + strings.Repeat("d", 61) + ".com", "too_long"},
		} {
			_, err := k.s.ClaimDomain(ctx, k.Owner.Actor, ClaimDomainInput{Org: k.Org, Domain: c.domain})
			if c.want == "" {
				must(t, err)
				continue
			}
			verandatest.WantFields(t, err, "/domain "+c.want)
		}
		d := k.claim(t, k.Org, k.Owner.Actor, " BÜCHER.example. ")
		if d.Domain != "xn--bcher-kva.example" || d.Unicode != "bücher.example" || d.State != DomainClaimed || d.RecordName != "_veranda.xn--bcher-kva.example" ||
			!strings.HasPrefix(d.RecordValue, "veranda-domain=") || len(d.RecordValue) < len("veranda-domain=")+22 {
			t.Errorf("%+v", d)
		}
		if again := k.claim(t, k.Org, k.Administrator.Actor, "xn--bcher-kva.example"); again.RecordValue != d.RecordValue || again.CreatedBy != k.Owner.Account {
			t.Errorf("a second claim gave %+v", again)
		}
		if other := k.claim(t, k.Other, k.Outsider.Actor, "bücher.example"); other.RecordValue == d.RecordValue {
			t.Error("two organizations have one token")
		}
		for _, by := range []struct {
			who  veranda.Actor
			want *veranda.Error
		}{
			{k.AccessManager.Actor, veranda.ErrForbidden}, {k.Employee.Actor, veranda.ErrForbidden}, {k.External.Actor, veranda.ErrForbidden},
			{k.Guest.Actor, veranda.ErrForbidden}, {k.Support.Actor, veranda.ErrForbidden}, {k.Outsider.Actor, veranda.ErrNotFound},
			{veranda.Anonymous(), veranda.ErrUnauthenticated}, {veranda.Actor{}, veranda.ErrUnauthenticated},
		} {
			_, err := k.s.ClaimDomain(ctx, by.who, ClaimDomainInput{Org: k.Org, Domain: "other.example"})
			want(t, err, by.want)
			_, err = k.s.Domains(ctx, by.who, DomainsInput{Org: k.Org})
			want(t, err, by.want)
			hidden := by.want
			if hidden == veranda.ErrForbidden {
				hidden = veranda.ErrNotFound // who does not read the list is not told what is in it
			}
			_, err = k.s.CheckDomain(ctx, by.who, DomainInput{Org: k.Org, Domain: d.Domain})
			want(t, err, hidden)
			want(t, k.s.RemoveDomain(ctx, by.who, DomainInput{Org: k.Org, Domain: d.Domain}), hidden)
		}
		list, err := k.s.Domains(ctx, k.Administrator.Actor, DomainsInput{Org: k.Org})
		must(t, err)
		if len(list.Items) != 2 || list.Items[0].Domain != "xn--80adxhks.xn--p1ai" || list.Items[1].Unicode != "bücher.example" {
			t.Errorf("%+v", list.Items)
		}
		for _, unknown := range []string{"unknown.example", "", "%", "example"} {
			want(t, k.s.RemoveDomain(ctx, k.Owner.Actor, DomainInput{Org: k.Org, Domain: unknown}), veranda.ErrNotFound)
		}
		must(t, k.s.RemoveDomain(ctx, k.Owner.Actor, DomainInput{Org: k.Org, Domain: "BÜCHER.example"}))
		want(t, k.s.RemoveDomain(ctx, k.Owner.Actor, DomainInput{Org: k.Org, Domain: "bücher.example"}), veranda.ErrNotFound)
		if again := k.claim(t, k.Org, k.Owner.Actor, "bücher.example"); again.RecordValue == d.RecordValue {
			t.Error("a claim that was given up left its token to the next")
		}
		k.set(t, `UPDATE veranda_organizations SET kind = 'personal' WHERE id = $1`, k.Org)
		_, err = k.s.ClaimDomain(ctx, k.Owner.Actor, ClaimDomainInput{Org: k.Org, Domain: "more.example"})
		want(t, err, ErrDomainPersonal)
		k.WantEvents(t, "tenancy.domain_*", EventDomainClaimed, EventDomainClaimed, EventDomainClaimed, EventDomainRemoved, EventDomainClaimed)
	})
}

func TestDomainLimit(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		for i := range maxClaims - 1 {
			k.claim(t, k.Org, k.Owner.Actor, fmt.Sprintf("d%d.example", i))
		}
		made, errs := atOnce(4, func(i int) error {
			_, err := k.s.ClaimDomain(ctx, k.Owner.Actor, ClaimDomainInput{Org: k.Org, Domain: fmt.Sprintf("last%d.example", i)})
			return err
		})
		if made != 1 {
			t.Errorf("%d of four claims at once were made: %v", made, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrDomainLimit)
			}
		}
		k.claim(t, k.Org, k.Owner.Actor, "d0.example") // a known one is no further one
	})
}

func TestCheckDomain(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		in := DomainInput{Org: k.Org, Domain: "company.example"}
		check := func() error {
			t.Helper()
			_, err := k.s.CheckDomain(ctx, k.Owner.Actor, in)
			return err
		}
		d := k.claim(t, k.Org, k.Owner.Actor, "company.example")
		unproved := func(when string) {
			t.Helper()
			err := check()
			want(t, err, ErrDomainUnproved)
			if text := err.Error(); !strings.Contains(text, d.RecordName) || !strings.Contains(text, d.RecordValue) {
				t.Errorf("%s: the refusal does not say what was expected: %s", when, text)
			}
			if n := k.count(t, `SELECT count(*) FROM veranda_proved_domains`); n != 0 {
				t.Errorf("%s: proved", when)
			}
		}
		unproved("no name")
		k.dns.Set(d.RecordName, []string{"v=spf1 -all"}, []string{d.RecordValue + "x"}, []string{"prefix " + d.RecordValue}, []string{strings.ToUpper(d.RecordValue)})
		unproved("other records")
		k.dns.Set("company.example", []string{d.RecordValue})
		k.dns.Set(d.RecordName+".evil.example", []string{d.RecordValue})
		unproved("the record at another name")
		k.dns.Fail(d.RecordName, true, false)
		want(t, check(), ErrDomainLookup)
		k.dns.Fail(d.RecordName, false, false)

		// Among others, in an answer that goes by TCP, and split into strings as long records are.
		k.dns.Set(d.RecordName, []string{strings.Repeat("a", 255), strings.Repeat("b", 255)}, []string{d.RecordValue[:9], d.RecordValue[9:]})
		proved, err := k.s.CheckDomain(ctx, k.Owner.Actor, in)
		must(t, err)
		if proved.State != DomainProved || proved.ProvedAt == nil || proved.CheckedAt == nil || proved.Version <= d.Version {
			t.Errorf("%+v", proved)
		}
		for _, asked := range k.dns.Questions() {
			if _, name, _ := strings.Cut(asked, " "); name != "_veranda.company.example." {
				t.Errorf("the DNS was asked %q", asked)
			}
		}
		again, err := k.s.CheckDomain(ctx, k.Owner.Actor, in)
		must(t, err)
		if !again.ProvedAt.Equal(*proved.ProvedAt) {
			t.Error("a second look changed since when the domain is proved")
		}
		k.WantEvents(t, "tenancy.domain_*", EventDomainClaimed, EventDomainProved)

		// Another organization is told of the first one only when its own record is right.
		other := DomainInput{Org: k.Other, Domain: "company.example"}
		theirs := k.claim(t, k.Other, k.Outsider.Actor, "company.example")
		_, err = k.s.CheckDomain(ctx, k.Outsider.Actor, other)
		want(t, err, ErrDomainUnproved)
		k.dns.Set(d.RecordName, []string{d.RecordValue}, []string{theirs.RecordValue})
		_, err = k.s.CheckDomain(ctx, k.Outsider.Actor, other)
		want(t, err, ErrDomainTaken)
		must(t, k.s.RemoveDomain(ctx, k.Owner.Actor, in))
		_, err = k.s.CheckDomain(ctx, k.Outsider.Actor, other)
		must(t, err)
		want(t, check(), veranda.ErrNotFound)

		must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := k.s.WithTx(tx).CheckDomain(ctx, k.Outsider.Actor, other)
			if !errors.Is(err, errDomainInTransaction) {
				t.Errorf("within a transaction: %v", err)
			}
			return nil
		}))
	})
}

// Two who prove a domain at once: one has it.
func TestProveAtOnce(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ours, theirs := k.claim(t, k.Org, k.Owner.Actor, "company.example"), k.claim(t, k.Other, k.Outsider.Actor, "company.example")
		k.dns.Set(ours.RecordName, []string{ours.RecordValue}, []string{theirs.RecordValue})
		proved, errs := atOnce(6, func(i int) error {
			by, org := k.Owner.Actor, k.Org
			if i%2 == 1 {
				by, org = k.Outsider.Actor, k.Other
			}
			_, err := k.s.CheckDomain(context.Background(), by, DomainInput{Org: org, Domain: "company.example"})
			return err
		})
		if proved != 3 || k.count(t, `SELECT count(*) FROM veranda_domains WHERE proved_at IS NOT NULL`) != 1 {
			t.Errorf("%d looks succeeded: %v", proved, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrDomainTaken)
			}
		}
	})
}

// A server that does not answer ends the look, not the program's patience.
func TestSilentDNS(t *testing.T) {
	t.Parallel()
	d := dnstest.New(t)
	d.Fail("_veranda.company.example", false, true)
	s := &Service{resolver: d.Resolver()}
	began := time.Now()
	there, err := s.lookUp(context.Background(), &domainRow{Domain: "company.example", Token: "x"})
	if took := time.Since(began); err == nil || there || took > domainLookupTakes+2*time.Second {
		t.Errorf("there %v, %v, after %s", there, err, took)
	}
	s.resolver = (&net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }})
	if there, err := s.lookUp(context.Background(), &domainRow{Domain: "company.example", Token: "x"}); err == nil || there {
		t.Errorf("without a server: there %v, %v", there, err)
	}
}

func TestCheckDomainTooOften(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		k.claim(t, k.Org, k.Owner.Actor, "company.example")
		in := DomainInput{Org: k.Org, Domain: "company.example"}
		for range ruleDomain.limit {
			_, err := k.s.CheckDomain(context.Background(), k.Owner.Actor, in)
			want(t, err, ErrDomainUnproved)
		}
		asked := len(k.dns.Questions())
		_, err := k.s.CheckDomain(context.Background(), k.Owner.Actor, in)
		want(t, err, ErrRate)
		if len(k.dns.Questions()) != asked {
			t.Error("a refused look asked the DNS")
		}
	})
}

func TestDomainsJob(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		job := k.s.DomainsJob()
		run := func(days int) {
			t.Helper()
			k.Clock.Advance(time.Duration(days) * 24 * time.Hour)
			must(t, job.Run(ctx, k.DB.Now()))
		}
		state := func() string {
			t.Helper()
			list, err := k.s.Domains(ctx, k.Owner.Actor, DomainsInput{Org: k.Org})
			must(t, err)
			return list.Items[0].State
		}
		d := k.prove(t, k.Org, k.Owner.Actor, "company.example")
		for i := range 2*domainsAtOnce + 1 { // more than one round
			k.prove(t, k.Other, k.Outsider.Actor, fmt.Sprintf("d%d.example", i))
		}
		run(1)
		k.dns.Set(d.RecordName)
		before := len(k.dns.Questions())
		must(t, job.Run(ctx, k.DB.Now())) // a repeated run looks at nothing again
		if len(k.dns.Questions()) != before {
			t.Error("a repeated run asked again")
		}
		run(1)
		if state() != DomainMissing {
			t.Errorf("a record that is gone: %s", state())
		}
		k.dns.Set(d.RecordName, []string{d.RecordValue})
		run(1)
		if state() != DomainProved {
			t.Errorf("a record that is back: %s", state())
		}
		k.dns.Set(d.RecordName)
		run(1)
		for range 6 {
			run(1)
		}
		if state() != DomainMissing {
			t.Errorf("after six days: %s", state())
		}
		// No answer is not an absence.
		k.dns.Fail(d.RecordName, true, false)
		run(2)
		if state() != DomainMissing {
			t.Errorf("without an answer: %s", state())
		}
		k.dns.Fail(d.RecordName, false, false)
		run(1)
		if state() != DomainClaimed || k.count(t, `SELECT count(*) FROM veranda_proved_domains WHERE domain = 'company.example'`) != 0 {
			t.Errorf("after the grace time: %s", state())
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_proved_domains`); n != 2*domainsAtOnce+1 {
			t.Errorf("%d others are proved", n)
		}
		kinds := []string{}
		for _, e := range k.Events(t, "tenancy.domain_*") {
			if e.Org == k.Org {
				kinds = append(kinds, e.Kind+" "+e.System)
			}
		}
		wanted := []string{
			EventDomainClaimed + " ", EventDomainProved + " ", EventDomainMissed + " domains", EventDomainRestored + " domains", EventDomainMissed + " domains",
			EventDomainUnproved + " domains",
		}
		if diff := cmp.Diff(wanted, kinds); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
