package main

import (
	"bytes"
	"encoding/csv"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-vcard"
	"github.com/google/go-cmp/cmp"
)

func directoryFeatures() []feature {
	return []feature{{id: "T14", clauses: []clause{
		{name: "search", run: directorySearch},
		{name: "who_sees_whom", run: directoryWhoSeesWhom},
		{name: "external_sees_nothing_else", run: directoryExternal},
		{name: "filters", run: directoryFilters},
		{name: "profile_and_actions", run: directoryProfile},
		{name: "my_contacts", run: directoryContacts},
		{name: "vcard", run: directoryVCard},
		{name: "csv", run: directoryCSV},
		{name: "picture", run: directoryPicture},
		{name: "bad_pictures", run: directoryBadPictures},
	}}}
}

// finds is a search's path.
func (h *house) finds(q string) string { return h.at("/people?q=" + url.QueryEscape(q)) }

func directorySearch(t *testing.T, s *stack) {
	h := newHouse(t, s)
	zoe := h.owner.join(t, h.org, "", "internal", "Zoë Ångström")
	h.owner.join(t, h.org, "", "internal", "Иван Щукин")
	h.owner.join(t, h.org, "", "internal", "Işıl O’Connor")
	h.owner.join(t, h.org, "", "internal", "Emilia Angler")
	everybody := []string{"Emil Employee", "Emilia Angler", "Gustav Guest", "Işıl O’Connor", "Olga Owner", "Xenia External", "Zoë Ångström", "Иван Щукин"}
	h.owner.get(t, h.at("/people")).wantColumn("name", everybody...)
	if got := h.owner.pages(t, h.at("/people"), "name", "3"); !cmp.Equal(got, everybody) {
		t.Errorf("page by page: %v", got)
	}
	for q, want := range map[string][]string{
		"z": {"Zoë Ångström"}, "zoe": {"Zoë Ångström"}, "ANG": {"Emilia Angler", "Zoë Ångström"}, "zo an": {"Zoë Ångström"}, "ang zo": {"Zoë Ångström"}, "zoe emil": {},
		"ivan": {"Иван Щукин"}, "щук": {"Иван Щукин"}, "isil": {"Işıl O’Connor"}, "ISIL": {"Işıl O’Connor"}, "oconn": {"Işıl O’Connor"}, "o'con": {"Işıl O’Connor"},
		// A slip is forgiven, also while it is typed; what matches exactly comes first.
		"angstrmo": {"Zoë Ångström"}, "agnst": {"Zoë Ångström"}, "angler": {"Emilia Angler"}, "emili": {"Emilia Angler", "Emil Employee"}, "xeniia": {"Xenia External"}, "xnia": {"Xenia External"}, "zeo": {},
		zoe.address: {"Zoë Ångström"}, strings.SplitN(zoe.address, "m", 2)[0]: {"Zoë Ångström"}, "@people": everybody, "%": {}, "_": {}, "''": {},
	} {
		r := h.owner.get(t, h.finds(q)).want(http.StatusOK)
		if diff := cmp.Diff(want, r.column("name")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", q, diff)
		}
	}
	// A change is found by at once, and what was is not.
	zoe.patch(t, "/v1/me", map[string]any{"name": "Zora Neumann"}, "If-Match: *").want(http.StatusOK)
	h.owner.get(t, h.finds("neum")).wantColumn("name", "Zora Neumann")
	h.owner.get(t, h.finds("zora")).wantColumn("account_id", zoe.account)
	h.owner.delete(t, h.at("/members/"+zoe.account)).want(http.StatusNoContent)
	h.owner.get(t, h.finds("neum")).wantColumn("name")
	h.owner.get(t, h.at("/people?q=a%0Ab&limit=201&kind=king&cursor=x&workspace=7")).
		invalid("/q line", "/limit range", "/kind one_of", "/cursor cursor", "/workspace format")
}

func directoryWhoSeesWhom(t *testing.T, s *stack) {
	h := newHouse(t, s)
	stranger := h.owner.join(t, h.org, "", "internal", "Stella Stranger")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	hidden := h.employee.join(t, h.org, cellar, "external", "Hilda Hidden")
	all := []string{"Emil Employee", "Gustav Guest", "Hilda Hidden", "Olga Owner", "Stella Stranger", "Xenia External"}
	h.owner.get(t, h.at("/people")).wantColumn("name", all...)
	h.employee.get(t, h.at("/people")).wantColumn("name", "Emil Employee", "Hilda Hidden", "Olga Owner", "Stella Stranger")
	stranger.get(t, h.at("/people")).wantColumn("name", "Emil Employee", "Olga Owner", "Stella Stranger")
	h.guest.get(t, h.at("/people")).wantColumn("name", "Gustav Guest", "Olga Owner", "Xenia External")
	hidden.get(t, h.at("/people")).wantColumn("name", "Emil Employee", "Hilda Hidden")
	outsider := s.register(t, "Oscar Outsider")
	alike(t, h.org, func(id string) *reply { return outsider.get(t, "/v1/organizations/"+id+"/people") })
	alike(t, hidden.account, func(id string) *reply { return stranger.get(t, h.at("/people/"+id)) })
	alike(t, hidden.account, func(id string) *reply { return stranger.get(t, h.at("/people/"+id+"/vcard")) })
	alike(t, hidden.account, func(id string) *reply { return stranger.get(t, h.at("/people/"+id+"/picture")) })
	alike(t, outsider.account, func(id string) *reply { return h.owner.get(t, h.at("/people/"+id)) })
	// Who leaves the workspace is not seen any more.
	h.employee.delete(t, h.in(cellar, "/members/"+hidden.account)).want(http.StatusNoContent)
	h.employee.get(t, h.finds("hilda")).wantColumn("name")
	hidden.get(t, h.at("/people")).wantColumn("name", "Hilda Hidden")
}

func directoryExternal(t *testing.T, s *stack) {
	h := newHouse(t, s)
	h.owner.join(t, h.org, "", "internal", "Stella Stranger")
	roof := h.owner.workspace(t, h.org, "Roof", true) // open to employees, and not to externals
	for _, q := range []string{"", "s", "st", "stel", "stella", "stlela", "emil", "@people", "employee"} {
		got := h.external.get(t, h.finds(q)).want(http.StatusOK).column("name")
		for _, name := range got {
			if name == "Stella Stranger" || name == "Emil Employee" {
				t.Errorf("an external finds %s by %q", name, q)
			}
		}
	}
	h.external.get(t, h.at("/people?workspace="+roof)).wantColumn("name")
	alikeLists(t, h.external.get(t, h.at("/people?workspace="+roof)), h.external.get(t, h.at("/people?workspace="+nobodysID)))
	h.external.get(t, h.at("/people?role=owner")).wantColumn("name")
	h.external.get(t, h.at("/people.csv")).refused(http.StatusForbidden, "forbidden")
	if cards := string(h.external.get(t, h.at("/people.vcf")).want(http.StatusOK).Body); strings.Contains(cards, "Stella") || !strings.Contains(cards, "FN:Olga Owner") {
		t.Errorf("an external exports\n%s", cards)
	}
	r := h.external.get(t, h.at("/people/"+h.owner.account)).want(http.StatusOK)
	if r.text("address") != h.owner.address || r.field("roles") != nil || r.field("user_name") != nil || r.field("department") != nil || len(r.field("actions").([]any)) != 0 {
		t.Errorf("an external reads %s", r.Body)
	}
	if names := r.field("workspaces").([]any); len(names) != 1 || r.text("workspaces.0.id") != h.open {
		t.Errorf("an external is told of workspaces %v", names)
	}
}

func directoryFilters(t *testing.T, s *stack) {
	h := newHouse(t, s)
	h.employee.get(t, h.at("/people?kind=internal")).wantColumn("name", "Emil Employee", "Olga Owner")
	h.owner.get(t, h.at("/people?kind=guest")).wantColumn("name", "Gustav Guest")
	h.owner.get(t, h.at("/people?role=owner")).wantColumn("name", "Olga Owner")
	h.owner.get(t, h.at("/people?role=employee")).wantColumn("name", "Emil Employee")
	h.owner.get(t, h.at("/people?workspace="+h.open)).wantColumn("name", "Gustav Guest", "Olga Owner", "Xenia External")
	h.owner.get(t, h.at("/people?workspace="+h.open+"&q=xen")).wantColumn("name", "Xenia External")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	alikeLists(t, h.owner.get(t, h.at("/people?workspace="+cellar)), h.owner.get(t, h.at("/people?workspace="+nobodysID)))
	h.owner.get(t, h.at("/people?team="+nobodysID)).wantColumn("name")
	h.owner.get(t, h.at("/people?department="+nobodysID)).wantColumn("name")
}

func directoryProfile(t *testing.T, s *stack) {
	h := newHouse(t, s)
	actions := func(by *caller, account string) []any {
		t.Helper()
		return by.get(t, h.at("/people/"+account)).want(http.StatusOK).field("actions").([]any)
	}
	if diff := cmp.Diff([]any{"set_roles", "remove", "update", "assign", "explain"}, actions(h.owner, h.employee.account)); diff != "" {
		t.Errorf("an owner's actions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{}, actions(h.employee, h.owner.account)); diff != "" {
		t.Errorf("an employee's actions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"edit_profile", "set_picture", "leave"}, actions(h.employee, h.employee.account)); diff != "" {
		t.Errorf("one's own actions (-want +got):\n%s", diff)
	}
	h.owner.roles(t, h.org, h.employee.account, "access_manager")
	if got := actions(h.employee, h.owner.account); slices.Contains(got, any("remove")) || slices.Contains(got, any("set_roles")) {
		t.Errorf("an access manager may change an owner: %v", got)
	}
	r := h.employee.get(t, h.at("/people/"+h.employee.account)).want(http.StatusOK)
	if r.text("role_titles.0.title") != "Access manager" || r.text("name") != "Emil Employee" || r.text("kind") != "internal" || r.text("organization_id") != h.org {
		t.Errorf("the profile is %s", r.Body)
	}
	r = h.employee.get(t, h.at("/people/"+h.owner.account)).want(http.StatusOK)
	if r.text("workspaces.0.id") != h.open {
		t.Errorf("the workspaces are %s", r.Body)
	}
	h.employee.get(t, r.text("workspaces.0.path")).want(http.StatusOK)
}

func directoryContacts(t *testing.T, s *stack) {
	h := newHouse(t, s)
	other := s.register(t, "Oscar Other")
	elsewhere := other.found(t, "Elsewhere")
	room := other.workspace(t, elsewhere, "Room", true)
	token := other.invite(t, elsewhere, room, "external", h.employee.address)
	h.employee.post(t, "/v1/invitations/accept", map[string]any{"token": token}).want(http.StatusOK)
	all := []string{"Emil Employee", "Emil Employee", "Olga Owner", "Oscar Other"}
	h.employee.get(t, "/v1/me/contacts").wantColumn("name", all...)
	if got := h.employee.pages(t, "/v1/me/contacts", "name", "1"); !cmp.Equal(got, all) {
		t.Errorf("page by page: %v", got)
	}
	h.employee.get(t, "/v1/me/contacts?organization="+elsewhere).wantColumn("name", "Emil Employee", "Oscar Other")
	h.employee.get(t, "/v1/me/contacts?workspace="+room).wantColumn("organization_id", elsewhere, elsewhere)
	h.employee.get(t, "/v1/me/contacts?q=ocsar").wantColumn("name", "Oscar Other")
	h.employee.get(t, "/v1/me/contacts?kind=external").wantColumn("name", "Emil Employee")
	alikeLists(t, h.owner.get(t, "/v1/me/contacts?organization="+elsewhere), h.owner.get(t, "/v1/me/contacts?organization="+nobodysID))
	alikeLists(t, h.owner.get(t, "/v1/me/contacts?workspace="+room), h.owner.get(t, "/v1/me/contacts?workspace="+nobodysID))
	h.employee.get(t, "/v1/me/contacts?limit=0&cursor=x").invalid("/limit range", "/cursor cursor")
	s.anonymous().get(t, "/v1/me/contacts").refused(http.StatusUnauthorized, "unauthenticated")
}

func directoryVCard(t *testing.T, s *stack) {
	h := newHouse(t, s)
	name := `Semi; Colon, Back\slash Åse-Marie Wilhelmine von und zu Hinterholzhausen-Überlingen 李`
	h.employee.patch(t, "/v1/me", map[string]any{"name": name}, "If-Match: *").want(http.StatusOK)
	r := h.owner.get(t, h.at("/people/"+h.employee.account+"/vcard")).want(http.StatusOK)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/vcard") || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the header is %v", r.Header)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(r.Body), "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	card, err := vcard.NewDecoder(bytes.NewReader(r.Body)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	// The reader leaves the escaped semicolon as it stands.
	if got := strings.ReplaceAll(card.Value(vcard.FieldFormattedName), `\;`, ";"); got != name {
		t.Errorf("the name is %q", got)
	}
	if card.Value(vcard.FieldVersion) != "4.0" || card.Value(vcard.FieldEmail) != h.employee.address || card.Value(vcard.FieldUID) != "urn:uuid:"+h.employee.account {
		t.Errorf("the card is %v", card)
	}
	cards := h.owner.get(t, h.at("/people.vcf?kind=internal")).want(http.StatusOK)
	decoder, found := vcard.NewDecoder(bytes.NewReader(cards.Body)), []string{}
	for {
		card, err := decoder.Decode()
		if err != nil {
			break
		}
		found = append(found, card.Value(vcard.FieldEmail))
	}
	if diff := cmp.Diff([]string{h.owner.address, h.employee.address}, found); diff != "" {
		t.Errorf("the list's cards (-want +got):\n%s", diff)
	}
	h.owner.get(t, h.at("/people.vcf?kind=king")).invalid("/kind one_of")
}

func directoryCSV(t *testing.T, s *stack) {
	h := newHouse(t, s)
	h.employee.patch(t, "/v1/me", map[string]any{"name": `=HYPERLINK("http://evil.example","x")`}, "If-Match: *").want(http.StatusOK)
	r := h.owner.get(t, h.at("/people.csv")).want(http.StatusOK)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") || r.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the header is %v", r.Header)
	}
	lines, err := csv.NewReader(bytes.NewReader(r.Body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 5 || lines[0][1] != "name" {
		t.Fatalf("the lines are %v", lines)
	}
	found := false
	for _, line := range lines {
		for _, value := range line {
			if value != "" && strings.ContainsRune("=+-@", rune(value[0])) {
				t.Errorf("a spreadsheet takes %q for a formula", value)
			}
		}
		found = found || line[1] == `'=HYPERLINK("http://evil.example","x")` && line[5] == h.employee.address && line[4] == "employee"
	}
	if !found {
		t.Errorf("the employee is not in %v", lines)
	}
	for _, c := range []*caller{h.employee, h.external, h.guest} {
		c.get(t, h.at("/people.csv")).refused(http.StatusForbidden, "forbidden")
	}
}

// photo is a picture of two colours, wider than high.
func photo(width, height int) *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			p.Set(x, y, color.RGBA{uint8(x * 255 / width), 40, 200, 255})
		}
	}
	return p
}

func directoryPicture(t *testing.T, s *stack) {
	h := newHouse(t, s)
	outsider := s.register(t, "Oscar Outsider")
	path := h.at("/people/" + h.owner.account + "/picture")
	h.employee.get(t, path).refused(http.StatusNotFound, "not_found")
	var file bytes.Buffer
	if err := jpeg.Encode(&file, photo(1500, 900), nil); err != nil {
		t.Fatal(err)
	}
	// What cameras write into a picture, and what somebody hid behind it, is not kept.
	secret := "Latitude 48.2 <script>alert(1)</script>"
	noted := append([]byte("\xff\xd8\xff\xfe\x00"), append([]byte{byte(len(secret) + 2)}, secret...)...)
	content := string(noted) + string(file.Bytes()[2:]) + "<html>" + secret
	version := h.owner.put(t, "/v1/me/picture", content, "Content-Type: application/octet-stream").want(http.StatusOK).text("version")
	r := h.employee.get(t, path).want(http.StatusOK)
	config, format, err := image.DecodeConfig(bytes.NewReader(r.Body))
	if err != nil || format != "jpeg" || config.Width != 512 || config.Height != 307 {
		t.Errorf("the picture is a %s of %d by %d (%v)", format, config.Width, config.Height, err)
	}
	if bytes.Contains(r.Body, []byte("Latitude")) {
		t.Error("what was noted in the file is still there")
	}
	if r.Header.Get("Content-Type") != "image/jpeg" || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("the header is %v", r.Header)
	}
	shown := h.employee.get(t, h.at("/people/"+h.owner.account)).want(http.StatusOK).text("picture")
	if shown != path+"?v="+version {
		t.Errorf("the path is %s", shown)
	}
	r = h.external.get(t, shown).want(http.StatusOK)
	if !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || !strings.Contains(r.Header.Get("Cache-Control"), "private") {
		t.Errorf("the header is %v", r.Header)
	}
	h.external.get(t, path, "If-None-Match: "+r.Header.Get("ETag")).want(http.StatusNotModified)
	alike(t, h.org, func(id string) *reply {
		return outsider.get(t, "/v1/organizations/"+id+"/people/"+h.owner.account+"/picture")
	})
	h.external.get(t, h.at("/people/"+h.employee.account+"/picture")).refused(http.StatusNotFound, "not_found")
	s.anonymous().get(t, path).refused(http.StatusUnauthorized, "unauthenticated")
	var other bytes.Buffer
	if err := png.Encode(&other, photo(40, 60)); err != nil {
		t.Fatal(err)
	}
	if again := h.owner.put(t, "/v1/me/picture", other.String()).want(http.StatusOK).text("version"); again == version {
		t.Error("another picture has the same version")
	}
	config, _, err = image.DecodeConfig(bytes.NewReader(h.employee.get(t, path).want(http.StatusOK).Body))
	if err != nil || config.Width != 40 || config.Height != 60 {
		t.Errorf("the picture is %d by %d (%v)", config.Width, config.Height, err)
	}
	h.owner.delete(t, "/v1/me/picture").want(http.StatusNoContent)
	h.owner.delete(t, "/v1/me/picture").want(http.StatusNoContent)
	h.employee.get(t, path).refused(http.StatusNotFound, "not_found")
}

func directoryBadPictures(t *testing.T, s *stack) {
	c := s.register(t, "Petra Painter")
	put := func(content string) *reply { return c.put(t, "/v1/me/picture", content) }
	put("").refused(http.StatusUnprocessableEntity, "picture.format")
	put("<svg xmlns='http://www.w3.org/2000/svg'/>").refused(http.StatusUnprocessableEntity, "picture.format")
	put("GIF89a\x01\x00\x01\x00").refused(http.StatusUnprocessableEntity, "picture.format")
	put("\xff\xd8\xffnot a picture").refused(http.StatusUnprocessableEntity, "picture.broken")
	put("RIFF\x00\x00\x00\x00WEBPVP8X\x00\x00\x00\x00\x00\x00").refused(http.StatusUnprocessableEntity, "picture.broken")
	var whole bytes.Buffer
	if err := png.Encode(&whole, photo(300, 300)); err != nil {
		t.Fatal(err)
	}
	put(whole.String()[:whole.Len()/2]).refused(http.StatusUnprocessableEntity, "picture.broken")
	put(whole.String()+strings.Repeat("x", 6<<20)).refused(http.StatusUnprocessableEntity, "picture.size")
	// A small file that says it is 30,000 pixels wide is not unpacked.
	bomb := whole.Bytes()
	copy(bomb[16:24], "\x00\x00\x75\x30\x00\x00\x75\x30")
	sum := crc32.ChecksumIEEE(bomb[12:29])
	bomb[29], bomb[30], bomb[31], bomb[32] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
	put(string(bomb)).refused(http.StatusUnprocessableEntity, "picture.pixels")
	s.anonymous().put(t, "/v1/me/picture", "x").refused(http.StatusUnauthorized, "unauthenticated")
}
