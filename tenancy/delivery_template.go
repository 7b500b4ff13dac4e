package tenancy

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/veranda-go/veranda/internal/wording"
)

// The templates of mails. A language is a folder "templates/<tag>" with two files for each: <name>.txt, whose first line
// is the subject, and <name>.html; and <name>.sms for what goes to phones. What a folder lacks is taken from a more general
// language, and from English at last. Templates call the functions of package internal/wording.
const (
	templateConfirm         = "confirm"          // to prove the address of a new account
	templateConfirmAddress  = "confirm_address"  // to prove a further address
	templateAccountExists   = "account_exists"   // instead of confirm, to who has an account
	templateAddressTaken    = "address_taken"    // instead of confirm_address, to the owner
	templateReset           = "reset"            // to set a new password
	templatePasswordChanged = "password_changed" // after it was changed
	templatePrimaryChanged  = "primary_changed"  // to the former primary address
	templateInvitation      = "invitation"       // to who is invited
	templateAdded           = "added"            // to a member who was put into a workspace
	templateWelcome         = "welcome"          // to who has become an employee
	templateJoinAsked       = "join_asked"       // to those who decide who joins
	templateJoinApproved    = "join_approved"    // to who asked to join
	templateJoinDeclined    = "join_declined"    // to who asked to join
)

// fallbackLanguage is written where nothing better is known.
const fallbackLanguage = wording.Fallback

//go:embed templates
var templateFiles embed.FS

// renderMail writes a mail of a template in the best language there is. A value the template wants and the data lacks is
// an error.
func renderMail(files fs.FS, name, wanted string, data mailData) (subject, text, html string, err error) {
	tag, found := bestTemplate(files, name+".txt", wanted)
	if !found {
		return "", "", "", errNoTemplate(name)
	}
	if subject, text, err = renderText(files, tag, name+".txt", data); err != nil {
		return "", "", "", err
	}
	if html, err = renderHTML(files, tag, name, subject, data); err != nil {
		return "", "", "", err
	}
	return subject, text, html, nil
}

func errNoTemplate(name string) error { return fmt.Errorf("tenancy: there is no template %q", name) }

// bestTemplate is the language whose file is taken.
func bestTemplate(files fs.FS, file, wanted string) (tag string, found bool) {
	return wording.Best(files, wanted, func(tag string) string { return "templates/" + tag + "/" + file })
}

// functions are those of the language of a template, with the dates of its calendar in the reader's zone.
func functions(files fs.FS, tag string, data mailData) (map[string]any, error) {
	calendar, err := wording.CalendarOf(files, "templates/"+tag, tag)
	if err != nil {
		return nil, fmt.Errorf("tenancy: %s: %w", tag, err)
	}
	zone, err := time.LoadLocation(data["TimeZone"])
	if err != nil {
		zone = time.UTC
	}
	return wording.Functions(tag, calendar, zone), nil
}

// writtenMoment writes a moment for the reader of a template, in the language the template is in.
func writtenMoment(files fs.FS, file string, m *storedMail, t time.Time) (string, error) {
	tag, _ := bestTemplate(files, file, m.Language)
	calendar, err := wording.CalendarOf(files, "templates/"+tag, tag)
	if err != nil {
		return "", fmt.Errorf("tenancy: %s: %w", tag, err)
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		zone = time.UTC
	}
	return calendar.WriteMoment(t.In(zone)), nil
}

func renderText(files fs.FS, tag, file string, data mailData) (subject, text string, err error) {
	name := tag + "/" + file
	source, err := fs.ReadFile(files, "templates/"+name)
	if err != nil {
		return "", "", fmt.Errorf("tenancy: mail template %s: %w", name, err)
	}
	does, err := functions(files, tag, data)
	if err != nil {
		return "", "", err
	}
	t, err := texttemplate.New(name).Funcs(does).Option("missingkey=error").Parse(string(source))
	if err != nil {
		return "", "", fmt.Errorf("tenancy: mail template %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return "", "", fmt.Errorf("tenancy: mail template %s: %w", name, err)
	}
	subject, text, _ = strings.Cut(b.String(), "\n")
	return oneLine(subject), strings.TrimLeft(text, "\n"), nil
}

// renderHTML writes the second form of a mail; none where the language has no file for it, which only a host's can lack.
func renderHTML(files fs.FS, tag, name, subject string, data mailData) (string, error) {
	if _, err := fs.Stat(files, "templates/"+tag+"/"+name+".html"); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	does, err := functions(files, tag, data)
	if err != nil {
		return "", err
	}
	t, err := htmltemplate.New("layout.html").Funcs(does).Option("missingkey=error").ParseFS(files, "templates/layout.html", "templates/"+tag+"/"+name+".html")
	if err != nil {
		return "", fmt.Errorf("tenancy: mail template %s: %w", name, err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Language, Subject string
		Data              mailData
	}{tag, subject, data})
	if err != nil {
		return "", fmt.Errorf("tenancy: mail template %s: %w", name, err)
	}
	return b.String(), nil
}

// oneLine keeps a header's value on its line (ASVS 5.0, 1.3.11).
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\u0085' {
			return ' '
		}
		return r
	}, text))
}
