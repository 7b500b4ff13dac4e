package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// secretFile holds the key that Prepare makes.
const secretFile = "secret.key"

// Prepare makes DATA_DIR, readable by its owner alone, and fills in the secret key from DATA_DIR/secret.key when the
// environment gives none; the first start makes that file.
func (c *Config) Prepare() error {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("DATA_DIR: %w", err)
	}
	if c.SecretKey != "" {
		return nil
	}
	path := filepath.Join(c.DataDir, secretFile)
	if err := makeSecret(path); err != nil {
		return fmt.Errorf("SECRET_KEY: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("SECRET_KEY: %w", err)
	}
	if c.SecretKey, err = ParseSecretKey(strings.TrimSpace(string(text))); err != nil {
		return fmt.Errorf("SECRET_KEY: the file %s %w", path, err)
	}
	return nil
}

// makeSecret writes a new key unless the file is there. The key is written aside, synced and linked into place: a crash
// leaves a whole file or none, and of two programs that start together one wins and both read its key.
func makeSecret(path string) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key := make([]byte, SecretKeyBytes)
	_, _ = rand.Read(key)                                       // never fails: it ends the program instead
	file, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // made with 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
