package notifications

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// Preferences are when and how the caller is told.
//
// Permission: notification.read_own.
func (s *Service) Preferences(ctx context.Context, by veranda.Actor) (*Preferences, error) {
	standing, err := s.asks(ctx, by, PermRead)
	if err != nil {
		return nil, err
	}
	return s.preferences(ctx, standing.Account)
}

func (s *Service) preferences(ctx context.Context, account veranda.AccountID) (*Preferences, error) {
	p, err := readPerson(ctx, s.conn.Query, account, veranda.OrgID{})
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, veranda.ErrNotFound
	}
	return &Preferences{Settings: p.Settings, Language: p.language, TimeZone: p.timeZone, Version: p.version}, nil
}

// SetPreferences chooses when and how the caller is told, wherever they work. What waits to be sent waits by the new
// settings.
//
// Permission: notification.change_own. Errors: invalid, version. Event: notifications.preferences_changed.
func (s *Service) SetPreferences(ctx context.Context, by veranda.Actor, in SetPreferencesInput) (*Preferences, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.asks(ctx, by, PermChange)
	if err != nil {
		return nil, err
	}
	in.QuietDays = slices.Compact(slices.Sorted(slices.Values(in.QuietDays)))
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := storeSettings(ctx, tx, standing.Account, in); err != nil {
			return err
		}
		emit(tx, EventChanged, veranda.OrgID{}, standing.Account, standing.Account.String(), PreferencesChanged{})
		return s.reschedule(ctx, tx, standing.Account)
	})
	if err != nil {
		return nil, err
	}
	return s.preferences(ctx, standing.Account)
}

const (
	selectWaiting = `SELECT n.id, n.kind, n.org_id, n.mail_due, n.phone_due FROM veranda_notices n
WHERE n.account_id = $1 AND n.read_at IS NULL AND (n.mail_due IS NOT NULL OR n.phone_due IS NOT NULL) ORDER BY n.id LIMIT 1000`
	updateWaiting = `UPDATE veranda_notices SET mail_due = $3, phone_due = $4 WHERE account_id = $1 AND id = $2 AND read_at IS NULL`
)

// reschedule lets what waits to be sent wait by what the person chooses now, or not leave at all.
func (s *Service) reschedule(ctx context.Context, tx *veranda.Tx, account veranda.AccountID) error {
	type waiting struct {
		Notice
		mail, phone bool
		mailDue     any
		phoneDue    any
	}
	var list []waiting
	err := each(ctx, tx.Query, selectWaiting, []any{account}, func(rows *sql.Rows) error {
		var w waiting
		var mail, phone *time.Time
		err := rows.Scan(&w.ID, &w.Kind, &w.Org, moment{&mail}, moment{&phone})
		w.mail, w.phone = mail != nil, phone != nil
		list = append(list, w)
		return err
	})
	if err != nil {
		return err
	}
	people := map[veranda.OrgID]*person{}
	for _, w := range list {
		p := people[w.Org]
		if p == nil {
			if p, err = readPerson(ctx, tx.Query, account, w.Org); err != nil || p == nil {
				return err
			}
			people[w.Org] = p
		}
		kind := s.kinds[w.Kind]
		by := channels(kind, w.Org, p.choices)
		now := tx.DB().Now()
		if w.mail && by.Mail {
			w.mailDue = tx.DB().Time(p.mailDue(now, kind.Urgent))
		}
		if w.phone && by.Phone {
			w.phoneDue = tx.DB().Time(p.phoneDue(now, kind.Urgent))
		}
		if _, err := tx.Exec(ctx, updateWaiting, account, w.ID, w.mailDue, w.phoneDue); err != nil {
			return fmt.Errorf("notifications: reschedule: %w", err)
		}
	}
	_, err = tx.Exec(ctx, dropSent, account)
	return err
}

// Choices are the channels by which the caller is told of each kind: everywhere, or in one organization.
//
// Permission: notification.read_own. Errors: not_found for an organization the caller does not belong to.
func (s *Service) Choices(ctx context.Context, by veranda.Actor, in ChoicesInput) (*Choices, error) {
	standing, err := s.asks(ctx, by, PermRead)
	if err != nil {
		return nil, err
	}
	if err := s.belongs(ctx, by, standing.Account, in.Org); err != nil {
		return nil, err
	}
	return s.choices(ctx, standing.Account, in.Org)
}

// belongs gives not_found for an organization the caller does not belong to.
func (s *Service) belongs(ctx context.Context, by veranda.Actor, account veranda.AccountID, org veranda.OrgID) error {
	if org.IsZero() {
		return nil
	}
	v, err := s.viewerOf(ctx, s.conn, by, account, org)
	if err == nil && v.orgs == "" {
		return veranda.ErrNotFound
	}
	return err
}

func (s *Service) choices(ctx context.Context, account veranda.AccountID, org veranda.OrgID) (*Choices, error) {
	p, err := readPerson(ctx, s.conn.Query, account, org)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, veranda.ErrNotFound
	}
	out := &Choices{Org: org, Items: []KindChoice{}, Patterns: []PatternChoice{}}
	here := map[string]Choice{}
	for _, r := range p.choices {
		if r.org != org {
			continue
		}
		here[r.kind] = r.Choice
		if _, wild := cutWild(r.kind); wild {
			out.Patterns = append(out.Patterns, PatternChoice{Pattern: r.kind, Choice: r.Choice})
		}
	}
	for _, name := range s.names {
		kind := s.kinds[name]
		out.Items = append(out.Items, KindChoice{
			Kind: name, Meaning: kind.Meaning, Urgent: kind.Urgent, Channels: channels(kind, org, p.choices), Chosen: here[name],
		})
	}
	return out, nil
}

// Choose chooses the channels by which the caller is told of a kind, of all kinds of a package or of all: everywhere, or in
// one organization they belong to. What is left out is no choice any more. A choice for many takes the place of what was
// chosen, there, for single ones of them.
//
// Permission: notification.change_own. Errors: invalid; not_found for a kind there is not, or an organization the caller
// does not belong to. Event: notifications.preferences_changed.
func (s *Service) Choose(ctx context.Context, by veranda.Actor, in ChooseInput) (*Choices, error) {
	standing, err := s.asks(ctx, by, PermChange)
	if err != nil {
		return nil, err
	}
	if !s.known(in.Kind) {
		return nil, veranda.ErrNotFound
	}
	if err := s.belongs(ctx, by, standing.Account, in.Org); err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := storeChoice(ctx, tx, standing.Account, in.Org, in.Kind, in.Choice); err != nil {
			return err
		}
		emit(tx, EventChanged, in.Org, standing.Account, standing.Account.String(), PreferencesChanged{Kind: in.Kind})
		return s.reschedule(ctx, tx, standing.Account)
	})
	if err != nil {
		return nil, err
	}
	return s.choices(ctx, standing.Account, in.Org)
}

// known tells whether there is a kind, or any under a pattern.
func (s *Service) known(kind string) bool {
	_, wild := cutWild(kind)
	return kind == everything || slices.ContainsFunc(s.names, func(name string) bool { return name == kind || wild && patternOf(name) == kind })
}
