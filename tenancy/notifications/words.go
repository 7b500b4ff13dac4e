package notifications

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"
	"time"

	"golang.org/x/text/language"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/wording"
)

// A language is a folder "templates/<tag>" with digest.txt, whose first line is a mail's subject, and message.txt for text
// messages. Templates call the functions of package internal/wording.
//
//go:embed templates
var templateFiles embed.FS

const (
	digestFile    = "digest.txt"
	messageFile   = "message.txt"
	sentencesFile = "sentences.json"
)

// words are what notices say.
type words struct {
	files fs.FS
	// sentences are by kind and language.
	sentences map[string]map[string]*template.Template
}

// spoken is what a sentence says.
type spoken struct {
	By, Title, Place string
	Count            int64
}

// newWords parses every sentence and template and says all that is wrong with them.
func newWords(kinds map[string]veranda.NoticeKind, host fs.FS) (*words, error) {
	w := &words{files: templateFiles, sentences: map[string]map[string]*template.Template{}}
	var problems []error
	for name, kind := range kinds {
		w.sentences[name] = map[string]*template.Template{}
		if kind.Sentences[wording.Fallback] == "" {
			problems = append(problems, fmt.Errorf("notifications: kind %s has no sentence in English", name))
		}
		for tag, sentence := range kind.Sentences {
			problems = append(problems, w.learn(name, tag, sentence))
		}
	}
	if host != nil {
		w.files = wording.Overlay{Host: host, Shipped: templateFiles, Folder: "templates"}
		problems = append(problems, w.lay(host))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return w, nil
}

// learn parses a sentence, and tries it.
func (w *words) learn(kind, tag, sentence string) error {
	t, err := template.New(kind).Funcs(wording.Functions(tag, nil, time.UTC)).Parse(sentence)
	if err == nil {
		var b bytes.Buffer
		err = t.Execute(&b, spoken{"Ann", "Title", "Place", 2})
	}
	if err != nil {
		return fmt.Errorf("notifications: sentence of %s in %s: %w", kind, tag, err)
	}
	w.sentences[kind][tag] = t
	return nil
}

// lay checks the host's files and takes its sentences.
func (w *words) lay(host fs.FS) error {
	var problems []error
	err := fs.WalkDir(host, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if err := w.layOne(host, name); err != nil {
			problems = append(problems, fmt.Errorf("notifications: template %s: %w", name, err))
		}
		return nil
	})
	return errors.Join(append(problems, err)...)
}

func (w *words) layOne(host fs.FS, name string) error {
	tag, file := path.Split(name)
	tag = strings.TrimSuffix(tag, "/")
	if parsed, err := language.Parse(tag); err != nil || parsed.String() != tag {
		return errors.New("lies in no folder named by a language tag (BCP 47) in its usual spelling")
	}
	source, err := fs.ReadFile(host, name)
	if err != nil {
		return err
	}
	switch file {
	case wording.CalendarFile:
		_, err := wording.ParseCalendar(source)
		return err
	case sentencesFile:
		var sentences map[string]string
		if err := json.Unmarshal(source, &sentences); err != nil {
			return err
		}
		for kind, sentence := range sentences {
			if w.sentences[kind] == nil {
				return fmt.Errorf("there is no kind %q", kind)
			}
			if err := w.learn(kind, tag, sentence); err != nil {
				return err
			}
		}
		return nil
	case digestFile, messageFile:
		for _, sample := range []letter{{}, sampleLetter} {
			if _, _, err := w.write(file, tag, time.UTC, sample); err != nil {
				return err
			}
		}
		return nil
	default:
		return errors.New("is none of the files that may be here")
	}
}

// say is a notice's sentence in the best language there is.
func (w *words) say(n Notice, wanted string) string {
	for _, tag := range wording.Chain(wanted) {
		t := w.sentences[n.Kind][tag]
		if t == nil {
			continue
		}
		var b bytes.Buffer
		if err := t.Execute(&b, spoken{n.ByName, n.Title, n.Place, n.Count}); err == nil {
			return oneLine(b.String())
		}
	}
	return oneLine(n.ByName + " " + n.Title) // a kind that is no more
}

// written tells whether mails are written in a language, or in one that is more general.
func (w *words) written(wanted string) bool {
	chain := wording.Chain(wanted)
	for _, tag := range chain[:len(chain)-1] {
		if _, err := fs.Stat(w.files, "templates/"+tag+"/"+digestFile); err == nil {
			return true
		}
	}
	return false
}

// letter is what a mail or text message says.
type letter struct {
	Name          string
	Count         int
	First         string // the only sentence, or the newest
	Organizations []section
	// More is how many are not shown.
	More        int
	Link        string // to the inbox
	Preferences string // where it is changed what comes
	Unsubscribe string
}

type section struct {
	Name       string
	Workspaces []place
}

type place struct {
	Name  string // empty for what lies in no workspace
	Lines []line
}

type line struct {
	Sentence, Link string
	At             time.Time
}

var sampleLetter = letter{
	Name: "Ann", Count: 2, First: "Sentence", More: 1, Link: "https://veranda.example", Preferences: "https://veranda.example", Unsubscribe: "https://veranda.example/unsubscribe",
	Organizations: []section{{"Works", []place{{"Garden", []line{{"Sentence", "https://veranda.example", time.Unix(0, 0)}}}, {"", []line{{Sentence: "Sentence"}}}}}},
}

// write writes a template in the best language there is; subject is its first line.
func (w *words) write(file, wanted string, zone *time.Location, l letter) (subject, text string, err error) {
	tag, found := wording.Best(w.files, wanted, func(tag string) string { return "templates/" + tag + "/" + file })
	if !found {
		return "", "", fmt.Errorf("notifications: there is no %s in English", file)
	}
	calendar, err := wording.CalendarOf(w.files, "templates/"+tag, tag)
	if err != nil {
		return "", "", fmt.Errorf("notifications: %s in %s: %w", file, tag, err)
	}
	source, err := fs.ReadFile(w.files, "templates/"+tag+"/"+file)
	if err != nil {
		return "", "", fmt.Errorf("notifications: %s in %s: %w", file, tag, err)
	}
	t, err := template.New(tag + "/" + file).Funcs(wording.Functions(tag, calendar, zone)).Parse(string(source))
	if err != nil {
		return "", "", fmt.Errorf("notifications: %s in %s: %w", file, tag, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, l); err != nil {
		return "", "", fmt.Errorf("notifications: %s in %s: %w", file, tag, err)
	}
	subject, text, _ = strings.Cut(b.String(), "\n")
	return oneLine(subject), strings.TrimLeft(text, "\n"), nil
}
