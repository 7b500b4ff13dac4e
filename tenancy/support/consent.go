package support

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

type consentKind struct{}

// ConsentID is the id of a consent.
type ConsentID = veranda.ID[consentKind]

// Consent lets platform support look into content, for a time.
type Consent struct {
	ID  ConsentID     `json:"id"`
	Org veranda.OrgID `json:"organization_id"`
	// Workspace is the one that is shown; zero for all open ones.
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Reason    string              `json:"reason"`
	GivenBy   veranda.AccountID   `json:"given_by"`
	CreatedAt time.Time           `json:"created_at"`
	Until     time.Time           `json:"until"`
	EndedAt   *time.Time          `json:"ended_at,omitempty"`
}

// GiveConsentInput gives consent.
type GiveConsentInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `json:"workspace_id,omitempty" doc:"The workspace to show; all open ones when absent."`
	Hours     int64               `json:"hours" minimum:"1" maximum:"168" doc:"For how long."`
	Reason    string              `json:"reason" minLength:"1" maxLength:"500"`
}

// ConsentsInput asks for an organization's consents in force.
type ConsentsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// ConsentInput names a consent.
type ConsentInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Consent ConsentID     `path:"consent" json:"-"`
}

// GiveConsent lets platform support look into an organization's open workspaces, or into one workspace, until it ends. It
// stands in the organization's audit log, and so does each look.
//
// Permission: support.consent; in a private workspace of who manages it. A workspace one does not see is not found. Event:
// support.consent_given.
func (s *Service) GiveConsent(ctx context.Context, by veranda.Actor, in GiveConsentInput) (*Consent, error) {
	var c veranda.Checks
	c.Range("/hours", in.Hours, 1, 168)
	in.Reason = c.Text("/reason", in.Reason, 1, 500)
	if err := c.Err(); err != nil {
		return nil, err
	}
	standing, err := s.mayConsent(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	consent := &Consent{
		ID: veranda.NewID[consentKind](), Org: in.Org, Workspace: in.Workspace, Reason: in.Reason, GivenBy: standing.Account,
		CreatedAt: now, Until: now.Add(time.Duration(in.Hours) * time.Hour),
	}
	return consent, s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO veranda_support_consents (org_id, id, workspace_id, reason, given_by, created_at, until_us) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			in.Org, consent.ID, nullID(in.Workspace), in.Reason, standing.Account, tx.DB().Time(now), consent.Until.UnixMicro())
		if err != nil {
			return fmt.Errorf("support: store consent: %w", err)
		}
		emitConsent(tx, EventConsentGiven, consent, standing.Account)
		return nil
	})
}

func emitConsent(tx *veranda.Tx, kind string, c *Consent, by veranda.AccountID) {
	tx.Emit(veranda.Event{Org: c.Org, Workspace: c.Workspace, Kind: kind, Subject: c.ID.String(), By: by,
		Data: veranda.MarshalData(ConsentChanged{Until: c.Until.UTC().Format(time.RFC3339), Reason: c.Reason})})
}

// mayConsent asks for the right to open an organization's content, or a workspace's.
func (s *Service) mayConsent(ctx context.Context, by veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID) (*veranda.Standing, error) {
	read, args, ask := s.consent, []any(nil), veranda.Ask{Permission: tenancy.PermSupportConsent, See: tenancy.PermOrganizationName}
	if !workspace.IsZero() {
		read, args, ask = s.place, []any{workspace}, veranda.Ask{Permission: tenancy.PermSupportConsent, InWorkspace: true}
	}
	standing, err := s.conn.Read(ctx, read, by, org, args)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, ask); err != nil {
		return nil, err
	}
	if !standing.Member { // support does not open doors to itself
		return nil, veranda.ErrForbidden
	}
	return standing, nil
}

const (
	consentColumns = `c.org_id, c.id, c.workspace_id, c.reason, c.given_by, c.created_at, c.until_us, c.ended_at`
	selectConsent  = `SELECT ` + consentColumns + ` FROM veranda_support_consents c WHERE c.org_id = $1 AND c.id = $2`
	selectForStaff = `SELECT ` + consentColumns + ` FROM veranda_support_consents c WHERE c.ended_at IS NULL AND c.until_us > $1 ORDER BY c.org_id, c.id LIMIT 1000`
)

func scanConsent(rows *sql.Rows) (Consent, error) {
	var c Consent
	var until int64
	var ended time.Time
	err := rows.Scan(&c.Org, &c.ID, veranda.Optional(&c.Workspace), &c.Reason, &c.GivenBy, veranda.Moment(&c.CreatedAt), &until, veranda.Moment(&ended))
	c.Until = time.UnixMicro(until).UTC()
	if !ended.IsZero() {
		c.EndedAt = &ended
	}
	return c, err
}

// Consents lists what an organization shows to platform support now; those for workspaces one does not see are left out.
//
// Permission: support.consent.
func (s *Service) Consents(ctx context.Context, by veranda.Actor, in ConsentsInput) (veranda.List[Consent], error) {
	list := veranda.List[Consent]{Items: []Consent{}}
	standing, err := s.mayConsent(ctx, by, in.Org, veranda.WorkspaceID{})
	if err != nil {
		return list, err
	}
	args, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return list, err
	}
	text := `SELECT ` + consentColumns + ` FROM veranda_support_consents c WHERE c.org_id = $1 AND c.ended_at IS NULL AND c.until_us > $4
AND (c.workspace_id IS NULL OR ` + s.authz.Visible("c.workspace_id") + `) ORDER BY c.id LIMIT 1000`
	err = each(ctx, s.conn.Query, text, append(args, s.conn.DB().Now().UnixMicro()), func(rows *sql.Rows) error {
		c, err := scanConsent(rows)
		list.Items = append(list.Items, c)
		return err
	})
	return list, err
}

// OpenConsents lists what organizations show to platform support now.
//
// Permission: support_request.read.
func (s *Service) OpenConsents(ctx context.Context, by veranda.Actor) (veranda.List[Consent], error) {
	list := veranda.List[Consent]{Items: []Consent{}}
	if _, err := s.asks(ctx, by, PermRead); err != nil {
		return list, err
	}
	err := each(ctx, s.conn.Query, selectForStaff, []any{s.conn.DB().Now().UnixMicro()}, func(rows *sql.Rows) error {
		c, err := scanConsent(rows)
		list.Items = append(list.Items, c)
		return err
	})
	return list, err
}

// EndConsent ends a consent at once.
//
// Permission: as giving it. Errors: not_found, also for one that has ended. Event: support.consent_ended.
func (s *Service) EndConsent(ctx context.Context, by veranda.Actor, in ConsentInput) error {
	var consent Consent
	found := false
	if err := each(ctx, s.conn.Query, selectConsent, []any{in.Org, in.Consent}, func(rows *sql.Rows) (err error) {
		found = true
		consent, err = scanConsent(rows)
		return err
	}); err != nil {
		return err
	}
	standing, err := s.mayConsent(ctx, by, in.Org, consent.Workspace)
	if err != nil {
		return err
	}
	now := s.conn.DB().Now()
	if !found || !now.Before(consent.Until) {
		return veranda.ErrNotFound
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE veranda_support_consents SET ended_at = $3 WHERE org_id = $1 AND id = $2 AND ended_at IS NULL`, in.Org, in.Consent, tx.DB().Time(now))
		if err != nil {
			return fmt.Errorf("support: end consent: %w", err)
		}
		if n == 0 {
			return veranda.ErrNotFound
		}
		emitConsent(tx, EventConsentEnded, &consent, standing.Account)
		return nil
	})
}
