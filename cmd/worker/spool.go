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
)

// Spool is the folder that orders arrive in, with three folders of its own:
//
//	work    inputs in hand; those that a killed worker left are taken up first
//	done    inputs whose order is in the ledger
//	failed  the others, each with NAME.reason.txt
type Spool struct {
	folder string
	work   string
	done   string
	failed string
	lock   *os.File
	notes  atomic.Int64 // number of reasons written
}

// NewSpool returns a spool that is not open yet.
func NewSpool(folder string) *Spool {
	return &Spool{
		folder: folder,
		work:   filepath.Join(folder, "work"),
		done:   filepath.Join(folder, "done"),
		failed: filepath.Join(folder, "failed"),
	}
}

// notePrefix begins the names of reasons in work that are being written.
const notePrefix = ".reason-"

// Open makes the folders that are missing and locks the spool: what lies in work
// belongs to one worker.
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
	if s.lock == nil {
		return nil
	}
	err := s.lock.Close()
	s.lock = nil
	return err
}

func (s *Spool) takeLock() error {
	file, err := os.OpenFile(filepath.Join(s.folder, ".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	err = lockFile(file)
	if errors.Is(err, errLocked) {
		holder, _ := io.ReadAll(io.LimitReader(file, 200)) // only to help; it may be empty
		err = fmt.Errorf("another worker takes orders from it (%s): stop that one, "+
			"or give this one a folder of its own (Worker:Spool)", bytes.TrimSpace(holder))
	}
	if err == nil {
		host, _ := os.Hostname()
		note := fmt.Sprintf("process %d on %q, since %s\n", os.Getpid(), host, time.Now().Format(time.RFC3339))
		if err = file.Truncate(0); err == nil {
			_, err = file.WriteAt([]byte(note), 0)
		}
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s.lock = file
	return nil
}

// clean removes reasons that a killed worker has not finished.
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

// isOrder tells whether a file of this name is an input.
func isOrder(name string) bool {
	return strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, ".")
}

// Input is a file with an order, in the spool folder or in work.
type Input struct {
	Name string
	Path string

	mode fs.FileMode
}

// Waiting lists the inputs that nobody has taken, by name.
func (s *Spool) Waiting() ([]Input, error) { return list(s.folder) }

// InHand lists the inputs in work, by name.
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

// Read returns the content of an input, and what the file system says of it. It
// reads a little more than an order may have, so that ParseOrder can tell.
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
