package notifications

import (
	"context"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

const (
	selectName     = `SELECT name FROM veranda_accounts WHERE id = $1`
	selectOrgName  = `SELECT name FROM veranda_organizations WHERE id = $1`
	selectFallback = `SELECT m.fallback_language FROM veranda_memberships m WHERE m.org_id = $1 AND m.account_id = $2`
)

// tongue is the language to write to somebody in: their own, and where nothing is written in it, the one an organization
// the notices are of gave for this case.
func (s *Service) tongue(ctx context.Context, tx *veranda.Tx, p *person, notices []Notice) (string, error) {
	if s.words.written(p.language) {
		return p.language, nil
	}
	for _, n := range notices {
		fallback := ""
		if _, err := one(ctx, tx.Query, selectFallback, []any{n.Org, p.account}, &fallback); err != nil {
			return "", err
		}
		if fallback != "" {
			return fallback, nil
		}
	}
	return p.language, nil
}

// composeMail writes one mail about all notices, by organization and workspace. It has titles and sentences and never the
// body of a message.
func (s *Service) composeMail(ctx context.Context, tx *veranda.Tx, p *person, notices []Notice) (tenancy.MailRequest, error) {
	m := tenancy.MailRequest{Template: mailName}
	l := letter{Count: len(notices), Link: s.baseURL}
	var err error
	if m.Language, err = s.tongue(ctx, tx, p, notices); err != nil {
		return m, err
	}
	if _, err := one(ctx, tx.Query, selectName, []any{p.account}, &l.Name); err != nil {
		return m, err
	}
	l.First = s.words.say(notices[len(notices)-1], m.Language)
	if len(notices) > mostLines {
		l.More = len(notices) - mostLines
		notices = notices[:mostLines]
	}
	var org veranda.OrgID
	var workspace veranda.WorkspaceID
	for i, n := range notices {
		if i == 0 || n.Org != org {
			name := ""
			if _, err := one(ctx, tx.Query, selectOrgName, []any{n.Org}, &name); err != nil {
				return m, err
			}
			l.Organizations = append(l.Organizations, section{Name: oneLine(name)})
		}
		in := &l.Organizations[len(l.Organizations)-1]
		if len(in.Workspaces) == 0 || n.Workspace != workspace {
			in.Workspaces = append(in.Workspaces, place{Name: oneLine(n.Place)})
		}
		org, workspace = n.Org, n.Workspace
		at := &in.Workspaces[len(in.Workspaces)-1]
		at.Lines = append(at.Lines, line{Sentence: s.words.say(n, m.Language), Link: s.linkTo(n.Path), At: n.At})
	}
	l.Unsubscribe = s.UnsubscribeURL(p.account, veranda.OrgID{}, kindsOf(notices))
	m.UnsubscribeURL = l.Unsubscribe
	m.Subject, m.Text, err = s.words.write(digestFile, m.Language, p.zone, l)
	return m, err
}

// composeMessage writes one short message about all notices.
func (s *Service) composeMessage(ctx context.Context, tx *veranda.Tx, p *person, notices []Notice) (tenancy.MailRequest, error) {
	m := tenancy.MailRequest{Template: messageName}
	var err error
	if m.Language, err = s.tongue(ctx, tx, p, notices); err != nil {
		return m, err
	}
	last := notices[len(notices)-1]
	l := letter{Count: len(notices), First: cut(s.words.say(last, m.Language), 120)}
	m.Text, _, err = s.words.write(messageFile, m.Language, p.zone, l)
	return m, err
}

// linkTo is a path's address.
func (s *Service) linkTo(path string) string {
	if path == "" || path[0] != '/' {
		return ""
	}
	return s.baseURL + path
}

// kindsOf is the pattern that covers the kinds of a mail: its package's, or all.
func kindsOf(notices []Notice) string {
	pattern := patternOf(notices[0].Kind)
	for _, n := range notices {
		if patternOf(n.Kind) != pattern {
			return everything
		}
	}
	return pattern
}
