package tenancy

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"strings"
	texttemplate "text/template"

	"golang.org/x/text/language"

	"github.com/veranda-go/veranda/internal/wording"
)

// layTemplates lays a host's templates over the shipped ones, and says all that is wrong with them.
func layTemplates(host fs.FS) (fs.FS, error) {
	if host == nil {
		return templateFiles, nil
	}
	overlay := wording.Overlay{Host: host, Shipped: templateFiles, Folder: "templates"}
	var problems []error
	err := fs.WalkDir(host, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if err := checkTemplate(overlay, name); err != nil {
				problems = append(problems, fmt.Errorf("tenancy: template %s: %w", name, err))
			}
		}
		return err
	})
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	return overlay, nil
}

var errNotATemplate = errors.New("is none of the files that may be here")

// checkTemplate checks one of a host's files: a language's folder holds the names English has, and what parses.
func checkTemplate(files fs.FS, name string) error {
	if name == "layout.html" {
		_, err := htmltemplate.New(name).Funcs(wording.Functions(fallbackLanguage, nil, nil)).ParseFS(files, "templates/"+name)
		return err
	}
	tag, file := path.Split(name)
	tag = strings.TrimSuffix(tag, "/")
	if parsed, err := language.Parse(tag); err != nil || parsed.String() != tag {
		return errors.New("lies in no folder named by a language tag (BCP 47) in its usual spelling")
	}
	source, err := fs.ReadFile(files, "templates/"+name)
	if err != nil {
		return err
	}
	if file == wording.CalendarFile {
		_, err := wording.ParseCalendar(source)
		return err
	}
	if _, err := fs.Stat(templateFiles, "templates/"+fallbackLanguage+"/"+file); err != nil {
		return errNotATemplate
	}
	does := wording.Functions(tag, nil, nil)
	if plain, ok := strings.CutSuffix(file, ".html"); ok {
		if _, err := fs.Stat(files, "templates/"+tag+"/"+plain+".txt"); err != nil {
			return errors.New("has no .txt beside it, and would never be sent")
		}
		body, err := htmltemplate.New(file).Funcs(does).Parse(string(source))
		if err == nil && body.Lookup("body") == nil {
			err = errors.New(`does not define "body"`)
		}
		return err
	}
	_, err = texttemplate.New(file).Funcs(does).Parse(string(source))
	return err
}
