package markdown

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// nodes renders what Markdown's own renderer would write otherwise: links, images and HTML.
type nodes struct{}

// RegisterFuncs is what the renderer asks.
func (n nodes) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindLink, n.link)
	r.Register(ast.KindImage, n.image)
	r.Register(ast.KindAutoLink, n.autoLink)
	r.Register(ast.KindRawHTML, n.rawHTML)
	r.Register(ast.KindHTMLBlock, n.htmlBlock)
}

var accountAddress = regexp.MustCompile(`^account:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

func (nodes) link(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if link, ok := node.(*ast.Link); ok {
		around(w, string(link.Destination), entering)
	}
	return ast.WalkContinue, nil
}

// image makes a link of an image, whose text is the image's.
func (nodes) image(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if image, ok := node.(*ast.Image); ok {
		around(w, string(image.Destination), entering)
		if entering && !image.HasChildren() {
			writeEscaped(w, image.Destination)
		}
	}
	return ast.WalkContinue, nil
}

// around writes the element around what a link says: nothing where the link leads where none may.
func around(w util.BufWriter, destination string, entering bool) {
	if match := accountAddress.FindStringSubmatch(destination); match != nil {
		if entering {
			_, _ = w.WriteString(`<span class="mention" data-account="` + match[1] + `">`)
		} else {
			_, _ = w.WriteString("</span>")
		}
		return
	}
	address := safeAddress(destination)
	switch {
	case address == "":
	case entering:
		_, _ = w.WriteString(`<a href="`)
		writeEscaped(w, []byte(address))
		_, _ = w.WriteString(`">`)
	default:
		_, _ = w.WriteString("</a>")
	}
}

func (nodes) autoLink(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	link, ok := node.(*ast.AutoLink)
	if !ok || !entering {
		return ast.WalkContinue, nil
	}
	destination := string(link.URL(source))
	if link.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(destination), "mailto:") {
		destination = "mailto:" + destination
	}
	around(w, destination, true)
	writeEscaped(w, link.Label(source))
	around(w, destination, false)
	return ast.WalkContinue, nil
}

func (nodes) rawHTML(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if raw, ok := node.(*ast.RawHTML); ok && entering {
		for i := range raw.Segments.Len() {
			segment := raw.Segments.At(i)
			writeEscaped(w, segment.Value(source))
		}
	}
	return ast.WalkSkipChildren, nil
}

func (nodes) htmlBlock(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	block, ok := node.(*ast.HTMLBlock)
	if !ok || !entering {
		return ast.WalkSkipChildren, nil
	}
	_, _ = w.WriteString("<p>")
	written := linesOf(block, source)
	if block.HasClosure() {
		written = append(written, block.ClosureLine.Value(source)...)
	}
	writeEscaped(w, bytes.TrimRight(written, "\n"))
	_, _ = w.WriteString("</p>\n")
	return ast.WalkSkipChildren, nil
}

// linesOf is what a block's lines say.
func linesOf(block ast.Node, source []byte) []byte {
	var out []byte
	for i := range block.Lines().Len() {
		line := block.Lines().At(i)
		out = append(out, line.Value(source)...)
	}
	return out
}

func writeEscaped(w util.BufWriter, text []byte) { _, _ = w.Write(util.EscapeHTML(text)) }

// safeAddress is the address of a link that may be followed; empty for others.
func safeAddress(destination string) string {
	destination = string(util.URLEscape(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences([]byte(destination)))), true))
	u, err := url.Parse(destination)
	if err != nil {
		return ""
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
	case "mailto":
		if u.Opaque == "" {
			return ""
		}
	default:
		return ""
	}
	return destination
}
