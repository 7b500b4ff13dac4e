package statistics

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"
)

// A language is a file of its base tag in templates; the first line is the mail's subject.
//
//go:embed templates
var templateFiles embed.FS

// fallback is the language of people whose own there is no template for.
const fallback = "en"

// content is what a mail says.
type content struct {
	Organization, Name, Week string
	Own                      []line
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

// render writes the mail in a language, "de-AT" in German.
func (c content) render(language string) (subject, text string, err error) {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	source, err := templateFiles.ReadFile("templates/" + base + ".txt")
	if err != nil {
		if source, err = templateFiles.ReadFile("templates/" + fallback + ".txt"); err != nil {
			return "", "", fmt.Errorf("statistics: mail: %w", err)
		}
	}
	t, err := template.New("digest").Parse(string(source))
	if err != nil {
		return "", "", fmt.Errorf("statistics: mail in %s: %w", base, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return "", "", fmt.Errorf("statistics: mail in %s: %w", base, err)
	}
	subject, text, _ = strings.Cut(b.String(), "\n")
	return strings.TrimSpace(subject), strings.TrimLeft(text, "\n"), nil
}
