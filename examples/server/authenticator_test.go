package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// authenticator is an app that makes codes by time, and the recovery codes on paper.
type authenticator struct {
	stack  *stack
	secret string
	codes  []string
	used   int64 // the last time step whose code was given
}

// code is one that was not used yet. There are three at a time, for the program takes the step before and after its own too;
// beyond that it waits for the next one.
func (a *authenticator) code(t *testing.T) string {
	t.Helper()
	const period = 30
	for {
		now := a.stack.now().Unix()
		step := max(a.used+1, now/period-1)
		if step == now/period-1 && now%period > 20 {
			step++ // it would be too old before it arrives
		}
		if step <= now/period+1 {
			a.used = step
			code, err := totp.GenerateCode(a.secret, time.Unix(step*period, 0))
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// setUp gives the caller's account a second factor.
func (c *caller) setUp(t *testing.T) *authenticator {
	t.Helper()
	setup := c.post(t, "/v1/me/second-factor", map[string]any{"password": password}).want(http.StatusOK)
	a := &authenticator{stack: c.stack, secret: setup.text("secret")}
	var made struct {
		Codes []string `json:"recovery_codes"`
	}
	c.post(t, "/v1/me/second-factor/confirm", map[string]any{"code": a.code(t)}).want(http.StatusOK).decode(&made)
	a.codes = made.Codes
	return a
}

// signInBy signs in with a password and a code.
func (c *caller) signInBy(t *testing.T, code string) *reply {
	t.Helper()
	return c.stack.elsewhere().post(t, "/v1/sessions", map[string]any{"address": c.address, "password": password, "kind": "program", "code": code})
}
