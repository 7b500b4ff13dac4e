package notifications

import (
	"context"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
)

// consume turns events into notices, in the transaction that closes the work: each event is told once.
func (s *Service) consume(ctx context.Context, tx *veranda.Tx, events []veranda.Event) error {
	bound := s.WithTx(tx)
	for _, e := range events {
		for _, source := range s.sources {
			if !matches(source.Events, e.Kind) {
				continue
			}
			notices, err := source.Notices(ctx, tx, e)
			if err != nil {
				return fmt.Errorf("notifications: notices of %s: %w", e.Kind, err)
			}
			if err := bound.tell(ctx, tx, e, notices); err != nil {
				return err
			}
		}
	}
	return nil
}

// matches tells whether one of the patterns covers a kind of event, as a Consumer's do.
func matches(patterns []string, kind string) bool {
	for _, p := range patterns {
		if prefix, wild := strings.CutSuffix(p, "*"); p == kind || wild && strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}

// tell stores an event's notices for those who are to have them. The service is bound to the transaction.
func (s *Service) tell(ctx context.Context, tx *veranda.Tx, e veranda.Event, notices []veranda.Notice) error {
	wanted := notices[:0:0]
	for _, n := range notices {
		if _, known := s.kinds[n.Kind]; !known {
			s.conn.DB().Log().Error("a source gives a notice of a kind it does not name", "kind", n.Kind, "event", e.Kind)
			continue
		}
		if !n.To.IsZero() && (n.Own || n.To != e.By) {
			wanted = append(wanted, n)
		}
	}
	muted, err := s.whoMuted(ctx, tx, e, wanted)
	if err != nil {
		return err
	}
	for _, n := range wanted {
		if muted[n.To] && !n.Own && !s.kinds[n.Kind].Urgent {
			continue
		}
		sees, err := s.sees(ctx, n.To, e)
		if err != nil {
			return err
		}
		if sees {
			if err := s.store(ctx, tx, e, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) whoMuted(ctx context.Context, tx *veranda.Tx, e veranda.Event, notices []veranda.Notice) (map[veranda.AccountID]bool, error) {
	out := map[veranda.AccountID]bool{}
	if s.muted == nil || len(notices) == 0 {
		return out, nil
	}
	var people []veranda.AccountID
	for _, n := range notices {
		people = append(people, n.To)
	}
	muted, err := s.muted.Muted(ctx, tx, e, people)
	if err != nil {
		return nil, fmt.Errorf("notifications: who muted: %w", err)
	}
	for _, account := range muted {
		out[account] = true
	}
	return out, nil
}

// sees tells whether somebody may see where an event happened, as they stand now. An event that is addressed to people is
// told to those alone.
func (s *Service) sees(ctx context.Context, account veranda.AccountID, e veranda.Event) (bool, error) {
	if e.Addressed() {
		addressed := false
		for _, to := range e.To {
			addressed = addressed || to == account
		}
		if !addressed {
			return false, nil
		}
	}
	if e.Org.IsZero() {
		return true, nil
	}
	v, err := s.viewerOf(ctx, s.conn, veranda.AccountActor(account), account, e.Org)
	if err != nil || v.orgs == "" {
		return false, err
	}
	var org veranda.OrgID
	return one(ctx, s.conn.Query, s.texts.seen, v.args(e.Org, nullID(e.Workspace)), &org)
}

// store stores one person's notice, by the channels they chose.
func (s *Service) store(ctx context.Context, tx *veranda.Tx, e veranda.Event, n veranda.Notice) error {
	p, err := readPerson(ctx, tx.Query, n.To, e.Org)
	if err != nil || p == nil {
		return err
	}
	var id NoticeID
	if found, err := one(ctx, tx.Query, selectStored, []any{n.To, e.ID, n.Kind}, &id); err != nil || found {
		return err
	}
	kind := s.kinds[n.Kind]
	by := channels(kind, e.Org, p.choices)
	db, now := tx.DB(), tx.DB().Now()
	var mail, phone any
	if by.Mail && s.post != nil {
		mail = db.Time(p.mailDue(now, kind.Urgent))
	}
	if by.Phone && s.post != nil {
		phone = db.Time(p.phoneDue(now, kind.Urgent))
	}
	if !by.InProduct && mail == nil && phone == nil {
		return nil
	}
	var count int64
	_, err = one(ctx, tx.Query, upsert, []any{
		n.To, veranda.NewID[noticeKind](), e.Org, nullID(e.Workspace), n.Kind, n.Subject, n.Path, cut(oneLine(n.Title), 300), n.Group, nullID(e.By), e.ID,
		by.InProduct, db.Time(e.At), db.Time(now), mail, phone,
	}, &id, &count)
	if err != nil {
		return fmt.Errorf("notifications: store notice: %w", err)
	}
	if by.InProduct {
		emit(tx, EventAdded, e.Org, n.To, id.String(), NoticeAdded{Kind: n.Kind, Count: count})
	}
	return nil
}

// oneLine keeps a text on one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cut keeps a text to so many characters.
func cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
