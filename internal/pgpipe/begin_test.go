package pgpipe

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgproto3"
	"pgregory.net/rapid"
)

// encoded is a sequence of messages as bytes.
func encoded(t interface{ Fatal(args ...any) }, messages ...interface {
	Encode(dst []byte) ([]byte, error)
}) []byte {
	var all []byte
	for _, message := range messages {
		var err error
		if all, err = message.Encode(all); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestBeginInFrontOfWrites(t *testing.T) {
	t.Parallel()
	query := encoded(t, &pgproto3.Query{String: "select 1"})
	extended := encoded(t, &pgproto3.Parse{Query: "select 1"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{})
	begin := encoded(t, &pgproto3.Parse{Query: "begin read only"}, &pgproto3.Bind{}, &pgproto3.Execute{})
	terminate := encoded(t, &pgproto3.Terminate{})
	tests := []struct {
		name         string
		begin        string
		written      []byte
		want         []byte
		stillPending bool
	}{
		{"nothing pending", "", query, query, false},
		{"simple", "begin", query, encoded(t, &pgproto3.Query{String: "begin;select 1"}), false},
		{"extended", "begin read only", extended, append(bytes.Clone(begin), extended...), false},
		{"terminate", "begin", terminate, terminate, true},
	}
	for _, test := range tests {
		var server bytes.Buffer
		lazy := newLazyBegin(nil, &server)
		if test.begin != "" {
			lazy.set(test.begin)
		}
		n, err := lazy.Write(test.written)
		if n != len(test.written) || err != nil {
			t.Errorf("%s: %d bytes of %d, %v", test.name, n, len(test.written), err)
		}
		if diff := cmp.Diff(test.want, server.Bytes()); diff != "" {
			t.Errorf("%s: sent (-want +got):\n%s", test.name, diff)
		}
		if lazy.isPending() != test.stillPending {
			t.Errorf("%s: pending %v", test.name, lazy.isPending())
		}
	}
}

// brokenWriter takes some bytes and fails.
type brokenWriter int

func (b brokenWriter) Write([]byte) (int, error) { return int(b), errors.New("broken") }

// pgx takes "0 bytes written" as leave to try again elsewhere, so it may not hear that when BEGIN went out in part.
func TestWritesThatFail(t *testing.T) {
	t.Parallel()
	query := encoded(t, &pgproto3.Query{String: "select 1"})
	for taken, want := range map[int]int{0: 0, 1: 1, 4: 1, 6: 1, len("begin;") + 3: 3} {
		lazy := newLazyBegin(nil, brokenWriter(taken))
		lazy.set("begin")
		if n, err := lazy.Write(query); n != want || err == nil {
			t.Errorf("%d bytes taken: reported %d, %v; want %d and an error", taken, n, err, want)
		}
	}
}

// However the server's bytes arrive, and whatever comes between, pgx reads everything but the answer to BEGIN.
func TestAnswerToBeginIsTakenOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type message = interface {
			Encode(dst []byte) ([]byte, error)
		}
		simple := rapid.Bool().Draw(t, "simple")
		fails := rapid.Bool().Draw(t, "begin fails")
		empty := rapid.Bool().Draw(t, "nothing but begin")
		var stream, want []byte
		both := func(m message) {
			b := encoded(t, m)
			stream, want = append(stream, b...), append(want, b...)
		}
		sideways := func() { // messages that may come at any time
			for _, kind := range rapid.SliceOfN(rapid.IntRange(0, 2), 0, 2).Draw(t, "sideways") {
				both([]message{
					&pgproto3.NoticeResponse{Severity: "NOTICE", Message: string(make([]byte, 5000))},
					&pgproto3.ParameterStatus{Name: "TimeZone", Value: "UTC"},
					&pgproto3.NotificationResponse{Channel: "c", Payload: "p"},
				}[kind])
			}
		}
		answers := []message{&pgproto3.ParseComplete{}, &pgproto3.BindComplete{}, &pgproto3.CommandComplete{CommandTag: []byte("BEGIN")}}
		if simple {
			answers = answers[2:]
		}
		failAt := -1
		if fails {
			failAt = rapid.IntRange(0, len(answers)-1).Draw(t, "fails at")
		}
		for i, answer := range answers {
			sideways()
			if i == failAt {
				both(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "57014"})
				break
			}
			stream = append(stream, encoded(t, answer)...)
		}
		sideways()
		switch {
		case fails:
		case simple && empty:
			want = append(want, encoded(t, &pgproto3.EmptyQueryResponse{})...)
		default:
			both(&pgproto3.BindComplete{})
			both(&pgproto3.CommandComplete{CommandTag: []byte("INSERT 0 1")})
		}
		both(&pgproto3.ReadyForQuery{TxStatus: 'T'})
		both(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}) // of a later statement

		reader := io.Reader(bytes.NewReader(stream))
		switch rapid.IntRange(0, 2).Draw(t, "arrives") {
		case 0:
			reader = iotest.OneByteReader(reader)
		case 1:
			reader = iotest.HalfReader(reader)
		}
		lazy := newLazyBegin(reader, io.Discard)
		lazy.set("begin")
		sent := encoded(t, &pgproto3.Sync{})
		if simple {
			sent = encoded(t, &pgproto3.Query{String: "insert"})
		}
		if _, err := lazy.Write(sent); err != nil {
			t.Fatal(err)
		}
		var got []byte
		buffer := make([]byte, rapid.IntRange(1, 9000).Draw(t, "read at once"))
		for {
			n, err := lazy.Read(buffer)
			got = append(got, buffer[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("pgx reads\n%q, want\n%q", got, want)
		}
	})
}
