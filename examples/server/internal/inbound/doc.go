// Package inbound takes mail by SMTP (RFC 5321) for the few addresses the server has: those that its own mails come back
// to, and the one of platform support. It relays nothing: every other recipient is refused before any content is sent.
//
// It is made to stand behind a mail server that takes mail from the internet for the domain and hands on what is addressed
// to "bounce+…@domain" and "support@domain", or where it is the domain's mail server itself. It offers no TLS and no
// signing in: what it takes needs neither.
package inbound
