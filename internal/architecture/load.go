package architecture

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/tools/go/packages"
)

// Load reads the module that the directory lies in, and type-checks all its
// packages with their tests. Packages that do not compile are in the House as far
// as they go, and in the error.
func Load(directory string) (*House, error) {
	root, err := moduleRoot(directory)
	if err != nil {
		return nil, err
	}
	h := &House{Files: token.NewFileSet()}
	if h.GoMod, err = os.ReadFile(filepath.Join(root, "go.mod")); err != nil {
		return nil, err
	}
	h.Module = modfile.ModulePath(h.GoMod)
	if h.TopLevel, err = listTopLevel(root); err != nil {
		return nil, err
	}
	loaded, err := packages.Load(&packages.Config{
		// Without NeedDeps, what is imported comes from the compiler's export data,
		// and only this module's own source is parsed and checked.
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes |
			packages.NeedTypesSizes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedForTest,
		Dir: root, Fset: h.Files, Tests: true,
	}, "./...")
	if err != nil {
		return nil, fmt.Errorf("loading the packages: %w", err)
	}
	seen, failures := h.adopt(root, loaded)
	failures = append(failures, h.adoptUnbuilt(root, seen))
	slices.SortFunc(h.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	return h, errors.Join(failures...)
}

// adopt takes over what was loaded, each file once, and returns which. With tests,
// the go command lists a package as itself, again together with its tests, its
// external tests, and a generated main.
func (h *House) adopt(root string, loaded []*packages.Package) (seen map[string]bool, failures []error) {
	seen = map[string]bool{}
	for _, l := range loaded {
		for _, failure := range l.Errors {
			failures = append(failures, failure)
		}
		for _, syntax := range l.Syntax {
			relative, err := filepath.Rel(root, h.Files.Position(syntax.FileStart).Filename)
			if err != nil || strings.HasPrefix(relative, "..") {
				continue // generated, in the build cache
			}
			if relative = filepath.ToSlash(relative); !seen[relative] {
				seen[relative] = true
				h.add(relative, syntax, l.TypesInfo)
			}
		}
	}
	return seen, failures
}

// adoptUnbuilt adds the files that are not built here, for another system or behind
// a tag. They have no types, so that only the rules about imports see into them.
//
// That it reads every directory has a second use: go test then knows that a cached
// result of this test is stale when a file was added anywhere.
func (h *House) adoptUnbuilt(root string, seen map[string]bool) error {
	return filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := entry.Name()
			if name != root && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if relative = filepath.ToSlash(relative); seen[relative] || filepath.Ext(name) != ".go" {
			return nil
		}
		syntax, err := parser.ParseFile(h.Files, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		h.add(relative, syntax, &types.Info{})
		return nil
	})
}

// add puts a file into its package.
func (h *House) add(relative string, syntax *ast.File, info *types.Info) {
	directory := path.Dir(relative)
	if directory == "." {
		directory = ""
	}
	at := slices.IndexFunc(h.Packages, func(p *Package) bool { return p.Path == directory })
	if at < 0 {
		at = len(h.Packages)
		h.Packages = append(h.Packages, &Package{Path: directory})
	}
	h.Packages[at].Files = append(h.Packages[at].Files, &File{
		Path: relative, Test: strings.HasSuffix(relative, "_test.go"), Syntax: syntax, Info: info,
	})
}

// moduleRoot finds the directory of the go.mod above.
func moduleRoot(directory string) (string, error) {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return "", errors.New("there is no go.mod above")
		}
		directory = parent
	}
}

// listTopLevel lists what lies beside go.mod, but not what git ignores there.
func listTopLevel(root string) ([]Entry, error) {
	found, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	ignore, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var entries []Entry
	for _, f := range found {
		if entry := (Entry{Name: f.Name(), Directory: f.IsDir()}); !ignoredAtTop(string(ignore), entry) {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}
