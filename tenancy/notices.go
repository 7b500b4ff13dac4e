package tenancy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
)

// The kinds of notices about organizations.
const (
	noticeInvitationAccepted = "tenancy.invitation_accepted"
	noticeRolesChanged       = "tenancy.roles_changed"
	noticeJoinWaiting        = "tenancy.join_waiting"
)

// Notices tell who invited somebody that they came, a member that their roles changed, and those who decide who joins that
// somebody asks to; the last are mailed by this package itself, too.
func (s *Service) Notices() veranda.NoticeSource {
	return veranda.NoticeSource{
		Kinds: []veranda.NoticeKind{
			{Name: noticeInvitationAccepted, Meaning: "Somebody accepted an invitation you sent.", Sentences: map[string]string{
				"en": `{{.By}} accepted your invitation to {{if .Place}}{{.Place}}, {{end}}{{.Title}}`,
				"ru": `Ваше приглашение принято: {{.By}} теперь в {{if .Place}}{{.Place}}, {{end}}{{.Title}}`,
				"tr": `{{.By}} davetinizi kabul etti: {{if .Place}}{{.Place}}, {{end}}{{.Title}}`,
			}},
			{Name: noticeRolesChanged, Meaning: "Your roles in an organization changed.", Sentences: map[string]string{
				"en": `Your roles in {{.Title}} changed{{if .By}}, by {{.By}}{{end}}`,
				"ru": `Ваши роли изменены: {{.Title}}{{if .By}} ({{.By}}){{end}}`,
				"tr": `{{.Title}} içindeki rolleriniz değişti{{if .By}} ({{.By}}){{end}}`,
			}},
			{Name: noticeJoinWaiting, Meaning: "Somebody asks to join, and you decide.", Sentences: map[string]string{
				"en": `{{.By}} asks to join {{.Title}}`,
				"ru": `{{.By}} просит принять в {{.Title}}`,
				"tr": `{{.By}} şuraya katılmak istiyor: {{.Title}}`,
			}},
		},
		Events: []string{EventInvitationAccepted, EventMemberRolesChanged, EventJoinAsked},
		Notices: func(ctx context.Context, tx *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
			return s.WithTx(tx).notices(ctx, tx, e)
		},
	}
}

// notices says whom an event concerns. The service is bound to the transaction.
func (s *Service) notices(ctx context.Context, tx *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
	title := ""
	found, err := readOne(ctx, tx.Query, `SELECT name FROM veranda_organizations WHERE id = $1 AND deleted_at IS NULL`, []any{e.Org}, &title)
	if err != nil || !found {
		return nil, err
	}
	path := "/v1/organizations/" + e.Org.String()
	n := veranda.Notice{Title: title, Subject: e.Subject, Path: path}
	switch e.Kind {
	case EventInvitationAccepted:
		n.Kind = noticeInvitationAccepted
		if _, err := readOne(ctx, tx.Query, `SELECT invited_by FROM veranda_invitations WHERE org_id = $1 AND id = $2`, []any{e.Org, e.Subject}, &n.To); err != nil {
			return nil, err
		}
		return []veranda.Notice{n}, nil
	case EventMemberRolesChanged:
		var data MemberChanged
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return nil, fmt.Errorf("tenancy: event %s: %w", e.ID, err)
		}
		n.Kind, n.To = noticeRolesChanged, data.Account
		return []veranda.Notice{n}, nil
	}
	managers, err := s.holders(ctx, tx, e.Org, PermJoinDecide, joinManagers)
	out := make([]veranda.Notice, 0, len(managers))
	for _, manager := range managers {
		n.Kind, n.To, n.Path = noticeJoinWaiting, manager, path+"/join-requests"
		out = append(out, n)
	}
	return out, err
}
