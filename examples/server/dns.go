package main

import (
	"context"
	"net"

	"github.com/veranda-go/veranda/tenancy"
)

// newResolver asks one name server, or the machine's own where none is named.
func newResolver(server string) tenancy.Resolver {
	if server == "" {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, server)
	}}
}
