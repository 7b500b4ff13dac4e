package calendar

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// What a feed gives of what happens once: from 90 days ago to 310 days ahead. What repeats is given whole.
const (
	feedBack  = 90 * 24 * time.Hour
	feedAhead = 310 * 24 * time.Hour
)

// FetchInput is the secret of a feed.
type FetchInput struct {
	Token string `path:"token" json:"-" maxLength:"100"`
}

// Document is a calendar as programs read it: iCalendar, RFC 5545.
type Document struct {
	Body []byte
	// ETag tells whether it changed.
	ETag string
}

// Fetch reads a calendar by its secret address, as its owner sees it at this moment; the caller need not be signed in.
//
// Permission: calendar.feed and calendar.read of the owner, at each fetch. Errors: not_found for a secret that there is
// not or not any more, and for an owner who may not see the calendar any more; calendar.too_many (conflict).
func (s *Service) Fetch(ctx context.Context, _ veranda.Actor, in FetchInput) (*Document, error) {
	var id FeedID
	var org veranda.OrgID
	var account veranda.AccountID
	var workspace veranda.WorkspaceID
	var used time.Time
	hash := hashOf(in.Token)
	found, err := one(ctx, s.conn, feedOfToken, []any{hash}, &id, &org, &account, &workspace, veranda.Moment(&used))
	if err != nil {
		return nil, fmt.Errorf("calendar: read a feed: %w", err)
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	owner := veranda.AccountActor(account)
	var place *veranda.WorkspaceID
	if !workspace.IsZero() {
		place = &workspace
	}
	switch _, err := s.feedOwner(ctx, owner, org, place); veranda.CodeOf(err) {
	case veranda.CodeForbidden, veranda.CodeUnauthenticated, veranda.CodeNotFound:
		return nil, veranda.ErrNotFound
	default:
		if err != nil {
			return nil, err
		}
	}
	now := s.conn.DB().Now()
	if now.Sub(used) >= usedEvery {
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			return tx.Defer(ctx, useFeed, hash, tx.DB().Time(now))
		})
		if err != nil {
			return nil, fmt.Errorf("calendar: note the use of a feed: %w", err)
		}
	}
	return s.document(ctx, owner, account, org, place, now)
}

// document puts a feed together: what happens once as it lies in the time, what repeats as rules.
func (s *Service) document(ctx context.Context, owner veranda.Actor, account veranda.AccountID, org veranda.OrgID, workspace *veranda.WorkspaceID, now time.Time) (*Document, error) {
	day := now.Truncate(24 * time.Hour) // the same all day, so that programs learn that nothing changed
	want := wanted{Query: Query{Org: org, Mine: workspace == nil, From: day.Add(-feedBack), To: day.Add(feedAhead), Limit: MaxEntries + 1}, me: account}
	text, scope := s.texts.ranges.feedWorkspace, []any{org}
	if workspace != nil {
		want.Workspace = *workspace
		scope = append(scope, *workspace)
	} else {
		standing, err := s.conn.Read(ctx, s.texts.organization, owner, org, nil)
		if err != nil {
			return nil, err
		}
		if scope, err = s.authz.VisibleArgs(ctx, s.conn, standing); err != nil {
			return nil, err
		}
		text = s.texts.ranges.feedOrganization
	}
	db := s.conn.DB()
	args := append(slices.Clone(scope), db.Time(want.From), db.Time(want.To), db.Time(want.From.AddDate(0, 0, -MaxDays-1)))
	if want.Mine {
		args = append(args, account, account.String())
	}
	events, err := all(ctx, s.conn, org, text, append(args, want.Limit)...)
	if err != nil {
		return nil, err
	}
	if want.Mine {
		events = slices.DeleteFunc(events, func(e *series) bool { return !e.mine(account) })
	}
	dated, err := s.dated(ctx, owner, want.Query)
	if err != nil {
		return nil, err
	}
	if len(events)+len(dated) > MaxEntries {
		return nil, ErrTooMany
	}
	body := []byte(iCalendar(events, dated, s.baseURL, day))
	sum := sha256.Sum256(body)
	return &Document{Body: body, ETag: hex.EncodeToString(sum[:16])}, nil
}
