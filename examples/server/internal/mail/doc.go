// Package mail sends mails: by SMTP where a server is configured, otherwise into a mailbox on this machine's disk that
// the server shows at /dev/mail.
//
// Both take the same Message and refuse the same things, so that a message that works in development works in
// production: a line break in a header field, an address that is none, a mail without text.
package mail
