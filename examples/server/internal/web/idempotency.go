package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// The headers of a call that may be repeated (IETF draft-ietf-httpapi-idempotency-key-header).
const (
	headerIdempotencyKey = "Idempotency-Key"
	headerReplayed       = "Idempotency-Replayed"
)

// answersLife is how long an answer is kept.
const answersLife = 24 * time.Hour

var (
	errKeyReused = veranda.NewError(veranda.CodeInvalid, "idempotency.reused", "This Idempotency-Key was used for another request.")
	errKey       = veranda.NewError(veranda.CodeInvalid, "idempotency.key", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
)

// answer is what a call answered.
type answer struct {
	Status         int
	ETag, Location string
	Body           []byte
}

func (a answer) write(rctx *fasthttp.RequestCtx) {
	h := &rctx.Response.Header
	rctx.Response.SetStatusCode(a.Status)
	if a.ETag != "" {
		h.Set(fasthttp.HeaderETag, a.ETag)
	}
	if a.Location != "" {
		h.Set(fasthttp.HeaderLocation, a.Location)
	}
	if len(a.Body) > 0 {
		h.SetContentTypeBytes(mediaJSON)
		rctx.Response.SetBody(a.Body)
	}
}

// request identifies a call that may be repeated: key is who calls what with which key, content what with.
type request struct{ key, content [sha256.Size]byte }

func requestOf(rctx *fasthttp.RequestCtx, call *Call, by veranda.Actor, key string, body []byte) (request, error) {
	if len(key) > 255 {
		return request{}, errKey
	}
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7e {
			return request{}, errKey
		}
	}
	// One caller's keys say nothing about another's. A nameless caller is told apart by address.
	scope := "client " + call.Client.String()
	switch {
	case by.TokenHash() != nil:
		scope = "token " + string(by.TokenHash())
	case !by.Account().IsZero():
		scope = "account " + by.Account().String()
	}
	parts, err := json.Marshal([]string{scope, string(rctx.Method()), string(rctx.Path()), key})
	if err != nil {
		return request{}, fmt.Errorf("idempotency key: %w", err)
	}
	return request{key: sha256.Sum256(parts), content: sha256.Sum256(canonical(rctx.URI().QueryString(), body))}, nil
}

// canonical is a request's content without what means nothing: white space and the order of names.
func canonical(query, body []byte) []byte {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		value = nil
	}
	text, err := json.Marshal([]any{string(query), value})
	if err != nil { // it was decoded from JSON
		panic(fmt.Sprintf("web: canonical body: %v", err))
	}
	return text
}

// answers keeps answers in the table veranda_idempotency.
type answers struct{ db *veranda.DB }

// errKept ends a transaction that found the answer kept already.
var errKept = errors.New("the answer is kept already")

const (
	// A row that has outlived its time counts as none, also before it is swept.
	claimKey = `INSERT INTO veranda_idempotency (key_hash, request_hash, status, headers, body, created_at) VALUES ($1, $2, 0, '', $3, $4)
ON CONFLICT (key_hash) DO UPDATE SET request_hash = excluded.request_hash, status = 0, created_at = excluded.created_at
WHERE veranda_idempotency.created_at < $5`
	keepAnswer = `UPDATE veranda_idempotency SET status = $2, headers = $3, body = $4 WHERE key_hash = $1`
	readAnswer = `SELECT request_hash, status, headers, body FROM veranda_idempotency WHERE key_hash = $1`
	sweepKeys  = `DELETE FROM veranda_idempotency WHERE created_at < $1`
)

type keptHeaders struct {
	ETag     string `json:"etag,omitempty"`
	Location string `json:"location,omitempty"`
}

// once runs make in a transaction together with keeping its answer, or gives the answer that is kept. Of calls at the
// same time with one key, one inserts the row; the others wait for it at the unique key and read its answer. A failure
// keeps nothing: the call can be tried again with the same key.
func (a *answers) once(ctx context.Context, r request, make func(context.Context, *veranda.Tx) (answer, error)) (kept answer, replayed bool, err error) {
	now := a.db.Now()
	err = a.db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		claimed, err := tx.Exec(ctx, claimKey, r.key[:], r.content[:], []byte{}, a.db.Time(now), a.db.Time(now.Add(-answersLife)))
		if err != nil {
			return fmt.Errorf("claim idempotency key: %w", err)
		}
		if claimed == 0 {
			return errKept
		}
		if kept, err = make(ctx, tx); err != nil {
			return err
		}
		headers, err := json.Marshal(keptHeaders{kept.ETag, kept.Location})
		if err != nil {
			return fmt.Errorf("keep answer: %w", err)
		}
		body := kept.Body
		if body == nil {
			body = []byte{}
		}
		if err := tx.Defer(ctx, keepAnswer, r.key[:], kept.Status, string(headers), body); err != nil {
			return fmt.Errorf("keep answer: %w", err)
		}
		return nil
	})
	if !errors.Is(err, errKept) {
		return kept, false, err
	}
	kept, err = a.read(ctx, r)
	return kept, true, err
}

func (a *answers) read(ctx context.Context, r request) (answer, error) {
	var content, body []byte
	var headers string
	var kept answer
	// The writer is asked: the row may have been committed a moment ago.
	row := a.db.Writer().DB.QueryRowContext(ctx, readAnswer, r.key[:])
	if err := row.Scan(&content, &kept.Status, &headers, &body); err != nil {
		return answer{}, fmt.Errorf("read kept answer: %w", err)
	}
	if !bytes.Equal(content, r.content[:]) {
		return answer{}, errKeyReused
	}
	var h keptHeaders
	if err := json.Unmarshal([]byte(headers), &h); err != nil {
		return answer{}, fmt.Errorf("read kept answer: %w", err)
	}
	kept.ETag, kept.Location, kept.Body = h.ETag, h.Location, body
	return kept, nil
}

// SweepIdempotency is the job that removes answers kept longer than 24 hours.
func SweepIdempotency(db *veranda.DB) veranda.Periodic {
	return veranda.Periodic{Name: "web.sweep_idempotency", Every: time.Hour, Run: func(ctx context.Context, _ time.Time) error {
		return db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, sweepKeys, db.Time(db.Now().Add(-answersLife)))
			return err
		})
	}}
}
