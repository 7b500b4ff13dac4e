package tenancy

import (
	"context"
	"regexp"
	"sync"
	"testing"
)

// textbox is a PhoneSender that keeps what it is sent.
type textbox struct {
	mu    sync.Mutex
	texts []TextMessage
}

func (b *textbox) SendText(_ context.Context, m TextMessage) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.texts = append(b.texts, m)
	return nil
}

// texted gives and forgets the text messages that arrived.
func (k *kit) texted(t *testing.T) []TextMessage {
	t.Helper()
	k.Drain(t)
	k.texts.mu.Lock()
	defer k.texts.mu.Unlock()
	texts := k.texts.texts
	k.texts.texts = nil
	return texts
}

// oneText gives the only text message that arrived.
func (k *kit) oneText(t *testing.T) TextMessage {
	t.Helper()
	texts := k.texted(t)
	if len(texts) != 1 {
		t.Fatalf("want one text message, got %d: %+v", len(texts), texts)
	}
	return texts[0]
}

var codePattern = regexp.MustCompile(`^\d{6}\b`)

// codeIn is the code a text message begins with.
func codeIn(t *testing.T, m TextMessage) string {
	t.Helper()
	code := codePattern.FindString(m.Text)
	if code == "" {
		t.Fatalf("no code in %q", m.Text)
	}
	return code
}
