package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest"
	"lostlink/ingest/lake"
	"lostlink/reconcile"
)

// shareName is the file in the state folder of a shard that says what it read.
const shareName = "shard.json"

// runShard reads one share of the files into the lake, and judges nothing.
func runShard(ctx context.Context, e *env, dirs folders, shard ingest.Shard, key string) error {
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	own := filepath.Join(c.State, lakeFolder)
	if key == "" {
		if _, err := os.Stat(lake.KeyPath(own)); errors.Is(err, fs.ErrNotExist) {
			return usageErrorf("a shard needs the key that all shards hide addresses under, or they cannot be merged; give the same --key FILE to each")
		}
	} else {
		c.Ingest.Exclude = append(c.Ingest.Exclude, key)
	}
	unlock, err := lock(c.State)
	if err != nil {
		return err
	}
	defer unlock()
	path := filepath.Join(c.State, shareName)
	if before, err := ingest.ReadShare(path); err == nil && before.Shard != shard {
		return fmt.Errorf("%s is the folder of shard %s, not of %s; give each shard a --state of its own, or remove %s", c.State, before.Shard, shard, path)
	}
	l, err := openLake(ctx, c, lake.Options{KeyFile: key})
	if err != nil {
		return keyRemedy(err)
	}
	defer l.Close()
	p := e.progress()
	defer p.done()
	p.say("reading the sources")
	c.Ingest.Watch = p.bar("reading")
	share, read, err := ingest.LoadShare(ctx, c.Data, c.Ingest, shard, reconcile.NewScout(c.Reconcile), l, memory.DefaultAllocator)
	var changed *ingest.ChangedError
	switch {
	case errors.As(err, &changed):
		return &exitError{exitAgain, err}
	case err != nil:
		return fmt.Errorf("the shard is not finished: %w", err)
	}
	if err := share.Write(path); err != nil {
		return fmt.Errorf("the shard is not finished: %w", err)
	}
	p.done()
	var rows, rejected, bytes int64
	files := map[string]bool{}
	for i := range read.Inputs {
		in := &read.Inputs[i]
		rows += in.Rows
		rejected += in.Rejected
		if !files[in.File] {
			files[in.File] = true
			bytes += in.Bytes
		}
	}
	fmt.Fprintf(e.out, "Shard %s: %s of %s, %s: %s read, %s refused.\n", shard, thousands(len(files)), plural(len(share.Files), "file", "files"),
		bytesOf(bytes), plural(int(rows), "row", "rows"), thousands(int(rejected)))
	(&night{loaded: read}).faults(e.out)
	fmt.Fprintf(e.out, "When all %d are done, \"lostlink merge\" makes the report.\n", shard.Count)
	return nil
}

// keyRemedy adds what can be done to the error of a lake with another key.
func keyRemedy(err error) error {
	if errors.Is(err, lake.ErrKey) {
		return fmt.Errorf("%w; shards and the lake they are merged into need one key: give its file \"key\" to every shard with --key, or take another --state", err)
	}
	return err
}
