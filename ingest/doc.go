// Package ingest reads the configured sources into the shared tables: which
// file is which source, what each row says, and a count of everything that was
// read, kept, skipped, rejected or seen before.
package ingest
