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
		return s.finish(ctx, m, deliveryFailed, reasonNoPhone)
	}
	text, reason, err := s.composeText(ctx, m)
	if err != nil {
		return s.notSent(ctx, m, err)
	}
	if reason != "" {
		return s.finish(ctx, m, deliveryFailed, reason)
	}
	if err := s.phone.SendText(ctx, TextMessage{ID: m.ID.String(), To: m.Recipient, Text: text}); err != nil {
		return s.notSent(ctx, m, err)
	}
	return s.finish(ctx, m, deliverySent, "")
}

// composeText writes a text message; reason says why nothing is to be sent.
func (s *Service) composeText(ctx context.Context, m *storedMail) (text, reason string, err error) {
	if m.Text != "" {
		return m.Text, "", nil
	}
	if reason, err := s.resolveText(ctx, m); err != nil || reason != "" {
		return "", reason, err
	}
	data := mailData{"BaseURL": s.baseURL, "Recipient": m.Recipient, "TimeZone": m.Zone}
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
		if data["Expires"], err = writtenMoment(s.templates, m.Template+".sms", m, link.ExpiresAt); err != nil {
			return "", "", permanentError{err}
		}
	}
	if text, err = renderMessage(s.templates, m.Template, m.Language, data); err != nil {
		return "", "", permanentError{err}
	}
	return text, "", nil
}

// renderMessage writes a text message of the template "<name>.sms" in the best language there is.
func renderMessage(files fs.FS, name, wanted string, data mailData) (string, error) {
	tag, found := bestTemplate(files, name+".sms", wanted)
	if !found {
		return "", errNoTemplate(name)
	}
	first, rest, err := renderText(files, tag, name+".sms", data)
	return oneLine(first + " " + rest), err
}
