package stream

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// The kinds of notices this package gives.
const (
	NoticeMentioned  = "stream.mentioned"
	NoticeCommented  = "stream.commented"
	NoticeReacted    = "stream.reacted"
	NoticeMustRead   = "stream.must_read"
	NoticeReminded   = "stream.must_read_reminder"
	NoticePollClosed = "stream.poll_closed"
)

// noticeTitle is how much of a status a notice shows, in characters.
const noticeTitle = 80

// Notices says whom statuses, comments, reactions, announcements and polls concern. What an event is about may be gone by
// the time: then nobody is told.
func (s *Service) Notices() veranda.NoticeSource {
	return veranda.NoticeSource{Kinds: noticeKinds(), Notices: s.notices, Events: []string{
		EventStatusPosted, EventStatusEdited, EventCommentAdded, EventCommentEdited, EventReactionAdded, EventPollClosed, EventReadersReminded,
	}}
}

func noticeKinds() []veranda.NoticeKind {
	return []veranda.NoticeKind{
		{Name: NoticeMentioned, Meaning: "Somebody mentions you in a status or a comment.", Mail: true, Sentences: map[string]string{
			"en": `{{.By}} mentioned you in “{{.Title}}”`, "ru": `{{.By}} упоминает вас: «{{.Title}}»`, "tr": `{{.By}} sizden söz etti: “{{.Title}}”`,
		}},
		{Name: NoticeCommented, Meaning: "Somebody comments on a status of yours, or on one you commented on.", Sentences: map[string]string{
			"en": `{{if gt .Count 1}}{{.Count}} new comments on “{{.Title}}”{{else}}{{.By}} commented on “{{.Title}}”{{end}}`,
			"ru": `{{if gt .Count 1}}Новые комментарии ({{.Count}}) к записи «{{.Title}}»{{else}}Комментарий к записи «{{.Title}}», автор: {{.By}}{{end}}`,
			"tr": `{{if gt .Count 1}}“{{.Title}}” için {{.Count}} yeni yorum{{else}}{{.By}} “{{.Title}}” için yorum yazdı{{end}}`,
		}},
		{Name: NoticeReacted, Meaning: "Somebody reacts to a status or a comment of yours.", Sentences: map[string]string{
			"en": `{{if gt .Count 1}}{{.Count}} reactions to “{{.Title}}”{{else}}{{.By}} reacted to “{{.Title}}”{{end}}`,
			"ru": `{{if gt .Count 1}}Реакции ({{.Count}}) на запись «{{.Title}}»{{else}}Реакция на запись «{{.Title}}», автор: {{.By}}{{end}}`,
			"tr": `{{if gt .Count 1}}“{{.Title}}” için {{.Count}} tepki{{else}}{{.By}} “{{.Title}}” için tepki verdi{{end}}`,
		}},
		{Name: NoticeMustRead, Meaning: "An announcement is posted that you are to confirm having read.", Mail: true, Sentences: map[string]string{
			"en": `Please read and confirm: “{{.Title}}”`, "ru": `Прочтите и подтвердите: «{{.Title}}»`, "tr": `Lütfen okuyup onaylayın: “{{.Title}}”`,
		}},
		{Name: NoticeReminded, Meaning: "You are reminded of an announcement that you have not confirmed having read.", Mail: true, Sentences: map[string]string{
			"en": `You have not confirmed having read “{{.Title}}” yet`, "ru": `Вы ещё не подтвердили прочтение: «{{.Title}}»`, "tr": `“{{.Title}}” duyurusunu okuduğunuzu henüz onaylamadınız`,
		}},
		{Name: NoticePollClosed, Meaning: "A poll of yours, or one you voted in, is closed.", Sentences: map[string]string{
			"en": `The poll “{{.Title}}” is closed`, "ru": `Опрос «{{.Title}}» завершён`, "tr": `“{{.Title}}” anketi kapandı`,
		}},
	}
}

const (
	noticeOfStatus = `SELECT body, author_id FROM veranda_statuses WHERE org_id = $1 AND id = $2`
	// Who commented before the comment that is told of.
	noticeCommenters = `SELECT DISTINCT author_id FROM veranda_status_comments WHERE org_id = $1 AND status_id = $2 AND id < $3`
	noticeVoters     = `SELECT DISTINCT account_id FROM veranda_status_poll_votes WHERE org_id = $1 AND status_id = $2`
)

// noticeData is what the data of this package's events have of use here.
type noticeData struct {
	Status   *ID                 `json:"status_id"`
	Comment  *CommentID          `json:"comment_id"`
	Author   veranda.AccountID   `json:"author_id"`
	Mentions []veranda.AccountID `json:"mentions"`
	MustRead bool                `json:"must_read"`
}

func (s *Service) notices(ctx context.Context, tx *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
	var data noticeData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, fmt.Errorf("stream: data of %s: %w", e.Kind, err)
	}
	id := e.Subject
	if data.Status != nil {
		id = data.Status.String()
	}
	var body string
	var author veranda.AccountID
	found, err := one(ctx, tx, noticeOfStatus, []any{e.Org, id}, &body, &author)
	if err != nil || !found {
		return nil, err
	}
	about := notified{title: s.markdown.Plain(body, noticeTitle), subject: id, path: "/v1/organizations/" + e.Org.String() + "/statuses/" + id}
	about.add(NoticeMentioned, "", data.Mentions...)
	switch e.Kind {
	case EventStatusPosted:
		if data.MustRead {
			err = about.read(ctx, tx, NoticeMustRead, "", allUnread, e.Org, id)
		}
	case EventCommentAdded:
		about.add(NoticeCommented, "status/"+id, author)
		err = about.read(ctx, tx, NoticeCommented, "status/"+id, noticeCommenters, e.Org, id, e.Subject)
	case EventReactionAdded:
		about.add(NoticeReacted, "status/"+id, data.Author)
	case EventReadersReminded:
		err = about.read(ctx, tx, NoticeReminded, "status/"+id, allUnread, e.Org, id)
	case EventPollClosed:
		about.add(NoticePollClosed, "", author)
		err = about.read(ctx, tx, NoticePollClosed, "", noticeVoters, e.Org, id)
	}
	// Who does something knows of it; a poll that closes by its time is nobody's deed.
	return slices.DeleteFunc(about.notices, func(n veranda.Notice) bool { return n.To == e.By }), err
}

// notified gathers notices of one status: nobody gets two of one event.
type notified struct {
	title, subject, path string
	notices              []veranda.Notice
	told                 map[veranda.AccountID]bool
}

func (n *notified) add(kind, group string, accounts ...veranda.AccountID) {
	if n.told == nil {
		n.told = map[veranda.AccountID]bool{}
	}
	for _, to := range accounts {
		if to.IsZero() || n.told[to] {
			continue
		}
		n.told[to] = true
		n.notices = append(n.notices, veranda.Notice{To: to, Kind: kind, Title: n.title, Subject: n.subject, Path: n.path, Group: group})
	}
}

// read adds the accounts that a text gives.
func (n *notified) read(ctx context.Context, tx *veranda.Tx, kind, group, text string, args ...any) error {
	var accounts []veranda.AccountID
	err := each(ctx, tx, text, args, func(rows *sql.Rows) error {
		var account veranda.AccountID
		err := rows.Scan(&account)
		accounts = append(accounts, account)
		return err
	})
	if err != nil {
		return fmt.Errorf("stream: whom a notice concerns: %w", err)
	}
	n.add(kind, group, accounts...)
	return nil
}
