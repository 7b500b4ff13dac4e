package statistics

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Overdue counts overdue tasks; nil leaves this figure out.
	Overdue OverdueCounts
	// Templates are the host's own weekly mails, a folder for each language tag with digest.txt and, where the host wants
	// another than the shipped one, calendar.json; they come before the shipped ones. nil: none. Their values are those of
	// the shipped templates/en/digest.txt.
	Templates fs.FS
	// Post queues the weekly mails; tenancy.Post{} is one. nil sends none.
	Post Post
	// Link is the address of the page with an organization's statistics, for the mails; nil leaves it out.
	Link func(org veranda.OrgID) string
	// Unsubscribe is the link by which somebody ends the weekly mails of an organization without signing in (RFC 8058); what
	// it leads to calls EndDigest. nil leaves it out.
	Unsubscribe func(account veranda.AccountID, org veranda.OrgID) string
}

// OverdueCounts gives the open tasks of an organization that were due before a moment to yield: for each workspace with
// such tasks once with a zero assignee and each task counted once, and for each assignee in each workspace once. The
// source of package tasks is adapted with a few lines. It is asked once for each organization and week, in the
// transaction that stores the week.
type OverdueCounts func(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, before time.Time,
	yield func(workspace veranda.WorkspaceID, assignee veranda.AccountID, count int64)) error

// Post queues mails within the transaction it is given, and gives not_found for an account that has no address.
type Post interface {
	Queue(ctx context.Context, tx *veranda.Tx, m tenancy.MailRequest) (tenancy.DeliveryID, error)
}

// Service is the package's API.
type Service struct {
	conn    veranda.Conn
	authz   veranda.Authorizer
	overdue OverdueCounts
	post    Post
	link    func(org veranda.OrgID) string
	end     func(account veranda.AccountID, org veranda.OrgID) string
	reads   *reads
	// templates are the host's over the shipped ones.
	templates fs.FS
}

// reads are the service's composed reads, made once.
type reads struct {
	organization, workspace, person veranda.ComposedRead
}

// every is how often the job looks for finished weeks.
const every = 15 * time.Minute

// New makes the service and registers its periodic job "statistics.weekly" and, where there is a Post, its consumer
// "statistics.digest".
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("statistics: Deps wants DB and Authz")
	}
	templates, err := layTemplates(d.Templates)
	if err != nil {
		return nil, err
	}
	s := &Service{
		templates: templates,
		conn:      d.DB.Conn(), authz: d.Authz, overdue: d.Overdue, post: d.Post, link: d.Link, end: d.Unsubscribe,
		reads: &reads{
			organization: d.Authz.Compose(veranda.Target{}),
			workspace:    d.Authz.Compose(veranda.Target{Workspace: "$4"}),
			person:       d.Authz.Compose(veranda.Target{Columns: personColumns, Join: personJoin}),
		},
	}
	if err := d.DB.Every(veranda.Periodic{Name: "statistics.weekly", Every: every, Run: s.weekly}); err != nil {
		return nil, err
	}
	if d.Post != nil {
		consumer := veranda.Consumer{Name: "statistics.digest", Kinds: []string{EventWeekComputed, EventDigestsQueued}, Handle: s.digests}
		if err := d.DB.Consume(consumer); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// WithTx binds the service to a running transaction.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}
