package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
)

const svgSpace = "http://www.w3.org/2000/svg"

// passing are the elements that pass from the library's drawing into ours, and their
// attributes. Each shows something by itself; none refers, runs or embeds.
var passing = map[string]map[string]bool{
	"path":   {"d": true, "stroke-dasharray": true},
	"circle": {"cx": true, "cy": true, "r": true, "stroke-dasharray": true},
	"text":   {"x": true, "y": true, "transform": true},
}

// styles are the CSS properties that the library uses, all of them presentation
// attributes too (SVG 2, 6.6). The font is left to who looks.
var styles = map[string]bool{"stroke-width": true, "stroke": true, "fill": true, "font-size": true}

// dress writes the library's drawing anew: with a title and a description, with
// attributes instead of styles, and with nothing in it that is not known. A library that
// starts to draw otherwise is an error, not a surprise in somebody's browser.
func dress(w *bytes.Buffer, raw []byte, size Size, title, description string) error {
	// Two drawings in one page must not share ids, unless they are the same.
	sum := fnv.New64a()
	_, _ = sum.Write(raw)
	_, _ = io.WriteString(sum, title+"\x00"+description)
	id := "c" + strconv.FormatUint(sum.Sum64(), 36)

	fmt.Fprintf(w, `<svg xmlns="%s" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d" font-family="system-ui,sans-serif">`,
		svgSpace, size.Width, size.Height, size.Width, size.Height, id, id)
	fmt.Fprintf(w, "\n<title id=\"%s-t\">", id)
	escape(w, title)
	fmt.Fprintf(w, "</title>\n<desc id=\"%s-d\">", id)
	escape(w, description)
	w.WriteString("</desc>\n")

	decoder := xml.NewDecoder(bytes.NewReader(raw))
	depth := 0
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("chart: the library's drawing is no XML: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			if depth == 1 && token.Name.Local == "svg" {
				continue
			}
			if err := element(w, token); err != nil {
				return err
			}
		case xml.CharData:
			if depth == 2 {
				escape(w, strings.TrimRight(string(token), " "))
			}
		case xml.EndElement:
			if depth--; depth > 0 {
				w.WriteString("</" + token.Name.Local + ">\n")
			}
		default:
			return fmt.Errorf("chart: the library's drawing holds a %T", token)
		}
	}
	w.WriteString("</svg>\n")
	return nil
}

// element writes the start of one.
func element(w *bytes.Buffer, start xml.StartElement) error {
	attributes, known := passing[start.Name.Local]
	if !known || start.Name.Space != "" {
		return fmt.Errorf("chart: the library's drawing holds the element %q", start.Name.Local)
	}
	w.WriteString("<" + start.Name.Local)
	for _, attribute := range start.Attr {
		name, value := attribute.Name.Local, attribute.Value
		switch {
		case name == "style" && attribute.Name.Space == "":
			for property := range strings.SplitSeq(value, ";") {
				if name, value, found := strings.Cut(property, ":"); found && styles[name] {
					write(w, name, value)
				}
			}
		case attributes[name] && attribute.Name.Space == "":
			write(w, name, value)
		default:
			return fmt.Errorf("chart: the library's drawing holds the attribute %q", name)
		}
	}
	w.WriteByte('>')
	return nil
}

func write(w *bytes.Buffer, name, value string) {
	if name == "stroke" && value == "none" {
		return // as it is without
	}
	if name == "d" {
		value = strings.ReplaceAll(value, "\n", " ")
	}
	w.WriteString(" " + name + `="`)
	escape(w, value)
	w.WriteByte('"')
}

// escape writes text as XML. Writing into a buffer does not fail.
func escape(w *bytes.Buffer, text string) { _ = xml.EscapeText(w, []byte(text)) }
