package markdown

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const account = "01890a5d-ac96-774b-bcce-b302099a8057"

func TestHTML(t *testing.T) {
	t.Parallel()
	r := New()
	const attributes = ` rel="nofollow noreferrer noopener" target="_blank"`
	for markdown, want := range map[string]string{
		"":                                  "",
		"Hello, *you* and **you**":          "<p>Hello, <em>you</em> and <strong>you</strong></p>",
		"one\ntwo":                          "<p>one<br>\ntwo</p>",
		"~~gone~~":                          "<p><del>gone</del></p>",
		"[the house](https://example.com/)": `<p><a href="https://example.com/"` + attributes + `>the house</a></p>`,
		"see https://example.com/a?b=1&c=2": `<p>see <a href="https://example.com/a?b=1&amp;c=2"` + attributes + `>https://example.com/a?b=1&amp;c=2</a></p>`,
		"<https://example.com/>":            `<p><a href="https://example.com/"` + attributes + `>https://example.com/</a></p>`,
		"ann@example.com":                   `<p><a href="mailto:ann@example.com" rel="nofollow noreferrer">ann@example.com</a></p>`,
		"[@Ann Lee](account:" + account + ") reads":             `<p><span class="mention" data-account="` + account + `">@Ann Lee</span> reads</p>`,
		"![a cat](https://example.com/cat.png)":                 `<p><a href="https://example.com/cat.png"` + attributes + `>a cat</a></p>`,
		"[x](javascript:alert(1))":                              "<p>x</p>",
		"[x](JaVaScRiPt:alert(1))":                              "<p>x</p>",
		"[x](java&#115;cript:alert(1))":                         "<p>x</p>",
		"[x](data:text/html;base64,PHNjcmlwdD4=)":               "<p>x</p>",
		"[x](vbscript:x) [y](file:///etc/passwd)":               "<p>x y</p>",
		"[x](/v1/organizations) [y](//example.com)":             "<p>x y</p>",
		"a < b & <script>alert(1)</script>":                     "<p>a &lt; b &amp; &lt;script&gt;alert(1)&lt;/script&gt;</p>",
		"<img src=x onerror=alert(1)>":                          "<p>&lt;img src=x onerror=alert(1)&gt;</p>",
		"```go\nfunc main() {}\n```":                            "<pre><code class=\"language-go\">func main() {}\n</code></pre>",
		"```\"onclick=x\nx\n```":                                "<pre><code>x\n</code></pre>",
		"- [x] done\n- [ ] open":                                "<ul>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> done</li>\n<li><input disabled=\"\" type=\"checkbox\"> open</li>\n</ul>",
		"# Title":                                               "<h1>Title</h1>",
		"3. three":                                              "<ol start=\"3\">\n<li>three</li>\n</ol>",
		"[a\"onmouseover=\"x](https://e.com/\"onmouseover=\"x)": `<p><a href="https://e.com/%22onmouseover=%22x"` + attributes + `>a&#34;onmouseover=&#34;x</a></p>`,
		strings.Repeat(">", 200) + "<b>deep":                    "<p>" + strings.Repeat("&gt;", 200) + "&lt;b&gt;deep</p>",
	} {
		if got := r.HTML(markdown); got != want {
			t.Errorf("%q:\n got %s\nwant %s", markdown, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	r := New()
	for markdown, want := range map[string]string{
		"":                              "",
		"Hello, *you*\n\n# and **you**": "Hello, you and you",
		"[@Ann Lee](account:" + account + ") has [news](https://example.com)": "@Ann Lee has news",
		"- one\n- two":         "one two",
		"```\ncode  here\n```": "code here",
		"a <b>bold</b> move":   "a <b>bold</b> move",
		"An ünusually long text of much more than thirty": "An ünusually long text of much…",
	} {
		if got := r.Plain(markdown, 31); got != want {
			t.Errorf("%q: got %q, want %q", markdown, got, want)
		}
	}
	if got := r.Plain("xyz", 0); got != "" {
		t.Errorf("of no characters: %q", got)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	got := strings.Join(New().Links("https://a.example/1 [b](https://b.example) [again](https://a.example/1) `https://code.example` [j](javascript:x) ann@c.example "+
		"[m](mailto:x@y.example) ftp://d.example ![i](https://e.example/i.png) <http://f.example> https://g.example", 3), " ")
	if want := "https://a.example/1 https://b.example http://f.example"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Texts made to keep a parser busy cost about as much as others of their length.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	r := New()
	for what, text := range hostile() {
		began := time.Now()
		out := r.HTML(text)
		r.Plain(text, 100)
		r.Links(text, 5)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: %v", what, took)
		}
		if len(out) > 40*len(text)+1000 {
			t.Errorf("%s: %d bytes of %d", what, len(out), len(text))
		}
		if found := harm(t, out); found != "" {
			t.Errorf("%s: %s", what, found)
		}
	}
}

func hostile() map[string]string {
	const size = 10_000
	fill := func(part string) string { return strings.Repeat(part, size/len(part)) }
	return map[string]string{
		"quotes": fill(">"), "spaced quotes": fill("> "), "brackets": fill("["), "pairs": fill("[]"), "links": fill("[a](b)"), "images": fill("![a]("),
		"emphasis": fill("*a_ "), "stars": fill("*a **b "), "underscores": fill("_a __a "), "tildes": fill("~~a "), "ticks": fill("`a``b```c"), "tags": fill("<a "),
		"open tags": fill("<a href='"), "comments": fill("<!--"), "instructions": fill("<?"), "declarations": fill("<!A "), "lists": fill("- "), "nested lists": fill("- - - - - - x\n"),
		"indented lists": func() string {
			var b strings.Builder
			for i := 0; b.Len() < size; i++ {
				b.WriteString(strings.Repeat("  ", i) + "- a\n")
			}
			return b.String()
		}(),
		"addresses": fill("https://a.b "), "long address": "https://a." + fill("b."), "mails": fill("a@b.c "), "entities": fill("&#1;"), "escapes": fill(`\`),
		"references": fill("[a]: b\n") + "[a]", "numbers": fill("1. "), "fences": fill("```\n"), "quoted lists": fill("> - > - x\n"), "ampersands": fill("&amp;"),
		"www": fill("www."), "at signs": fill("a@"), "breaks": fill("a  \n"), "setext": fill("a\n=\n"), "definition": fill("[a]: <"),
	}
}

// FuzzHTML holds whatever is written to what may come out: nothing that does anything.
func FuzzHTML(f *testing.F) {
	for _, text := range hostile() {
		f.Add(text[:min(len(text), 200)])
	}
	for _, text := range []string{
		"[x](javascript:alert(1))", "<script>alert(1)</script>", "<svg/onload=alert(1)>", "[a](account:" + account + "\"onclick=)", "<a href=\"jav\tascript:x\">x</a>",
		"- [x] a\n\n1. b\n\n```go\"x\ny\n```\n\n> *q*", "![a](data:image/svg+xml,<svg>)", "[a]\n\n[a]: javascript:x 'y'", "<https://a.example/\"x=\">", "&lt;script&gt;", "\x00<\xff>",
	} {
		f.Add(text)
	}
	r := New()
	f.Fuzz(func(t *testing.T, text string) {
		out := r.HTML(text)
		if found := harm(t, out); found != "" {
			t.Fatalf("%q became %q: %s", text, out, found)
		}
		if again := r.sanitized(out); again != out {
			t.Fatalf("%q became %q, and sanitized again %q", text, out, again)
		}
		if plain := []rune(r.Plain(text, 50)); len(plain) > 50 || strings.ContainsAny(string(plain), "\n\r\t\x00") {
			t.Fatalf("%q is in plain words %q", text, string(plain))
		}
	})
}

// harm says what of a piece of HTML does more than show text, as a browser's parser reads it.
func harm(t *testing.T, page string) string {
	t.Helper()
	parsed, err := html.ParseFragment(strings.NewReader(page), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	allowed := " p br hr h1 h2 h3 h4 h5 h6 blockquote ul ol li em strong del code pre a span input "
	found := ""
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && !strings.Contains(allowed, " "+n.Data+" ") {
			found = "an element " + n.Data
		}
		for _, a := range n.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			switch a.Key {
			case "href":
				if !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "mailto:") {
					found = "an address " + value
				}
			case "class", "start", "rel", "target", "type", "checked", "disabled", "data-account":
			default:
				found = "an attribute " + a.Key
			}
		}
		if n.Type == html.CommentNode {
			found = "a comment"
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	for _, n := range parsed {
		walk(n)
	}
	return found
}

func BenchmarkHTML(b *testing.B) {
	r := New()
	text := "We have **moved in**, [@Ann Lee](account:" + account + "): see https://example.com/plan and\n- the kitchen\n- the garden\n"
	b.ReportAllocs()
	for b.Loop() {
		r.HTML(text)
	}
}
