package statistics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// mailName is what the delivery log calls the weekly mail.
const mailName = "statistics_digest"

// digestBatch is how many people are looked at in one transaction.
const digestBatch = 100

// digests queues the mails of a computed week: a batch of people with each event, and the event that brings the next
// batch. As the events are closed in the transaction that queues, nobody gets two mails and nobody is passed over.
func (s *Service) digests(ctx context.Context, tx *veranda.Tx, events []veranda.Event) error {
	bound := s.WithTx(tx)
	for _, e := range events {
		week, after, wanted, err := batchOf(e)
		if err != nil {
			return err
		}
		if !wanted {
			continue
		}
		if err := bound.queueBatch(ctx, tx, e.Org, week, after); err != nil {
			return fmt.Errorf("statistics: digests of %s in %s: %w", week, e.Org, err)
		}
	}
	return nil
}

// batchOf is the batch an event brings: the people behind an account.
func batchOf(e veranda.Event) (week string, after veranda.AccountID, wanted bool, err error) {
	if e.Kind == EventWeekComputed {
		var data WeekComputed
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return "", after, false, fmt.Errorf("statistics: event %s: %w", e.ID, err)
		}
		return data.Week, after, data.Latest, nil
	}
	var data DigestsQueued
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return "", after, false, fmt.Errorf("statistics: event %s: %w", e.ID, err)
	}
	return data.Week, data.After, !data.After.IsZero(), nil
}

// queueBatch queues mails for the next people behind an account. The service is bound to the transaction.
func (s *Service) queueBatch(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, week string, after veranda.AccountID) error {
	title, found, err := s.digestTitle(ctx, org)
	if err != nil || !found {
		return err
	}
	sheet, err := s.readSheet(ctx, org, week)
	if err != nil || sheet.totals.now.quiet() {
		return err
	}
	recipients, err := s.queryRecipients(ctx, org, after, digestBatch+1)
	if err != nil {
		return err
	}
	done := DigestsQueued{Week: week}
	if len(recipients) > digestBatch {
		recipients = recipients[:digestBatch]
		done.After = recipients[digestBatch-1].account
	}
	if err := s.readPersonal(ctx, org, sheet, recipients); err != nil {
		return err
	}
	for _, r := range recipients {
		queued, err := s.queueOne(ctx, tx, org, title, sheet, r)
		if err != nil {
			return err
		}
		if queued {
			done.Queued++
		}
	}
	tx.Emit(veranda.Event{Org: org, Kind: EventDigestsQueued, Subject: week, System: system, Data: veranda.MarshalData(done)})
	return nil
}

// queueOne queues one person's mail, if they may read statistics at all: the totals for who may read them, their
// workspaces' figures for the others.
func (s *Service) queueOne(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, title string, sheet *sheet, r recipient) (bool, error) {
	standing, err := s.conn.Read(ctx, s.reads.organization, veranda.AccountActor(r.account), org, nil)
	if err != nil {
		return false, err
	}
	own, err := s.may(ctx, standing, PermReadOwn)
	if err != nil || !own {
		return false, err
	}
	totals, err := s.may(ctx, standing, PermReadOrganization)
	if err != nil {
		return false, err
	}
	content := content{Organization: title, Name: r.name, Week: sheet.week, OtherStart: r.weekStart != isoMonday, Own: lines(sheet.people[r.account], personal)}
	monday, err := parseWeek(sheet.week)
	if err != nil {
		return false, fmt.Errorf("statistics: week of a mail: %w", err)
	}
	content.From, content.To = monday.monday, monday.monday.AddDate(0, 0, 6)
	if s.link != nil {
		content.Link = s.link(org)
	}
	if totals {
		content.Totals = lines(sheet.totals, shared)
	} else if workspaces, err := s.may(ctx, standing, PermReadWorkspace); err != nil {
		return false, err
	} else if workspaces {
		content.addWorkspaces(sheet.workspaces[r.account])
	}
	subject, text, err := content.render(s.templates, r.language)
	if err != nil {
		// A host's template that could be written for the samples and not for this mail must not keep it, nor everybody's
		// who comes behind it, from going out.
		s.conn.DB().Log().Error("a template of the host could not be written", "error", err)
		if subject, text, err = content.render(templateFiles, r.language); err != nil {
			return false, err
		}
	}
	request := tenancy.MailRequest{Org: org, Account: r.account, Language: r.language, Template: mailName, Subject: subject, Text: text}
	if s.end != nil {
		request.UnsubscribeURL = s.end(r.account, org)
	}
	_, err = s.post.Queue(ctx, tx, request)
	switch {
	case errors.Is(err, veranda.ErrNotFound): // no confirmed address
		return false, nil
	case err != nil:
		return false, fmt.Errorf("statistics: queue digest: %w", err)
	default:
		return true, nil
	}
}

// may asks one permission in the organization.
func (s *Service) may(ctx context.Context, standing *veranda.Standing, permission veranda.Permission) (bool, error) {
	err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission})
	switch veranda.CodeOf(err) {
	case veranda.CodeForbidden, veranda.CodeNotFound:
		return false, nil
	default:
		return err == nil, err
	}
}
