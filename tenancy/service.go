package tenancy

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"

	"github.com/veranda-go/veranda"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Limits is asked for "organizations", "members", "relations", "roles", "teams", "departments"; nil is unlimited.
	Limits veranda.Limits
	// Mailer sends what is queued; nil leaves mails in the outbox.
	Mailer Mailer
	// Phone sends text messages; nil where the installation sends none.
	Phone PhoneSender
	// Templates are the host's own mails and text messages, a folder for each language tag with any of the files of
	// templates/en and a calendar.json; they come before the shipped ones. A layout.html replaces the shipped layout. nil:
	// none. See "Languages" in the package's documentation.
	Templates fs.FS
	// Resolver looks up the records that prove domains; nil asks the DNS as the machine is set up to.
	Resolver Resolver
	// Secret is the program's key, 32 bytes or more: links in mails are derived from it.
	Secret []byte
	// BaseURL is where the program is reached, without a slash at the end: links in mails are made from it alone.
	BaseURL string
	// PasswordCost is for tests; the zero value is the cost for production.
	PasswordCost PasswordCost
}

// Service is tenancy's API.
type Service struct {
	conn     veranda.Conn
	authz    veranda.Authorizer
	limits   veranda.Limits
	mailer   Mailer
	phone    PhoneSender
	resolver Resolver
	secret   []byte
	baseURL  string
	log      *slog.Logger
	// templates are the host's over the shipped ones.
	templates fs.FS

	passwords *passwords
	reads     *reads
}

// reads are the service's composed reads, made once.
type reads struct {
	standing     veranda.ComposedRead // nothing but the standing in an organization
	organization veranda.ComposedRead
	member       veranda.ComposedRead // the member a call names
	team         veranda.ComposedRead // the team a call names
	department   veranda.ComposedRead // the department a call names
	links        veranda.ComposedRead // where the member a call names belongs
	teamMaker    veranda.ComposedRead // by which address who calls belongs to the organization
	place        veranda.ComposedRead // the member of a workspace a call names
	workspace    veranda.ComposedRead // the standing in a workspace
	explained    veranda.ComposedRead // the standing in a workspace, and where it comes from
	accessible   string               // the workspaces two accounts see
	domain       veranda.ComposedRead // the domain a call names
	join         veranda.ComposedRead // the request to join a call names
}

// New makes the service and registers its consumer of queued mails.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("tenancy: Deps wants DB and Authz")
	}
	if len(d.Secret) < 32 {
		return nil, errors.New("tenancy: Deps wants a Secret of at least 32 bytes")
	}
	if d.Resolver == nil {
		d.Resolver = net.DefaultResolver
	}
	if d.Limits == nil {
		d.Limits = veranda.Unlimited{}
	}
	templates, err := layTemplates(d.Templates)
	if err != nil {
		return nil, err
	}
	s := &Service{
		templates: templates, resolver: d.Resolver,
		conn: d.DB.Conn(), authz: d.Authz, limits: d.Limits, mailer: d.Mailer, phone: d.Phone, secret: d.Secret, baseURL: d.BaseURL, log: d.DB.Log(),
		passwords: newPasswords(d.PasswordCost),
		reads: &reads{
			standing:     d.Authz.Compose(veranda.Target{}),
			organization: d.Authz.Compose(veranda.Target{Columns: organizationColumns, Join: organizationJoin}),
			member:       d.Authz.Compose(veranda.Target{Columns: memberColumns, Join: memberJoin}),
			team:         d.Authz.Compose(veranda.Target{Columns: teamColumns, Join: teamJoin}),
			department:   d.Authz.Compose(veranda.Target{Columns: departmentColumns, Join: departmentJoin}),
			links:        d.Authz.Compose(veranda.Target{Columns: linksColumns, Join: memberJoin}),
			teamMaker:    d.Authz.Compose(veranda.Target{Columns: teamMakerColumns, Join: teamMakerJoin}),
			place:        d.Authz.Compose(veranda.Target{Columns: placeColumns, Join: placeJoin, Workspace: "$4"}),
			workspace:    d.Authz.Compose(veranda.Target{Workspace: "$4"}),
			explained:    d.Authz.Compose(veranda.Target{Columns: explainedColumns, Join: explainedJoin, Workspace: "$4"}),
			accessible:   accessibleText(d.Authz.Visible("w.id")),
			domain:       d.Authz.Compose(veranda.Target{Columns: domainColumns, Join: domainJoin}),
			join:         d.Authz.Compose(veranda.Target{Columns: joinColumns + joinPerson, Join: joinJoin}),
		},
	}
	if d.Mailer != nil || d.Phone != nil {
		if err := d.DB.Consume(veranda.Consumer{Name: "tenancy.deliver", Kinds: []string{EventDeliveryQueued}, Deliver: s.deliver}); err != nil {
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

// signedIn reads who calls, outside any organization, and asks one permission of the role "member".
func (s *Service) signedIn(ctx context.Context, by veranda.Actor, permission veranda.Permission) (*veranda.Standing, error) {
	standing, err := s.authz.Account(ctx, s.conn, by)
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission})
}
