package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// Problem is the body of every error (RFC 9457). It holds neither the path nor the request's id, so that what does not
// exist and what the caller may not see answer alike, byte for byte; the id is in the header X-Request-Id.
type Problem struct {
	// Type is always "about:blank": the status says what kind of problem it is, and Reason which.
	Type   string `json:"type" doc:"Always about:blank."`
	Title  string `json:"title" doc:"The status in words."`
	Status int    `json:"status" doc:"The HTTP status."`
	Detail string `json:"detail,omitempty" doc:"What happened, for a person."`
	// Reason is stable and for programs: "tasks.finished".
	Reason string               `json:"reason" doc:"What happened, for programs; stable."`
	Errors []veranda.FieldError `json:"errors,omitempty" doc:"Every field that is not valid."`
}

// mediaProblem is the content type of a Problem.
const mediaProblem = "application/problem+json"

// statuses maps codes; statusOf knows the exceptions.
var statuses = map[veranda.Code]int{
	veranda.CodeInvalid:         fasthttp.StatusUnprocessableEntity,
	veranda.CodeUnauthenticated: fasthttp.StatusUnauthorized,
	veranda.CodeForbidden:       fasthttp.StatusForbidden,
	veranda.CodeNotFound:        fasthttp.StatusNotFound,
	veranda.CodeConflict:        fasthttp.StatusConflict,
	veranda.CodePrecondition:    fasthttp.StatusPreconditionFailed,
	veranda.CodeLimit:           fasthttp.StatusForbidden,
	veranda.CodeUnavailable:     fasthttp.StatusServiceUnavailable,
	veranda.CodeInternal:        fasthttp.StatusInternalServerError,
}

func statusOf(e *veranda.Error) int {
	switch {
	case e.Code == veranda.CodeLimit && strings.HasPrefix(e.Reason, "rate"):
		return fasthttp.StatusTooManyRequests
	case e.Reason == veranda.ErrStorageFull.Reason:
		return fasthttp.StatusInsufficientStorage
	case e.Reason == errMalformedBody.Reason:
		return fasthttp.StatusBadRequest
	}
	if status, ok := statuses[e.Code]; ok {
		return status
	}
	return fasthttp.StatusInternalServerError
}

// problemOf is what an error says to the caller: nothing, where it is not one of Veranda's.
func problemOf(err error) Problem {
	var own *veranda.Error
	var withStatus *statusError
	var router *fiber.Error
	switch {
	case errors.As(err, &withStatus):
		own = withStatus.err
		return problem(withStatus.status, own)
	case errors.As(err, &own) && own.Code != veranda.CodeInternal:
		return problem(statusOf(own), own)
	case errors.As(err, &router):
		return routerProblem(router.Code)
	}
	return problem(fasthttp.StatusInternalServerError, errInternal)
}

func problem(status int, e *veranda.Error) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: e.Message, Reason: e.Reason, Errors: e.Fields}
}

var errInternal = veranda.NewError(veranda.CodeInternal, "internal", "Something went wrong here. It has been logged under the id in X-Request-Id.")

// routerProblem is what router and HTTP server refuse before any operation is reached.
func routerProblem(status int) Problem {
	reason, detail := "http."+strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), ""
	switch status {
	case fasthttp.StatusNotFound:
		return problem(status, veranda.ErrNotFound)
	case fasthttp.StatusMethodNotAllowed:
		detail = "There is no such method here; Allow names those there are."
	case fasthttp.StatusRequestEntityTooLarge:
		detail = "The body is too large."
	case fasthttp.StatusRequestHeaderFieldsTooLarge:
		detail = "The header is too large."
	case fasthttp.StatusRequestTimeout:
		detail = "The request did not arrive in time."
	case fasthttp.StatusBadRequest:
		detail = "This is not a proper HTTP request."
	case fasthttp.StatusNotImplemented:
		detail = "There is no such method."
	}
	if status >= 500 && status != fasthttp.StatusNotImplemented {
		return problem(status, errInternal)
	}
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Reason: reason}
}

// writeProblem answers an error. It is the one place where errors become answers.
func (s *Server) writeProblem(rctx *fasthttp.RequestCtx, call *Call, err error) {
	p := problemOf(err)
	if p.Status >= fasthttp.StatusInternalServerError {
		s.log.Error("call failed", "request_id", call.ID, "method", string(rctx.Method()), "route", call.pattern, "status", p.Status, "error", err)
	}
	response := &rctx.Response
	allow := string(response.Header.Peek(fasthttp.HeaderAllow))
	cors := string(response.Header.Peek(fasthttp.HeaderAccessControlAllowOrigin))
	closes := response.ConnectionClose()
	response.Reset() // nothing of a half-made answer may remain
	if closes {
		response.SetConnectionClose()
	}
	response.SetStatusCode(p.Status)
	setIf(response, fasthttp.HeaderAllow, allow)
	setIf(response, fasthttp.HeaderAccessControlAllowOrigin, cors)
	response.Header.SetContentType(mediaProblem)
	switch p.Status {
	case fasthttp.StatusUnauthorized:
		response.Header.Set(fasthttp.HeaderWWWAuthenticate, "Bearer")
	case fasthttp.StatusRequestEntityTooLarge, fasthttp.StatusRequestTimeout, fasthttp.StatusBadRequest:
		// What follows on the connection may be the rest of the request.
		if _, framing := errors.AsType[*fiber.Error](err); framing {
			rctx.SetConnectionClose()
		}
	}
	if seconds, ok := retryAfter(err, p.Status); ok {
		response.Header.Set(fasthttp.HeaderRetryAfter, strconv.Itoa(seconds))
	}
	body, err := json.Marshal(p)
	if err != nil { // a Problem always marshals
		panic(fmt.Sprintf("web: problem: %v", err))
	}
	response.SetBodyRaw(body)
}

func setIf(response *fasthttp.Response, name, value string) {
	if value != "" {
		response.Header.Set(name, value)
	}
}

// retryAfter is when to try again, in whole seconds (RFC 9110, section 10.2.3).
func retryAfter(err error, status int) (int, bool) {
	if own, ok := errors.AsType[*veranda.Error](err); ok && own.RetryAfter > 0 {
		return int((own.RetryAfter + time.Second - 1) / time.Second), true
	}
	return 1, status == fasthttp.StatusServiceUnavailable
}
