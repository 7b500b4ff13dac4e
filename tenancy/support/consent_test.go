package support_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/tenancy/support"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// looks is what platform support sees of content that a module of the test's guards.
type looks struct {
	*suite
	authz *tenancy.Authorizer
	place veranda.ComposedRead
}

func (s *suite) looks() *looks {
	s.Helper()
	content := veranda.Module{Name: "content", Permissions: []veranda.Permission{"content.read", "content.edit"},
		Policy: "p, support_consented, content, read, allow\np, owner, content, *, allow"}
	authz, err := tenancy.NewAuthorizer(s.ctx, s.e.DB, append(modules(), content)...)
	s.must(err)
	return &looks{s, authz, authz.Compose(veranda.Target{Workspace: "$4"})}
}

func (l *looks) try(as world.Person, org veranda.OrgID, workspace veranda.WorkspaceID, permission veranda.Permission) veranda.Code {
	l.Helper()
	standing, err := l.e.DB.Conn().Read(l.ctx, l.place, as.Actor, org, []any{workspace})
	l.must(err)
	if err := l.authz.Decide(l.ctx, l.e.DB.Conn(), standing, veranda.Ask{Permission: permission, InWorkspace: true}); err != nil {
		return veranda.CodeOf(err)
	}
	return "shown"
}

// visible counts the workspaces a list shows to support.
func (l *looks) visible(org veranda.OrgID) (ids []veranda.WorkspaceID) {
	l.Helper()
	standing, err := l.e.DB.Conn().Read(l.ctx, l.place, l.w.Support.Actor, org, []any{veranda.WorkspaceID{}})
	l.must(err)
	args, err := l.authz.VisibleArgs(l.ctx, l.e.DB.Conn(), standing)
	l.must(err)
	//sql:built the condition is the authorizer's own text
	rows, err := l.e.DB.Conn().Query(l.ctx, `SELECT t.id FROM veranda_workspaces t WHERE t.org_id = $1 AND `+l.authz.Visible("t.id"), args...)
	l.must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id veranda.WorkspaceID
		l.must(rows.Scan(&id))
		ids = append(ids, id)
	}
	return ids
}

func (s *suite) consent(as world.Person, workspace veranda.WorkspaceID, hours int64) *support.Consent {
	s.Helper()
	c, err := s.s.GiveConsent(s.ctx, as.Actor, support.GiveConsentInput{Org: s.w.Org, Workspace: workspace, Hours: hours, Reason: "Look at the plan"})
	s.must(err)
	return c
}

const (
	shown  veranda.Code = "shown"
	hidden              = veranda.CodeNotFound
)

// What is open is shown while the organization consents, and not a moment longer; what is private stays hidden.
func TestConsentOfAnOrganization(t *testing.T) {
	each(t, func(s *suite) {
		l := s.looks()
		look := func() []veranda.Code {
			return []veranda.Code{
				l.try(s.w.Support, s.w.Org, s.w.Open, "content.read"), l.try(s.w.Support, s.w.Org, s.w.Sibling, "content.read"),
				l.try(s.w.Support, s.w.Org, s.w.Private, "content.read"), l.try(s.w.Support, s.w.Other, s.w.OtherWorkspace, "content.read"),
				l.try(s.w.Outsider, s.w.Org, s.w.Open, "content.read"), l.try(s.w.External, s.w.Org, s.w.Sibling, "content.read"),
			}
		}
		none := []veranda.Code{hidden, hidden, hidden, hidden, hidden, hidden}
		if diff := cmp.Diff(none, look()); diff != "" {
			s.Errorf("without consent (-want +got):\n%s", diff)
		}
		consent := s.consent(s.w.Administrator, veranda.WorkspaceID{}, 2)
		if diff := cmp.Diff([]veranda.Code{shown, shown, hidden, hidden, hidden, hidden}, look()); diff != "" {
			s.Errorf("with consent (-want +got):\n%s", diff)
		}
		if got := l.try(s.w.Support, s.w.Org, s.w.Open, "content.edit"); got != veranda.CodeForbidden {
			s.Errorf("consent to look lets support edit: %s", got)
		}
		if got := l.visible(s.w.Org); len(got) != 2 || len(l.visible(s.w.Other)) != 0 {
			s.Errorf("lists show %v", got)
		}
		// Each place is written down once while the looking goes on.
		s.e.WantEvents(s, tenancy.EventSupportLooked, tenancy.EventSupportLooked, tenancy.EventSupportLooked)
		s.e.Clock.Advance(11 * time.Minute)
		look()
		s.e.WantEvents(s, tenancy.EventSupportLooked, tenancy.EventSupportLooked, tenancy.EventSupportLooked, tenancy.EventSupportLooked, tenancy.EventSupportLooked)
		s.must(s.s.EndConsent(s.ctx, s.w.Owner.Actor, support.ConsentInput{Org: s.w.Org, Consent: consent.ID}))
		if diff := cmp.Diff(none, look()); diff != "" {
			s.Errorf("after its end (-want +got):\n%s", diff)
		}
		s.consent(s.w.Owner, veranda.WorkspaceID{}, 1)
		s.e.Clock.Advance(time.Hour + time.Second)
		if diff := cmp.Diff(none, look()); diff != "" || len(l.visible(s.w.Org)) != 0 {
			s.Errorf("after its time (-want +got):\n%s", diff)
		}
	})
}

func TestConsentOfAWorkspace(t *testing.T) {
	each(t, func(s *suite) {
		l := s.looks()
		s.consent(s.w.Employee, s.w.Private, 1) // who manages it
		for workspace, want := range map[veranda.WorkspaceID]veranda.Code{s.w.Private: shown, s.w.Open: hidden, s.w.Closed: hidden} {
			if got := l.try(s.w.Support, s.w.Org, workspace, "content.read"); got != want {
				s.Errorf("%s: %s, want %s", workspace, got, want)
			}
		}
	})
}

// Who looks is written down before anything is shown: what cannot be written down is not shown.
func TestNoLookWithoutItsEvent(t *testing.T) {
	each(t, func(s *suite) {
		l := s.looks()
		s.e.DB.Veto(veranda.Hook{Name: "veto", Kinds: []string{tenancy.EventSupportLooked}, Before: func(context.Context, *veranda.Tx, veranda.Event) error {
			return veranda.NewError(veranda.CodeUnavailable, "test", "No log today.")
		}})
		s.consent(s.w.Owner, veranda.WorkspaceID{}, 1)
		for range 2 {
			if got := l.try(s.w.Support, s.w.Org, s.w.Open, "content.read"); got != veranda.CodeUnavailable {
				s.Errorf("shown without its event: %s", got)
			}
		}
	})
}

func TestWhoConsents(t *testing.T) {
	each(t, func(s *suite) {
		give := func(as world.Person, workspace veranda.WorkspaceID) veranda.Code {
			_, err := s.s.GiveConsent(s.ctx, as.Actor, support.GiveConsentInput{Org: s.w.Org, Workspace: workspace, Hours: 1, Reason: "x"})
			if err == nil {
				return "given"
			}
			return veranda.CodeOf(err)
		}
		const given veranda.Code = "given"
		no := veranda.CodeForbidden
		for _, row := range []struct {
			who                           world.Person
			organization, private, closed veranda.Code
		}{
			{s.w.Support, no, hidden, hidden}, {s.w.Owner, given, given, hidden}, {s.w.Administrator, given, given, hidden}, {s.w.AccessManager, no, no, hidden},
			{s.w.Employee, no, given, hidden}, {s.w.Stranger, no, hidden, given}, {s.w.External, hidden, no, hidden}, {s.w.Guest, no, no, hidden},
			{s.w.Outsider, hidden, hidden, hidden},
		} {
			got := []veranda.Code{give(row.who, veranda.WorkspaceID{}), give(row.who, s.w.Private), give(row.who, s.w.Closed)}
			if diff := cmp.Diff([]veranda.Code{row.organization, row.private, row.closed}, got); diff != "" {
				s.Errorf("%s (-want +got):\n%s", row.who.Role, diff)
			}
		}
		_, err := s.s.GiveConsent(s.ctx, s.w.Owner.Actor, support.GiveConsentInput{Org: s.w.Org, Hours: 169})
		verandatest.WantFields(s, err, "/hours range", "/reason required")
		list, err := s.s.Consents(s.ctx, s.w.Owner.Actor, support.ConsentsInput{Org: s.w.Org})
		s.must(err)
		for _, c := range list.Items {
			if c.Workspace == s.w.Closed {
				s.Error("the owner learns of a workspace they do not see")
			}
		}
		open, err := s.s.OpenConsents(s.ctx, s.w.Support.Actor)
		s.must(err)
		if len(open.Items) != len(list.Items)+1 {
			s.Errorf("support sees %d consents, the owner %d", len(open.Items), len(list.Items))
		}
		_, err = s.s.OpenConsents(s.ctx, s.w.Owner.Actor)
		verandatest.WantCode(s, err, veranda.CodeForbidden)
		for _, p := range []world.Person{s.w.Owner, s.w.Outsider} { // of a private workspace of somebody else's
			for _, c := range open.Items {
				if c.Workspace == s.w.Closed {
					if err := s.s.EndConsent(s.ctx, p.Actor, support.ConsentInput{Org: s.w.Org, Consent: c.ID}); err != error(veranda.ErrNotFound) {
						s.Errorf("%s ends it: %v", p.Role, err)
					}
				}
			}
		}
	})
}

func TestStaff(t *testing.T) {
	each(t, func(s *suite) {
		added, err := s.s.AddStaff(s.ctx, s.w.Support.Actor, support.StaffInput{Address: s.w.Nobody.Address})
		s.must(err)
		if added.Account != s.w.Nobody.Account {
			s.Errorf("added: %+v", added)
		}
		list, err := s.s.Staff(s.ctx, s.w.Nobody.Actor)
		s.must(err)
		if len(list.Items) != 2 {
			s.Errorf("staff: %+v", list.Items)
		}
		if err := s.s.RemoveStaff(s.ctx, s.w.Support.Actor, support.RemoveStaffInput{Account: s.w.Support.Account}); err != error(support.ErrOwnStaff) {
			s.Errorf("oneself: %v", err)
		}
		// Two who remove each other at once: one stays.
		errs := make(chan error, 2)
		for _, pair := range [][2]world.Person{{s.w.Support, s.w.Nobody}, {s.w.Nobody, s.w.Support}} {
			go func() {
				errs <- s.s.RemoveStaff(s.ctx, pair[0].Actor, support.RemoveStaffInput{Account: pair[1].Account})
			}()
		}
		if first, second := <-errs, <-errs; (first == nil) == (second == nil) {
			s.Errorf("both or none: %v, %v", first, second)
		}
		for _, p := range []world.Person{s.w.Owner, s.w.Outsider} {
			_, err := s.s.AddStaff(s.ctx, p.Actor, support.StaffInput{Address: s.w.Owner.Address})
			verandatest.WantCode(s, err, veranda.CodeForbidden)
		}
		left := s.w.Support
		if _, err := s.s.Staff(s.ctx, left.Actor); err != nil {
			left = s.w.Nobody
		}
		for address, rule := range map[string]string{"x": "/address email", "new@elsewhere.example": "/address not_found"} {
			_, err := s.s.AddStaff(s.ctx, left.Actor, support.StaffInput{Address: address})
			verandatest.WantFields(s, err, rule)
		}
		verandatest.WantCode(s, s.s.RemoveStaff(s.ctx, left.Actor, support.RemoveStaffInput{Account: s.w.Owner.Account}), veranda.CodeNotFound)
	})
}

func TestEveryMethodAsks(t *testing.T) {
	each(t, func(s *suite) {
		denier := verandatest.NewDenier(s.authz)
		service, err := support.New(support.Deps{DB: s.e.DB, Authz: denier, Throttle: tenancy.NewThrottle(s.e.DB), Passwords: passwords{}, Actions: map[string]support.Action{"note": {}}})
		s.must(err)
		id := s.request(s.w.Employee)
		closed := support.StateClosed
		verandatest.AskEveryMethod(s.T, service, denier, map[string]any{
			"Write":         support.WriteInput{Address: "a@elsewhere.example", Topic: "other", Subject: "S", Text: "T"},
			"Request":       support.RequestInput{Request: id},
			"AddMessage":    support.MessageInput{Request: id, Text: "T"},
			"Change":        support.ChangeInput{Request: id, State: &closed},
			"Propose":       support.ProposeInput{Request: id, Action: "note", Target: "T"},
			"Confirm":       support.ActionInput{Request: id},
			"Decline":       support.ActionInput{Request: id},
			"CarryOut":      support.ActionInput{Request: id},
			"ConfirmLocked": support.ConfirmLockedInput{Request: id, Action: actionID(s), Address: "a@elsewhere.example", Password: "secret"},
			"GiveConsent":   support.GiveConsentInput{Org: s.w.Org, Hours: 1, Reason: "R"},
			"Consents":      support.ConsentsInput{Org: s.w.Org},
			"EndConsent":    support.ConsentInput{Org: s.w.Org},
			"AddStaff":      support.StaffInput{Address: "a@elsewhere.example"},
			"RemoveStaff":   support.RemoveStaffInput{Account: s.w.Owner.Account},
		}, map[string]string{"WithTx": "binds to a transaction and does nothing", "Receive": "is for the host program's mail server, and changes nobody's rights"})
	})
}
