package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/veranda-go/veranda/examples/server/internal/config"
)

// hostMails are a host's own templates, by package.
type hostMails struct{ tenancy, statistics, notifications fs.FS }

// hostTemplates are the mails of TEMPLATES_DIR, by package; nil where there are none. A folder for a package that has no
// mails would be looked at by nobody, so it is refused.
func hostTemplates(settings *config.Config) (mails hostMails, err error) {
	if settings.TemplatesDir == "" {
		return mails, nil
	}
	entries, err := os.ReadDir(settings.TemplatesDir)
	if err != nil {
		return mails, fmt.Errorf("TEMPLATES_DIR: %w", err)
	}
	for _, entry := range entries {
		files := os.DirFS(filepath.Join(settings.TemplatesDir, entry.Name()))
		switch {
		case entry.IsDir() && entry.Name() == "tenancy":
			mails.tenancy = files
		case entry.IsDir() && entry.Name() == "statistics":
			mails.statistics = files
		case entry.IsDir() && entry.Name() == "notifications":
			mails.notifications = files
		default:
			return mails, fmt.Errorf("TEMPLATES_DIR: %s is none of the folders tenancy, statistics and notifications", entry.Name())
		}
	}
	return mails, nil
}
