package tenancy

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func allTemplates() []string {
	return []string{
		templateConfirm, templateConfirmAddress, templateAccountExists, templateAddressTaken, templateReset, templatePasswordChanged, templatePrimaryChanged,
		templateInvitation, templateAdded, templateJoinAsked, templateJoinApproved, templateJoinDeclined,
		templateActivate, templateActivateExisting,
		templateFactorOn, templateFactorOff, templateRecoveryReplaced, templateRecoveryUsed, templateCodesGuessed, templatePhoneAdded, templatePhoneRemoved,
		templateAssigned, templateLinked, templateHomeDisabled, templateWelcome,
	}
}

// allMessages are the templates that are sent to phones too, or to phones alone.
func allMessages() []string {
	return []string{
		templateActivate, templateActivateExisting, templatePasswordChanged, templateReset, templatePhoneCode, templatePhoneTaken,
		templateFactorOn, templateFactorOff, templateRecoveryReplaced, templateRecoveryUsed, templateCodesGuessed, templatePhoneAdded, templatePhoneRemoved,
		templateAssigned, templateLinked, templateAdded,
	}
}

// Every language says everything with what the code gives, and nothing else lies in its folder.
func TestTemplates(t *testing.T) {
	t.Parallel()
	languages, err := fs.ReadDir(templateFiles, "templates")
	must(t, err)
	data := mailData{
		"BaseURL": "https://veranda.example", "Recipient": "ada@analytic.example", "Name": "<Ada> & Co", "Link": "https://veranda.example/confirm?token=x", "Expires": "2026-03-05 10:30 CET",
		"Address": "new@analytic.example", "Inviter": "<Eve>", "Organization": "\"Works\"", "Workspace": "Plans",
		"Left": "9", "Phone": "+4915123456789", "Code": "012345",
		"Person": "<Pia>", "Welcome": "Good to have you.",
	}
	count := 0
	for _, language := range languages {
		if !language.IsDir() {
			continue
		}
		files, err := fs.ReadDir(templateFiles, "templates/"+language.Name())
		must(t, err)
		if wanted := 2*len(allTemplates()) + len(allMessages()); len(files) != wanted {
			t.Errorf("%s: %d files, want %d", language.Name(), len(files), wanted)
		}
		for _, name := range allMessages() {
			text, err := renderMessage(templateFiles, name, language.Name(), data)
			// Three parts of a text message are what a person still reads, and pays for.
			if err != nil || len(text) < 20 || len([]rune(text)) > 300 || strings.Contains(text, "\n") || strings.Contains(text, "<no value>") {
				t.Errorf("%s/%s: %q, %v", language.Name(), name, text, err)
			}
			if _, err := renderMessage(templateFiles, name, language.Name(), mailData{}); err == nil {
				t.Errorf("%s/%s: a missing value is no error", language.Name(), name)
			}
		}
		for _, name := range allTemplates() {
			count++
			subject, text, html, err := renderMail(templateFiles, name, language.Name(), data)
			if err != nil {
				t.Errorf("%s/%s: %v", language.Name(), name, err)
				continue
			}
			if subject == "" || strings.Contains(subject, "\n") || len(text) < 40 || !strings.Contains(html, "<html lang=\""+language.Name()+"\">") {
				t.Errorf("%s/%s: subject %q, text %q", language.Name(), name, subject, text)
			}
			if strings.Contains(html, "<Ada>") || strings.Contains(html, "<Eve>") || strings.Contains(text+html, "<no value>") {
				t.Errorf("%s/%s: a name is not escaped, or a value is missing:\n%s", language.Name(), name, html)
			}
			if _, _, _, err := renderMail(templateFiles, name, language.Name(), mailData{}); err == nil {
				t.Errorf("%s/%s: a missing value is no error", language.Name(), name)
			}
		}
	}
	if count == 0 {
		t.Error("there are no templates")
	}
}

func TestTemplateLanguages(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	files := fstest.MapFS{
		"templates/layout.html": file(`{{template "body" .Data}}`),
		"templates/en/a.txt":    file("english\n\ntext"), "templates/en/a.html": file(`{{define "body"}}e{{end}}`),
		"templates/en/b.txt": file("english b\n\ntext"), "templates/en/b.html": file(`{{define "body"}}e{{end}}`),
		"templates/pt/a.txt": file("português\n\ntexto"), "templates/pt/a.html": file(`{{define "body"}}p{{end}}`),
		"templates/pt-BR/a.txt": file("brasileiro\n\ntexto"), "templates/pt-BR/a.html": file(`{{define "body"}}b{{end}}`),
	}
	got := map[string]string{}
	for _, c := range []string{"pt-BR a", "pt-PT a", "pt a", "pt b", "de-AT a", "nonsense! a", " a"} {
		language, name, _ := strings.Cut(c, " ")
		subject, _, html, err := renderMail(files, name, language, mailData{})
		must(t, err)
		got[c] = subject + " " + html
	}
	wanted := map[string]string{
		"pt-BR a": "brasileiro b", "pt-PT a": "português p", "pt a": "português p", "pt b": "english b e", "de-AT a": "english e", "nonsense! a": "english e", " a": "english e",
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, _, _, err := renderMail(files, "c", "en", mailData{}); err == nil {
		t.Error("a template that is not there is no error")
	}
}
