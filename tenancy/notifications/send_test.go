package notifications

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func TestMailOfWhoIsAway(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Fern"), assigned(f.Guest, "Fern"), veranda.Notice{To: f.External.Account, Kind: "other.news", Title: "Rain"})
		f.say(t, f.Owner, f.Private, assigned(f.Employee, "Moss"))
		if sent := f.send(t, 4*time.Minute); len(sent) != 0 {
			t.Errorf("sent before five minutes were over: %+v", sent)
		}
		read := f.inbox(t, f.Guest)[0]
		if _, err := f.s.Read(f.ctx, f.Guest.Actor, NoticeInput{read.ID}); err != nil {
			t.Fatal(err)
		}
		sent := f.send(t, 2*time.Minute)
		if len(sent) != 1 {
			t.Fatalf("sent %+v, want one mail", sent)
		}
		m := sent[0]
		if m.org != f.Org || m.account != f.Employee.Account || m.channel != "mail" || m.template != "notices" || m.language != "en" || m.subject != "2 notices" {
			t.Errorf("sent %+v", m)
		}
		for _, text := range []string{"Hello Emil Employee,", "Veranda Works\n", "  Open\n", "  Private\n", "Olga Owner assigned Fern to you", "https://veranda.example/v1/things/s", m.unsubs} {
			if !strings.Contains(m.text, text) {
				t.Errorf("the mail lacks %q:\n%s", text, m.text)
			}
		}
		if sent := f.send(t, time.Hour); len(sent) != 0 {
			t.Errorf("sent again: %+v", sent)
		}
	})
}

func TestDigestAndLanguages(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		f.exec(t, `UPDATE veranda_accounts SET language = 'ru-RU', time_zone = 'Europe/Berlin' WHERE id = $1`, f.Employee.Account)
		f.exec(t, `UPDATE veranda_accounts SET language = 'tr' WHERE id = $1`, f.Guest.Account)
		// Nothing is written in Welsh: an organization's fall-back stands in, and for who reads Turkish it does not.
		f.exec(t, `UPDATE veranda_accounts SET language = 'cy' WHERE id = $1`, f.External.Account)
		f.exec(t, `UPDATE veranda_memberships SET fallback_language = 'ru' WHERE account_id = $1 OR account_id = $2`, f.External.Account, f.Guest.Account)
		f.set(t, f.Employee, func(s *Settings) { s.Digest, s.Hour = DigestDaily, 18 })
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Fern"), assigned(f.Guest, "Fern"), assigned(f.External, "Fern"))
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Moss"))
		f.wantSays(t, f.Employee, "Olga Owner поручает вам: Moss", "Olga Owner поручает вам: Fern")
		f.wantSays(t, f.Guest, "Olga Owner size Fern görevini verdi")
		sent := f.send(t, time.Hour)
		if len(sent) != 2 {
			t.Fatalf("sent %+v, want two", sent)
		}
		for _, m := range sent {
			want, subject := "ru", "Olga Owner поручает вам: Fern"
			if m.account == f.Guest.Account {
				want, subject = "tr", "Olga Owner size Fern görevini verdi"
			}
			if m.language != want || m.subject != subject {
				t.Errorf("sent %+v, want %s", m, want)
			}
		}
		f.Clock.Set(time.Date(2026, 3, 4, 17, 0, 1, 0, time.UTC)) // 18:00 in Berlin
		sent = f.send(t, 0)
		if len(sent) != 1 || sent[0].subject != "2 уведомления" || !strings.Contains(sent[0].text, "Здравствуйте, Emil Employee!") {
			t.Errorf("sent %+v", sent)
		}
	})
}

func TestPhone(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		f.exec(t, `INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, '+4915112345678', $2, $2)`, f.Employee.Account, f.DB.Time(f.DB.Now()))
		// Who has no number is not sent one, and it is no error.
		f.say(t, f.Owner, f.World.Open, veranda.Notice{To: f.Employee.Account, Kind: "test.reminder", Title: "Bus"}, veranda.Notice{To: f.Guest.Account, Kind: "test.reminder", Title: "Bus"})
		var phones []queued
		f.send(t, 0) // urgent: at once
		for _, q := range f.queued(t) {
			if q.channel == tenancy.ChannelPhone {
				phones = append(phones, q)
			}
		}
		if len(phones) != 1 || phones[0].account != f.Employee.Account || phones[0].text != "Reminder: Bus" || phones[0].template != "notices_short" {
			t.Errorf("sent %+v", phones)
		}
	})
}

// What does not stand in the inbox is mailed, and gone then.
func TestMailAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		if _, err := f.s.Choose(f.ctx, f.Employee.Actor, ChooseInput{Kind: "test.*", Choice: Choice{InProduct: no()}}); err != nil {
			t.Fatal(err)
		}
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Fern"), veranda.Notice{To: f.Employee.Account, Kind: "other.news", Title: "Rain"})
		f.wantSays(t, f.Employee, "News: Rain")
		if f.unread(t, f.Employee) != 1 {
			t.Error("what is not in the inbox is counted")
		}
		if sent := f.send(t, time.Hour); len(sent) != 1 || sent[0].subject != "Olga Owner assigned Fern to you" {
			t.Errorf("sent %+v", sent)
		}
		left := 0
		if _, err := one(f.ctx, f.DB.Conn().Query, `SELECT count(*) FROM veranda_notices`, nil, &left); err != nil || left != 1 {
			t.Errorf("%d rows are left, %v", left, err)
		}
	})
}

// Of several organizations none learns of the others by its delivery log.
func TestMailAboutTwoOrganizations(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		f.exec(t, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) SELECT $1, account_id, 'external', 'external', address_key, joined_at, 1 FROM veranda_memberships WHERE org_id = $2 AND account_id = $3`, f.Other, f.Org, f.Employee.Account)
		f.exec(t, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, f.Employee.Account, f.Other)
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Fern"))
		f.sayIn(t, f.Other, f.Outsider, veranda.WorkspaceID{}, assigned(f.Employee, "Moss"))
		sent := f.send(t, time.Hour)
		if len(sent) != 1 || !sent[0].org.IsZero() || !strings.Contains(sent[0].text, "Veranda Works") || !strings.Contains(sent[0].text, "Other House") {
			t.Errorf("sent %+v", sent)
		}
	})
}

// Any number of nodes sends each notice once.
func TestManyNodesSendOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		people := append(f.Members(), f.Stranger)
		var notices []veranda.Notice
		for _, p := range people {
			notices = append(notices, assigned(p, "Fern"))
		}
		f.say(t, world.Person{}, f.World.Open, notices...)
		f.Clock.Advance(time.Hour)
		nodes := []*Service{f.s}
		for range 2 {
			s, err := New(Deps{DB: f.Node(t), Authz: f.authz, Sources: []veranda.NoticeSource{testSource()}, Post: tenancy.Post{}, Secret: secret, BaseURL: "https://veranda.example"})
			if err != nil {
				t.Fatal(err)
			}
			nodes = append(nodes, s)
		}
		var wait sync.WaitGroup
		for _, s := range nodes {
			wait.Go(func() {
				if err := s.sendDue(f.ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if sent := f.queued(t); len(sent) != len(people) {
			t.Errorf("%d mails to %d people", len(sent), len(people))
		}
	})
}

func TestRetention(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Read"), veranda.Notice{To: f.Employee.Account, Kind: "other.news", Title: "Unread"})
		for _, n := range f.inbox(t, f.Employee) {
			if n.Kind == "test.assigned" {
				if _, err := f.s.Read(f.ctx, f.Employee.Actor, NoticeInput{n.ID}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, step := range []struct {
			later time.Duration
			want  int
		}{{89 * 24 * time.Hour, 2}, {2 * 24 * time.Hour, 1}} {
			f.Clock.Advance(step.later)
			if err := f.DB.EnqueueDue(f.ctx); err != nil {
				t.Fatal(err)
			}
			f.Drain(t)
			if got := f.inbox(t, f.Employee); len(got) != step.want {
				t.Errorf("%d notices are left, want %d", len(got), step.want)
			}
		}
		verandatest.WantCode(t, func() error { _, err := f.s.Unread(f.ctx, veranda.Actor{}); return err }(), veranda.CodeUnauthenticated)
	})
}
