package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
)

// Spool is the folder in which orders arrive. It contains three folders:
//
//	work    inputs in progress; those of a worker that was killed come first
//	done    inputs whose order is in the ledger
//	failed  the others, each with NAME.reason.txt
type Spool struct {
	folder string
	work   string
	done   string
	failed string
	lock   *flock.Flock
	notes  atomic.Int64 // number of reasons written
}

// NewSpool returns a spool that is not open yet.
func NewSpool(folder string) *Spool {
	return &Spool{
		folder: folder,
		work:   filepath.Join(folder, "work"),
		done:   filepath.Join(folder, "done"),
		failed: filepath.Join(folder, "failed"),
		lock:   flock.New(filepath.Join(folder, ".lock")),
	}
}

// notePrefix is the prefix of reasons in work that are being written.
const notePrefix = ".reason-"

// Open creates missing folders and locks the spool, because the inputs in work
// belong to one worker.
func (s *Spool) Open() error {
	if err := makeFolder(s.folder); err != nil {
		return fmt.Errorf("worker: spool %q: %w", s.folder, err)
	}
	if err := s.takeLock(); err != nil {
		return fmt.Errorf("worker: spool %q: %w", s.folder, err)
	}
	err := errors.Join(makeFolder(s.work), makeFolder(s.done), makeFolder(s.failed), s.clean())
	if err != nil {
		return errors.Join(fmt.Errorf("worker: spool %q: %w", s.folder, err), s.Close())
	}
	return nil
}

// Close releases the lock. It may be called again.
func (s *Spool) Close() error {
	return s.lock.Unlock()
}

func (s *Spool) takeLock() error {
	// On Windows a locked file cannot be read, so the holder is in a separate file.
	note := filepath.Join(s.folder, ".holder")
	locked, err := s.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	if !locked {
		holder, _ := os.ReadFile(note) // only to help; it may be empty
		return fmt.Errorf("another worker takes orders from it (%s): stop that one, "+
			"or give this one a folder of its own (Worker:Spool)", bytes.TrimSpace(holder))
	}
	host, _ := os.Hostname()
	holder := fmt.Sprintf("process %d on %q, since %s\n", os.Getpid(), host, time.Now().Format(time.RFC3339))
	if err := os.WriteFile(note, []byte(holder), 0o644); err != nil {
		return errors.Join(err, s.lock.Unlock())
	}
	return nil
}

// clean removes incomplete reasons of a worker that was killed.
func (s *Spool) clean() error {
	entries, err := os.ReadDir(s.work)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), notePrefix) {
			err = errors.Join(err, os.Remove(filepath.Join(s.work, entry.Name())))
		}
	}
	return err
}

// isOrder reports whether a file of this name is an input.
func isOrder(name string) bool {
	return strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, ".")
}

// Input is a file with an order, in the spool folder or in work.
type Input struct {
	Name string
	Path string

	mode fs.FileMode
}

// Waiting lists the inputs that have not been taken, sorted by name.
func (s *Spool) Waiting() ([]Input, error) { return list(s.folder) }

// InHand lists the inputs in work, sorted by name.
func (s *Spool) InHand() ([]Input, error) { return list(s.work) }

func list(folder string) ([]Input, error) {
	entries, err := os.ReadDir(folder) // sorts by name
	if err != nil {
		return nil, fmt.Errorf("worker: spool: %w", err)
	}
	var inputs []Input
	for _, entry := range entries {
		if isOrder(entry.Name()) {
			inputs = append(inputs, Input{
				Name: entry.Name(), Path: filepath.Join(folder, entry.Name()), mode: entry.Type(),
			})
		}
	}
	return inputs, nil
}

// Read returns the content of an input and its file info. It reads one byte more
// than the limit, so that ParseOrder can detect larger files.
func (in Input) Read() ([]byte, fs.FileInfo, error) {
	if !in.mode.IsRegular() {
		return nil, nil, fmt.Errorf("not a file that can be moved: %v", in.mode) // a pipe would never end
	}
	file, err := os.Open(in.Path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(file, maxOrderBytes+1))
	}
	return body, info, errors.Join(err, file.Close())
}
