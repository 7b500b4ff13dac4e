package inbound

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// How many may be connected, how long, and how often one client may come. Together with the size of a mail they bound the
// memory that strangers can take.
const (
	connections     = 24
	connectionsEach = 6
	connectionLives = 5 * time.Minute
	visitsEach      = 60 // connections of one client within visitWindow
	visitWindow     = time.Minute
	clientsKnown    = 10_000
)

// limited is a listener that closes what is too much before a word is said.
type limited struct {
	net.Listener
	now     func() time.Time
	mu      sync.Mutex
	open    int
	clients map[netip.Prefix]*client
}

// client is a network that sends: an address, or a /64 of IPv6 (RFC 6177).
type client struct {
	open   int
	visits int
	until  time.Time
}

func newLimited(l net.Listener) *limited {
	return &limited{Listener: l, now: time.Now, clients: map[netip.Prefix]*client{}}
}

// Accept gives the next connection that is within the bounds.
func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		of := networkOf(conn.RemoteAddr())
		if !l.enter(of) {
			_ = conn.Close()
			continue
		}
		// A client that sends a line now and then is within every other limit.
		end := time.AfterFunc(connectionLives, func() { _ = conn.Close() })
		return &counted{Conn: conn, leave: sync.OnceFunc(func() {
			end.Stop()
			l.leave(of)
		})}, nil
	}
}

func (l *limited) enter(of netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	c := l.clients[of]
	if c == nil {
		if len(l.clients) >= clientsKnown {
			l.forget(now)
		}
		c = &client{}
		l.clients[of] = c
	}
	if now.After(c.until) {
		c.visits, c.until = 0, now.Add(visitWindow)
	}
	c.visits++
	if l.open >= connections || c.open >= connectionsEach || c.visits > visitsEach {
		return false
	}
	l.open++
	c.open++
	return true
}

func (l *limited) leave(of netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if c := l.clients[of]; c != nil {
		c.open--
	}
}

// forget drops clients that are gone; all that are not connected, where that is not enough.
func (l *limited) forget(now time.Time) {
	for of, c := range l.clients {
		if c.open == 0 && now.After(c.until) {
			delete(l.clients, of)
		}
	}
	for of, c := range l.clients {
		if len(l.clients) < clientsKnown {
			return
		}
		if c.open == 0 {
			delete(l.clients, of)
		}
	}
}

func networkOf(address net.Addr) netip.Prefix {
	peer, err := netip.ParseAddrPort(address.String())
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := peer.Addr().Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil { // an address has that many bits
		return netip.Prefix{}
	}
	return prefix
}

// counted is a connection that is counted until it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close ends it.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
