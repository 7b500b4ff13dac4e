package veranda

import (
	"errors"
	"strings"
	"time"

	"github.com/veranda-go/veranda/internal/dialect"
)

// Code is the kind of an error; a server maps it to a status in one place.
type Code string

// The codes.
const (
	CodeInvalid         Code = "invalid"         // the input breaks a rule; Fields names each
	CodeUnauthenticated Code = "unauthenticated" // the caller is not signed in
	CodeForbidden       Code = "forbidden"       // the caller sees the thing but may not do that
	CodeNotFound        Code = "not_found"       // it does not exist, or the caller may not know that it does
	CodeConflict        Code = "conflict"        // the state does not allow it
	CodePrecondition    Code = "precondition"    // the version the caller read is not the current one
	CodeLimit           Code = "limit"           // a plan's limit or a rate limit
	CodeUnavailable     Code = "unavailable"     // try again later
	CodeInternal        Code = "internal"        // a defect; details are in the log only
)

// Error is the one error type of Veranda's API. Reason is stable and for programs ("tasks.finished"); Message is safe
// to show to the caller; the wrapped cause is for the log.
type Error struct {
	Code    Code
	Reason  string
	Message string
	Fields  []FieldError
	// RetryAfter is how long to wait before the same call may succeed; zero where nobody knows.
	RetryAfter time.Duration
	cause      error
}

// FieldError names one bad field of an input.
type FieldError struct {
	// Pointer is the field's JSON pointer within the input (RFC 6901), "/title" or "/assignees/2".
	Pointer string `json:"pointer"`
	// Rule is the broken rule, for programs: "required", "too_long", …
	Rule string `json:"rule"`
	// Message says it to a person and never repeats the value.
	Message string `json:"detail"`
}

// NewError makes an error.
func NewError(code Code, reason, message string) *Error {
	return &Error{Code: code, Reason: reason, Message: message}
}

// Error is the text for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	b.WriteString(": ")
	b.WriteString(e.Reason)
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(e.Message)
	}
	for _, f := range e.Fields {
		b.WriteString("; ")
		b.WriteString(f.Pointer)
		b.WriteString(" ")
		b.WriteString(f.Rule)
	}
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is compares code and reason, so that errors.Is(err, veranda.ErrNotFound) holds for a wrapped copy too.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Reason == e.Reason
}

// Because is a copy of the error with a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// After is a copy of the error that says how long to wait before trying again.
func (e *Error) After(wait time.Duration) *Error {
	c := *e
	c.RetryAfter = wait
	return &c
}

// The errors every package gives.
var (
	// ErrNotFound is the one answer for what does not exist and for what the caller may not see.
	ErrNotFound = NewError(CodeNotFound, "not_found", "There is nothing here, or you may not see it.")
	// ErrUnauthenticated is the one answer to a missing, expired, revoked or forged session or token.
	ErrUnauthenticated = NewError(CodeUnauthenticated, "unauthenticated", "Sign in first.")
	// ErrForbidden is the answer where the caller may see the thing but not do that to it.
	ErrForbidden = NewError(CodeForbidden, "forbidden", "Your role does not allow this.")
	// ErrVersion is the answer to an update of something that has changed since it was read.
	ErrVersion = NewError(CodePrecondition, "version", "It has changed since you read it; read it again.")
	// ErrStorageFull says that the disk has no room; nothing was stored.
	ErrStorageFull = NewError(CodeUnavailable, "storage_full", "There is no room left to store this.")
	// ErrContended says that the database gave up among concurrent calls; the same call may succeed when repeated.
	ErrContended = NewError(CodeUnavailable, "contended", "Too many calls at once; try again.")
	// ErrDatabase says that the database does not answer.
	ErrDatabase = NewError(CodeUnavailable, "database", "The database does not answer; try again.")
)

// CodeOf is the error's code; CodeInternal for errors that are not Veranda's.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// translate gives the database errors that have a meaning to callers their own Error and leaves the others alone.
func translate(err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	switch failure, _ := dialect.Classify(err); failure {
	case dialect.FailureFull:
		return ErrStorageFull.Because(err)
	case dialect.FailureContended:
		return ErrContended.Because(err)
	case dialect.FailureGone:
		return ErrDatabase.Because(err)
	default:
		return err
	}
}

// IsUnique tells whether an error is a violated unique or primary key. constraint names it on PostgreSQL and its
// columns on SQLite; match any of several names.
func IsUnique(err error, names ...string) bool {
	failure, constraint := dialect.Classify(err)
	if failure != dialect.FailureUnique {
		return false
	}
	for _, name := range names {
		if strings.Contains(constraint, name) {
			return true
		}
	}
	return len(names) == 0
}

// IsForeignKey tells whether an error is a reference to something that does not exist.
func IsForeignKey(err error) bool {
	failure, _ := dialect.Classify(err)
	return failure == dialect.FailureForeignKey
}
