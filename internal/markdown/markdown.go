package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	goldhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Version rises with every change of what the renderer makes: HTML that was kept under another version is made again.
const Version = 1

// The bounds of a text that is read as Markdown; what goes beyond is shown as plain text. They keep hostile texts cheap:
// what takes a parser long nests deeply or opens a great many brackets, and no page in good faith does either.
const (
	maxText     = 100_000 // bytes
	maxNesting  = 32      // blocks and emphases within one another
	maxBrackets = 2_000   // of each kind of character that opens something
)

// Renderer makes HTML and plain text of Markdown. It is safe for concurrent use.
type Renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
}

// New makes a renderer. Make one and keep it: making it costs much more than using it.
func New() *Renderer {
	return &Renderer{
		markdown: goldmark.New(
			goldmark.WithExtensions(extension.Strikethrough, extension.TaskList, extension.NewLinkify(
				extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"}),
			)),
			goldmark.WithParserOptions(parser.WithEscapedSpace()),
			goldmark.WithRendererOptions(goldhtml.WithHardWraps(), renderer.WithNodeRenderers(util.Prioritized(nodes{}, 100))),
		),
		policy: newPolicy(),
	}
}

// newPolicy is what may be in the HTML: the elements that the renderer writes, with the attributes it writes.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "em", "strong", "del", "code", "pre")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[A-Za-z0-9+#_.-]{1,40}$`)).OnElements("code")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(regexp.MustCompile(`^$`)).OnElements("input")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^mention$`)).OnElements("span")
	p.AllowAttrs("data-account").Matching(regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)).OnElements("span")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true) // and rel="noopener"
	return p
}

// HTML makes the HTML of a text, to be put into a page as it is.
func (r *Renderer) HTML(markdown string) string {
	source := []byte(markdown)
	document := r.parse(source)
	if document == nil {
		return plainHTML(markdown)
	}
	var b bytes.Buffer
	if err := r.markdown.Renderer().Render(&b, source, document); err != nil { // a buffer takes everything
		return plainHTML(markdown)
	}
	return strings.TrimSpace(r.sanitized(b.String()))
}

func (r *Renderer) sanitized(page string) string { return r.policy.Sanitize(page) }

// parse reads a text as Markdown; nil where it goes beyond the bounds.
func (r *Renderer) parse(source []byte) ast.Node {
	if len(source) > maxText || opens(source) || nests(source) {
		return nil
	}
	document := r.markdown.Parser().Parse(text.NewReader(source))
	if tooDeep(document, maxNesting) {
		return nil
	}
	return document
}

// opens tells whether a text opens more things than anybody means.
func opens(source []byte) bool {
	for _, c := range []byte("[]()<`*_~&!\\") {
		if bytes.Count(source, []byte{c}) > maxBrackets {
			return true
		}
	}
	return false
}

// nests tells whether a line begins more blocks within one another than the bounds allow: the parser goes through all open
// blocks at every line.
func nests(source []byte) bool {
	for line := range bytes.Lines(source) {
		if len(bytes.Trim(line, "-* \t\r\n")) == 0 { // a rule across the page
			continue
		}
		markers := 0
		for i, c := range line {
			spaced := i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t')
			switch {
			case c == '>', spaced && bytes.IndexByte([]byte("-+*.)"), c) >= 0:
				markers++
			case c == ' ' || c == '\t' || c >= '0' && c <= '9' || c == '.' || c == ')':
			default:
				i = len(line)
			}
			if markers > maxNesting {
				return true
			}
			if i == len(line) {
				break
			}
		}
	}
	return false
}

// tooDeep tells whether a node has more generations below it than a number.
func tooDeep(n ast.Node, generations int) bool {
	if generations < 0 {
		return true
	}
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if tooDeep(child, generations-1) {
			return true
		}
	}
	return false
}

// plainHTML shows a text as it was typed.
func plainHTML(text string) string {
	return "<p>" + strings.ReplaceAll(html.EscapeString(strings.ToValidUTF8(text, "\uFFFD")), "\n", "<br>\n") + "</p>"
}
