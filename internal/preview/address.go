package preview

import (
	"fmt"
	"net/netip"
)

// special are the addresses that are not somebody's public server, from IANA's registries of special-purpose addresses
// (RFC 6890 and later), multicast and reserved ones among them. IPv6 is allowed within 2000::/3 alone, so only what is
// special there is named: prefixes that carry an IPv4 address, which might be a private one, and those for documents.
var special = func() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
	} {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}()

var globalUnicast = netip.MustParsePrefix("2000::/3")

// Public refuses every address but public ones at the ports of the web. It is what a Fetcher does where nothing else is
// said.
func Public(at netip.AddrPort) error {
	if at.Port() != 80 && at.Port() != 443 {
		return fmt.Errorf("%w: port %d", ErrRefused, at.Port())
	}
	address := at.Addr()
	if address.Zone() != "" || !address.IsValid() || address.Is4In6() {
		return fmt.Errorf("%w: %s", ErrRefused, address)
	}
	if address.Is6() && !globalUnicast.Contains(address) {
		return fmt.Errorf("%w: %s", ErrRefused, address)
	}
	for _, prefix := range special {
		if prefix.Contains(address) {
			return fmt.Errorf("%w: %s", ErrRefused, address)
		}
	}
	return nil
}
