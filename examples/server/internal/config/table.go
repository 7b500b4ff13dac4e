package config

import (
	"fmt"
	"io"
)

// Variable describes one variable of the environment.
type Variable struct{ Name, Default, Meaning string }

// Table describes every variable, in the order a reader wants them.
func Table() []Variable {
	return []Variable{
		{"LISTEN_ADDR", defaultListen, "Address and port the server listens on."},
		{"DATA_DIR", defaultDataDir, "Folder for the embedded database, uploads, the secret key and, without SMTP_URL, mails. Made when absent."},
		{"BASE_URL", "http://LISTEN_ADDR", "Where browsers reach the server; every link is built from it. Must be https:// unless its host is this machine."},
		{"DATABASE_URL", "DATA_DIR/veranda.db", "postgres://… or the path of a SQLite file. pool_max_conns in the URL sets the size of the pool."},
		{"REDIS_URL", "none: a queue inside the process", "redis://, rediss://, redis-socket://, redis-sentinel:// or redis-cluster://."},
		{"SMTP_URL", "none: mails at /dev/mail", "smtp://user:password@host:port (STARTTLS; ?starttls=required, optional or none; default required) or smtps://… (TLS from the start). The user name and password are percent-encoded."},
		{"MAIL_FROM", "Veranda <veranda@localhost>", "Sender of every mail; must be set together with SMTP_URL."},
		{"PHONE_URL", "none: text messages at /dev/phone", "twilio://SID:TOKEN@api.twilio.com?from=+15551234567 (or ?service=MG…): text messages by Twilio, or by a provider with the same interface at another host. With an https BASE_URL it reports what became of them to /hooks/phone."},
		{"INBOUND_LISTEN", "none: no mail comes in", "Address and port for SMTP. Mails then have a return path each, bounce+…@INBOUND_DOMAIN, and what comes back there is noted; everything else is refused."},
		{"INBOUND_DOMAIN", "the domain of MAIL_FROM", "Domain whose mail arrives at INBOUND_LISTEN, directly or by the mail server of the domain."},
		{"TEMPLATES_DIR", "none: the shipped mails", "Folder with mails in further languages or other words: tenancy/<language>/<name>.txt, .html and .sms, statistics/<language>/digest.txt, notifications/<language>/digest.txt, message.txt and sentences.json, and calendar.json beside them. Read at each start; what is shipped stands in for what is missing."},
		{"FILES_URL", "DATA_DIR/files", "Where uploaded files are kept: a folder, as a path or file://, which several nodes share; or mem://, which forgets them."},
		{"LINK_PREVIEWS", "on", "Whether links in posts get previews, for which the server reads the pages they lead to: on or off."},
		{"SECRET_KEY", "made and kept in DATA_DIR/secret.key", "Base64 of at least 32 random bytes. Several nodes need the same one."},
		{"POLICY_FILE", "none: the shipped policy", "Casbin CSV whose rows extend the shipped policy. Read at each start; give every node the same one. A row: p, owner, invitation, withdraw, allow."},
		{"POLICY_REPLACE", "false", "true puts the rows of POLICY_FILE in the place of the shipped ones."},
		{"TRUSTED_PROXIES", "none", "Addresses and networks of reverse proxies, separated by commas; X-Forwarded-For is believed from these only."},
		{"LOG_LEVEL", "info", "debug, info, warn or error. Requests are logged at info."},
		{"LOG_FORMAT", "text", "text or json."},
		{"SHUTDOWN_TIMEOUT", defaultShutdownTimeout.String(), "How long a stop waits for requests under way."},
		{"BODY_LIMIT", "8MiB", "Largest body of a request that is read whole; uploads of files are streamed and bounded by the plan."},
		{"DNS_SERVER", "none: as the machine is set up", "Address and port of the name server that is asked for the records that prove domains, such as 9.9.9.9:53."},
		{"METRICS_TOKEN", "none: loopback only", "Bearer token that /metrics asks for, at least 16 characters."},
	}
}

// WriteTable writes the table as Markdown, as it stands in the README.
func WriteTable(w io.Writer) error {
	if _, err := fmt.Fprint(w, "| variable | default | meaning |\n|---|---|---|\n"); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	for _, v := range Table() {
		if _, err := fmt.Fprintf(w, "| `%s` | %s | %s |\n", v.Name, v.Default, v.Meaning); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	return nil
}
