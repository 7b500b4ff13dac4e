package statistics

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// sample is a mail with numbers that languages count in different ways.
func sample() content {
	figures := func(counts ...int64) (lines []line) {
		for i, n := range counts {
			lines = append(lines, line{Figure: append(append([]string{}, shared...), "tasks_overdue")[i], Count: n, Change: n - 2, Compared: true})
		}
		return lines
	}
	return content{
		Organization: "Works", Name: "Ann", Week: "2026-03-30", From: time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC),
		Own: figures(1, 2, 5, 21, 11), Totals: figures(1001, 22, 25, 0, 4, 3, 12, 101), More: 21, Link: "https://veranda.example/s",
	}
}

func TestDigestLanguages(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"ru": `Works: ваша неделя 30 марта – 5 апреля 2026 г.
Здравствуйте, Ann!

Вот итоги недели 30 марта – 5 апреля 2026 г.; в скобках указано изменение по сравнению с предыдущей неделей.

Вы
  1 задача создана (-1)
  2 задачи выполнено
  5 задач открыто снова (+3)
  21 запись (+19)
  11 комментариев (+9)

Works
  1 001 задача создана (+999)
  22 задачи выполнено (+20)
  25 задач открыто снова (+23)
  0 записей (-2)
  4 комментария (+2)
  3 новых участника (+1)
  12 активных участников (+10)
  101 задача просрочена (+99)

Есть что посчитать ещё в 21 вашем рабочем пространстве.

Все недели: https://veranda.example/s

Это письмо приходит каждую неделю. Отказаться от него можно там, где показана статистика организации Works.
`,
		"tr-TR": `Works: 30 Mart – 5 Nisan 2026 haftanız
Merhaba Ann,

30 Mart – 5 Nisan 2026 haftasının özeti aşağıdadır. Bir önceki haftaya göre değişim parantez içindedir.

Siz
  1 görev oluşturuldu (-1)
  2 görev tamamlandı
  5 görev yeniden açıldı (+3)
  21 gönderi (+19)
  11 yorum (+9)

Works
  1.001 görev oluşturuldu (+999)
  22 görev tamamlandı (+20)
  25 görev yeniden açıldı (+23)
  0 gönderi (-2)
  4 yorum (+2)
  3 kişi katıldı (+1)
  12 kişi etkindi (+10)
  101 görevin süresi geçti (+99)

21 çalışma alanınızda daha sayılacak bir şeyler vardı.

Tüm haftalar: https://veranda.example/s

Bu e-posta her hafta gönderilir. Works istatistiklerinin gösterildiği yerden aboneliğinizi sonlandırabilirsiniz.
`,
	} {
		subject, text, err := sample().render(templateFiles, tag)
		if got := strings.ReplaceAll(subject+"\n"+text, "\u00a0", " "); err != nil || got != want {
			t.Errorf("%s: %v\n%s", tag, err, got)
		}
	}
	// Whose week begins on another day is told from which day to which this one counts.
	other := sample()
	other.OtherStart = true
	for tag, want := range map[string]string{"en": "(Monday to Sunday)", "de": "(Montag bis Sonntag)", "ru": "(с понедельника по воскресенье)", "tr": "(pazartesiden pazara)"} {
		_, plain, err := sample().render(templateFiles, tag)
		_, told, err2 := other.render(templateFiles, tag)
		if err != nil || err2 != nil || strings.Contains(plain, want) || !strings.Contains(told, want) {
			t.Errorf("%s: %v %v\n%s", tag, err, err2, told)
		}
	}
}

func TestHostDigests(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const french = `{{.Organization}} : votre semaine` + "\n\n" + `{{range .Own}}{{if eq .Figure "posts"}}{{plural .Count "one" "# message" "other" "# messages"}}{{end}}{{end}} {{span .From .To}}`
	files, err := layTemplates(fstest.MapFS{"fr/digest.txt": file(french), "de/digest.txt": file("{{.Organization}} wöchentlich\n\n{{date .From}}")})
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{"fr-CA": "Works : votre semaine|21 messages 2026-03-30 – 2026-04-05", "de": "Works wöchentlich|30. März 2026", "it": "Works: your week of 30 March – 5 April 2026|Hello"} {
		subject, text, err := sample().render(files, tag)
		if got := subject + "|" + text; err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q %v", tag, got, err)
		}
	}
	host := fstest.MapFS{
		"fr/digest.txt": file("{{.Organisation}}\n\nx"), "de/digest.txt": file("{{"), "es/digest.txt": file("un asunto"), "fr/report.txt": file("x"), "digest.txt": file("x\n\ny"),
		"it/digest.txt": file("x\n\n{{range .Own}}{{.Colour}}{{end}}"), "nl/calendar.json": file("{}"),
	}
	_, err = layTemplates(host)
	for name := range host {
		if err == nil || !strings.Contains(err.Error(), "template "+name+":") {
			t.Errorf("%s is not refused: %v", name, err)
		}
	}
	if files, err := layTemplates(nil); err != nil || files != fs.FS(templateFiles) {
		t.Error(err)
	}
}
