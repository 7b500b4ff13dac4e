package statistics

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"
	"time"

	"golang.org/x/text/language"

	"github.com/veranda-go/veranda/internal/wording"
)

// A language is a folder "templates/<tag>" with a file digest.txt, whose first line is the mail's subject. Templates call the
// functions of package internal/wording.
//
//go:embed templates
var templateFiles embed.FS

const digestFile = "digest.txt"

func digestPath(tag string) string { return "templates/" + tag + "/" + digestFile }

// content is what a mail says.
type content struct {
	// Week is the date of the week's Monday; From and To are its first and last day.
	Organization, Name, Week string
	From, To                 time.Time
	// OtherStart tells that the reader's own weeks begin on another day than these do.
	OtherStart bool
	Own        []line
	// Totals are the organization's, for who may read them.
	Totals     []line
	Workspaces []section
	// More is how many workspaces are not shown.
	More int
	Link string
}

// section is a workspace's part of a mail.
type section struct {
	Name  string
	Lines []line
}

// line is a figure with its change from the week before.
type line struct {
	Figure string
	Count  int64
	Change int64
	// Compared tells whether the week before has the figure.
	Compared bool
}

// maxSections keeps a mail readable.
const maxSections = 10

func (c *content) addWorkspaces(all []named) {
	for _, n := range all {
		if len(c.Workspaces) == maxSections {
			c.More = len(all) - maxSections
			return
		}
		c.Workspaces = append(c.Workspaces, section{n.name, lines(n.trend, shared)})
	}
}

// The figures of a mail, in their order.
var (
	personal = []string{"tasks_created", "tasks_finished", "tasks_reopened", "posts", "comments"}
	shared   = append(append([]string{}, personal...), "people_joined", "active_people")
)

// lines are the figures named, and overdue tasks where they were counted.
func lines(t trend, names []string) []line {
	out := make([]line, 0, len(names)+1)
	for _, name := range names {
		now, before := *t.now.figure(name), *t.before.figure(name)
		out = append(out, line{name, now, now - before, true})
	}
	if t.now.TasksOverdue == nil {
		return out
	}
	overdue := line{Figure: "tasks_overdue", Count: *t.now.TasksOverdue}
	if t.before.TasksOverdue != nil {
		overdue.Change, overdue.Compared = overdue.Count-*t.before.TasksOverdue, true
	}
	return append(out, overdue)
}

// Signed is the change with its sign.
func (l line) Signed() string { return fmt.Sprintf("%+d", l.Change) }

// render writes the mail in the best language there is: "de-AT" in German.
func (c content) render(files fs.FS, wanted string) (subject, text string, err error) {
	tag, found := wording.Best(files, wanted, digestPath)
	if !found {
		return "", "", errors.New("statistics: there is no mail in English")
	}
	calendar, err := wording.CalendarOf(files, "templates/"+tag, tag)
	if err != nil {
		return "", "", fmt.Errorf("statistics: mail in %s: %w", tag, err)
	}
	source, err := fs.ReadFile(files, digestPath(tag))
	if err != nil {
		return "", "", fmt.Errorf("statistics: mail in %s: %w", tag, err)
	}
	t, err := template.New(tag + "/" + digestFile).Funcs(wording.Functions(tag, calendar, time.UTC)).Parse(string(source))
	if err != nil {
		return "", "", fmt.Errorf("statistics: mail in %s: %w", tag, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return "", "", fmt.Errorf("statistics: mail in %s: %w", tag, err)
	}
	subject, text, _ = strings.Cut(b.String(), "\n")
	return strings.TrimSpace(subject), strings.TrimLeft(text, "\n"), nil
}

// layTemplates lays a host's templates over the shipped ones. Each is tried with a mail that has everything and with one
// that has nothing, for what is wrong with it is to be known before the first mail.
func layTemplates(host fs.FS) (fs.FS, error) {
	if host == nil {
		return templateFiles, nil
	}
	overlay := wording.Overlay{Host: host, Shipped: templateFiles, Folder: "templates"}
	var problems []error
	err := fs.WalkDir(host, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if err := checkTemplate(overlay, name); err != nil {
			problems = append(problems, fmt.Errorf("statistics: template %s: %w", name, err))
		}
		return nil
	})
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	return overlay, nil
}

func checkTemplate(files fs.FS, name string) error {
	tag, file := path.Split(name)
	tag = strings.TrimSuffix(tag, "/")
	if parsed, err := language.Parse(tag); err != nil || parsed.String() != tag {
		return errors.New("lies in no folder named by a language tag (BCP 47) in its usual spelling")
	}
	switch file {
	case wording.CalendarFile:
		_, err := wording.CalendarOf(files, "templates/"+tag, tag)
		return err
	case digestFile:
		full := content{Organization: "Works", Name: "Ann", Week: "2026-03-02", OtherStart: true, More: 2, Link: "https://veranda.example"}
		full.Own, full.Totals = sampleLines(), sampleLines()
		full.Workspaces = []section{{"Garden", sampleLines()}}
		for _, c := range []content{full, {}} {
			subject, text, err := c.render(files, tag)
			if err != nil {
				return err
			}
			if subject == "" || text == "" && c.Name != "" {
				return errors.New("wants a subject in its first line, and a text")
			}
		}
		return nil
	default:
		return errors.New("is none of the files that may be here")
	}
}

func sampleLines() (lines []line) {
	for _, figure := range append(append([]string{}, shared...), "tasks_overdue") {
		lines = append(lines, line{Figure: figure, Count: 5, Change: -2, Compared: true})
	}
	return lines
}
