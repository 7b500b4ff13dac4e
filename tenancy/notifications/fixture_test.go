package notifications

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), workspaceRows(), Module()}
}

// workspaceRows lets employees into open workspaces, as package workspace's rows do.
func workspaceRows() veranda.Module {
	return veranda.Module{Name: "workspace", Permissions: []veranda.Permission{"workspace.enter"}, Policy: "p, employee, workspace, enter:open, allow\np, owner, workspace, enter:open, allow\n"}
}

// fixture is a world with an inbox for everybody, told by a source of its own: "test.*" events name whom they concern.
type fixture struct {
	*verandatest.Env
	*world.World
	authz *tenancy.Authorizer
	s     *Service
	ctx   context.Context
	muted []veranda.AccountID
}

// said is the data of a test's event.
type said struct {
	Notices []veranda.Notice
}

func testSource() veranda.NoticeSource {
	return veranda.NoticeSource{
		Kinds: []veranda.NoticeKind{
			{Name: "test.assigned", Meaning: "A task became yours.", Mail: true, Sentences: map[string]string{
				"en": `{{.By}} assigned {{.Title}} to you`, "ru": `{{.By}} поручает вам: {{.Title}}`, "tr": `{{.By}} size {{.Title}} görevini verdi`,
			}},
			{Name: "test.commented", Meaning: "Somebody commented.", Mail: true, Sentences: map[string]string{
				"en": `{{plural .Count "one" "# comment" "other" "# comments"}} on {{.Title}}, the newest by {{.By}}{{if .Place}}, in {{.Place}}{{end}}`,
			}},
			{Name: "test.reminder", Meaning: "A reminder.", Mail: true, Phone: true, Urgent: true, Sentences: map[string]string{"en": `Reminder: {{.Title}}`}},
			{Name: "other.news", Meaning: "News.", Sentences: map[string]string{"en": `News: {{.Title}}`}},
		},
		Events: []string{"test.*"},
		Notices: func(_ context.Context, _ *veranda.Tx, e veranda.Event) ([]veranda.Notice, error) {
			var s said
			err := json.Unmarshal(e.Data, &s)
			return s.Notices, err
		},
	}
}

// Muted is the fixture as what says who muted a place.
func (f *fixture) Muted(context.Context, *veranda.Tx, veranda.Event, []veranda.AccountID) ([]veranda.AccountID, error) {
	return f.muted, nil
}

var secret = []byte("0123456789abcdef0123456789abcdef")

func eachEngine(t *testing.T, run func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) { run(t, newFixture(t, e)) })
}

func newFixture(t testing.TB, e *verandatest.Env) *fixture {
	t.Helper()
	f := &fixture{Env: e, World: world.New(t, e), ctx: context.Background()}
	var err error
	if f.authz, err = tenancy.NewAuthorizer(f.ctx, e.DB, modules()...); err != nil {
		t.Fatal(err)
	}
	f.s, err = New(Deps{
		DB: e.DB, Authz: f.authz, Sources: []veranda.NoticeSource{testSource()}, Muted: f, Post: tenancy.Post{}, Secret: secret, BaseURL: "https://veranda.example/",
		Subscriptions: map[string]Subscription{"weekly": {Meaning: "the weekly report", End: func(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, org veranda.OrgID) error {
			tx.Emit(veranda.Event{Org: org, Kind: "test_weekly.ended", Subject: account.String()})
			return nil
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range []veranda.Periodic{f.s.SendJob(), f.s.PurgeJob()} {
		if err := e.DB.Every(job); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// say has an event happen and everybody told.
func (f *fixture) say(t testing.TB, by world.Person, workspace veranda.WorkspaceID, notices ...veranda.Notice) {
	t.Helper()
	f.sayIn(t, f.Org, by, workspace, notices...)
}

func (f *fixture) sayIn(t testing.TB, org veranda.OrgID, by world.Person, workspace veranda.WorkspaceID, notices ...veranda.Notice) {
	t.Helper()
	e := veranda.Event{
		Org: org, Workspace: workspace, Kind: "test.happened", Subject: "x", By: by.Account, At: f.DB.Now(), Data: veranda.MarshalData(said{notices}),
	}
	f.emit(t, e)
}

func (f *fixture) emit(t testing.TB, e veranda.Event) {
	t.Helper()
	if err := f.DB.InTx(f.ctx, func(_ context.Context, tx *veranda.Tx) error { tx.Emit(e); return nil }); err != nil {
		t.Fatal(err)
	}
	f.Drain(t)
}

// exec changes what only other packages change.
func (f *fixture) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	err := f.DB.InTx(f.ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// sentences are what somebody's inbox says, newest first.
func (f *fixture) sentences(t testing.TB, p world.Person, in ListInput) []string {
	t.Helper()
	list, err := f.s.List(f.ctx, p.Actor, in)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, n := range list.Items {
		out = append(out, n.Sentence)
	}
	return out
}

func (f *fixture) inbox(t testing.TB, p world.Person) []Notice {
	t.Helper()
	list, err := f.s.List(f.ctx, p.Actor, ListInput{})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func (f *fixture) unread(t testing.TB, p world.Person) int64 {
	t.Helper()
	u, err := f.s.Unread(f.ctx, p.Actor)
	if err != nil {
		t.Fatal(err)
	}
	return u.Unread
}

func (f *fixture) wantSays(t testing.TB, p world.Person, want ...string) {
	t.Helper()
	if got := f.sentences(t, p, ListInput{}); !slices.Equal(got, want) {
		t.Errorf("%s's inbox says %q, want %q", p.Name, got, want)
	}
}

// queued is what was queued to be sent.
type queued struct {
	org                                                veranda.OrgID
	account                                            veranda.AccountID
	channel, language, template, subject, text, unsubs string
}

func (f *fixture) queued(t testing.TB) []queued {
	t.Helper()
	rows, err := f.DB.Conn().Query(f.ctx, `SELECT org_id, account_id, channel, language, template, CAST(data AS TEXT) FROM veranda_deliveries ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []queued
	for rows.Next() {
		var q queued
		var data string
		if err := rows.Scan(&q.org, &q.account, &q.channel, &q.language, &q.template, &data); err != nil {
			t.Fatal(err)
		}
		var content struct {
			Subject, Text  string
			UnsubscribeURL string `json:"unsubscribe_url"`
		}
		if err := json.Unmarshal([]byte(data), &content); err != nil {
			t.Fatal(err)
		}
		q.subject, q.text, q.unsubs = content.Subject, content.Text, content.UnsubscribeURL
		out = append(out, q)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// send runs the job as of a moment later.
func (f *fixture) send(t testing.TB, later time.Duration) []queued {
	t.Helper()
	f.Clock.Advance(later)
	before := len(f.queued(t))
	if err := f.s.sendDue(f.ctx); err != nil {
		t.Fatal(err)
	}
	return f.queued(t)[before:]
}

func settings(change func(s *Settings)) SetPreferencesInput {
	in := SetPreferencesInput{Settings: defaults()}
	change(&in.Settings)
	return in
}

func (f *fixture) set(t testing.TB, p world.Person, change func(s *Settings)) {
	t.Helper()
	if _, err := f.s.SetPreferences(f.ctx, p.Actor, settings(change)); err != nil {
		t.Fatal(err)
	}
}

func yes() *bool { v := true; return &v }
func no() *bool  { v := false; return &v }
