package workspace

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
)

// noticeAdded is the kind of the notice that one is in a workspace now.
const noticeAdded = "workspace.added"

// Notices tell people that they were added to a workspace. They are mailed that by this package itself.
func (s *Service) Notices() veranda.NoticeSource {
	return veranda.NoticeSource{
		Kinds: []veranda.NoticeKind{{Name: noticeAdded, Meaning: "You were added to a workspace.", Sentences: map[string]string{
			"en": `{{if .By}}{{.By}} added you to {{.Title}}{{else}}You were added to {{.Title}}{{end}}`,
			"ru": `Вас добавили в {{.Title}}{{if .By}} ({{.By}}){{end}}`,
			"tr": `{{.Title}} çalışma alanına eklendiniz{{if .By}} ({{.By}}){{end}}`,
		}}},
		Events: []string{EventMemberAdded},
		Notices: func(_ context.Context, _ *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
			var data MemberChanged
			if err := json.Unmarshal(e.Data, &data); err != nil {
				return nil, fmt.Errorf("workspace: event %s: %w", e.ID, err)
			}
			return []veranda.Notice{{
				To: data.Account, Kind: noticeAdded, Title: data.Workspace, Subject: e.Workspace.String(),
				Path: "/v1/organizations/" + e.Org.String() + "/workspaces/" + e.Workspace.String(),
			}}, nil
		},
	}
}
