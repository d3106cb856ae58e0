package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/gofrs/flock"
	"go.uber.org/zap"
)

// Ledger is the file of accepted orders. It is a hosted service: the file is open
// and locked from its start to its stop.
//
// It is safe for concurrent use.
type Ledger struct {
	path string
	lock *flock.Flock
	log  *zap.Logger

	mu       sync.Mutex
	file     ledgerFile
	receipts map[string]Receipt // by order id
	broken   error              // why nothing more is written
}

// ledgerFile is the part of *os.File that a Ledger needs.
type ledgerFile interface {
	io.WriteCloser
	Sync() error
	Stat() (fs.FileInfo, error)
}

var errNotOpen = errors.New("not open")

// NewLedger returns a ledger that is not open yet.
func NewLedger(options *Options, log *zap.Logger) *Ledger {
	return &Ledger{
		path:   options.Ledger,
		lock:   newLock(options.Ledger),
		log:    log,
		broken: fmt.Errorf("worker: ledger %q: %w", options.Ledger, errNotOpen),
	}
}

// newLock returns the lock of a ledger. It locks the ledger itself, so that two
// workers that use different paths to the same file exclude each other. The system
// releases it when the process ends for any reason.
//
// On Windows nobody can read a locked file through another handle, not even the
// process that locked it, so a separate file is locked there.
func newLock(path string) *flock.Flock {
	if runtime.GOOS == "windows" {
		path += ".lock"
	}
	return flock.New(path)
}

// StartAsync opens or creates the file, locks it, and reads it. It cuts off a torn
// record at the end. Anything else that is wrong is an error, and the file is not
// changed.
func (l *Ledger) StartAsync(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(); err != nil {
		return fmt.Errorf("worker: ledger %q: %w", l.path, err)
	}
	l.log.Info("ledger open", zap.String("file", l.path), zap.Int("orders", len(l.receipts)))
	return nil
}

// StopAsync closes the file. All records are already on disk.
func (l *Ledger) StopAsync(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.file.Close(), l.lock.Unlock())
	l.file, l.broken = nil, fmt.Errorf("worker: ledger %q: %w", l.path, errNotOpen)
	return err
}

// Record appends an entry and returns when it is on disk. If the ledger already has
// the order, Record returns its receipt and appends nothing.
//
// After an error it is unknown how much of the record is in the file, and another
// record must not follow a torn one. So every later call returns the same error,
// and the next start repairs the file.
func (l *Ledger) Record(entry *Entry) (earlier *Receipt, err error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line) // ends the record with a newline
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(entry); err != nil {
		return nil, fmt.Errorf("worker: ledger %q: order %q: %w", l.path, entry.ID, err)
	}
	// The lock is held while the disk works: two orders with the same id must not
	// both be appended.
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return nil, l.broken
	}
	if receipt, known := l.receipts[entry.ID]; known {
		return &receipt, nil
	}
	if err := l.append(line.Bytes()); err != nil {
		l.broken = fmt.Errorf("worker: ledger %q: %w", l.path, err)
		return nil, l.broken
	}
	l.receipts[entry.ID] = Receipt{Source: entry.Source, SHA256: entry.SHA256}
	return nil, nil
}

func (l *Ledger) append(line []byte) error {
	if _, err := l.file.Write(line); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	return inPlace(l.file, l.path)
}

// inPlace checks that the open file is still the one at path. Data written to a
// file that was removed would be lost when the process ends.
func inPlace(file ledgerFile, path string) error {
	open, err := file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("removed while in use: %w", err)
	}
	if !os.SameFile(open, there) {
		return errors.New("replaced by another file while in use")
	}
	return nil
}

func (l *Ledger) open() error {
	if err := makeFolder(filepath.Dir(l.path)); err != nil {
		return err
	}
	if info, err := os.Stat(l.path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("want a file, this is %v", info.Mode())
	}
	file, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := l.take(file); err != nil {
		return errors.Join(err, file.Close(), l.lock.Unlock())
	}
	l.file, l.broken = file, nil
	return nil
}

func (l *Ledger) take(file *os.File) error {
	locked, err := l.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	if !locked {
		return errors.New("another worker has it open: stop that one, " +
			"or give this one a ledger of its own (Worker:Ledger); two would double orders")
	}
	if err := inPlace(file, l.path); err != nil { // the file that is open is the one that is locked
		return err
	}
	all, err := readRecords(file)
	if err != nil {
		return err
	}
	if len(all.torn) > 0 {
		if err := l.cutOff(all); err != nil {
			return fmt.Errorf("cut off a torn record: %w", err)
		}
	}
	// If a worker was killed between write and flush, there are records that can be
	// read now but would be lost in a power failure. Inputs are moved because of them.
	if err := file.Sync(); err != nil {
		return err
	}
	l.receipts = all.receipts
	return syncFolder(filepath.Dir(l.path))
}

// cutOff removes a torn record. It keeps a copy, in case the text was written by a
// person and not by a worker that was killed.
func (l *Ledger) cutOff(all *records) error {
	copied := l.path + ".torn"
	file, err := os.OpenFile(copied, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(all.torn, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	l.log.Warn("torn record cut off", zap.String("file", l.path), zap.Int("after_line", all.lines),
		zap.Int("bytes", len(all.torn)), zap.String("copy", copied))
	return os.Truncate(l.path, all.size) // by its name: Windows cannot truncate a file that is open to append
}
