package config

import (
	"net"
	"strconv"
)

// dnsServer is a name server to ask in place of the machine's own.
func (r *reader) dnsServer(name string) string {
	value := r.text(name, "")
	if value == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(value)
	if n, bad := strconv.Atoi(port); err != nil || host == "" || bad != nil || n < 1 || n > 65535 {
		r.wrong(name, "want host:port, such as 9.9.9.9:53")
		return ""
	}
	return value
}
