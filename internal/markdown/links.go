package markdown

import (
	"slices"

	"github.com/yuin/goldmark/ast"
)

// Links are the web addresses a text links to, each once, in the order of the text, at most so many. What stands in code is
// no link.
func (r *Renderer) Links(markdown string, most int) []string {
	source := []byte(markdown)
	document := r.parse(source)
	if document == nil {
		return nil
	}
	var found []string
	add := func(destination string) {
		address := safeAddress(destination)
		if len(address) > 7 && address[:4] == "http" && len(address) <= maxAddress && !slices.Contains(found, address) && len(found) < most {
			found = append(found, address)
		}
	}
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch n := node.(type) {
			case *ast.Link:
				add(string(n.Destination))
			case *ast.AutoLink:
				if n.AutoLinkType == ast.AutoLinkURL {
					add(string(n.URL(source)))
				}
			}
		}
		return ast.WalkContinue, nil
	})
	return found
}

// maxAddress is how long an address may be that is followed; in bytes.
const maxAddress = 2000
