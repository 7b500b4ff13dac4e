package tenancy

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// A request ends with what it stands on.
func TestJoinLapses(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		k.prove(t, k.Org, k.Owner.Actor, "mail.company.example")
		by, _ := k.arrives(t, "ada@company.example")
		below, _ := k.arrives2(t, "ada@mail.company.example")
		must(t, k.s.RemoveDomain(ctx, k.Owner.Actor, DomainInput{Org: k.Org, Domain: "company.example"}))
		if diff := cmp.Diff([][]string{{JoinLapsed}, {JoinPending}}, [][]string{k.joins(t, by), k.joins(t, below)}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if removed := k.Events(t, EventDomainRemoved); len(removed) != 1 || string(removed[0].Data) == "" {
			t.Errorf("%+v", removed)
		}
		_, err := k.s.AskToJoin(ctx, by, AskToJoinInput{Organization: k.Org})
		want(t, err, veranda.ErrNotFound)

		// Unproved by the job while the request is open.
		d := k.claim(t, k.Org, k.Owner.Actor, "company.example")
		k.dns.Set(d.RecordName, []string{d.RecordValue})
		_, err = k.s.CheckDomain(ctx, k.Owner.Actor, DomainInput{Org: k.Org, Domain: "company.example"})
		must(t, err)
		_, err = k.s.AskToJoin(ctx, by, AskToJoinInput{Organization: k.Org})
		must(t, err)
		r := k.open(t)
		k.dns.Set(d.RecordName)
		for range 8 {
			k.Clock.Advance(24 * time.Hour)
			must(t, k.s.DomainsJob().Run(ctx, k.DB.Now()))
		}
		_, err = k.decide(k.Owner.Actor, r, JoinApprove)
		want(t, err, ErrJoinEnded)

		// The proof, or the address, gone in a way that ended no request: the decision notices.
		r = k.open2(t, below)
		k.set(t, `UPDATE veranda_proved_domains SET org_id = $1`, k.Other)
		_, err = k.decide(k.Owner.Actor, r, JoinApprove)
		want(t, err, ErrJoinEnded)
		if n := k.count(t, `SELECT count(*) FROM veranda_join_requests WHERE state = 'lapsed'`); n != 3 {
			t.Errorf("%d requests lapsed, want 3", n)
		}
		if n := len(k.Events(t, EventJoinLapsed)); n != 3 {
			t.Errorf("%d events", n)
		}
	})
}

// open2 is somebody's newest request as managers see it.
func (k *kit) open2(t *testing.T, by veranda.Actor) JoinRequest {
	t.Helper()
	list, err := k.s.JoinRequests(context.Background(), k.Owner.Actor, JoinsInput{Org: k.Org})
	must(t, err)
	for _, r := range list.Items {
		if r.ID == k.mine(t, by) {
			return r
		}
	}
	t.Fatal("there is no such request")
	return JoinRequest{}
}

func TestJoinRaces(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		by, account := k.arrives(t, "ada@company.example")
		r := k.open(t)
		managers := []veranda.Actor{k.Owner.Actor, k.Administrator.Actor, k.AccessManager.Actor}
		decided, errs := atOnce(6, func(i int) error {
			decision := JoinApprove
			if i%2 == 1 {
				decision = JoinDecline
			}
			_, err := k.decide(managers[i%3], r, decision)
			return err
		})
		if decided != 1 {
			t.Errorf("%d decisions at once were made: %v", decided, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrJoinEnded)
			}
		}
		joined := k.memberOf(t, account) != ""
		if state := k.joins(t, by)[0]; joined != (state == JoinJoined) {
			t.Errorf("member %v, request %s", joined, state)
		}
		// Asked several times at once: once.
		other, _ := k.arrives2(t, "bob@else.example")
		k.set(t, `INSERT INTO veranda_proved_domains (domain, org_id) VALUES ('else.example', $1)`, k.Org)
		asked, errs := atOnce(5, func(int) error {
			_, err := k.s.AskToJoin(ctx, other, AskToJoinInput{Organization: k.Org})
			return err
		})
		if asked != 1 {
			t.Errorf("asked %d times at once: %v", asked, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrJoinAsked)
			}
		}
		// Given up while it is approved: whichever is first, nothing is half done.
		r = k.open2(t, other)
		_, errs = atOnce(2, func(i int) error {
			if i == 0 {
				_, err := k.decide(k.Owner.Actor, r, JoinApprove)
				return err
			}
			return k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				_, err := (&domainRow{Org: k.Org, Domain: "else.example"}).unprove(ctx, tx)
				return err
			})
		})
		state := k.joins(t, other)[0]
		if errs[1] != nil || errs[0] == nil && state != JoinJoined || errs[0] != nil && (state != JoinLapsed || !errors.Is(errs[0], ErrJoinEnded)) {
			t.Errorf("%v, request %s", errs, state)
		}
	})
}

// A veto undoes a decision whole.
func TestJoinVeto(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		by, account := k.arrives(t, "ada@company.example")
		refusal := veranda.NewError(veranda.CodeConflict, "host.no", "Not today.")
		k.DB.Veto(veranda.Hook{Name: "host", Kinds: []string{EventMemberJoined}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return refusal }})
		_, err := k.decide(k.Owner.Actor, k.open(t), JoinApprove)
		want(t, err, refusal)
		if k.joins(t, by)[0] != JoinPending || k.memberOf(t, account) != "" {
			t.Error("a vetoed decision left something behind")
		}
		k.WantEvents(t, "tenancy.join_*", EventJoinAsked)
	})
}

// Managers are told as often as they can bear, and as many of them as are needed.
func TestManagersToldOfJoining(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		must(t, k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			for i := range 30 {
				id := veranda.NewAccountID()
				key := fmt.Sprintf("manager%d@works.example", i)
				if err := storeAccount(ctx, tx, newAccount{accountRow: accountRow{ID: id, Name: "M", Language: "en", TimeZone: "UTC", State: AccountActive},
					Address: Address{Written: key, Key: key}, Confirmed: true, At: k.DB.Now()}); err != nil {
					return err
				}
				if _, _, err := k.s.WithTx(tx).join(ctx, tx, id, &invitationRow{Org: k.Org, Kind: MemberInternal, Roles: RoleAccessManager, Key: key}); err != nil {
					return err
				}
			}
			return nil
		}))
		for i := range int(ruleAsked.limit) + 2 {
			must(t, k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
				id, key := veranda.NewAccountID(), fmt.Sprintf("p%d@company.example", i)
				if err := storeAccount(ctx, tx, newAccount{accountRow: accountRow{ID: id, Name: "P", Language: "en", TimeZone: "UTC", State: AccountActive},
					Address: Address{Written: key, Key: key}, Confirmed: true, At: k.DB.Now()}); err != nil {
					return err
				}
				return k.s.askByDomain(ctx, tx, id, key)
			}))
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_deliveries WHERE template = 'join_asked'`); n != int(ruleAsked.limit)*joinManagers {
			t.Errorf("%d mails", n)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_join_requests`); n != int(ruleAsked.limit)+2 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestJoinList(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		for i := range 5 {
			k.arrives2(t, fmt.Sprintf("p%d@company.example", i))
		}
		_, err := k.decide(k.Owner.Actor, k.open(t), JoinDecline)
		must(t, err)
		list := func(state string) []string {
			t.Helper()
			got := []string{}
			page := veranda.Page{Limit: 2}
			for {
				l, err := k.s.JoinRequests(ctx, k.Administrator.Actor, JoinsInput{Org: k.Org, State: state, Page: page})
				must(t, err)
				for _, r := range l.Items {
					got = append(got, r.Address[:2])
				}
				if page.Cursor = l.Next; l.Next == "" {
					return got
				}
			}
		}
		if diff := cmp.Diff([][]string{{"p4", "p3", "p2", "p1", "p0"}, {"p3", "p2", "p1", "p0"}, {"p4"}, {}}, [][]string{list(""), list(JoinPending), list(JoinDeclined), list(JoinJoined)}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, err = k.s.JoinRequests(ctx, k.Owner.Actor, JoinsInput{Org: k.Org, State: "x", Page: veranda.Page{Limit: 1000, Cursor: "x"}})
		verandatest.WantFields(t, err, "/limit range", "/cursor cursor", "/state one_of")
	})
}
