package web

import (
	"net"
	"net/netip"
	"strings"

	"github.com/valyala/fasthttp"
)

// proxies are the networks whose word about the client's address is believed.
type proxies []netip.Prefix

func (p proxies) trusts(address netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// peerOf is the address at the other end of the connection.
func peerOf(rctx *fasthttp.RequestCtx) netip.Addr {
	if tcp, ok := rctx.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// client is the caller's address. Only a trusted peer's X-Forwarded-For is looked at, and in it the right-most address
// that is not a trusted proxy itself counts: everything to the left of it may be made up by the caller.
func (p proxies) client(peer netip.Addr, header *fasthttp.RequestHeader) netip.Addr {
	if len(p) == 0 || !p.trusts(peer) {
		return peer
	}
	lines := header.PeekAll(fasthttp.HeaderXForwardedFor)
	current := peer
	for l := len(lines) - 1; l >= 0; l-- {
		parts := strings.Split(string(lines[l]), ",")
		for i := len(parts) - 1; i >= 0; i-- {
			address, ok := forwarded(parts[i])
			if !ok {
				return current
			}
			current = address
			if !p.trusts(address) {
				return current
			}
		}
	}
	return current
}

// forwarded reads one entry of X-Forwarded-For: an address, with a port from some proxies.
func forwarded(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if address, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return address.Unmap().WithZone(""), true
	}
	if both, err := netip.ParseAddrPort(text); err == nil {
		return both.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

// fromThisMachine tells whether a program on this machine speaks to the server directly: a loopback peer, no proxy's
// headers, and a host name that can only mean this machine, so that a page elsewhere cannot get there by pointing its
// own name at 127.0.0.1.
func fromThisMachine(rctx *fasthttp.RequestCtx) bool {
	if !peerOf(rctx).IsLoopback() {
		return false
	}
	for _, name := range []string{fasthttp.HeaderXForwardedFor, fasthttp.HeaderForwarded, fasthttp.HeaderVia, "X-Real-Ip", fasthttp.HeaderXForwardedHost, fasthttp.HeaderXForwardedProto} {
		if len(rctx.Request.Header.Peek(name)) > 0 {
			return false
		}
	}
	host := string(rctx.Host())
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
