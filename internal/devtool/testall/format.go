package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// checkFormat prints the Go files below root that gofmt would change, and fails
// when there are any. Directories that the go command leaves out (testdata, hidden
// ones) are left out here too: what lies there may be broken on purpose.
func checkFormat(root string) error {
	var wrong []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != root && (name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || !entry.Type().IsRegular() {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		formatted, err := format.Source(source)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", path, err))
		} else if !bytes.Equal(source, formatted) {
			wrong = append(wrong, path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		fmt.Printf("%s\nnot formatted: run make fmt\n", strings.Join(wrong, "\n"))
		return &stepError{name: "gofmt", err: errors.New("files are not formatted")}
	}
	return nil
}
