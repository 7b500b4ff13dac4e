package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/config"
	"github.com/veranda-go/veranda/examples/server/internal/inbound"
	"github.com/veranda-go/veranda/examples/server/internal/mail"
	"github.com/veranda-go/veranda/examples/server/internal/phone"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// app is the running program.
type app struct {
	settings *config.Config
	log      *slog.Logger
	db       *veranda.DB
	services *services
	runner   *veranda.Runner
	server   *web.Server
	inbound  *inbound.Server // nil: the program takes no mail
}

// newApp opens the database, brings it to the present schema and wires everything; nothing runs yet. limits may be nil.
func newApp(ctx context.Context, settings *config.Config, log *slog.Logger, limits veranda.Limits, options []veranda.Option) (_ *app, err error) {
	a := &app{settings: settings, log: log}
	if a.db, err = veranda.Open(ctx, settings.DatabaseURL.Reveal(), append(options, veranda.WithLog(log))...); err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.db.Close())
		}
	}()
	applied, err := veranda.Migrate(ctx, a.db, modules()...)
	if err != nil {
		return nil, err
	}
	if len(applied) > 0 {
		log.Info("schema brought up to date", "migrations", len(applied))
	}
	mailer, mailbox, err := newMailer(settings)
	if err != nil {
		return nil, err
	}
	phones, phoneBox, err := newPhone(settings)
	if err != nil {
		return nil, err
	}
	if a.services, err = newServices(ctx, a.db, settings, mailer, phones, limits); err != nil {
		return nil, err
	}
	a.inbound = newInbound(settings, a.services.tenancy, supportInbox{a.services.support}, log)
	for _, job := range []veranda.Periodic{
		web.SweepIdempotency(a.db), a.services.tenancy.TidyJob(), a.services.tenancy.DomainsJob(), a.services.tenancy.JoinsJob(),
		a.services.audit.RetentionJob(), a.services.directory.IndexJob(), a.services.notices.SendJob(), a.services.notices.PurgeJob(),
		a.services.files.TidyJob(), a.services.calendar.RemindersJob(), a.services.tasks.PurgeJob(), a.services.apps.PurgeJob(), a.services.apps.ComputeJob(), a.services.apps.TierJob(), a.services.tasks.RemindJob(),
		a.services.stream.PollsJob(),
	} {
		if err := a.db.Every(job); err != nil {
			return nil, err
		}
	}
	a.server, err = a.newServer(mailbox, phoneBox)
	return a, err
}

// applyPolicy puts the rows of POLICY_FILE in force, or the shipped ones alone where there is none: what is configured is
// all there is. Rows that are in force already are left alone.
func (a *app) applyPolicy(ctx context.Context) error {
	var rows []byte
	if path := a.settings.PolicyFile; path != "" {
		var err error
		if rows, err = os.ReadFile(path); err != nil {
			return fmt.Errorf("POLICY_FILE: %w", err)
		}
	}
	if err := a.services.authz.SetPolicy(ctx, string(rows), a.settings.PolicyReplace); err != nil {
		return fmt.Errorf("POLICY_FILE: %w", err)
	}
	return nil
}

func (a *app) newServer(mailbox *mail.Mailbox, phoneBox *phone.Box) (*web.Server, error) {
	server, err := web.New(web.Options{
		BaseURL: a.settings.BaseURL, Title: "Veranda", Version: version,
		Description:    "Organizations, workspaces, tasks, applications, calendars, an activity stream, messages, notifications and weekly statistics.",
		TrustedProxies: a.settings.TrustedProxies, BodyLimit: a.settings.BodyLimit, MetricsToken: a.settings.MetricsToken.Reveal(),
		Log: a.log, DB: a.db,
		Ready: []web.Check{
			web.CheckSchema(a.db, modules()...), web.CheckDatabase(a.db),
			{Name: "queue", Run: func(context.Context) error { return a.queueReady() }},
		},
		Gauges: map[string]func() float64{"veranda_outbox_open": a.outbox(false), "veranda_outbox_parked": a.outbox(true), "veranda_live_streams": func() float64 { return float64(a.services.live.Connected()) }},
	})
	if err != nil {
		return nil, err
	}
	accountRoutes(server, a.services.tenancy)
	accountMoreRoutes(server, a.services.tenancy)
	organizationRoutes(server, a.services.tenancy)
	leavingRoutes(server, a.services.tenancy)
	relationRoutes(server, a.services.tenancy)
	supportAccountRoutes(server, a.services.tenancy)
	directoryRoutes(server, a.services.directory)
	invitationRoutes(server, a.services.tenancy)
	assignRoutes(server, a.services.tenancy)
	deliveryRoutes(server, a.services.tenancy)
	joiningRoutes(server, a.services.tenancy)
	policyRoutes(server, a.services)
	auditRoutes(server, a.services.audit)
	supportRoutes(server, a.services.support)
	teamRoutes(server, a.services.tenancy)
	departmentRoutes(server, a.services.tenancy)
	roleRoutes(server, a.services.tenancy)
	workspaceRoutes(server, a.services.workspaces)
	workspaceTeamRoutes(server, a.services.workspaces)
	fileRoutes(server, a.services.files)
	taskRoutes(server, a.services.tasks)
	taskListRoutes(server, a.services.tasks)
	taskFileRoutes(server, a.services.tasks)
	taskStructureRoutes(server, a.services.tasks)
	appRoutes(server, a.services.apps)
	recordRoutes(server, a.services.apps)
	viewRoutes(server, a.services.apps)
	importRoutes(server, a.services.apps)
	streamRoutes(server, a.services.stream)
	streamPostRoutes(server, a.services.stream)
	calendarRoutes(server, a.services.calendar)
	streamFeedRoutes(server, a.services.stream)
	messageRoutes(server, a.services.messaging)
	liveRoutes(server, a.services.live)
	statisticsRoutes(server, a.services.statistics)
	notificationRoutes(server, a.services.notices)
	linkPages(server, a.services.tenancy, a.services.support)
	server.AddFormPage(unsubscribePage(a.services.notices))
	if mailbox != nil {
		server.ShowMailbox(mailbox)
	}
	if phoneBox != nil {
		server.ShowPhone(phoneBox)
	}
	if provider := a.settings.Phone; provider != nil {
		phoneHook(server, *provider, a.services.tenancy)
	}
	return server, nil
}

// queueReady tells whether background work can run.
func (a *app) queueReady() error {
	if a.runner == nil {
		return veranda.NewError(veranda.CodeUnavailable, "queue", "The queue has not started yet.")
	}
	return a.runner.Ready()
}

func (a *app) outbox(parked bool) func() float64 {
	return func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		stats, err := a.db.OutboxStats(ctx)
		if err != nil {
			return -1
		}
		if parked {
			return float64(stats.Parked)
		}
		return float64(stats.Open)
	}
}

// serve runs until the context ends, then stops gracefully: calls under way are finished, then background work.
func (a *app) serve(ctx context.Context) error {
	listener, err := listen(a.settings.ListenAddr)
	if err != nil {
		return err
	}
	a.runner, err = veranda.Start(ctx, a.db, veranda.RunnerConfig{RedisURL: a.settings.RedisURL.Reveal(), Queue: queueName(a.settings)})
	if err != nil {
		return errors.Join(fmt.Errorf("REDIS_URL: %w", err), listener.Close())
	}
	defer a.runner.Stop()
	stopLive := a.deliverLive(ctx)
	defer stopLive()
	stopMail, err := a.takeMail()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	failed := make(chan error, 1)
	go func() { failed <- a.server.Listen(listener) }()
	a.log.Info("ready", "url", a.settings.BaseURL.String(), "address", listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	a.log.Info("stopping")
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.settings.ShutdownTimeout)
	defer cancel()
	if err := errors.Join(a.server.Shutdown(stop), stopMail(stop)); err != nil {
		return err
	}
	return <-failed
}

// queueName tells installations apart that share a Redis: a node that takes another installation's task finds nothing of
// it in its own database, and the work waits until its lease ends. The database's place says which installation it is.
func queueName(settings *config.Config) string {
	place := settings.DatabaseURL.Reveal()
	if at, err := url.Parse(place); err == nil && at.Host != "" {
		place = at.Host + at.Path // nodes may have users of their own
	}
	sum := sha256.Sum256([]byte(place))
	return "veranda-" + hex.EncodeToString(sum[:8])
}

func (a *app) close() error { return a.db.Close() }

// makeSupport makes an account platform support: the first one is made on the command line.
func (a *app) makeSupport(ctx context.Context, address string, stdout io.Writer) error {
	if err := a.services.tenancy.MakeSupport(ctx, address); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "%s is platform support now.\n", address)
	return err
}

// newMailer sends by SMTP where that is configured; otherwise mails go to a mailbox on disk, shown at /dev/mail.
func newMailer(settings *config.Config) (tenancy.Mailer, *mail.Mailbox, error) {
	if settings.SMTP != nil {
		return sender{to: mail.NewSender(*settings.SMTP, settings.MailFrom, time.Now, nil), returns: newReturns(settings)}, nil, nil
	}
	mailbox, err := mail.NewMailbox(filepath.Join(settings.DataDir, "mail"), settings.MailFrom, time.Now)
	if err != nil {
		return nil, nil, err
	}
	return sender{to: mailbox}, mailbox, nil
}

// sender gives tenancy's mails to the mail package.
type sender struct {
	to interface {
		Send(ctx context.Context, m mail.Message) error
	}
	returns *mail.Returns // nil: mails come back to the sender
}

// Send hands a mail in. What can never succeed says so, so that it is not tried again.
func (s sender) Send(ctx context.Context, m tenancy.Mail) error {
	message := mail.Message{
		ID: m.ID, To: m.To, ToName: m.ToName, Subject: m.Subject, Text: m.Text, HTML: m.HTML, UnsubscribeURL: m.UnsubscribeURL,
	}
	if s.returns != nil {
		message.ReturnPath = s.returns.Address(m.ID)
	}
	err := s.to.Send(ctx, message)
	if err != nil && mail.Permanent(err) {
		return permanent{err}
	}
	return err
}

type permanent struct{ error }

// Permanent tells the delivery not to try again.
func (permanent) Permanent() bool { return true }

// AddressRefused tells that it is the address that takes no mail.
func (p permanent) AddressRefused() bool {
	var refused *mail.RefusedError
	return errors.As(p.error, &refused) && refused.AddressRefused
}

// Unwrap gives what the mail server said.
func (p permanent) Unwrap() error { return p.error }
