package calendar

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

type feedKind struct{}

// FeedID is the id of a feed; it is no secret.
type FeedID = veranda.ID[feedKind]

// MaxFeeds is how many feeds a person has in an organization.
const MaxFeeds = 20

// usedEvery is how exact LastUsedAt is: a fetch writes no more often than that.
const usedEvery = 10 * time.Minute

// Feed is a secret address of a calendar.
type Feed struct {
	ID  FeedID        `json:"id"`
	Org veranda.OrgID `json:"organization_id"`
	// Workspace is the one whose calendar it gives; absent for what is one's own in the whole organization.
	Workspace *veranda.WorkspaceID `json:"workspace_id,omitempty"`
	CreatedAt time.Time            `json:"created_at"`
	// LastUsedAt is when a program fetched it last, to ten minutes; absent until the first time.
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	// Address is the secret address; it is there only in the answer that makes it.
	Address string `json:"address,omitempty"`
}

// Location is where the feed is found.
func (f *Feed) Location() string {
	return "/v1/organizations/" + f.Org.String() + "/calendar-feeds/" + f.ID.String()
}

// CreateFeedInput asks for a secret address.
type CreateFeedInput struct {
	Org       veranda.OrgID        `path:"org" json:"-"`
	Workspace *veranda.WorkspaceID `json:"workspace_id,omitempty" doc:"The workspace whose calendar it is to give; left out, it gives what one made, is assigned or is invited to in the organization."`
}

// ListFeedsInput asks for one's own feeds in an organization.
type ListFeedsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// FeedInput names one of one's own feeds.
type FeedInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Feed FeedID        `path:"feed" json:"-"`
}

// Feeds are one's own feeds in an organization, the oldest first.
type Feeds struct {
	Items []*Feed `json:"items"`
}

const (
	insertFeed = `INSERT INTO veranda_calendar_feeds (token_hash, id, account_id, org_id, workspace_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)`
	countFeeds = `SELECT count(*) FROM veranda_calendar_feeds f WHERE f.org_id = $1 AND f.account_id = $2`
	listFeeds  = `SELECT f.id, f.workspace_id, f.created_at, f.used_at FROM veranda_calendar_feeds f WHERE f.org_id = $1 AND f.account_id = $2 ORDER BY f.id`
	oneFeed    = `SELECT f.id, f.workspace_id, f.created_at, f.used_at FROM veranda_calendar_feeds f WHERE f.org_id = $1 AND f.account_id = $2 AND f.id = $3`
	rotateFeed = `UPDATE veranda_calendar_feeds SET token_hash = $4, used_at = NULL WHERE org_id = $1 AND account_id = $2 AND id = $3`
	revokeFeed = `DELETE FROM veranda_calendar_feeds WHERE org_id = $1 AND account_id = $2 AND id = $3`
	endFeeds   = `DELETE FROM veranda_calendar_feeds WHERE org_id = $1 AND account_id = $2`
	// Whose a secret is; the tenant comes from here.
	feedOfToken = `SELECT f.id, f.org_id, f.account_id, f.workspace_id, f.used_at FROM veranda_calendar_feeds f WHERE f.token_hash = $1`
	useFeed     = `UPDATE veranda_calendar_feeds SET used_at = $2 WHERE token_hash = $1`
)

// newSecret is a secret of 256 bits and its hash.
func newSecret() (secret string, hash []byte) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	secret = base64.RawURLEncoding.EncodeToString(random)
	return secret, hashOf(secret)
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func (s *Service) address(secret string) string { return s.baseURL + "/calendar/" + secret + ".ics" }

// CreateFeed makes a secret address under which programs read a calendar as its owner. It is in this answer and in no
// other.
//
// Permission: calendar.feed, in the workspace where one is named. Limits: "calendar_feeds". Errors: not_found for a
// workspace or organization the caller may not see; calendar.feeds (conflict). Event: EventFeedCreated.
func (s *Service) CreateFeed(ctx context.Context, by veranda.Actor, in CreateFeedInput) (*Feed, error) {
	standing, err := s.feedOwner(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return nil, err
	}
	secret, hash := newSecret()
	feed := &Feed{ID: veranda.NewID[feedKind](), Org: in.Org, Workspace: in.Workspace, Address: s.address(secret)}
	var place any
	if in.Workspace != nil {
		place = *in.Workspace
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "calendar_feeds", 1); err != nil {
			return err
		}
		var count int64
		if _, err := one(ctx, tx, countFeeds, []any{in.Org, standing.Account}, &count); err != nil {
			return fmt.Errorf("calendar: count feeds: %w", err)
		}
		if count >= MaxFeeds {
			return ErrFeeds
		}
		feed.CreatedAt = tx.DB().Now()
		if err := tx.Defer(ctx, insertFeed, hash, feed.ID, standing.Account, in.Org, place, tx.DB().Time(feed.CreatedAt)); err != nil {
			return fmt.Errorf("calendar: store a feed: %w", err)
		}
		emitFeed(tx, EventFeedCreated, standing, feed)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return feed, nil
}

// feedOwner asks for PermFeed where a feed's things lie.
func (s *Service) feedOwner(ctx context.Context, by veranda.Actor, org veranda.OrgID, workspace *veranda.WorkspaceID) (standing *veranda.Standing, err error) {
	if workspace != nil {
		standing, err = s.enter(ctx, by, org, *workspace, PermFeed)
	} else if standing, err = s.conn.Read(ctx, s.texts.organization, by, org, nil); err == nil {
		err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermFeed, Missing: org.IsZero()})
	}
	if err == nil && standing.Account.IsZero() {
		err = ErrNoPerson
	}
	return standing, err
}

func emitFeed(tx *veranda.Tx, kind string, standing *veranda.Standing, feed *Feed) {
	tx.Emit(veranda.Event{
		Org: feed.Org, Kind: kind, Subject: feed.ID.String(), By: standing.Account, To: []veranda.AccountID{standing.Account},
		Data: veranda.MarshalData(FeedData{OfWorkspace: feed.Workspace}),
	})
}

// ListFeeds lists one's own feeds in an organization, without their secrets.
//
// Permission: calendar.feed. Errors: not_found for an organization the caller does not belong to.
func (s *Service) ListFeeds(ctx context.Context, by veranda.Actor, in ListFeedsInput) (*Feeds, error) {
	standing, err := s.feedOwner(ctx, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	feeds, err := s.feeds(ctx, s.conn, in.Org, listFeeds, in.Org, standing.Account)
	return &Feeds{Items: feeds}, err
}

func (s *Service) feeds(ctx context.Context, q queryer, org veranda.OrgID, text string, args ...any) ([]*Feed, error) {
	list := []*Feed{}
	err := each(ctx, q, text, args, func(rows *sql.Rows) error {
		f := &Feed{Org: org}
		var workspace veranda.WorkspaceID
		var used time.Time
		if err := rows.Scan(&f.ID, &workspace, veranda.Moment(&f.CreatedAt), veranda.Moment(&used)); err != nil {
			return err
		}
		if !workspace.IsZero() {
			f.Workspace = &workspace
		}
		if !used.IsZero() {
			f.LastUsedAt = &used
		}
		list = append(list, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("calendar: read feeds: %w", err)
	}
	return list, nil
}

// RotateFeed gives one of one's own feeds a new secret address; the former one is revoked.
//
// Permission: calendar.feed. Errors: not_found, also for the feeds of others. Events: EventFeedRevoked, EventFeedCreated.
func (s *Service) RotateFeed(ctx context.Context, by veranda.Actor, in FeedInput) (*Feed, error) {
	standing, err := s.feedOwner(ctx, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	secret, hash := newSecret()
	var feed *Feed
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		count, err := tx.Exec(ctx, rotateFeed, in.Org, standing.Account, in.Feed, hash)
		if err != nil {
			return fmt.Errorf("calendar: store a feed: %w", err)
		}
		if count == 0 {
			return veranda.ErrNotFound
		}
		found, err := s.feeds(ctx, tx, in.Org, oneFeed, in.Org, standing.Account, in.Feed)
		if err != nil {
			return err
		}
		feed = found[0]
		feed.Address = s.address(secret)
		emitFeed(tx, EventFeedRevoked, standing, feed)
		emitFeed(tx, EventFeedCreated, standing, feed)
		return nil
	})
	return feed, err
}

// RevokeFeed ends one of one's own feeds: its address answers no more.
//
// Permission: calendar.feed. Errors: not_found, also for the feeds of others. Event: EventFeedRevoked.
func (s *Service) RevokeFeed(ctx context.Context, by veranda.Actor, in FeedInput) error {
	standing, err := s.feedOwner(ctx, by, in.Org, nil)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		count, err := tx.Exec(ctx, revokeFeed, in.Org, standing.Account, in.Feed)
		if err != nil {
			return fmt.Errorf("calendar: revoke a feed: %w", err)
		}
		if count == 0 {
			return veranda.ErrNotFound
		}
		emitFeed(tx, EventFeedRevoked, standing, &Feed{ID: in.Feed, Org: in.Org})
		return nil
	})
}

// endOfMembership is the hook by which the feeds of who leaves an organization are gone for good: who comes back makes
// new ones.
func (s *Service) endOfMembership() veranda.Hook {
	return veranda.Hook{
		Name: "calendar.feeds", Kinds: []string{tenancy.EventMemberRemoved, tenancy.EventMemberLeft},
		Before: func(ctx context.Context, tx *veranda.Tx, e veranda.Event) error {
			var account veranda.AccountID
			if err := account.UnmarshalText([]byte(e.Subject)); err != nil {
				return fmt.Errorf("calendar: who left: %w", err)
			}
			if err := tx.Defer(ctx, endFeeds, e.Org, account); err != nil {
				return fmt.Errorf("calendar: end feeds: %w", err)
			}
			return nil
		},
	}
}
