package apps

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
)

// NoticeMentioned is the kind of notice that tells who is mentioned in a comment on a record.
const NoticeMentioned = "apps.mentioned"

// Notices says whom the events of applications concern: those who are mentioned in comments.
func (s *Service) Notices() veranda.NoticeSource {
	return veranda.NoticeSource{
		Kinds: []veranda.NoticeKind{
			{Name: NoticeMentioned, Meaning: "You are mentioned in a comment on a record of an application.", Mail: true, Sentences: map[string]string{
				"en": "{{.By}} mentioned you in “{{.Title}}”", "ru": "{{.By}} упоминает вас: «{{.Title}}»", "tr": "{{.By}} “{{.Title}}” içinde sizden söz etti",
			}},
		},
		Events: []string{EventCommentAdded, EventCommentEdited},
		Notices: func(_ context.Context, _ *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
			var d RecordChanged
			if err := json.Unmarshal(e.Data, &d); err != nil {
				return nil, fmt.Errorf("apps: event %s: %w", e.ID, err)
			}
			about := Record{Org: e.Org, App: d.App, ID: d.Record}
			var list []veranda.Notice
			for _, account := range d.Mentioned {
				if account == e.By {
					continue
				}
				list = append(list, veranda.Notice{
					Kind: NoticeMentioned, To: account, Title: d.Name, Subject: d.Record.String(), Path: about.Location(), Group: "record/" + d.Record.String(),
				})
			}
			return list, nil
		},
	}
}
