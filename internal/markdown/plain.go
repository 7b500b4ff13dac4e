package markdown

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// Plain is what a text says without its Markdown, in one line of at most so many characters: for titles and mails. What is
// cut off is marked by an ellipsis, which counts.
func (r *Renderer) Plain(markdown string, most int) string {
	source := []byte(markdown)
	document := r.parse(source)
	if document == nil {
		return cut(markdown, most)
	}
	var b bytes.Buffer
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if b.Len() > 8*most+1000 { // nobody will read the rest
			return ast.WalkStop, nil
		}
		if !entering {
			if node.Type() == ast.TypeBlock {
				b.WriteByte(' ')
			}
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *ast.Text:
			b.Write(n.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				segment := n.Segments.At(i)
				b.Write(segment.Value(source))
			}
		case *ast.CodeBlock, *ast.FencedCodeBlock, *ast.HTMLBlock:
			b.Write(linesOf(node, source))
		}
		return ast.WalkContinue, nil
	})
	return cut(b.String(), most)
}

// cut makes one line of a text, of at most so many characters.
func cut(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= most {
		return string(runes)
	}
	if most < 1 {
		return ""
	}
	return strings.TrimRightFunc(string(runes[:most-1]), unicode.IsSpace) + "…"
}
