package main

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"testing"
)

// directoryPlaces are the people one may see, in an organization and in all of one's own, and pictures.
func directoryPlaces() []*place {
	const all, one = "/v1/organizations/{org}/people", "/v1/organizations/{org}/people/{account}"
	const filters = "?workspace={workspace}&team={team}&department={department}&q=e"
	nothing := map[string]int{"workspace": http.StatusOK, "team": http.StatusOK, "department": http.StatusOK}
	return []*place{
		{route: "GET " + all, action: directory, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: readsDirectory, check: listsDirectory},
		{route: "GET " + all, name: "filtered", action: directory, at: atOrganization, query: filters, ok: http.StatusOK, decide: readsDirectory, bad: nothing},
		{route: "GET " + one, action: directory, at: atMember, ok: http.StatusOK, decide: readsMember},
		{route: "GET " + one + "/vcard", action: directory, at: atMember, ok: http.StatusOK, decide: readsMember},
		{route: "GET " + one + "/picture", action: directory, at: atMember, ok: http.StatusNotFound, decide: looksForPicture},
		{route: "GET " + all + ".vcf", action: directory, at: atOrganization, query: filters, ok: http.StatusOK, decide: readsDirectory, bad: nothing},
		// The whole as a table is for those who see the whole.
		{route: "GET " + all + ".csv", action: directory, at: atOrganization, query: filters, ok: http.StatusOK, decide: exportsDirectory, bad: nothing},
		{route: "GET /v1/me/contacts", at: atOneself, ok: http.StatusOK},
		{route: "GET /v1/me/contacts", name: "filtered", at: atOneself, query: "?organization={org}&workspace={workspace}", ok: http.StatusOK, bad: map[string]int{"org": http.StatusOK, "workspace": http.StatusOK}},
		{route: "PUT /v1/me/picture", at: atOneself, body: smallPicture(), ok: http.StatusOK, phase: 1},
		{route: "DELETE /v1/me/picture", at: atOneself, ok: http.StatusNoContent, phase: 1},
	}
}

// looksForPicture: nobody of the matrix has a picture, and whom one does not see has none either.
func looksForPicture(_ string, x circumstances) int {
	if x.says(directory) == no {
		return http.StatusForbidden
	}
	return http.StatusNotFound
}

func exportsDirectory(_ string, x circumstances) int {
	if x.says(directory) != everybody {
		return http.StatusForbidden
	}
	return http.StatusOK
}

// smallPicture is a PNG of four pixels.
func smallPicture() string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		panic(err) // memory takes everything
	}
	return b.String()
}

// A picture's octets must not look like a placeholder of the matrix.
func TestSmallPictureHoldsNoPlaceholder(t *testing.T) {
	t.Parallel()
	if placeholder.MatchString(smallPicture()) {
		t.Error("it does")
	}
}
