package tenancy

import (
	"context"
	"html"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// Every language has every file, in its own letters, and calls for nothing English does not call for.
func TestShippedLanguages(t *testing.T) {
	t.Parallel()
	english, err := fs.ReadDir(templateFiles, "templates/en")
	must(t, err)
	for tag, letters := range map[string]func(r rune) bool{
		"ru": func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) },
		"tr": func(r rune) bool { return strings.ContainsRune("ğışİçöüĞŞÇÖÜ", r) },
	} {
		files, err := fs.ReadDir(templateFiles, "templates/"+tag)
		must(t, err)
		if len(files) != len(english) {
			t.Errorf("%s has %d files, English %d", tag, len(files), len(english))
		}
		for _, f := range files {
			text, err := fs.ReadFile(templateFiles, "templates/"+tag+"/"+f.Name())
			must(t, err)
			if !strings.ContainsFunc(string(text), letters) {
				t.Errorf("%s/%s is not in its language:\n%s", tag, f.Name(), text)
			}
			if strings.Contains(string(text), "i\u0307") || strings.ContainsFunc(string(text), func(r rune) bool { return tag == "tr" && unicode.Is(unicode.Cyrillic, r) }) {
				t.Errorf("%s/%s has letters of another alphabet", tag, f.Name())
			}
		}
	}
}

// hosted is a kit whose host has templates of its own.
func hosted(t *testing.T, e *verandatest.Env, templates fs.FS) (*kit, error) {
	t.Helper()
	authz, err := NewAuthorizer(context.Background(), e.DB, Module())
	must(t, err)
	k := &kit{Env: e, World: world.New(t, e), authz: authz, mails: &mailbox{}}
	k.s, err = New(Deps{
		DB: e.DB, Authz: authz, Mailer: k.mails, Secret: []byte(strings.Repeat("k", 32)), BaseURL: "https://veranda.example",
		PasswordCost: testCost, Templates: templates,
	})
	return k, err
}

func TestMailsInOnesLanguage(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		for _, c := range []struct{ language, zone, subject, holding, until string }{
			{"ru", "Europe/Moscow", "Подтвердите ваш адрес", "Здравствуйте, Ada Person!", "до 5 марта 2026 г., 12:30 MSK"},
			{"tr-TR", "Europe/Istanbul", "Adresinizi onaylayın", "Merhaba Ada Person,", "son geçerlilik: 5 Mart 2026 12:30 UTC+3"},
			{"en-GB", "America/New_York", "Confirm your address", "Hello Ada Person,", "until 5 March 2026, 04:30 EST"},
			{"is", "UTC", "Confirm your address", "Hello Ada Person,", "until 5 March 2026, 09:30 UTC"},
		} {
			_, err := k.s.Register(ctx, veranda.Anonymous(), RegisterInput{Address: "ada." + c.language + "@analytic.example", Password: goodPassword, Name: "Ada Person", Language: c.language, TimeZone: c.zone})
			must(t, err)
			mail := k.one(t)
			if mail.Subject != c.subject || !strings.Contains(mail.Text, c.holding) || !strings.Contains(mail.Text, c.until) || !strings.Contains(html.UnescapeString(mail.HTML), c.until) {
				t.Errorf("%s: %s\n%s", c.language, mail.Subject, mail.Text)
			}
			tag, _, _ := strings.Cut(c.language, "-")
			if tag != "is" && !strings.Contains(mail.HTML, `<html lang="`+tag+`">`) {
				t.Errorf("%s: %s", c.language, mail.HTML)
			}
		}
	})
}

// An invited stranger is written to in the organization's language.
func TestMailsInTheOrganizationsLanguage(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		language := "tr"
		_, err := k.s.UpdateOrganization(ctx, k.Owner.Actor, UpdateOrganizationInput{Org: k.Org, Language: &language})
		must(t, err)
		_, err = k.s.Invite(ctx, k.Owner.Actor, InviteInput{Org: k.Org, People: []Invitee{{Address: "new@else.example", Kind: MemberGuest}}})
		must(t, err)
		if mail := k.one(t); !strings.Contains(mail.Subject, "sizi davet ediyor") || !strings.Contains(mail.Text, "Daveti gör") {
			t.Errorf("%s\n%s", mail.Subject, mail.Text)
		}
	})
}

const calendarOfHost = `{"months":["Jänner","Feber","März","April","Mai","Juni","Juli","August","September","Oktober","November","Dezember"],
"weekdays":["Mo","Di","Mi","Do","Fr","Sa","So"],"date":"{day}. {month} {year}","moment":"{date} um {time} ({zone})","span_month":"{day}.–{to_day}. {month}","span_year":"{day}. {month} – {to_day}. {to_month}"}`

func TestHostTemplates(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	host := fstest.MapFS{
		"de/confirm.txt":   file("Bestätigen Sie {{.Recipient}}\n\nGrüß Gott {{.Name}},\n\n{{.Link}}\n\nbis {{.Expires}}\n"),
		"de/confirm.html":  file(`{{define "body"}}<p>Grüß Gott {{.Name}}, {{.Link}}</p>{{end}}`),
		"de/reset.txt":     file("Neues Passwort\n\n{{.Surname}}, {{.Link}}\n"), // nobody gives a surname
		"de/calendar.json": file(calendarOfHost),
		"en/added.txt":     file("Come in\n\n{{upper .Workspace}} waits.\n"),
		"layout.html":      file(`<!DOCTYPE html><html lang="{{.Language}}"><body class="house">{{template "body" .Data}}</body></html>`),
	}
	verandatest.Each(t, []veranda.Module{veranda.Core(), Module()}, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		k, err := hosted(t, e, host)
		must(t, err)
		_, err = k.s.Register(ctx, veranda.Anonymous(), RegisterInput{Address: "ada@analytic.example", Password: goodPassword, Name: "Ada", Language: "de-AT", TimeZone: "Europe/Vienna"})
		must(t, err)
		mail := k.one(t)
		if mail.Subject != "Bestätigen Sie ada@analytic.example" || !strings.Contains(mail.Text, "bis 5. März 2026 um 10:30 (CET)") ||
			!strings.Contains(mail.HTML, `<html lang="de"><body class="house"><p>Grüß Gott Ada, https`) {
			t.Errorf("%s\n%s\n%s", mail.Subject, mail.Text, mail.HTML)
		}
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: token(t, mail), Password: goodPassword})
		must(t, err)

		// A value that is missing: the delivery failed, once, and says why; nothing was sent.
		_, err = k.s.RequestReset(ctx, veranda.Anonymous(), RequestResetInput{Address: "ada@analytic.example"})
		must(t, err)
		if mails := k.sent(t); len(mails) != 0 {
			t.Errorf("half a mail was sent: %+v", mails)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_deliveries WHERE state = 'failed' AND attempts = 1 AND reason LIKE '%de/reset.txt%Surname%'`); n != 1 {
			t.Error("the log does not say what is missing")
		}
		if open := k.Env.Open(t); open != 0 {
			t.Errorf("%d pieces of work are open", open)
		}

		// What the host says in its own words replaces what is shipped, without HTML where the host's language has none.
		must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := Post{}.Queue(ctx, tx, MailRequest{Org: k.Org, Account: k.Employee.Account, Template: templateAdded, Data: map[string]string{"Workspace": "Garden", "Inviter": "Olga", "Organization": "Works"}})
			return err
		}))
		if mail := k.one(t); mail.Subject != "Come in" || mail.Text != "GARDEN waits.\n" {
			t.Errorf("%+v", mail)
		}
	})
}

func TestHostTemplatesWithMistakes(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{
		"de/confirm.txt": "x {{.Name", "de/calendar.json": "{}", "de/farewell.txt": "x\n\ny", "deutsch!/confirm.txt": "x\n\ny", "de/sub/confirm.txt": "x\n\ny", "confirm.txt": "x\n\ny",
		"EN_us/confirm.txt": "x\n\ny", "de/added.txt": "x {{shout .Name}}", "fr/confirm.html": `{{define "body"}}x{{end}}`, "en/confirm.html": `<p>no body</p>`, "layout.html": "{{", "README.md": "x",
	}
	host := fstest.MapFS{"de/reset.txt": &fstest.MapFile{Data: []byte("right\n\n{{.Name}}")}}
	for name, text := range wrong {
		host[name] = &fstest.MapFile{Data: []byte(text)}
	}
	_, err := layTemplates(host)
	if err == nil || strings.Contains(err.Error(), "de/reset.txt") {
		t.Fatal(err)
	}
	for name := range wrong { // all at once
		if !strings.Contains(err.Error(), "template "+name+":") {
			t.Errorf("%s is not refused: %v", name, err)
		}
	}
	if _, err := New(Deps{DB: &veranda.DB{}, Authz: &Authorizer{}, Secret: make([]byte, 32), Templates: host}); err == nil {
		t.Error("New takes them")
	}
}

func TestMailsKeepTheirTime(t *testing.T) {
	t.Parallel()
	m := &storedMail{mailRow: mailRow{Language: "ru", Template: templateReset, mailContent: mailContent{Zone: "Nowhere/Else"}}}
	got, err := writtenMoment(templateFiles, "reset.txt", m, time.Date(2026, 3, 5, 21, 30, 0, 0, time.UTC))
	if err != nil || got != "5 марта 2026 г., 21:30 UTC" {
		t.Errorf("%q %v", got, err)
	}
}
