package tenancy

import (
	"context"
	"sync"
	"time"

	"github.com/veranda-go/veranda"
)

// lookEvery is how often support's looking into a place is written down while it goes on.
const lookEvery = 10 * time.Minute

// EventSupportLooked says that platform support looked into an organization's content, in a workspace where the event
// names one; it is in the organization's log. It is repeated every ten minutes while the looking goes on.
const EventSupportLooked = "tenancy.support_looked" // SupportLooked; the subject is who looked

// SupportLooked is the data of EventSupportLooked.
type SupportLooked struct {
	// Permission is what the look began with.
	Permission veranda.Permission `json:"permission"`
}

// consented tells whether the standing is platform support's in a place an organization consented to show, now.
func (a *Authorizer) consented(s *veranda.Standing, inWorkspace bool) bool {
	if s.PlatformRoles == "" || s.Member || s.Org.IsZero() || !s.OrgFound {
		return false
	}
	now := a.db.Now()
	if !inWorkspace {
		return now.Before(s.Consent)
	}
	return s.WorkspaceFound && (s.WorkspaceOpen && now.Before(s.Consent) || now.Before(s.WorkspaceConsent))
}

// looks remembers when looking was written down last.
type looks struct {
	mu   sync.Mutex
	last map[look]time.Time
}

type look struct {
	account   veranda.AccountID
	org       veranda.OrgID
	workspace veranda.WorkspaceID
}

// due tells whether a look is to be written down, and counts it as written.
func (l *looks) due(key look, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, seen := l.last[key]; seen && now.Before(at.Add(lookEvery)) && !now.Before(at) {
		return false
	}
	if l.last == nil {
		l.last = map[look]time.Time{}
	}
	for other, at := range l.last { // few people look at a time
		if !now.Before(at.Add(lookEvery)) {
			delete(l.last, other)
		}
	}
	l.last[key] = now
	return true
}

func (l *looks) forget(key look) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.last, key)
}

// noteLook writes down that support looks where only consent lets it, before it sees anything: what cannot be written down
// is not shown.
func (a *Authorizer) noteLook(ctx context.Context, c veranda.Conn, v *view, ask veranda.Ask) error {
	s := v.standing
	if s.PlatformRoles == "" || s.Member || !a.consented(s, ask.InWorkspace) || v.allowsBy(s.PlatformRoles, ask) {
		return nil
	}
	key := look{s.Account, s.Org, s.Workspace}
	if !a.looks.due(key, a.db.Now()) {
		return nil
	}
	err := c.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
		tx.Emit(veranda.Event{Org: s.Org, Workspace: s.Workspace, Kind: EventSupportLooked, Subject: s.Account.String(), By: s.Account,
			Data: veranda.MarshalData(SupportLooked{Permission: ask.Permission})})
		return nil
	})
	if err != nil {
		a.looks.forget(key)
	}
	return err
}
