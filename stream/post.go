package stream

import (
	"context"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/markdown"
	"github.com/veranda-go/veranda/workspace/files"
)

// posts is what statuses and comments have in common beyond their tables.
type posts struct {
	markdown    *markdown.Renderer
	files       *files.Service
	previews    Previewer
	previewsFor func(ctx context.Context, org veranda.OrgID) (bool, error)
	mustReads   string
}

func newPosts(d Deps) posts {
	return posts{
		markdown: markdown.New(), files: d.Files, previews: d.Previews, previewsFor: d.PreviewsFor,
		mustReads: mustReadsSelect + d.Authz.Visible("t.workspace_id") + mustReadsRest,
	}
}

// The kinds of holders that files are attached to.
const (
	holderStatus  = "status"
	holderComment = "status_comment"
)

// kept is what the row of a status or comment says of the rest of it.
type kept struct {
	// version is the renderer's that made the row's HTML.
	version            int64
	poll, links, files bool
}

func (k *kept) destinations() []any {
	return []any{veranda.Optional(&k.version), veranda.Optional(&k.poll), veranda.Optional(&k.links), veranda.Optional(&k.files)}
}

// marks are HTML, links and files as a row gives them: empty HTML is to be made again, and lists that are nil are to be read.
func (k *kept) marks(html string) (string, []Link, []files.Attachment) {
	if k.version != markdown.Version {
		html = ""
	}
	links, attachments := []Link{}, []files.Attachment{}
	if k.links {
		links = nil
	}
	if k.files {
		attachments = nil
	}
	return html, links, attachments
}

// written is a text with what is made of it before the transaction that stores it.
type written struct {
	html  string
	links []string
	// mentions are those it mentions who see the place.
	mentions []veranda.AccountID
}

// write makes what is stored beside a text, and asks whether those it mentions see the workspace; former is the text that
// it takes the place of.
func (s *Service) write(ctx context.Context, standing *veranda.Standing, workspace veranda.WorkspaceID, former, text string) (written, error) {
	w := written{html: s.markdown.HTML(text), mentions: veranda.NewMentions(former, text)}
	if s.previews != nil {
		w.links = s.markdown.Links(text, maxLinks)
	}
	return w, s.checkMentions(ctx, standing, workspace, w.mentions)
}

// checkMentions reports mentions of people who do not see the workspace, those that do not exist among them: the answer is
// the same. What somebody may see is the authorizer's to say, so each is looked up as if they called themselves.
func (s *Service) checkMentions(ctx context.Context, standing *veranda.Standing, workspace veranda.WorkspaceID, accounts []veranda.AccountID) error {
	var c veranda.Checks
	for _, account := range accounts {
		if account == standing.Account {
			continue
		}
		theirs, err := s.conn.Read(ctx, s.reads.workspace, veranda.AccountActor(account), standing.Org, []any{workspace})
		if err == nil {
			err = s.authz.Decide(ctx, s.conn, theirs, veranda.Ask{Permission: PermRead, InWorkspace: true})
		}
		switch veranda.CodeOf(err) {
		case veranda.CodeNotFound, veranda.CodeForbidden, veranda.CodeUnauthenticated:
			if !c.Failed("/text") {
				c.Add("/text", "mention", "mentions somebody who is nobody who sees this workspace")
			}
		default:
			if err != nil {
				return err
			}
		}
	}
	return c.Err()
}

// attach hangs files on what was just written.
func (s *Service) attach(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, kind, holder string, ids []files.ID) error {
	if len(ids) == 0 {
		return nil
	}
	if s.files == nil {
		var c veranda.Checks
		c.Add("/attachments", "not_available", "nothing can be attached here")
		return c.Err()
	}
	return s.files.Attach(ctx, tx, files.Holder{Org: standing.Org, Kind: kind, ID: holder}, standing.Account, ids, "/attachments")
}
