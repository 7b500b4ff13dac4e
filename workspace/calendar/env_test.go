package calendar_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/calendar"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), calendar.Module()}
}

// suite is a furnished database with a service on it.
type suite struct {
	*testing.T
	ctx   context.Context
	e     *verandatest.Env
	w     *world.World
	authz *tenancy.Authorizer
	s     *calendar.Service
}

// each runs a test on every engine.
func each(t *testing.T, run func(s *suite)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		s := &suite{T: t, ctx: context.Background(), e: e, w: world.New(t, e)}
		var err error
		if s.authz, err = tenancy.NewAuthorizer(s.ctx, e.DB, e.Modules...); err != nil {
			t.Fatal(err)
		}
		s.s = s.service(calendar.Deps{})
		run(s)
	})
}

func (s *suite) service(d calendar.Deps) *calendar.Service {
	s.Helper()
	d.DB, d.Authz, d.BaseURL = s.e.DB, s.authz, "https://veranda.example"
	service, err := calendar.New(d)
	if err != nil {
		s.Fatal(err)
	}
	return service
}

// at reads a moment in UTC.
func at(text string) *time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return &t
}

// event makes one in the open workspace, where the input names no other.
func (s *suite) event(by world.Person, in calendar.CreateInput) *calendar.Event {
	s.Helper()
	in.Org = s.w.Org
	if in.Workspace.IsZero() {
		in.Workspace = s.w.Open
	}
	if in.Title == "" {
		in.Title = "Meeting"
	}
	if in.StartsAt == nil && in.StartDate == "" {
		in.StartsAt, in.EndsAt = at("2026-05-01 09:00"), at("2026-05-01 10:00")
	}
	made, err := s.s.Create(s.ctx, by.Actor, in)
	if err != nil {
		s.Fatalf("create as %s: %v", by.Role, err)
	}
	return made
}

// standup is daily at 9:30 in New York from 6 March 2026 on, across the change of the clock on the 8th.
func (s *suite) standup(by world.Person, rule string) *calendar.Event {
	s.Helper()
	return s.event(by, calendar.CreateInput{
		Title: "Standup", StartsAt: at("2026-03-06 14:30"), EndsAt: at("2026-03-06 14:45"), TimeZone: "America/New_York", Recurrence: rule,
	})
}

func (s *suite) list(by world.Person, from, to string, mine bool) []string {
	s.Helper()
	r, err := s.s.List(s.ctx, by.Actor, calendar.RangeInput{Org: s.w.Org, Workspace: s.w.Open, From: *at(from), To: *at(to), Mine: mine})
	if err != nil {
		s.Fatalf("list as %s: %v", by.Role, err)
	}
	return brief(r)
}

func (s *suite) listAll(by world.Person, from, to string, mine bool) []string {
	s.Helper()
	r, err := s.s.ListAll(s.ctx, by.Actor, calendar.RangeAllInput{Org: s.w.Org, From: *at(from), To: *at(to), Mine: mine})
	if err != nil {
		s.Fatalf("list all as %s: %v", by.Role, err)
	}
	return brief(r)
}

func brief(r *calendar.Range) []string {
	out := []string{}
	for _, e := range r.Items {
		when := e.StartsAt.Format("01-02 15:04")
		if e.AllDay {
			when = e.StartDate + ".." + e.EndDate
		}
		out = append(out, fmt.Sprintf("%s %s", when, e.Title))
	}
	return out
}

func (s *suite) wantReason(what string, err error, reason string) {
	s.Helper()
	var e *veranda.Error
	if !errors.As(err, &e) || e.Reason != reason {
		s.Errorf("%s: want %s, got %v", what, reason, err)
	}
}

func (s *suite) wantNotFound(what string, err error) {
	s.Helper()
	if err == nil || err.Error() != veranda.ErrNotFound.Error() {
		s.Errorf("%s: want %q, got %v", what, veranda.ErrNotFound.Error(), err)
	}
}

// fields are the bad fields of an error, as "pointer rule".
func fields(err error) []string {
	out := []string{}
	var e *veranda.Error
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			out = append(out, f.Pointer+" "+f.Rule)
		}
	}
	return out
}

func pointer[T any](value T) *T { return &value }
