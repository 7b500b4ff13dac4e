package notifications

import (
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func (f *fixture) choose(t testing.TB, p world.Person, in ChooseInput) *Choices {
	t.Helper()
	c, err := f.s.Choose(f.ctx, p.Actor, in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Choices) of(kind string) Channels {
	for _, k := range c.Items {
		if k.Kind == kind {
			return k.Channels
		}
	}
	return Channels{}
}

func TestPreferences(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		p, err := f.s.Preferences(f.ctx, f.External.Actor)
		if err != nil || p.Version != 1 || p.Digest != DigestImmediately || p.AwayMinutes != 5 || !p.UrgentAtOnce {
			t.Fatalf("the defaults are %+v, %v", p, err)
		}
		in := settings(func(s *Settings) {
			s.Digest, s.Hour, s.Weekday, s.QuietFrom, s.QuietTo, s.QuietDays = DigestWeekly, 7, 5, "22:00", "06:30", []int{7, 1, 1}
		})
		in.Version = 2
		_, err = f.s.SetPreferences(f.ctx, f.External.Actor, in)
		verandatest.WantCode(t, err, veranda.CodePrecondition)
		in.Version = 1
		p, err = f.s.SetPreferences(f.ctx, f.External.Actor, in)
		if err != nil || p.Version != 2 || p.QuietFrom != "22:00" || p.QuietTo != "06:30" || len(p.QuietDays) != 2 || p.Weekday != 5 {
			t.Fatalf("they are %+v, %v", p, err)
		}
		_, err = f.s.SetPreferences(f.ctx, f.External.Actor, in)
		verandatest.WantCode(t, err, veranda.CodePrecondition)
		in.Version = 2
		if p, err = f.s.SetPreferences(f.ctx, f.External.Actor, in); err != nil || p.Version != 3 {
			t.Errorf("%+v, %v", p, err)
		}
		f.WantEvents(t, EventChanged, EventChanged, EventChanged)
		bad := settings(func(s *Settings) {
			s.Digest, s.Hour, s.Weekday, s.AwayMinutes, s.QuietFrom, s.QuietDays = "never", 24, 0, -1, "25:00", []int{8}
		})
		_, err = f.s.SetPreferences(f.ctx, f.External.Actor, bad)
		verandatest.WantFields(t, err, "/digest one_of", "/hour range", "/weekday range", "/away_minutes range", "/quiet_to required", "/quiet_from time", "/quiet_days/0 range")
		_, err = f.s.SetPreferences(f.ctx, f.External.Actor, settings(func(s *Settings) { s.QuietFrom, s.QuietTo = "7:00", "7:00" }))
		verandatest.WantCode(t, err, veranda.CodeInvalid)
	})
}

func TestChoices(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		p := f.External
		if c := f.choose(t, p, ChooseInput{Kind: "test.assigned", Choice: Choice{Mail: no()}}); c.of("test.assigned") != (Channels{InProduct: true}) || c.of("test.commented") != (Channels{true, true, false}) {
			t.Errorf("%+v", c)
		}
		// In one organization it is otherwise.
		if c := f.choose(t, p, ChooseInput{Kind: "test.assigned", Org: f.Org, Choice: Choice{Mail: yes(), Phone: yes()}}); c.of("test.assigned") != (Channels{true, true, true}) {
			t.Errorf("%+v", c)
		}
		// What is chosen for all kinds stands above single ones.
		if c := f.choose(t, p, ChooseInput{Kind: "*", Choice: Choice{Mail: yes()}}); c.of("test.assigned") != (Channels{true, true, false}) || c.of("other.news") != (Channels{true, true, false}) || len(c.Patterns) != 1 {
			t.Errorf("%+v", c)
		}
		if c := f.choose(t, p, ChooseInput{Kind: "test.*", Choice: Choice{Mail: no()}}); c.of("test.assigned").Mail || !c.of("other.news").Mail {
			t.Errorf("%+v", c)
		}
		f.say(t, f.Owner, f.World.Open, assigned(p, "Fern"), veranda.Notice{To: p.Account, Kind: "test.commented", Title: "Moss"})
		if sent := f.send(t, time.Hour); len(sent) != 1 || sent[0].subject != "Olga Owner assigned Fern to you" { // by the choice for the organization
			t.Errorf("sent %+v", sent)
		}
		for _, in := range []ChooseInput{{Kind: "test.nothing"}, {Kind: "tes*"}, {Kind: ""}, {Kind: "test.assigned", Org: f.Other}, {Kind: "*", Org: veranda.NewOrgID()}} {
			_, err := f.s.Choose(f.ctx, p.Actor, in)
			verandatest.WantCode(t, err, veranda.CodeNotFound)
		}
		// Nobody's choices are another's: the host's owner has their own alone.
		c, err := f.s.Choices(f.ctx, f.Owner.Actor, ChoicesInput{Org: f.Org})
		if err != nil || c.of("test.assigned") != (Channels{true, true, false}) {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// What waits when somebody chooses anew waits by the new choice.
func TestChoosingMeanwhile(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Fern"), assigned(f.Guest, "Fern"))
		f.set(t, f.Employee, func(s *Settings) { s.Digest, s.Hour = DigestDaily, 20 })
		f.choose(t, f.Guest, ChooseInput{Kind: "test.assigned", Choice: Choice{Mail: no()}})
		if sent := f.send(t, time.Hour); len(sent) != 0 {
			t.Errorf("sent %+v", sent)
		}
		if sent := f.send(t, 24*time.Hour); len(sent) != 1 || sent[0].account != f.Employee.Account {
			t.Errorf("sent %+v", sent)
		}
	})
}

func TestUnsubscribe(t *testing.T) {
	eachEngine(t, func(t *testing.T, f *fixture) {
		f.choose(t, f.Employee, ChooseInput{Kind: "test.assigned", Org: f.Org, Choice: Choice{Mail: yes()}})
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Fern"))
		sent := f.send(t, time.Hour)
		if len(sent) != 1 {
			t.Fatalf("sent %+v", sent)
		}
		link, err := url.Parse(sent[0].unsubs)
		if err != nil || link.Scheme != "https" || link.Path != "/unsubscribe" {
			t.Fatalf("the link is %s, %v", link, err)
		}
		token := link.Query().Get("token")
		anybody := veranda.Anonymous()
		if s, err := f.s.Subscribed(f.ctx, anybody, UnsubscribeInput{token}); err != nil || s.Kinds != "test.*" {
			t.Errorf("%+v, %v", s, err)
		}
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Looked at only"))
		if sent := f.send(t, time.Hour); len(sent) != 1 {
			t.Errorf("looking ended them: %+v", sent)
		}
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Waiting"))
		for range 2 {
			if _, err := f.s.Unsubscribe(f.ctx, anybody, UnsubscribeInput{token}); err != nil {
				t.Error(err)
			}
		}
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Later"), assigned(f.Guest, "Later"))
		if sent := f.send(t, time.Hour); len(sent) != 1 || sent[0].account != f.Guest.Account {
			t.Errorf("sent %+v", sent)
		}
		if f.unread(t, f.Employee) != 4 {
			t.Error("the inbox is without what is mailed no more")
		}
		f.choose(t, f.Employee, ChooseInput{Kind: "test.*", Choice: Choice{Mail: yes()}})
		f.say(t, f.Owner, f.World.Open, assigned(f.Employee, "Again"))
		if sent := f.send(t, time.Hour); len(sent) != 1 {
			t.Errorf("sent %+v", sent)
		}
		// Another package's mails.
		weekly, err := url.Parse(f.s.UnsubscribeURL(f.Employee.Account, f.Org, "weekly"))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := f.s.Unsubscribe(f.ctx, anybody, UnsubscribeInput{weekly.Query().Get("token")}); err != nil || s.Meaning != "the weekly report" {
			t.Errorf("%+v, %v", s, err)
		}
		f.WantEvents(t, "test_weekly.*", "test_weekly.ended")
		// Nothing else opens anything.
		changed := []byte(token)
		changed[30] ^= 1
		for _, forged := range []string{"", "x", string(changed), token[:len(token)-1], token + "A", strings.Repeat("A", 90)} {
			_, err := f.s.Unsubscribe(f.ctx, anybody, UnsubscribeInput{forged})
			verandatest.WantCode(t, err, veranda.CodeNotFound)
			_, err = f.s.Subscribed(f.ctx, anybody, UnsubscribeInput{forged})
			verandatest.WantCode(t, err, veranda.CodeNotFound)
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	kinds := map[string]veranda.NoticeKind{"test.x": {Name: "test.x", Sentences: map[string]string{"en": "{{.By}} did {{.Title}}"}}}
	w, err := newWords(kinds, fstest.MapFS{"de/sentences.json": {Data: []byte(`{"test.x": "{{.By}} tat {{.Title}}"}`)}, "de/digest.txt": {Data: []byte("{{.Count}} Dinge\n\nHallo {{.Name}}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	n := Notice{Kind: "test.x", ByName: "Ann", Title: "it\nall"}
	for language, want := range map[string]string{"de-AT": "Ann tat it all", "fr": "Ann did it all", "": "Ann did it all"} {
		if got := w.say(n, language); got != want {
			t.Errorf("in %q it says %q, want %q", language, got, want)
		}
	}
	if !w.written("de-AT") || w.written("fr") || !w.written("en") {
		t.Error("which languages mails are written in is wrong")
	}
	for name, files := range map[string]fstest.MapFS{
		"kind": {"de/sentences.json": {Data: []byte(`{"test.y": "x"}`)}}, "sentence": {"de/sentences.json": {Data: []byte(`{"test.x": "{{.Nobody}}"}`)}},
		"folder": {"german/digest.txt": {Data: []byte("x")}}, "file": {"de/else.txt": {Data: []byte("x")}}, "template": {"de/digest.txt": {Data: []byte("{{.Nobody}}")}},
	} {
		if _, err := newWords(kinds, files); err == nil {
			t.Errorf("a host's mistake in %s is not told", name)
		}
	}
	if _, err := newWords(map[string]veranda.NoticeKind{"test.x": {Sentences: map[string]string{"tr": "x"}}}, nil); err == nil {
		t.Error("a kind without English is taken")
	}
}
