package blobs_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veranda-go/veranda/examples/server/internal/blobs"
)

func TestContents(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "made")
	for _, place := range []string{folder, "file://" + folder, "mem://"} {
		t.Run(place, func(t *testing.T) {
			ctx := context.Background()
			bucket, err := blobs.Open(ctx, place)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := bucket.Close(); err != nil {
					t.Error(err)
				}
			}()
			if err := bucket.Write(ctx, "one/two", strings.NewReader("content")); err != nil {
				t.Fatal(err)
			}
			r, err := bucket.Read(ctx, "one/two")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil || string(got) != "content" {
				t.Errorf("%q, %v", got, err)
			}
			for range 2 { // what is gone can be removed again
				if err := bucket.Delete(ctx, "one/two"); err != nil {
					t.Error(err)
				}
			}
			if _, err := bucket.Read(ctx, "one/two"); err == nil {
				t.Error("it is still there")
			}
		})
	}
}

type broken struct{ after io.Reader }

var errBroken = errors.New("the connection broke")

func (b broken) Read(p []byte) (int, error) {
	if n, err := b.after.Read(p); err == nil {
		return n, nil
	}
	return 0, errBroken
}

func TestNothingIsKeptOfABrokenContent(t *testing.T) {
	t.Parallel()
	ctx, folder := context.Background(), t.TempDir()
	bucket, err := blobs.Open(ctx, folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := bucket.Write(ctx, "one/two", broken{strings.NewReader(strings.Repeat("a", 100_000))}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if _, err := bucket.Read(ctx, "one/two"); err == nil {
		t.Error("half a content is found")
	}
	err = filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			t.Errorf("%s is left behind", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
