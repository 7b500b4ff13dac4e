package support

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"strings"
	"text/template"

	"golang.org/x/text/language"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// A language is a folder of templates; the first line of a file is the mail's subject.
//
//go:embed templates
var templateFiles embed.FS

const fallbackLanguage = "en"

// The templates of mails.
const (
	templateReceived = "received" // to the writer, when a request came in
	templateAnswer   = "answer"   // to the writer, with support's words
	templateConfirm  = "confirm"  // to the writer, to sign in and confirm an action
)

type mailData map[string]string

// mail queues a mail to a request's writer, at the address it was written from.
func (s *Service) mail(ctx context.Context, tx *veranda.Tx, r *row, name string, by veranda.AccountID, data mailData) error {
	data["Subject"], data["Code"], data["BaseURL"] = r.Subject, r.Code, s.baseURL
	subject, text, err := render(name, r.Language, data)
	if err != nil {
		return err
	}
	_, err = s.post.Queue(ctx, tx, tenancy.MailRequest{
		To: r.Address, By: by, Language: r.Language, Template: "support_" + name, Subject: subject + " [" + r.Code + "]", Text: text,
	})
	return err
}

func render(name, wanted string, data mailData) (subject, text string, err error) {
	base := fallbackLanguage
	if tag, err := language.Parse(wanted); err == nil {
		first, _ := tag.Base()
		base = first.String()
	}
	source, err := templateFiles.ReadFile("templates/" + base + "/" + name + ".txt")
	if err != nil {
		if source, err = templateFiles.ReadFile("templates/" + fallbackLanguage + "/" + name + ".txt"); err != nil {
			return "", "", fmt.Errorf("support: mail: %w", err)
		}
	}
	t, err := template.New(name).Option("missingkey=error").Parse(string(source))
	if err != nil {
		return "", "", fmt.Errorf("support: mail %s in %s: %w", name, base, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return "", "", fmt.Errorf("support: mail %s in %s: %w", name, base, err)
	}
	subject, text, _ = strings.Cut(b.String(), "\n")
	return strings.TrimSpace(subject), strings.TrimLeft(text, "\n"), nil
}
