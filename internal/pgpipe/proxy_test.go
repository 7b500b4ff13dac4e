package pgpipe

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// turnProxy stands between client and server and counts round trips: how often the client begins to speak after the
// server spoke.
type turnProxy struct {
	mu          sync.Mutex
	turns       int
	serverSpoke bool
}

// behindProxy changes config so that connections go through a new proxy on the loopback interface.
func behindProxy(t testing.TB, config *pgx.ConnConfig) *turnProxy {
	t.Helper()
	network, address := "tcp", net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if len(config.Host) > 0 && config.Host[0] == '/' {
		network, address = "unix", config.Host+"/.s.PGSQL."+strconv.Itoa(int(config.Port))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxy := &turnProxy{}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed by the test's end
			}
			server, err := net.Dial(network, address)
			if err != nil {
				t.Errorf("proxy: %v", err)
				_ = client.Close()
				return
			}
			running.Go(func() { proxy.copy(server, client, proxy.clientSpeaks) })
			running.Go(func() { proxy.copy(client, server, proxy.serverSpeaks) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	config.Host, config.Fallbacks = "127.0.0.1", nil
	config.Port = uint16(listener.Addr().(*net.TCPAddr).Port)
	return proxy
}

// copy forwards what it reads; what it heard is noted before the other side can hear it.
func (p *turnProxy) copy(to, from net.Conn, heard func()) {
	defer to.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			heard()
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			_, _ = io.Copy(io.Discard, from)
			return
		}
	}
}

func (p *turnProxy) clientSpeaks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.serverSpoke {
		p.turns++
		p.serverSpoke = false
	}
}

func (p *turnProxy) serverSpeaks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serverSpoke = true
}

// during counts the turns that action takes.
func (p *turnProxy) during(action func()) int {
	p.mu.Lock()
	before := p.turns
	p.mu.Unlock()
	action()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.turns - before
}
