package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/veranda-go/veranda/examples/server/internal/config"
)

// hostTemplates are the mails of TEMPLATES_DIR, by package; nil where there are none. A folder for a package that has no
// mails would be looked at by nobody, so it is refused.
func hostTemplates(settings *config.Config) (tenancy, statistics fs.FS, err error) {
	if settings.TemplatesDir == "" {
		return nil, nil, nil
	}
	entries, err := os.ReadDir(settings.TemplatesDir)
	if err != nil {
		return nil, nil, fmt.Errorf("TEMPLATES_DIR: %w", err)
	}
	for _, entry := range entries {
		files := os.DirFS(filepath.Join(settings.TemplatesDir, entry.Name()))
		switch {
		case entry.IsDir() && entry.Name() == "tenancy":
			tenancy = files
		case entry.IsDir() && entry.Name() == "statistics":
			statistics = files
		default:
			return nil, nil, fmt.Errorf("TEMPLATES_DIR: %s is neither the folder tenancy nor the folder statistics", entry.Name())
		}
	}
	return tenancy, statistics, nil
}
