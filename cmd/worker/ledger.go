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
	"sync"

	"go.uber.org/zap"
)

// Ledger is the file of accepted orders. As a hosted service it is open, and
// locked, from its start to its stop.
//
// It is safe for concurrent use.
type Ledger struct {
	path string
	log  *zap.Logger

	mu       sync.Mutex
	file     ledgerFile
	receipts map[string]Receipt // by order id
	broken   error              // why nothing is written any more
}

// ledgerFile is what a Ledger needs of an *os.File.
type ledgerFile interface {
	io.WriteCloser
	Sync() error
	Stat() (fs.FileInfo, error)
}

var errNotOpen = errors.New("not open")

// NewLedger returns a ledger that is not open yet.
func NewLedger(options *Options, log *zap.Logger) *Ledger {
	return &Ledger{path: options.Ledger, log: log, broken: fmt.Errorf("worker: ledger %q: %w", options.Ledger, errNotOpen)}
}

// StartAsync opens the file, or makes it, locks and reads it. A record at its
// end that is torn is cut off; anything else that is wrong is an error, and
// nothing is changed.
func (l *Ledger) StartAsync(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(); err != nil {
		return fmt.Errorf("worker: ledger %q: %w", l.path, err)
	}
	l.log.Info("ledger open", zap.String("file", l.path), zap.Int("orders", len(l.receipts)))
	return nil
}

// StopAsync closes the file. What was recorded is on disk already.
func (l *Ledger) StopAsync(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file, l.broken = nil, fmt.Errorf("worker: ledger %q: %w", l.path, errNotOpen)
	return err
}

// Record appends an entry and returns when it is on disk. If the ledger has the
// order already, it returns what it knows of that, and appends nothing.
//
// After an error nobody knows how much of the record is in the file; appending
// to it could bury a torn record. So each later call returns the same error,
// and the next start sorts it out.
func (l *Ledger) Record(entry *Entry) (earlier *Receipt, err error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line) // ends the record with a newline
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(entry); err != nil {
		return nil, fmt.Errorf("worker: ledger %q: order %q: %w", l.path, entry.ID, err)
	}
	// The lock is kept while the disk works: two orders with one id must not
	// both find it free.
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
	return l.inPlace()
}

// inPlace tells whether the open file is still the one at the path: what is
// written to a file that was removed is gone when the process ends.
func (l *Ledger) inPlace() error {
	open, err := l.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(l.path)
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
		return errors.Join(err, file.Close())
	}
	l.file, l.broken = file, nil
	return nil
}

func (l *Ledger) take(file *os.File) error {
	err := lockFile(file)
	if errors.Is(err, errLocked) {
		return errors.New("another worker has it open: stop that one, " +
			"or give this one a ledger of its own (Worker:Ledger); two would double orders")
	}
	if err != nil {
		return fmt.Errorf("lock: %w", err)
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
	// A worker that was killed between write and flush has left records that we
	// can read and a power failure would take. Inputs are moved on their account.
	if err := file.Sync(); err != nil {
		return err
	}
	l.receipts = all.receipts
	return syncFolder(filepath.Dir(l.path))
}

// cutOff removes a torn record. A copy is kept: if it is not what a killed
// worker left, but something that a person wrote, it should not be lost.
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
