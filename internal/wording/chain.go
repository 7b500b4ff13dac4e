package wording

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/text/language"
)

// Fallback is written where nothing better is known.
const Fallback = "en"

// Chain is a language tag (BCP 47), what is more general, and English: "pt-BR", "pt", "en".
func Chain(wanted string) []string { return append(parents(wanted), Fallback) }

func parents(wanted string) []string {
	chain := []string{}
	if tag, err := language.Parse(wanted); err == nil {
		for ; tag != language.Und; tag = tag.Parent() {
			chain = append(chain, tag.String())
		}
	}
	return chain
}

// Best is the first language of the chain for which there is a file.
func Best(files fs.FS, wanted string, path func(tag string) string) (tag string, found bool) {
	for _, tag := range Chain(wanted) {
		if _, err := fs.Stat(files, path(tag)); err == nil {
			return tag, true
		}
	}
	return "", false
}

// Overlay are files of which the host's come first. The host's lie at its root, the shipped ones in a folder.
type Overlay struct {
	Host, Shipped fs.FS
	Folder        string
}

// Open opens a file by its shipped name.
func (o Overlay) Open(name string) (fs.File, error) {
	if inner, ok := strings.CutPrefix(name, o.Folder+"/"); ok && o.Host != nil {
		file, err := o.Host.Open(inner)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return o.Shipped.Open(name)
}
