package pgpipe

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Types of the protocol's messages that lazyBegin must tell apart (PostgreSQL documentation, "Message Formats").
const (
	messageQuery           = 'Q'
	messageTerminate       = 'X'
	messageNotice          = 'N'
	messageParameterStatus = 'S'
	messageNotification    = 'A'
	messageReadyForQuery   = 'Z'

	messageHeaderBytes = 5 // one byte of type, four of length; the length counts itself but not the type
)

// What the server answers to a BEGIN that travelled in front of something else.
const (
	answersToSimpleBegin   = "C" + emptyOrMore // CommandComplete; the ReadyForQuery is that of the whole Query message
	answersToExtendedBegin = "12C"             // ParseComplete, BindComplete, CommandComplete

	// emptyOrMore stands for a look at what follows, which is taken out of nothing.
	emptyOrMore = "?"
)

// emptyQueryResponse is what the server answers to a Query message without a statement, a mere comment for example. With
// BEGIN in the same message there is a statement, so the answer that pgx waits for has to be made up.
var emptyQueryResponse = []byte{'I', 0, 0, 0, 4}

// lazyBegin lies between pgx and the connection to the server. It puts a pending BEGIN in front of the next thing that
// is written, and takes the answer to it out of what is read.
//
// It sits above TLS, as pgx's frontend does. pgconn's ExecBatch and the data of COPY bypass it: whoever uses those first
// in a transaction takes the BEGIN off and sends it otherwise.
//
// All methods belong to the goroutine that uses the connection, except Write, which pgx also calls from a goroutine of
// its own with the Terminate message when it abandons a connection.
type lazyBegin struct {
	pending atomic.Pointer[string]

	writer io.Writer
	buffer []byte

	reader *bufio.Reader
	// expected are the types of the answers to BEGIN that the server still owes.
	expected string
	// passing counts the bytes of an unrelated message that must reach pgx before the next answer is looked at.
	passing int
	// insert are bytes for pgx that the server has not sent.
	insert []byte
	// shift is the number of characters that a simple query was moved by BEGIN, for the positions in its errors.
	shift int
}

func newLazyBegin(r io.Reader, w io.Writer) *lazyBegin {
	// pgx reads in pieces of 8192 bytes and more, and a bufio.Reader with a smaller buffer steps out of the way of those.
	return &lazyBegin{reader: bufio.NewReaderSize(r, 4096), writer: w}
}

// set notes a BEGIN that shall travel with the next thing written.
func (l *lazyBegin) set(begin string) { l.pending.Store(&begin) }

// isPending tells whether the BEGIN has not been sent yet.
func (l *lazyBegin) isPending() bool { return l.pending.Load() != nil }

// take removes the pending BEGIN and returns it, "" if there is none.
func (l *lazyBegin) take() string {
	if begin := l.pending.Swap(nil); begin != nil {
		return *begin
	}
	return ""
}

// Write implements io.Writer. pgx writes whole messages, so p begins with a message's type.
func (l *lazyBegin) Write(p []byte) (int, error) {
	if len(p) < messageHeaderBytes || p[0] == messageTerminate || !l.isPending() {
		return l.writer.Write(p)
	}
	message, expected, shift, err := prefixed(l.buffer[:0], *l.pending.Load(), p)
	if err != nil {
		return 0, err
	}
	l.pending.Store(nil)
	l.buffer, l.expected, l.shift = message, expected, shift
	if cap(l.buffer) > 1<<16 {
		l.buffer = nil // one large statement shall not be kept for the connection's life
	}
	written, err := l.writer.Write(message)
	if err != nil {
		// pgx takes 0 for "the server has seen nothing", so a part of BEGIN counts as a part of p.
		return max(min(written, 1), written-(len(message)-len(p))), err
	}
	return len(p), nil
}

// prefixed appends to buffer the messages p with begin in front of them, and tells what the server will answer to begin
// and by how many characters a simple query was moved.
func prefixed(buffer []byte, begin string, p []byte) (message []byte, expected string, shift int, err error) {
	if p[0] == messageQuery {
		// Two Query messages would be two units: after a failed BEGIN the second would run by itself. In one message, a
		// failed BEGIN takes the rest with it.
		length := binary.BigEndian.Uint32(p[1:messageHeaderBytes])
		message = append(buffer, messageQuery)
		message = binary.BigEndian.AppendUint32(message, length+uint32(len(begin))+1)
		message = append(message, begin...)
		message = append(message, ';')
		message = append(message, p[messageHeaderBytes:]...)
		return message, answersToSimpleBegin, len(begin) + 1, nil
	}
	// No Sync of its own: an error in BEGIN makes the server skip everything up to the Sync that ends p.
	message = buffer
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Parse{Query: begin}, &pgproto3.Bind{}, &pgproto3.Execute{},
	} {
		if message, err = m.Encode(message); err != nil {
			return nil, "", 0, fmt.Errorf("pgpipe: encode %q: %w", begin, err)
		}
	}
	return append(message, p...), answersToExtendedBegin, 0, nil
}

// Read implements io.Reader.
func (l *lazyBegin) Read(p []byte) (int, error) {
	for l.expected != "" && l.passing == 0 {
		if err := l.next(); err != nil {
			return 0, err
		}
	}
	if len(l.insert) > 0 {
		n := copy(p, l.insert)
		l.insert = l.insert[n:]
		return n, nil
	}
	if l.passing > 0 && len(p) > l.passing {
		p = p[:l.passing]
	}
	n, err := l.reader.Read(p)
	l.passing = max(0, l.passing-n)
	return n, err
}

// next looks at the next message while answers to BEGIN are expected. It only peeks until a message is complete, so that
// it can be called again after a read was interrupted by a deadline.
func (l *lazyBegin) next() error {
	header, err := l.reader.Peek(messageHeaderBytes)
	if err != nil {
		return err
	}
	size := 1 + int(binary.BigEndian.Uint32(header[1:]))
	switch kind := header[0]; {
	case kind == messageNotice || kind == messageParameterStatus || kind == messageNotification:
		l.passing = size // may come at any time, and is pgx's
	case l.expected == emptyOrMore:
		l.expected = ""
		if kind == messageReadyForQuery {
			l.insert = emptyQueryResponse
		}
	case kind == l.expected[0]:
		if _, err := l.reader.Peek(size); err != nil {
			return err
		}
		if _, err := l.reader.Discard(size); err != nil {
			return err
		}
		l.expected = l.expected[1:]
	default: // an error: what follows is the answer to the whole unit, and pgx's to read
		l.expected = ""
	}
	return nil
}
