package preview

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// maxAddresses is how many addresses of a name are tried.
const maxAddresses = 4

// dial resolves a name once, checks what it found, and connects to that and nothing else.
func (f *Fetcher) dial(ctx context.Context, network, target string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%w: port %q", ErrRefused, portText)
	}
	var addresses []netip.Addr
	if literal, err := netip.ParseAddr(host); err == nil {
		addresses = []netip.Addr{literal}
	} else if addresses, err = f.lookup(ctx, host); err != nil {
		return nil, err
	}
	// One address that is refused refuses the name: a name that leads to both is no honest one.
	for _, address := range addresses {
		if err := f.allow(netip.AddrPortFrom(address, uint16(port))); err != nil {
			return nil, err
		}
	}
	dialer := net.Dialer{Control: f.control}
	failed := fmt.Errorf("%w: %s has no address", ErrRefused, host)
	for _, address := range addresses[:min(len(addresses), maxAddresses)] {
		conn, err := dialer.DialContext(ctx, network, netip.AddrPortFrom(address, uint16(port)).String())
		if err == nil {
			return conn, nil
		}
		failed = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// control sees the very address a socket is about to connect to.
func (f *Fetcher) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errors.Join(ErrRefused, err)
	}
	return f.allow(at)
}

// resolve asks the system's resolver.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for i := range found {
		found[i] = found[i].Unmap() // how the resolver spells IPv4; an address in a URL is not unmapped
	}
	return found, err
}
