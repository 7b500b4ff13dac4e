package preview

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// How long what a page says may be, in characters; the rest is cut.
const (
	maxTitle       = 200
	maxDescription = 500
	maxSite        = 100
	maxToken       = 64 << 10 // bytes of one element or text of a page
)

// read reads the head of a page, in whatever encoding it says it is written.
func read(body io.Reader, contentType string) (Page, error) {
	decoded, err := charset.NewReader(body, contentType)
	if err != nil {
		return Page{}, fmt.Errorf("preview: read: %w", err)
	}
	said := map[string]string{}
	tokens := html.NewTokenizer(decoded)
	tokens.SetMaxBuf(maxToken)
	inTitle := false
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if err := tokens.Err(); !errors.Is(err, io.EOF) {
				return Page{}, fmt.Errorf("preview: read: %w", err)
			}
			return pageOf(said)
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			switch token.Data {
			case "body":
				return pageOf(said)
			case "title":
				inTitle = said["title"] == ""
			case "meta":
				note(said, token)
			}
		case html.TextToken:
			if inTitle {
				said["title"] += string(tokens.Text())
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			if string(name) == "head" {
				return pageOf(said)
			}
			inTitle = inTitle && string(name) != "title"
		}
	}
}

// note keeps what a meta element says, the first of each name.
func note(said map[string]string, token html.Token) {
	name, content := "", ""
	for _, a := range token.Attr {
		switch a.Key {
		case "property", "name":
			name = strings.ToLower(a.Val)
		case "content":
			content = a.Val
		}
	}
	switch name {
	case "og:title", "og:description", "og:site_name", "description", "twitter:title", "twitter:description":
		if said[name] == "" {
			said[name] = content
		}
	}
}

// pageOf puts together what a page said. One that has no title says nothing.
func pageOf(said map[string]string) (Page, error) {
	first := func(most int, names ...string) string {
		for _, name := range names {
			if text := line(said[name], most); text != "" {
				return text
			}
		}
		return ""
	}
	page := Page{
		Title:       first(maxTitle, "og:title", "title", "twitter:title"),
		Description: first(maxDescription, "og:description", "description", "twitter:description"),
		Site:        first(maxSite, "og:site_name"),
	}
	if page.Title == "" {
		return Page{}, fmt.Errorf("%w: without a title", ErrUnsuited)
	}
	return page, nil
}

// line makes one line of bounded length of a text, without characters that control or that turn its direction.
func line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r == '\uFEFF':
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		runes = append(runes[:most-1], '…')
	}
	return string(runes)
}
