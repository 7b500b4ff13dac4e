package directory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// ContactsInput asks for the people one may see across one's organizations.
type ContactsInput struct {
	veranda.Page
	Org       veranda.OrgID       `query:"organization" json:"-" doc:"Only this organization."`
	Workspace veranda.WorkspaceID `query:"workspace" json:"-" doc:"Only members of this workspace."`
	Query     string              `query:"q" json:"-" maxLength:"100" doc:"As in the directory of an organization."`
	Kind      string              `query:"kind" json:"-" enum:"internal,external,guest" doc:"Only this kind of membership."`
}

// MyContacts is a page of everybody the caller may see in any of their organizations, by name, as People gives each. Who
// belongs to several of them is in the list once for each. An organization the caller does not belong to gives nothing.
//
// Permission: account.read_own, and in each organization that of People; an organization that gives the caller no
// directory, or asks a second factor they came without, is left out.
func (s *Service) MyContacts(ctx context.Context, by veranda.Actor, in ContactsInput) (veranda.List[Contact], error) {
	list := veranda.List[Contact]{Items: []Contact{}}
	var c veranda.Checks
	limit := in.Size(&c)
	after := positionOf(&c, in.Page, "contacts", 4)
	f := Filter{Query: in.Query, Kind: in.Kind, Workspace: in.Workspace}
	tokens := f.checked(&c)
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, err := s.authz.Account(ctx, s.conn, by)
	if err != nil {
		return list, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: tenancy.PermAccountRead}); err != nil {
		return list, err
	}
	orgs, err := s.queryTexts(ctx, `SELECT o.org_id FROM veranda_account_organizations o WHERE o.account_id = $1 ORDER BY o.org_id`, standing.Account)
	if err != nil {
		return list, err
	}
	for _, text := range orgs {
		var org veranda.OrgID
		if err := org.UnmarshalText([]byte(text)); err != nil {
			return list, err
		}
		if !in.Org.IsZero() && in.Org != org {
			continue
		}
		people, err := s.contactsIn(ctx, by, org, f, tokens, after, limit+1)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, people...)
	}
	slices.SortFunc(list.Items, compareContacts)
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		end := list.Items[limit-1]
		list.Next = veranda.EncodeCursor("contacts", strconv.Itoa(end.at.rank), end.at.sortKey, end.Account.String(), end.Org.String())
	}
	return list, nil
}

// contactsIn are those of one organization behind a position. People of one name are in the order of their organizations:
// in those before the position's everybody of that name was given, in those behind it nobody.
func (s *Service) contactsIn(ctx context.Context, by veranda.Actor, org veranda.OrgID, f Filter, tokens []token, after cursor, limit int) ([]Contact, error) {
	v, err := s.viewer(ctx, by, org)
	if errors.Is(err, veranda.ErrForbidden) || errors.Is(err, veranda.ErrNotFound) || errors.Is(err, tenancy.ErrSecondFactorRequired) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at := after.position
	if !at.account.IsZero() {
		switch cmp.Compare(org.String(), after.org.String()) {
		case -1:
			if err := at.account.UnmarshalText([]byte("ffffffff-ffff-ffff-ffff-ffffffffffff")); err != nil {
				return nil, err
			}
		case 1:
			at.account = veranda.AccountID{}
		}
	}
	return s.search(ctx, v, f, tokens, at, limit)
}

// compareContacts is the order of a list over several organizations.
func compareContacts(a, b Contact) int {
	return cmp.Or(cmp.Compare(a.at.rank, b.at.rank), cmp.Compare(a.at.sortKey, b.at.sortKey), cmp.Compare(a.Org.String(), b.Org.String()), compare(a.at, b.at))
}
