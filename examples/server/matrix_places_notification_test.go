package main

import (
	"net/http"
	"slices"
)

// notificationPlaces are everybody's own inbox and preferences: nobody's role matters, and nobody reaches another's. A
// notice of one's own is made in the tests of N1; here there is none.
func notificationPlaces() []*place {
	const notice, preferences = "/v1/me/notices/{notice}", "/v1/me/notice-preferences"
	return []*place{
		{route: "GET /v1/me/notices", at: atOneself, ok: http.StatusOK},
		{route: "GET /v1/me/notices", name: "of an organization", at: atOneself, query: "?organization={org}&workspace={workspace}", ok: http.StatusOK, bad: map[string]int{"org": http.StatusOK, "workspace": http.StatusOK}},
		{route: "GET /v1/me/notices/unread", at: atOneself, ok: http.StatusOK},
		{route: "POST /v1/me/notices/read", at: atOneself, body: `{}`, ok: http.StatusOK},
		{route: "POST /v1/me/notices/read", name: "up to another's", at: atOneself, body: `{"up_to":"{notice}","organization_id":"{org}"}`, ok: http.StatusUnprocessableEntity, decide: readsUpTo},
		{route: "PUT " + notice + "/read", at: atOneself, ok: http.StatusNotFound},
		{route: "DELETE " + notice + "/read", at: atOneself, ok: http.StatusNotFound},
		{route: "DELETE " + notice, at: atOneself, ok: http.StatusNotFound},
		{route: "GET " + preferences, at: atOneself, ok: http.StatusOK},
		{route: "PUT " + preferences, at: atOneself, ok: http.StatusOK,
			body: `{"digest":"daily","hour":8,"weekday":1,"quiet_from":"","quiet_to":"","quiet_days":[],"urgent_at_once":true,"away_minutes":5}`},
		{route: "GET /v1/me/notice-choices", at: atOneself, ok: http.StatusOK},
		{route: "GET /v1/me/notice-choices", name: "in an organization", at: atOneself, query: "?organization={org}", ok: http.StatusOK, decide: choosesIn, bad: map[string]int{"org": http.StatusNotFound}},
		{route: "PUT /v1/me/notice-choices/{kind}", name: "in an organization", at: atOneself, query: "?organization={org}", body: `{"mail":false}`, ok: http.StatusOK,
			decide: choosesIn, bad: map[string]int{"org": http.StatusNotFound}},
		{route: "PUT /v1/me/notice-choices/{kind}", at: atOneself, body: `{"mail":false}`, ok: http.StatusOK},
	}
}

// readsUpTo: a notice that is none of one's own is no place to mark up to.
func readsUpTo(actor string, _ circumstances) int {
	if slices.Contains(signedOut, actor) {
		return http.StatusUnauthorized
	}
	return http.StatusUnprocessableEntity
}

// choosesIn: one chooses for the organizations one belongs to.
func choosesIn(actor string, _ circumstances) int {
	if actor == "nobody" || actor == "support" {
		return http.StatusNotFound
	}
	return http.StatusOK
}
