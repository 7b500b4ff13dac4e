package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// The kinds of notices.
const (
	NoticeAssigned   = "tasks.assigned"
	NoticeUnassigned = "tasks.unassigned"
	NoticeMentioned  = "tasks.mentioned"
	NoticeCommented  = "tasks.commented"
	NoticeFinished   = "tasks.finished"
	NoticeReminder   = "tasks.reminder"
	NoticeUnblocked  = "tasks.unblocked"
)

// Notices says whom the events of tasks concern: those who are assigned or no longer are, those who are mentioned, those
// who follow what is commented on or finished, who made what is finished, whom a reminder is for, and who is to do what
// waits for nothing more.
func (s *Service) Notices() veranda.NoticeSource {
	return veranda.NoticeSource{
		Kinds: []veranda.NoticeKind{
			{Name: NoticeAssigned, Meaning: "A task is assigned to you.", Mail: true, Sentences: map[string]string{
				"en": "{{.By}} assigned “{{.Title}}” to you", "ru": "{{.By}}: вам поручена задача «{{.Title}}»", "tr": "{{.By}} size “{{.Title}}” görevini verdi",
			}},
			{Name: NoticeUnassigned, Meaning: "A task is no longer assigned to you.", Sentences: map[string]string{
				"en": "{{.By}} took “{{.Title}}” from you", "ru": "{{.By}}: задача «{{.Title}}» больше не за вами", "tr": "{{.By}} “{{.Title}}” görevini sizden aldı",
			}},
			{Name: NoticeMentioned, Meaning: "You are mentioned in a task or a comment on one.", Mail: true, Sentences: map[string]string{
				"en": "{{.By}} mentioned you in “{{.Title}}”", "ru": "{{.By}} упоминает вас в задаче «{{.Title}}»", "tr": "{{.By}} “{{.Title}}” görevinde sizden söz etti",
			}},
			{Name: NoticeCommented, Meaning: "Somebody comments on a task you follow.", Sentences: map[string]string{
				"en": "{{.By}} commented on “{{.Title}}”", "ru": "{{.By}} комментирует задачу «{{.Title}}»", "tr": "{{.By}} “{{.Title}}” görevine yorum yaptı",
			}},
			{Name: NoticeFinished, Meaning: "A task you follow or made is finished.", Sentences: map[string]string{
				"en": "{{.By}} finished “{{.Title}}”", "ru": "{{.By}}: задача «{{.Title}}» выполнена", "tr": "{{.By}} “{{.Title}}” görevini bitirdi",
			}},
			{Name: NoticeReminder, Meaning: "A reminder of a task that you asked for.", Mail: true, Phone: true, Urgent: true, Sentences: map[string]string{
				"en": "Reminder: “{{.Title}}”", "ru": "Напоминание: «{{.Title}}»", "tr": "Hatırlatma: “{{.Title}}”",
			}},
			{Name: NoticeUnblocked, Meaning: "A task of yours waits for nothing more.", Mail: true, Sentences: map[string]string{
				"en": "“{{.Title}}” can be begun: it waits for nothing more", "ru": "Задачу «{{.Title}}» можно начинать: её больше ничто не задерживает", "tr": "“{{.Title}}” başlayabilir: artık beklediği bir şey yok",
			}},
		},
		Events: []string{
			EventTaskCreated, EventTaskUpdated, EventTaskFinished, EventTaskUnblocked, EventCommentAdded, EventCommentEdited, EventReminderDue,
		},
		Notices: s.notices,
	}
}

// notices says whom an event concerns.
func (s *Service) notices(ctx context.Context, tx *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
	// What the events tell, read leniently: older ones have less.
	var d struct {
		Title     string              `json:"title"`
		Task      ID                  `json:"task_id"`
		Assignees []veranda.AccountID `json:"assignees"`
		Mentioned []veranda.AccountID `json:"mentioned"`
		CreatedBy veranda.AccountID   `json:"created_by"`
		Changes   []struct {
			Field string          `json:"field"`
			Old   json.RawMessage `json:"old"`
			New   json.RawMessage `json:"new"`
		} `json:"changes"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return nil, fmt.Errorf("tasks: event %s: %w", e.ID, err)
	}
	task := d.Task
	if task.IsZero() {
		var err error
		if task, err = veranda.ParseID[taskKind](e.Subject); err != nil {
			return nil, fmt.Errorf("tasks: event %s: %w", e.ID, err)
		}
	}
	about := Task{Org: e.Org, ID: task}
	n := &noticeList{by: e.By, about: veranda.Notice{Title: d.Title, Subject: task.String(), Path: about.Location(), Group: "task/" + task.String()}}
	n.add(NoticeMentioned, d.Mentioned...)
	switch e.Kind {
	case EventTaskCreated:
		n.add(NoticeAssigned, d.Assignees...)
	case EventTaskUpdated:
		for _, change := range d.Changes {
			if change.Field != "assignees" {
				continue
			}
			var was, is []veranda.AccountID
			if json.Unmarshal(orEmpty(change.Old), &was) == nil && json.Unmarshal(orEmpty(change.New), &is) == nil {
				n.add(NoticeAssigned, without(is, was)...)
				n.add(NoticeUnassigned, without(was, is)...)
			}
		}
	case EventTaskUnblocked:
		n.add(NoticeUnblocked, d.Assignees...)
		if len(d.Assignees) == 0 {
			return n.followers(ctx, tx, e.Org, task, NoticeUnblocked)
		}
	case EventReminderDue:
		n.by, n.about.Own = veranda.AccountID{}, true
		n.add(NoticeReminder, e.To...)
	case EventTaskFinished:
		n.add(NoticeFinished, d.CreatedBy)
		return n.followers(ctx, tx, e.Org, task, NoticeFinished)
	case EventCommentAdded:
		return n.followers(ctx, tx, e.Org, task, NoticeCommented)
	}
	return n.list, nil
}

func orEmpty(text json.RawMessage) json.RawMessage {
	if len(text) == 0 {
		return json.RawMessage("[]")
	}
	return text
}

// noticeList gathers notices: one for each person, the first that is added.
type noticeList struct {
	by    veranda.AccountID
	about veranda.Notice
	told  []veranda.AccountID
	list  []veranda.Notice
}

func (n *noticeList) add(kind string, accounts ...veranda.AccountID) {
	for _, account := range accounts {
		if account.IsZero() || account == n.by || slices.Contains(n.told, account) {
			continue
		}
		n.told = append(n.told, account)
		notice := n.about
		notice.To, notice.Kind = account, kind
		n.list = append(n.list, notice)
	}
}

// followers adds those who follow the task now.
func (n *noticeList) followers(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, task ID, kind string) ([]veranda.Notice, error) {
	t, err := selectOne(ctx, tx, selectTask, org, task)
	if err != nil {
		return nil, err
	}
	n.add(kind, t.Followers...)
	return n.list, nil
}
