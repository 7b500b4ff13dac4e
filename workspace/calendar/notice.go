package calendar

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
)

// The kinds of notices.
const (
	NoticeInvited   = "calendar.invited"
	NoticeChanged   = "calendar.changed"
	NoticeCancelled = "calendar.cancelled"
	NoticeAnswered  = "calendar.answered"
	NoticeReminder  = "calendar.reminder"
)

// Notices tells guests of invitations, changes and cancellations, organizers of answers, and both of what begins soon.
func Notices() veranda.NoticeSource {
	return veranda.NoticeSource{
		Kinds: []veranda.NoticeKind{
			{Name: NoticeInvited, Meaning: "You are invited to an event.", Mail: true, Sentences: map[string]string{
				"en": "{{if .By}}{{.By}} invites you to “{{.Title}}”{{else}}You are invited to “{{.Title}}”{{end}}{{if .Place}} in {{.Place}}{{end}}.",
				"ru": "{{if .By}}{{.By}} приглашает вас: «{{.Title}}»{{else}}Вас приглашают: «{{.Title}}»{{end}}{{if .Place}} ({{.Place}}){{end}}.",
				"tr": "{{if .By}}{{.By}} sizi davet ediyor: “{{.Title}}”{{else}}Davetlisiniz: “{{.Title}}”{{end}}{{if .Place}} ({{.Place}}){{end}}.",
			}},
			{Name: NoticeChanged, Meaning: "An event you are invited to changes.", Mail: true, Sentences: map[string]string{
				"en": "{{if .By}}{{.By}} changed “{{.Title}}”{{else}}“{{.Title}}” was changed{{end}}{{if .Place}} in {{.Place}}{{end}}.",
				"ru": "{{if .By}}{{.By}} меняет событие «{{.Title}}»{{else}}Событие «{{.Title}}» изменено{{end}}{{if .Place}} ({{.Place}}){{end}}.",
				"tr": "{{if .By}}{{.By}} “{{.Title}}” etkinliğini değiştirdi{{else}}“{{.Title}}” etkinliği değişti{{end}}{{if .Place}} ({{.Place}}){{end}}.",
			}},
			{Name: NoticeCancelled, Meaning: "An event you are invited to is cancelled.", Mail: true, Sentences: map[string]string{
				"en": "{{if .By}}{{.By}} cancelled an event you are invited to{{else}}An event you are invited to was cancelled{{end}}{{if .Place}} in {{.Place}}{{end}}.",
				"ru": "{{if .By}}{{.By}} отменяет событие, на которое вы приглашены{{else}}Событие, на которое вы приглашены, отменено{{end}}{{if .Place}} ({{.Place}}){{end}}.",
				"tr": "{{if .By}}{{.By}} davetli olduğunuz bir etkinliği iptal etti{{else}}Davetli olduğunuz bir etkinlik iptal edildi{{end}}{{if .Place}} ({{.Place}}){{end}}.",
			}},
			{Name: NoticeAnswered, Meaning: "A guest answers your invitation.", Sentences: map[string]string{
				"en": "{{if .By}}{{.By}} answered your invitation to “{{.Title}}”{{else}}Your invitation to “{{.Title}}” was answered{{end}}.",
				"ru": "{{if .By}}{{.By}} отвечает на ваше приглашение: «{{.Title}}»{{else}}На ваше приглашение ответили: «{{.Title}}»{{end}}.",
				"tr": "{{if .By}}{{.By}} davetinizi yanıtladı: “{{.Title}}”{{else}}Davetiniz yanıtlandı: “{{.Title}}”{{end}}.",
			}},
			{Name: NoticeReminder, Meaning: "An event begins soon that you asked to be reminded of.", Mail: true, Urgent: true, Sentences: map[string]string{
				"en": "“{{.Title}}” begins soon{{if .Place}} in {{.Place}}{{end}}.",
				"ru": "Скоро начнётся «{{.Title}}»{{if .Place}} ({{.Place}}){{end}}.",
				"tr": "“{{.Title}}” birazdan başlıyor{{if .Place}} ({{.Place}}){{end}}.",
			}},
		},
		Events:  []string{EventCreated, EventUpdated, EventCancelled, EventOccurrenceUpdated, EventOccurrenceCancelled, EventAnswered, EventReminderDue},
		Notices: notices,
	}
}

const titleOf = `SELECT e.title FROM veranda_calendar_events e WHERE e.org_id = $1 AND e.id = $2`

func notices(ctx context.Context, tx *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
	id, err := veranda.ParseID[eventKind](e.Subject)
	if err != nil {
		return nil, fmt.Errorf("calendar: subject of an event: %w", err)
	}
	var title string
	found, err := one(ctx, tx, titleOf, []any{e.Org, id}, &title)
	if err != nil || !found && e.Kind != EventCancelled {
		return nil, err // what is gone by now is told by its own event
	}
	var list []veranda.Notice
	tell := func(kind string, own bool, to ...veranda.AccountID) {
		for _, account := range to {
			if !account.IsZero() {
				list = append(list, veranda.Notice{
					To: account, Kind: kind, Title: title, Subject: e.Subject, Path: eventPath(e.Org, id), Group: "event/" + e.Subject + "/" + kind, Own: own,
				})
			}
		}
	}
	switch e.Kind {
	case EventReminderDue:
		tell(NoticeReminder, true, e.To...)
		return list, nil
	case EventAnswered:
		var data AnswerData
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return nil, fmt.Errorf("calendar: data of an event: %w", err)
		}
		tell(NoticeAnswered, false, data.Organizer)
		return list, nil
	}
	var data EventData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, fmt.Errorf("calendar: data of an event: %w", err)
	}
	invited := map[veranda.AccountID]bool{}
	for _, account := range data.Invited {
		invited[account] = true
	}
	tell(NoticeInvited, false, data.Invited...)
	for _, account := range data.Guests {
		switch {
		case invited[account] || e.Kind == EventCreated:
		case e.Kind == EventCancelled || e.Kind == EventOccurrenceCancelled:
			tell(NoticeCancelled, false, account)
		default:
			tell(NoticeChanged, false, account)
		}
	}
	return list, nil
}
