package config

import (
	"os"
	"strings"

	"github.com/veranda-go/veranda/examples/server/internal/mail"
	"github.com/veranda-go/veranda/examples/server/internal/phone"
)

func (r *reader) phone(name string) *phone.Provider {
	value := r.text(name, "")
	if value == "" {
		return nil
	}
	provider, err := phone.ParseURL(value)
	if err != nil {
		r.wrong(name, "%v", err)
		return nil
	}
	return &provider
}

// inbound is where mail comes in, and for which domain.
func (r *reader) inbound(listenName, domainName string, from mail.Address) (listen, domain string) {
	given := strings.ToLower(r.text(domainName, ""))
	domain = given
	if given == "" {
		domain = strings.ToLower(from.Address[strings.LastIndexByte(from.Address, '@')+1:])
	}
	nowhere := r.text(listenName, "") == ""
	switch {
	case strings.ContainsAny(domain, "@ \t<>"):
		r.wrong(domainName, "want a domain, such as example.org")
	case given != "" && nowhere:
		r.wrong(domainName, "needs INBOUND_LISTEN")
	}
	if nowhere {
		return "", domain
	}
	return r.address(listenName, ":25"), domain
}

// bucket is a folder, or the URL of one, or memory.
func (r *reader) bucket(name, fallback string) string {
	value := r.text(name, fallback)
	if scheme, _, isURL := strings.Cut(value, "://"); isURL && scheme != "file" && scheme != "mem" {
		r.wrong(name, "is neither a folder nor a URL of file:// or mem://")
	}
	return value
}

func (r *reader) folder(name string) string {
	value := r.text(name, "")
	if value == "" {
		return ""
	}
	if info, err := os.Stat(value); err != nil || !info.IsDir() {
		r.wrong(name, "is not a folder that can be read")
	}
	return value
}
