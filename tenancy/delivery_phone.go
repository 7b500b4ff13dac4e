package tenancy

import (
	"context"
	"io/fs"
)

// reasonNoPhone is why a text message fails where the program has nobody to send it by.
const reasonNoPhone = "this installation sends no messages to phones"

// deliverText sends a queued text message.
func (s *Service) deliverText(ctx context.Context, m *storedMail) error {
	if s.phone == nil {
		return s.finish(ctx, m, "failed", reasonNoPhone)
	}
	text, reason, err := s.composeText(ctx, m)
	if err != nil {
		return s.notSent(ctx, m, err)
	}
	if reason != "" {
		return s.finish(ctx, m, "failed", reason)
	}
	if err := s.phone.SendText(ctx, TextMessage{ID: m.ID.String(), To: m.Recipient, Text: text}); err != nil {
		return s.notSent(ctx, m, err)
	}
	return s.finish(ctx, m, "sent", "")
}

// composeText writes a text message; reason says why nothing is to be sent.
func (s *Service) composeText(ctx context.Context, m *storedMail) (text, reason string, err error) {
	if m.Text != "" {
		return m.Text, "", nil
	}
	data := mailData{"BaseURL": s.baseURL, "Recipient": m.Recipient}
	for key, value := range m.Data {
		data[key] = value
	}
	if m.Link != nil {
		link, err := s.readLink(ctx, m.Link)
		if err != nil {
			return "", "", err
		}
		if link == nil || !link.works(link.Purpose, s.now()) {
			return "", reasonLinkEnded, nil
		}
		data["Link"] = s.linkURL(link)
		data["Expires"] = inZone(link.ExpiresAt, m.Zone)
	}
	text, err = renderMessage(templateFiles, m.Template, m.Language, data)
	return text, "", err
}

// renderMessage writes a text message of the template "<name>.sms" in the best language there is.
func renderMessage(files fs.FS, name, wanted string, data mailData) (string, error) {
	for _, tag := range languageChain(wanted) {
		source, err := fs.ReadFile(files, "templates/"+tag+"/"+name+".sms")
		if err != nil {
			continue
		}
		first, rest, err := renderText(name, string(source), data)
		return oneLine(first + " " + rest), err
	}
	return "", errNoTemplate(name)
}
