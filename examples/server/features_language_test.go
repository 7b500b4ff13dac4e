package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

func languageFeatures() []feature {
	return []feature{
		{id: "T17", clauses: []clause{
			{name: "in_russian", run: languageRussian},
			{name: "in_turkish", run: languageTurkish},
			{name: "organization_language", run: languageOfOrganization},
			{name: "digest", run: languageDigest, alone: true},
			{name: "host_language", run: languageOfHost, alone: true},
			{name: "host_mistakes", run: languageMistakes, alone: true},
		}},
	}
}

var (
	englishMonths = [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	germanMonths  = [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
	russianMonths = [12]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"}
	turkishMonths = [12]string{"Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"}
)

// weekIn is how a week that begins on a day is written with a language's months; point stands behind the number of a day.
func weekIn(monday, point string, months [12]string) string {
	from, err := time.Parse(time.DateOnly, monday)
	if err != nil {
		return monday
	}
	to := from.AddDate(0, 0, 6)
	day := func(t time.Time) string { return fmt.Sprint(t.Day(), point, " ", months[t.Month()-1]) }
	switch {
	case from.Year() != to.Year():
		return fmt.Sprintf("%s %d – %s %d", day(from), from.Year(), day(to), to.Year())
	case from.Month() != to.Month():
		return fmt.Sprintf("%s – %s %d", day(from), day(to), to.Year())
	default:
		return fmt.Sprintf("%d%s–%s %d", from.Day(), point, day(to), to.Year())
	}
}

// dayIn is a date with a language's months, at a place.
func dayIn(t time.Time, place string, months [12]string) string {
	zone, err := time.LoadLocation(place)
	if err != nil {
		return err.Error()
	}
	t = t.In(zone)
	return fmt.Sprintf("%d %s %d", t.Day(), months[t.Month()-1], t.Year())
}

// speaker registers somebody in their language, and gives the letter they are sent.
func speaker(t *testing.T, s *stack, name, language, zone string) (*caller, letter) {
	t.Helper()
	address := newAddress("speaker")
	nobody := s.elsewhere()
	nobody.post(t, "/v1/accounts", map[string]any{"address": address, "password": password, "name": name, "language": language, "time_zone": zone}).want(http.StatusAccepted)
	first := s.inbox.wait(t, address, 1)
	nobody.post(t, "/v1/accounts/confirm", confirmation(first.token(t))).want(http.StatusOK)
	return s.signIn(t, name, address), first
}

// says asserts what a letter says.
func (l letter) says(t *testing.T, subject string, texts ...string) {
	t.Helper()
	if l.Subject != subject {
		t.Errorf("the subject is %q, want %q", l.Subject, subject)
	}
	for _, text := range texts {
		if !strings.Contains(l.Text, text) {
			t.Errorf("the letter %q lacks %q:\n%s", l.Subject, text, l.Text)
		}
	}
}

func languageRussian(t *testing.T, s *stack) {
	until := s.now().Add(24 * time.Hour)
	anna, first := speaker(t, s, "Анна Каренина", "ru-RU", "Asia/Yekaterinburg")
	first.says(t, "Подтвердите ваш адрес", "Здравствуйте, Анна Каренина!", "Подтвердить адрес:", dayIn(until, "Asia/Yekaterinburg", russianMonths)+" г., ", " UTC+5.")
	s.anonymous().post(t, "/v1/passwords/reset-requests", map[string]any{"address": anna.address}).want(http.StatusAccepted)
	s.inbox.last(t, anna.address, "/reset?token=").says(t, "Задайте новый пароль", "ваш пароль останется прежним")
	// What others cause is in the reader's language, not in theirs.
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Works")
	garden := owner.workspace(t, org, "Garden", true)
	token := owner.invite(t, org, "", "internal", anna.address)
	anna.post(t, "/v1/invitations/accept", map[string]any{"token": token}).want(http.StatusOK)
	owner.post(t, "/v1/organizations/"+org+"/workspaces/"+garden+"/members", map[string]any{"accounts": []string{anna.account}}).want(http.StatusOK)
	s.inbox.last(t, anna.address, "рабочее пространство «Garden»").says(t, "Вас добавили: Garden", "Кто добавил: Olga Owner.")
}

func languageTurkish(t *testing.T, s *stack) {
	until := s.now().Add(24 * time.Hour)
	ilknur, first := speaker(t, s, "İlknur Işık", "tr", "Europe/Istanbul")
	first.says(t, "Adresinizi onaylayın", "Merhaba İlknur Işık,", "Adresi onayla:", "son geçerlilik: "+dayIn(until, "Europe/Istanbul", turkishMonths)+" ", " UTC+3.")
	ilknur.put(t, "/v1/me/password", map[string]any{"present": password, "new": "eight birds sing at dawn"}).want(http.StatusOK)
	s.inbox.last(t, ilknur.address, "Bunu siz yapmadıysanız giriş sayfasında").says(t, "Parolanız değiştirildi", "hesabınızın parolası değiştirildi")
	if to := s.inbox.to(ilknur.address)[0].Header.Get("To"); !strings.Contains(to, "=?") {
		t.Errorf("the name is not encoded: %s", to)
	}
}

func languageOfOrganization(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Bahçe")
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"language": "tr-TR"}, "If-Match: *").want(http.StatusOK)
	address := newAddress("Stranger")
	owner.inviteGuest(t, org, address)
	s.inbox.last(t, address, "/invitation?token=").says(t, "Olga Owner sizi davet ediyor: Bahçe", "“Bahçe” kuruluşuna davet ediyor", "Daveti gör:")
	// A language of the invitation's own goes before it; one that is not there falls back to English.
	for language, subject := range map[string]string{"ru": "Olga Owner приглашает вас: Bahçe", "pt-BR": "Olga Owner invites you to Bahçe"} {
		address := newAddress("Stranger")
		owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": address, "kind": "guest", "language": language}}}).want(http.StatusOK)
		s.inbox.last(t, address, "/invitation?token=").says(t, subject)
	}
}

func languageDigest(t *testing.T, s *stack) {
	s.start(t)
	monday := s.nextMonday(t)
	owner, _ := speaker(t, s, "Анна", "ru", "Europe/Moscow")
	org := owner.found(t, "Сад")
	garden := owner.workspace(t, org, "Garden", true)
	address := newAddress("Ilknur")
	token := owner.invite(t, org, "", "internal", address)
	s.anonymous().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "İlknur", "password": password, "language": "tr"}).want(http.StatusOK)
	ilknur := s.signIn(t, "İlknur", address)
	owner.post(t, "/v1/organizations/"+org+"/workspaces/"+garden+"/members", map[string]any{"accounts": []string{ilknur.account}}).want(http.StatusOK)
	for i := range 21 {
		id := owner.task(t, org, garden, fmt.Sprint("Task ", i))
		if i < 5 {
			owner.post(t, "/v1/organizations/"+org+"/tasks/"+id+"/finish", nil).want(http.StatusOK)
		}
		if i < 2 {
			owner.post(t, "/v1/organizations/"+org+"/tasks/"+id+"/reopen", nil).want(http.StatusOK)
		}
	}
	s.endWeek(t, monday)
	week := monday.Format(time.DateOnly)
	s.inbox.last(t, owner.address, "Вот итоги недели").says(t, "Сад: ваша неделя "+weekIn(week, "", russianMonths)+" г.",
		"  21 задача создана (+21)\n", "  5 задач выполнено (+5)\n", "  2 задачи открыто снова (+2)\n", "  0 комментариев\n", "Здравствуйте, Анна!")
	s.inbox.last(t, ilknur.address, "haftasının özeti").says(t, "Сад: "+weekIn(week, "", turkishMonths)+" haftanız",
		"  0 görev oluşturuldu\n", "  21 görev oluşturuldu (+21)\n", "Merhaba İlknur,")
}

// writeFiles writes files below a folder.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func languageOfHost(t *testing.T, s *stack) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"tenancy/de/confirm.txt":      "Bestätigen Sie Ihre Adresse\n\nGuten Tag {{.Name}},\n\n{{.Link}}\n\nDer Link gilt bis {{.Expires}}.\n",
		"tenancy/de/invitation.txt":   "Einladung\n\n{{.Firstname}}, {{.Link}}\n", // nobody knows a first name
		"tenancy/en/reset.txt":        "A new key for {{upper .Name}}\n\n{{.Link}}\n",
		"statistics/en/digest.txt":    "{{.Organization}} in numbers\n\n{{range .Own}}{{if eq .Figure \"tasks_created\"}}{{plural .Count \"one\" \"# task\" \"other\" \"# tasks\"}}{{end}}{{end}}\n",
		"statistics/pl/calendar.json": `{"months":["stycznia","lutego","marca","kwietnia","maja","czerwca","lipca","sierpnia","września","października","listopada","grudnia"],"weekdays":["pn","wt","śr","cz","pt","sb","nd"],"date":"{day} {month} {year}","moment":"{date} {time} {zone}","span_month":"{day}–{to_day} {month} {year}","span_year":"{day} {month} – {to_day} {to_month} {year}"}`,
	})
	s.env = append(s.env, "TEMPLATES_DIR="+dir)
	s.start(t)
	monday := s.nextMonday(t)
	until := s.now().Add(24 * time.Hour)
	gerda, first := speaker(t, s, "Gerda", "de-AT", "Europe/Vienna")
	first.says(t, "Bestätigen Sie Ihre Adresse", "Guten Tag Gerda,", "Der Link gilt bis "+strings.Replace(dayIn(until, "Europe/Vienna", germanMonths), " ", ". ", 1)+", ")
	// The host's own words in English, and what it does not say as it is shipped.
	olga := s.register(t, "Olga Owner")
	s.anonymous().post(t, "/v1/passwords/reset-requests", map[string]any{"address": olga.address}).want(http.StatusAccepted)
	s.inbox.last(t, olga.address, "/reset?token=").says(t, "A new key for OLGA OWNER")
	s.anonymous().post(t, "/v1/passwords/reset-requests", map[string]any{"address": gerda.address}).want(http.StatusAccepted)
	s.inbox.last(t, gerda.address, "/reset?token=").says(t, "A new key for GERDA")
	org := olga.found(t, "Works")
	olga.task(t, org, olga.workspace(t, org, "Garden", true), "One")
	// A value that is missing fails the mail at once, says so, and sends nothing.
	address := newAddress("Guest")
	olga.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": address, "kind": "guest", "language": "de"}}}).want(http.StatusOK)
	if failed := olga.entry(t, org, address, "failed"); !strings.Contains(failed["reason"].(string), "Firstname") || failed["attempts"] != 1.0 {
		t.Errorf("%v", failed)
	}
	if n := len(s.inbox.to(address)); n != 0 {
		t.Errorf("%d letters were sent", n)
	}
	s.endWeek(t, monday)
	s.inbox.last(t, olga.address, "1 task\n").says(t, "Works in numbers")
}

func languageMistakes(t *testing.T, s *stack) {
	for name, text := range map[string]string{
		"tenancy/de/confirm.txt": "{{.Name", "tenancy/de/farewell.txt": "x\n\ny", "tenancy/de/calendar.json": "{}", "statistics/de/digest.txt": "x\n\n{{.Colour}}", "people/de/confirm.txt": "x\n\ny",
	} {
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{name: text})
		command := s.command()
		command.Env = append(command.Env, "TEMPLATES_DIR="+dir)
		type outcome struct {
			said []byte
			err  error
		}
		ended := make(chan outcome, 1)
		go func() {
			said, err := command.CombinedOutput()
			ended <- outcome{said, err}
		}()
		select {
		case o := <-ended:
			_, rest, _ := strings.Cut(name, "/")
			if o.err == nil || !strings.Contains(string(o.said), rest) && !strings.Contains(string(o.said), "people") {
				t.Errorf("%s: %v %s", name, o.err, o.said)
			}
		case <-time.After(30 * time.Second):
			_ = command.Process.Kill()
			t.Errorf("the program starts with %s", name)
		}
	}
	verandatest.Eventually(t, time.Second, "the program did not start", func() bool { _, err := http.Get(s.base); return err != nil })
}
