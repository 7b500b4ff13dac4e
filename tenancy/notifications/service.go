package notifications

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Post queues mails and text messages within the transaction it is given, and gives not_found for who cannot be reached
// by the channel; tenancy.Post is one.
type Post interface {
	Queue(ctx context.Context, tx *veranda.Tx, m tenancy.MailRequest) (tenancy.DeliveryID, error)
}

// Muted tells who of these people muted where an event happened: they get no notice of it, but of what is urgent or what
// they asked for themselves.
type Muted interface {
	Muted(ctx context.Context, tx *veranda.Tx, e veranda.Event, people []veranda.AccountID) ([]veranda.AccountID, error)
}

// Subscription ends mails that another package sends, such as a weekly report: what the link in such a mail does.
type Subscription struct {
	// Meaning names it on the page behind the link.
	Meaning string
	// End ends it, within the transaction; ending it twice is no error.
	End func(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, org veranda.OrgID) error
}

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Sources are what people are told of.
	Sources []veranda.NoticeSource
	// Muted is asked before somebody is told; nil where nothing can be muted.
	Muted Muted
	// Post sends mails and text messages; nil sends none.
	Post Post
	// Templates are the host's own texts, a folder for each language tag with digest.txt and message.txt and, where the host
	// says a kind in other words or in a language its package lacks, sentences.json: an object of sentences by kind. They come
	// before the shipped ones. nil: none.
	Templates fs.FS
	// Secret makes the links that end mails; at least 16 bytes, wanted where there is a Post.
	Secret []byte
	// BaseURL is where the program is reached; it stands in mails. The page behind the links is at "/unsubscribe" there.
	BaseURL string
	// Subscriptions are mails of other packages that a link ends too, by name.
	Subscriptions map[string]Subscription
}

// Service is the package's API.
type Service struct {
	conn          veranda.Conn
	authz         veranda.Authorizer
	sources       []veranda.NoticeSource
	muted         Muted
	post          Post
	secret        []byte
	baseURL       string
	subscriptions map[string]Subscription
	standing      veranda.ComposedRead
	kinds         map[string]veranda.NoticeKind
	names         []string // of the kinds, in order
	words         *words
	texts         texts
}

// New makes the service, and registers its consumer "notifications.notices" where there are sources. What is wrong with
// kinds, sentences and templates is said here.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("notifications: Deps wants DB and Authz")
	}
	if d.Post != nil && (len(d.Secret) < 16 || d.BaseURL == "") {
		return nil, errors.New("notifications: Deps with a Post wants a Secret of 16 bytes and a BaseURL")
	}
	s := &Service{
		conn: d.DB.Conn(), authz: d.Authz, sources: d.Sources, muted: d.Muted, post: d.Post, secret: d.Secret,
		baseURL: strings.TrimSuffix(d.BaseURL, "/"), subscriptions: d.Subscriptions, standing: d.Authz.Compose(veranda.Target{}),
		kinds: map[string]veranda.NoticeKind{}, texts: textsOf(d.DB),
	}
	var patterns []string
	for _, source := range d.Sources {
		for _, kind := range source.Kinds {
			if before, _, found := strings.Cut(kind.Name, "."); !found || before == "" || strings.ContainsAny(kind.Name, "* |") {
				return nil, fmt.Errorf("notifications: kind %q is not \"<package>.<what>\"", kind.Name)
			}
			if _, twice := s.kinds[kind.Name]; twice {
				return nil, fmt.Errorf("notifications: there are two kinds %q", kind.Name)
			}
			s.kinds[kind.Name] = kind
			s.names = append(s.names, kind.Name)
		}
		if source.Notices == nil || len(source.Events) == 0 {
			return nil, errors.New("notifications: a source wants Events and Notices")
		}
		patterns = append(patterns, source.Events...)
	}
	slices.Sort(s.names)
	slices.Sort(patterns)
	var err error
	if s.words, err = newWords(s.kinds, d.Templates); err != nil {
		return nil, err
	}
	if len(patterns) > 0 {
		err = d.DB.Consume(veranda.Consumer{Name: "notifications.notices", Kinds: slices.Compact(patterns), Handle: s.consume})
	}
	return s, err
}

// WithTx binds the service to a running transaction.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// asks reads who calls and asks a permission on what is their own.
func (s *Service) asks(ctx context.Context, by veranda.Actor, permission veranda.Permission) (*veranda.Standing, error) {
	standing, err := s.authz.Account(ctx, s.conn, by)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission}); err != nil {
		return nil, err
	}
	if standing.Account.IsZero() && permission != PermUnsubscribe { // a background job has no inbox
		return nil, veranda.ErrForbidden
	}
	return standing, nil
}
