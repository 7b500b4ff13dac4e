package tenancy

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"strings"
	texttemplate "text/template"

	"golang.org/x/text/language"
)

// The templates of mails. A language is a folder "templates/<tag>" with two files for each: <name>.txt, whose first line
// is the subject, and <name>.html. What a folder lacks is taken from a more general language, and from English at last.
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
)

// fallbackLanguage is written where nothing better is known.
const fallbackLanguage = "en"

//go:embed templates
var templateFiles embed.FS

// renderMail writes a mail of a template in the best language there is. A value the template wants and the data lacks is
// an error.
func renderMail(files fs.FS, name, wanted string, data mailData) (subject, text, html string, err error) {
	for _, tag := range languageChain(wanted) {
		source, err := fs.ReadFile(files, "templates/"+tag+"/"+name+".txt")
		if err != nil {
			continue
		}
		if subject, text, err = renderText(name, string(source), data); err != nil {
			return "", "", "", err
		}
		html, err = renderHTML(files, tag, name, subject, data)
		return subject, text, html, err
	}
	return "", "", "", errNoTemplate(name)
}

func errNoTemplate(name string) error { return fmt.Errorf("tenancy: there is no template %q", name) }

// languageChain is the tag, what is more general, and English: "pt-BR", "pt", "en".
func languageChain(wanted string) []string {
	chain := []string{}
	if tag, err := language.Parse(wanted); err == nil {
		for ; tag != language.Und; tag = tag.Parent() {
			chain = append(chain, tag.String())
		}
	}
	return append(chain, fallbackLanguage)
}

func renderText(name, source string, data mailData) (subject, text string, err error) {
	t, err := texttemplate.New(name).Option("missingkey=error").Parse(source)
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

func renderHTML(files fs.FS, tag, name, subject string, data mailData) (string, error) {
	t, err := htmltemplate.New("layout.html").Option("missingkey=error").ParseFS(files, "templates/layout.html", "templates/"+tag+"/"+name+".html")
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
