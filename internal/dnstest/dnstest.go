// Package dnstest is a name server for tests: it speaks the DNS by UDP and TCP, and knows TXT records only. What it
// answers, and whether at all, is set by the test.
package dnstest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Server answers questions as a name server does: by UDP, and by TCP what does not fit (RFC 1035 section 4.2).
type Server struct {
	// Address is where the server listens, host:port, by UDP and TCP.
	Address string

	mu sync.Mutex
	// records are the TXT records by name, without the dot at the end; each is a list of its strings.
	records map[string][][]string
	// failing names get SERVFAIL, silent ones no answer.
	failing, silent map[string]bool
	asked           []string // "udp _veranda.example.com."
}

// New starts a server, and stops it after the test.
func New(t testing.TB) *Server {
	t.Helper()
	d := &Server{records: map[string][][]string{}, failing: map[string]bool{}, silent: map[string]bool{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.Address = listener.Addr().String()
	packets, err := net.ListenPacket("udp", d.Address)
	if err != nil {
		_ = listener.Close()
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() { d.serveUDP(packets) })
	wait.Go(func() { d.serveTCP(listener) })
	t.Cleanup(func() {
		_ = packets.Close()
		_ = listener.Close()
		wait.Wait()
	})
	return d
}

// Resolver asks the server and nobody else.
func (d *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, d.Address)
	}}
}

// Set gives a name TXT records, in place of those it had.
func (d *Server) Set(name string, records ...[]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.records, name)
	if len(records) > 0 {
		d.records[name] = records
	}
}

// Fail has questions about a name answered by SERVFAIL, or by nothing.
func (d *Server) Fail(name string, failing, silent bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failing[name], d.silent[name] = failing, silent
}

// Questions are those asked so far, in the order they came: "udp _veranda.example.com.".
func (d *Server) Questions() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string{}, d.asked...)
}

func (d *Server) serveUDP(packets net.PacketConn) {
	buffer := make([]byte, 4096)
	for {
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		if answer := d.answer("udp", buffer[:n]); answer != nil {
			_, _ = packets.WriteTo(answer, from)
		}
	}
}

func (d *Server) serveTCP(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err == nil {
			question := make([]byte, binary.BigEndian.Uint16(length[:]))
			if _, err := io.ReadFull(conn, question); err == nil {
				if answer := d.answer("tcp", question); answer != nil {
					_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
				}
			}
		}
		_ = conn.Close()
	}
}

// answer is nil where none is given.
func (d *Server) answer(network string, question []byte) []byte {
	var parser dnsmessage.Parser
	header, err := parser.Start(question)
	if err != nil {
		return nil
	}
	asked, err := parser.Question()
	if err != nil {
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(asked.Name.String(), "."))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, network+" "+asked.Name.String())
	if d.silent[name] {
		return nil
	}
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true, RecursionDesired: header.RecursionDesired, RecursionAvailable: true},
		Questions: []dnsmessage.Question{asked},
	}
	records, known := d.records[name]
	switch {
	case d.failing[name]:
		message.RCode = dnsmessage.RCodeServerFailure
	case !known:
		message.RCode = dnsmessage.RCodeNameError
	case asked.Type == dnsmessage.TypeTXT:
		for _, strs := range records {
			message.Answers = append(message.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: asked.Name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET, TTL: 60},
				Body:   &dnsmessage.TXTResource{TXT: strs},
			})
		}
	}
	packed, err := message.Pack()
	if err == nil && network == "udp" && len(packed) > 512 {
		message.Truncated, message.Answers = true, nil
		packed, err = message.Pack()
	}
	if err != nil {
		return nil
	}
	return packed
}
