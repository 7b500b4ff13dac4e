package main

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/examples/server/internal/blobs"
	"github.com/veranda-go/veranda/examples/server/internal/config"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/stream/live"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/tenancy/audit"
	people "github.com/veranda-go/veranda/tenancy/directory"
	"github.com/veranda-go/veranda/tenancy/notifications"
	"github.com/veranda-go/veranda/tenancy/support"
	"github.com/veranda-go/veranda/workspace"
	"github.com/veranda-go/veranda/workspace/calendar"
	"github.com/veranda-go/veranda/workspace/files"
	"github.com/veranda-go/veranda/workspace/statistics"
)

// modules are the packages the product is made of, in the order of their dependence.
func modules() []veranda.Module {
	return []veranda.Module{
		veranda.Core(), tenancy.Module(), audit.Module(), support.Module(), people.Module(), notifications.Module(),
		workspace.Module(), files.Module(), statistics.Module(), calendar.Module(), tasks.Module(), apps.Module(), stream.Module(), messaging.Module(),
	}
}

// services are the product's features on one database.
type services struct {
	authz      *tenancy.Authorizer
	tenancy    *tenancy.Service
	audit      *audit.Service
	support    *support.Service
	directory  *people.Service
	notices    *notifications.Service
	workspaces *workspace.Service
	files      *files.Service
	statistics *statistics.Service
	tasks      *tasks.Service
	apps       *apps.Service
	stream     *stream.Service
	calendar   *calendar.Service
	messaging  *messaging.Service
	live       *live.Hub
}

// newServices wires the features: each gets the database and who decides, and what it needs of others as an interface.
// limits is asked by everything that makes something; nil is unlimited.
func newServices(ctx context.Context, db *veranda.DB, settings *config.Config, mailer tenancy.Mailer, phones tenancy.PhoneSender, limits veranda.Limits) (*services, error) {
	s := &services{}
	var err error
	if s.authz, err = tenancy.NewAuthorizer(ctx, db, modules()...); err != nil {
		return nil, err
	}
	mails, err := hostTemplates(settings)
	if err != nil {
		return nil, err
	}
	if s.tenancy, err = tenancy.New(tenancy.Deps{
		Templates: mails.tenancy, Resolver: newResolver(settings.DNSServer),
		DB: db, Authz: s.authz, Limits: limits, Mailer: mailer, Phone: phones, Secret: []byte(settings.SecretKey.Reveal()), BaseURL: settings.BaseURL.String(),
	}); err != nil {
		return nil, err
	}
	if s.audit, err = audit.New(audit.Deps{DB: db, Authz: s.authz}); err != nil {
		return nil, err
	}
	if s.support, err = support.New(support.Deps{
		DB: db, Authz: s.authz, Throttle: tenancy.NewThrottle(db), Passwords: s.tenancy, Actions: supportActions(s.tenancy), BaseURL: settings.BaseURL.String(),
	}); err != nil {
		return nil, err
	}
	if s.directory, err = people.New(people.Deps{DB: db, Authz: s.authz}); err != nil {
		return nil, err
	}
	if err := db.Consume(s.tenancy.Welcome()); err != nil {
		return nil, err
	}
	if s.workspaces, err = workspace.New(workspace.Deps{DB: db, Authz: s.authz, Limits: limits, Post: tenancy.Post{}}); err != nil {
		return nil, err
	}
	bucket, err := blobs.Open(ctx, settings.FilesURL)
	if err != nil {
		return nil, fmt.Errorf("FILES_URL: %w", err)
	}
	if s.files, err = files.New(files.Deps{DB: db, Authz: s.authz, Limits: limits, Blobs: bucket}); err != nil {
		return nil, err
	}
	if s.tasks, err = tasks.New(tasks.Deps{DB: db, Authz: s.authz, Limits: limits, Addresses: s.directory, Files: s.files}); err != nil {
		return nil, err
	}
	if s.apps, err = apps.New(apps.Deps{DB: db, Authz: s.authz, Limits: limits, Addresses: s.directory, Blobs: bucket}); err != nil {
		return nil, err
	}
	if s.calendar, err = calendar.New(calendar.Deps{
		DB: db, Authz: s.authz, Limits: limits, Sources: []calendar.Source{datedTasks{s.tasks}, datedRecords{s.apps}}, BaseURL: settings.BaseURL.String(),
	}); err != nil {
		return nil, err
	}
	if s.stream, err = stream.New(stream.Deps{
		Files: s.files, Previews: newPreviewer(settings),
		DB: db, Authz: s.authz, Limits: limits, Kinds: []string{"workspace.*", "tasks.task_*", "tasks.comment_added", "tenancy.member_joined", "tenancy.workspace_handed_over", "calendar.event_*", "calendar.occurrence_*"},
	}); err != nil {
		return nil, err
	}
	if err := db.Consume(s.stream.PreviewsConsumer()); err != nil {
		return nil, err
	}
	if s.messaging, err = messaging.New(messaging.Deps{DB: db, Authz: s.authz, Limits: limits, Files: s.files}); err != nil {
		return nil, err
	}
	source, err := tasks.NewSource(db)
	if err != nil {
		return nil, err
	}
	s.statistics, err = statistics.New(statistics.Deps{
		DB: db, Authz: s.authz, Overdue: overdue(source), Post: tenancy.Post{}, Templates: mails.statistics,
		Unsubscribe: func(account veranda.AccountID, org veranda.OrgID) string {
			return s.notices.UnsubscribeURL(account, org, weeklyDigest)
		},
		Link: func(org veranda.OrgID) string { return settings.BaseURL.String() + "/docs#Statistics" },
	})
	if err != nil {
		return nil, err
	}
	s.notices, err = notifications.New(notifications.Deps{
		DB: db, Authz: s.authz, Post: tenancy.Post{}, Templates: mails.notifications, Secret: []byte(settings.SecretKey.Reveal()), BaseURL: settings.BaseURL.String(),
		Sources: []veranda.NoticeSource{
			s.tenancy.Notices(), s.workspaces.Notices(), calendar.Notices(), s.tasks.Notices(), s.apps.Notices(), s.stream.Notices(), s.messaging.Notices(),
		},
		Muted: mutes{},
		Subscriptions: map[string]notifications.Subscription{
			weeklyDigest: {Meaning: "the weekly statistics of an organization, by mail", End: s.statistics.EndDigest},
		},
	})
	if err != nil {
		return nil, err
	}
	s.live, err = live.New(live.Deps{DB: db, Authz: s.authz, Kinds: liveKinds(), Counters: s.counters()})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// mutes gives notifications what people muted in their streams.
type mutes struct{}

// Muted tells who muted where an event happened.
func (mutes) Muted(ctx context.Context, tx *veranda.Tx, e veranda.Event, people []veranda.AccountID) ([]veranda.AccountID, error) {
	return stream.Muting(ctx, tx, e, people)
}

// counters are the numbers that are told live: unread messages of each organization, and unread notices of all.
func (s *services) counters() []live.Counter {
	return []live.Counter{
		{Name: "messages", Kinds: []string{"messaging.*"}, Count: func(ctx context.Context, org veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]int64, error) {
			unread, err := s.messaging.UnreadOf(ctx, org, accounts)
			counts := make(map[veranda.AccountID]int64, len(unread))
			for account, u := range unread {
				counts[account] = u.Messages
			}
			return counts, err
		}},
		{Name: "notifications", Kinds: []string{"notifications.*"}, Everywhere: true, Count: func(ctx context.Context, _ veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]int64, error) {
			counts := make(map[veranda.AccountID]int64, len(accounts))
			for _, account := range accounts {
				unread, err := s.notices.Unread(ctx, veranda.AccountActor(account))
				if err != nil {
					return nil, err
				}
				counts[account] = unread.Unread
			}
			return counts, nil
		}},
	}
}

// weeklyDigest names the weekly mails of package statistics in the links that end them.
const weeklyDigest = "statistics.digest"

// overdue gives statistics what tasks knows; the two packages do not know each other.
func overdue(source *tasks.Source) statistics.OverdueCounts {
	return func(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, before time.Time, yield func(veranda.WorkspaceID, veranda.AccountID, int64)) error {
		counts, err := source.OverdueCounts(ctx, tx, org, before)
		for _, c := range counts {
			yield(c.Workspace, c.Assignee, c.Count)
		}
		return err
	}
}
