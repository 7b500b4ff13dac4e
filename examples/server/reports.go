package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/config"
	"github.com/veranda-go/veranda/examples/server/internal/inbound"
	"github.com/veranda-go/veranda/examples/server/internal/mail"
	"github.com/veranda-go/veranda/examples/server/internal/phone"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// phoneReports is where the provider of text messages says what became of them.
const phoneReports = "/hooks/phone"

// newPhone sends by the provider that is configured; otherwise messages go to a box on disk, shown at /dev/phone.
func newPhone(settings *config.Config) (tenancy.PhoneSender, *phone.Box, error) {
	if settings.Phone == nil {
		box, err := phone.NewBox(filepath.Join(settings.DataDir, "phone"), time.Now)
		if err != nil {
			return nil, nil, err
		}
		return texter{box}, box, nil
	}
	var callback func(id string) string
	// A provider elsewhere refuses an address it cannot reach.
	if settings.HTTPS() || settings.Phone.Base.Scheme == "http" {
		callback = func(id string) string {
			return settings.BaseURL.String() + phoneReports + "?" + url.Values{"delivery": {id}}.Encode()
		}
	}
	return texter{phone.NewSender(*settings.Phone, callback, time.Now)}, nil, nil
}

// texter gives tenancy's text messages to the phone package.
type texter struct {
	to interface {
		Send(ctx context.Context, m phone.Message) error
	}
}

// SendText hands a message in. What can never succeed says so, so that it is not tried again.
func (p texter) SendText(ctx context.Context, m tenancy.TextMessage) error {
	err := p.to.Send(ctx, phone.Message{ID: m.ID, To: m.To, Text: m.Text})
	if err != nil && phone.Permanent(err) {
		return permanent{err}
	}
	return err
}

// errForged is told to who reports without the provider's signature.
var errForged = veranda.NewError(veranda.CodeForbidden, "phone.signature", "The signature is not the provider's.")

// phoneHook takes the provider's reports.
func phoneHook(s *web.Server, provider phone.Provider, service *tenancy.Service) {
	s.AddHook(phoneReports, func(ctx context.Context, h web.Hook) error {
		if !provider.Signed(h.Address, h.Form, h.Header("X-Twilio-Signature")) {
			return errForged
		}
		report, known := phone.ParseReport(h.Form)
		if !known {
			return nil
		}
		var id tenancy.DeliveryID
		if err := id.UnmarshalText([]byte(h.Query.Get("delivery"))); err != nil {
			return veranda.ErrNotFound
		}
		return service.PhoneReported(ctx, tenancy.PhoneReport{Delivery: id, State: report.State, Reason: report.Reason})
	})
}

// newReturns are the addresses that mails come back to, where the program takes mail at all; nil otherwise.
func newReturns(settings *config.Config) *mail.Returns {
	if settings.InboundListen == "" {
		return nil
	}
	return mail.NewReturns(settings.InboundDomain, []byte(settings.SecretKey.Reveal()))
}

// newInbound takes mail where INBOUND_LISTEN says so; nil otherwise. support takes what people write; nil refuses it.
func newInbound(settings *config.Config, service *tenancy.Service, support inbound.Inbound, log *slog.Logger) *inbound.Server {
	returns := newReturns(settings)
	if returns == nil {
		return nil
	}
	return inbound.New(inbound.Options{
		Domain: settings.InboundDomain, Returns: returns, Support: support, Log: log,
		Bounced: func(ctx context.Context, delivery, status, diagnostic string) error {
			var id tenancy.DeliveryID
			if err := id.UnmarshalText([]byte(delivery)); err != nil {
				return nil
			}
			err := service.Bounced(ctx, id, status, diagnostic)
			if errors.Is(err, veranda.ErrNotFound) { // tidied away meanwhile
				return nil
			}
			return err
		},
	})
}

// takeMail begins to take mail. stop ends it.
func (a *app) takeMail() (stop func(ctx context.Context) error, err error) {
	if a.inbound == nil {
		return func(context.Context) error { return nil }, nil
	}
	listener, err := net.Listen("tcp", a.settings.InboundListen)
	if err != nil {
		return nil, fmt.Errorf("INBOUND_LISTEN: cannot listen on %s: %w", a.settings.InboundListen, err)
	}
	served := make(chan error, 1)
	go func() { served <- a.inbound.Serve(listener) }()
	return func(ctx context.Context) error { return errors.Join(a.inbound.Shutdown(ctx), <-served) }, nil
}
