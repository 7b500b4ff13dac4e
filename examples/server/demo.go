package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the demo organization's zone must be known wherever the program runs

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/config"
	"github.com/veranda-go/veranda/tenancy"
)

// The demo organization: where it lives, and for how many full weeks it has been at work.
const (
	demoZone  = "Europe/Lisbon"
	demoWeeks = 4
)

// fillDemo fills the database with an organization that has been at work for four weeks, and writes how to sign in to
// stdout. Everything goes through the services' own methods, under a clock that is moved from one past moment to the
// next; mails are caught here, so that nothing is sent. What is made differs from run to run in ids, in the password, and
// with the week it is made in. A database that has the organization is left alone.
func fillDemo(ctx context.Context, settings *config.Config, log *slog.Logger, stdout io.Writer) error {
	return fillDemoUntil(ctx, settings, log, stdout, veranda.SystemClock{}.Now())
}

// fillDemoUntil is fillDemo at some present moment.
func fillDemoUntil(ctx context.Context, settings *config.Config, log *slog.Logger, stdout io.Writer, now time.Time) (err error) {
	zone, err := time.LoadLocation(demoZone)
	if err != nil {
		return err
	}
	d := &demo{
		settings: settings, clock: &demoClock{now: now}, mails: &demoMailbox{}, now: now, start: demoStart(now, zone),
		random: mathrand.New(mathrand.NewPCG(19, 75)), password: strings.ToLower(rand.Text()[:16]),
		accounts: map[string]veranda.AccountID{}, workspaces: map[string]veranda.WorkspaceID{},
	}
	d.db, err = veranda.Open(ctx, settings.DatabaseURL.Reveal(), veranda.WithClock(d.clock), veranda.WithLog(log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.db.Close()) }()
	if d.services, err = newServices(ctx, d.db, settings, d.mails, nil, nil); err != nil {
		return err
	}
	switch _, err := d.services.tenancy.AccountByAddress(ctx, demoPeople[0].address); {
	case err == nil:
		_, err := fmt.Fprintf(stdout, "The demo organization is here already, and was left alone. Its people's password was told when it was made.\n")
		return err
	case !errors.Is(err, veranda.ErrNotFound):
		return err
	}
	log.Info("filling the database with the demo organization")
	if err := d.found(ctx); err != nil {
		return err
	}
	if err := d.live(ctx); err != nil {
		return err
	}
	_, err = io.WriteString(stdout, d.summary())
	return err
}

// demoStart is the Monday four weeks before the present one, at midnight. An hour into Monday the week before it can be
// counted.
func demoStart(now time.Time, zone *time.Location) time.Time {
	local := now.Add(-time.Hour).In(zone)
	sinceMonday := (int(local.Weekday()) + 6) % 7
	return time.Date(local.Year(), local.Month(), local.Day()-sinceMonday-7*demoWeeks, 0, 0, 0, 0, zone)
}

// demo is the filling under way.
type demo struct {
	settings *config.Config
	db       *veranda.DB
	services *services
	clock    *demoClock
	mails    *demoMailbox
	random   *mathrand.Rand
	password string
	// start is the Monday the organization was founded on, now the present moment.
	start, now time.Time

	org        veranda.OrgID
	accounts   map[string]veranda.AccountID // by the key of a demoPerson
	workspaces map[string]veranda.WorkspaceID

	steps []demoStep
}

// demoStep is something that happened.
type demoStep struct {
	at  time.Time
	run func(ctx context.Context) error
}

// at is a moment in the organization's zone, so many days after the start.
func (d *demo) at(day, hour, minute int) time.Time {
	return time.Date(d.start.Year(), d.start.Month(), d.start.Day()+day, hour, minute, 0, 0, d.start.Location())
}

// then notes a step.
func (d *demo) then(at time.Time, run func(ctx context.Context) error) {
	d.steps = append(d.steps, demoStep{at, run})
}

// as is a person, signed in.
func (d *demo) as(key string) veranda.Actor { return veranda.AccountActor(d.accounts[key]) }

// live lets four weeks pass: the steps in the order of their moments, those of the future left out.
func (d *demo) live(ctx context.Context) error {
	d.planTasks()
	d.planStatuses()
	d.planProject()
	d.planMeeting()
	d.planPosts()
	d.planTalk()
	for week := 1; week <= demoWeeks; week++ {
		d.then(d.at(7*week, 0, 12), d.work)
	}
	slices.SortStableFunc(d.steps, func(a, b demoStep) int { return a.at.Compare(b.at) })
	for _, step := range d.steps {
		if step.at.After(d.now) {
			break
		}
		d.clock.set(step.at)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("at %s: %w", step.at.Format(time.RFC3339), err)
		}
	}
	d.clock.set(d.now)
	return d.work(ctx)
}

// work does the background work that is due: mails, and on Mondays the statistics of the week before.
func (d *demo) work(ctx context.Context) error {
	if err := d.db.EnqueueDue(ctx); err != nil {
		return err
	}
	_, err := d.db.Drain(ctx)
	return err
}

// summary says what there is and how to sign in.
func (d *demo) summary() string {
	var b strings.Builder
	url := d.settings.BaseURL.String()
	_, _ = fmt.Fprintf(&b, "\nThe database now has the organization %q: %d people, %d workspaces, %d tasks, %d weeks of statistics.\n\n",
		demoOrganization, len(demoPeople), len(demoWorkspaces), len(demoTasks)+demoProjectTasks, demoWeeks)
	_, _ = fmt.Fprintf(&b, "Sign in at %s as any of these people. All have one password, which is told only now:\n\n  %s\n\n", url, d.password)
	for _, p := range demoPeople {
		_, _ = fmt.Fprintf(&b, "  %-38s %s, %s\n", p.address, p.name, strings.ReplaceAll(p.role, "_", " "))
	}
	_, _ = fmt.Fprintf(&b, `
Try it:

  A="Authorization: Bearer $(curl -s %[1]s/v1/sessions -H 'Content-Type: application/json' -d '{"address":"%[2]s","password":"%[3]s","kind":"program"}' | sed -E 's/.*"token":"([^"]+)".*/\1/')"
  curl -s "%[1]s/v1/organizations/%[4]s/statistics/weeks?scope=organization" -H "$A"
  curl -s "%[1]s/v1/organizations/%[4]s/stream?limit=5" -H "$A"
  curl -s "%[1]s/v1/organizations/%[4]s/calendar?from=%[5]sT00:00:00Z&to=%[6]sT00:00:00Z" -H "$A"
  curl -s "%[1]s/v1/organizations/%[4]s/conversations" -H "$A"
  curl -s "%[1]s/v1/me/notices?limit=5" -H "$A"

`, url, demoPeople[0].address, d.password, d.org, d.at(0, 0, 0).Format(time.DateOnly), d.at(7*(demoWeeks+1), 0, 0).Format(time.DateOnly))
	return b.String()
}

// demoClock is a clock that is set to past moments. Each reading is a microsecond after the one before.
type demoClock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the moment the demo has come to.
func (c *demoClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

func (c *demoClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t.UTC().Truncate(time.Microsecond)
}

// demoMailbox catches the mails to the demo's people, for the links in them. Mails to anybody else, which a database that
// was in use may hold, are refused and so left to the server.
type demoMailbox struct{ texts map[string]string } // the last mail's text by its receiver

// Send keeps a mail.
func (m *demoMailbox) Send(_ context.Context, mail tenancy.Mail) error {
	if !slices.ContainsFunc(demoPeople, func(p demoPerson) bool { return p.address == mail.To }) {
		return fmt.Errorf("the demo sends no mail to %s", mail.To)
	}
	if m.texts == nil {
		m.texts = map[string]string{}
	}
	m.texts[mail.To] = mail.Text
	return nil
}

var demoLink = regexp.MustCompile(`[?&]token=([A-Za-z0-9_-]+)`)

// token is that of the link in the last mail to an address.
func (m *demoMailbox) token(address string) (string, error) {
	found := demoLink.FindStringSubmatch(m.texts[address])
	if found == nil {
		return "", fmt.Errorf("there is no mail with a link to %s", address)
	}
	return found[1], nil
}
