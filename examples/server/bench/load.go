package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// load is what one turn of calls gave.
type load struct {
	rate  float64 // calls a second
	calls int
	p99   time.Duration
}

// fire calls an address on several connections that stay open, each waiting for its answer before it calls again, for
// a duration. The requests are ready-made bytes, taken in turn, and of an answer only status and length are looked at:
// this process shares the processors with the one that it measures, so it must cost as little as possible.
func fire(address string, requests [][]byte, connections int, duration time.Duration, want int) (load, error) {
	connected := make([]*caller, connections)
	for i := range connected {
		c, err := dial(address)
		if err != nil {
			return load{}, err
		}
		defer c.close()
		connected[i] = c
	}
	begin := time.Now()
	end := begin.Add(duration)
	var group sync.WaitGroup
	times := make([][]time.Duration, connections)
	errs := make([]error, connections)
	for i, c := range connected {
		group.Go(func() { times[i], errs[i] = c.repeat(requests, i*len(requests)/connections, end, want) })
	}
	group.Wait()
	took := time.Since(begin)
	var all []time.Duration
	for i := range connected {
		if errs[i] != nil {
			return load{}, errs[i]
		}
		all = append(all, times[i]...)
	}
	return load{rate: float64(len(all)) / took.Seconds(), calls: len(all), p99: percentile(all, 0.99)}, nil
}

// caller is one connection.
type caller struct {
	conn   net.Conn
	reader *bufio.Reader
}

func dial(address string) (*caller, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, reader: bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (c *caller) close() { _ = c.conn.Close() }

// repeat calls until the end, beginning at the given place of the requests, and gives how long each call took.
func (c *caller) repeat(requests [][]byte, from int, end time.Time, want int) ([]time.Duration, error) {
	times := make([]time.Duration, 0, 1<<14)
	for {
		begin := time.Now()
		if !begin.Before(end) {
			return times, nil
		}
		status, _, err := c.call(requests[from%len(requests)], false)
		if err != nil {
			return nil, err
		}
		if status != want {
			return nil, fmt.Errorf("%.80q is answered %d, want %d", requests[from%len(requests)], status, want)
		}
		times = append(times, time.Since(begin))
		from++
	}
}

var lengthHeader = []byte("content-length:")

// call sends a request and reads its answer; the body is given back where it is to be kept.
func (c *caller) call(request []byte, keep bool) (status int, body []byte, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, nil, fmt.Errorf("not an answer: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("not an answer: %q", line)
	}
	length := -1
	for {
		if line, err = c.reader.ReadSlice('\n'); err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if len(line) > len(lengthHeader) && bytes.EqualFold(line[:len(lengthHeader)], lengthHeader) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(lengthHeader):]))); err != nil {
				return 0, nil, err
			}
		}
	}
	if length < 0 {
		return 0, nil, fmt.Errorf("an answer with status %d says no length", status)
	}
	if !keep {
		_, err = c.reader.Discard(length)
		return status, nil, err
	}
	body = make([]byte, length)
	_, err = io.ReadFull(c.reader, body)
	return status, body, err
}

// request is a call as it travels.
func request(method, path, token string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n", method, path, token)
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}
