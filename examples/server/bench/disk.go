package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// disk says how long the disk takes to make a write durable, without which the rates of creates mean little: where it
// takes no time, the databases are on no disk.
func (b *bench) disk(context.Context) (err error) {
	file, err := os.Create(filepath.Join(b.folder, "sync"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	page := make([]byte, 4096)
	var times []time.Duration
	for range 100 {
		if _, err := file.Write(page); err != nil {
			return err
		}
		begin := time.Now()
		if err := file.Sync(); err != nil {
			return err
		}
		times = append(times, time.Since(begin))
	}
	b.info("disk.sync", milliseconds(percentile(times, 0.5)), "ms for a page")
	return nil
}
