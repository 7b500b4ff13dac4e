// Package blobs keeps the contents of files in a bucket of gocloud.dev/blob: a folder, or memory in tests. A host adds the
// driver of its cloud by an import, and names the bucket by a URL.
package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/memblob" // mem://
	"gocloud.dev/gcerrors"
)

// Bucket fulfils files.Blobs.
type Bucket struct{ bucket *blob.Bucket }

// Open opens the bucket of a URL, "file:///srv/files" or "mem://", or the folder named.
func Open(ctx context.Context, place string) (*Bucket, error) {
	at, err := url.Parse(place)
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	if at.Scheme != "" && at.Scheme != fileblob.Scheme {
		bucket, err := blob.OpenBucket(ctx, place)
		if err != nil {
			return nil, fmt.Errorf("blobs: %w", err)
		}
		return &Bucket{bucket}, nil
	}
	folder, err := filepath.Abs(at.Path)
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	// Contents are written beside their place and renamed, so that half a file is never found; no file beside each says
	// what it is, for the database does.
	bucket, err := fileblob.OpenBucket(folder, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite, DirFileMode: 0o700})
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return &Bucket{bucket}, nil
}

// Write stores all that r gives, or nothing.
func (b *Bucket) Write(ctx context.Context, key string, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		cancel() // closing after that stores nothing
		return errors.Join(err, ignoreCanceled(w.Close()))
	}
	return w.Close()
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) || gcerrors.Code(err) == gcerrors.Canceled {
		return nil
	}
	return err
}

// Read opens a content.
func (b *Bucket) Read(ctx context.Context, key string) (io.ReadCloser, error) {
	return b.bucket.NewReader(ctx, key, nil)
}

// Delete removes a content; that there is none is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return err
	}
	return nil
}

// Close closes the bucket.
func (b *Bucket) Close() error { return b.bucket.Close() }
