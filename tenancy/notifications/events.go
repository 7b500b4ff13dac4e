package notifications

import "github.com/veranda-go/veranda"

// Kinds of events. Each is addressed to the one person whose inbox it is, and names no workspace; none holds a text.
const (
	EventAdded   = "notifications.notice_added"        // NoticeAdded; the subject is the notice, a new one or one that grew
	EventRead    = "notifications.notices_read"        // NoticesRead; the subject is the account
	EventUnread  = "notifications.notice_unread"       // no data; the subject is the notice
	EventDeleted = "notifications.notice_deleted"      // no data; the subject is the notice
	EventChanged = "notifications.preferences_changed" // PreferencesChanged; the subject is the account
)

// system is the name the background jobs act under.
const system = "notifications"

// NoticeAdded is the data of EventAdded.
type NoticeAdded struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
}

// NoticesRead is the data of EventRead: one notice, or all up to one.
type NoticesRead struct {
	Notice NoticeID `json:"notice_id,omitzero"`
	UpTo   NoticeID `json:"up_to,omitzero"`
	Count  int64    `json:"count"`
}

// PreferencesChanged is the data of EventChanged.
type PreferencesChanged struct {
	// Kind is what another choice was made for, "tasks.*"; empty where the settings changed.
	Kind string `json:"kind,omitempty"`
	// Unsubscribed tells that it was done by the link in a mail.
	Unsubscribed bool `json:"unsubscribed,omitempty"`
}

// emit emits an event to the owner of an inbox.
func emit(tx *veranda.Tx, kind string, org veranda.OrgID, account veranda.AccountID, subject string, data any) {
	e := veranda.Event{Org: org, Kind: kind, Subject: subject, To: []veranda.AccountID{account}, By: account}
	if kind == EventAdded {
		e.By, e.System = veranda.AccountID{}, system
	}
	if data != nil {
		e.Data = veranda.MarshalData(data)
	}
	tx.Emit(e)
}
