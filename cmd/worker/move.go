package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

var errInHand = errors.New("an input of this name is in hand already")

// Take moves an input from the spool folder to work. It renames it, so that a
// producer who puts a new file of this name into the spool folder at this very
// moment either had it taken or has it waiting; a link followed by a remove
// could remove the new one.
//
// An input is taken by one caller at a time, and nobody else writes to work:
// nothing there is overwritten.
func (s *Spool) Take(in Input) (Input, error) {
	taken := Input{Name: in.Name, Path: filepath.Join(s.work, in.Name), mode: in.mode}
	if there, err := exists(taken.Path); err != nil {
		return Input{}, err
	} else if there {
		return Input{}, errInHand
	}
	// The folders need no flush: if the rename is undone by a power failure, the
	// ledger tells that the input was here before.
	return taken, os.Rename(in.Path, taken.Path)
}

// Done moves an input in hand to done and returns the name that it has there.
func (s *Spool) Done(in Input) (string, error) {
	for n := 1; ; n++ {
		target := freeName(in.Name, n)
		err := moveNew(in.Path, filepath.Join(s.done, target))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("worker: move %q to done: %w", in.Name, err)
		}
		return target, nil
	}
}

// Fail moves an input in hand to failed and returns the name that it has there.
// The reason is beside it before it comes.
func (s *Spool) Fail(in Input, reason string) (string, error) {
	for n := 1; ; n++ {
		target := freeName(in.Name, n)
		placed, err := s.fail(in.Path, filepath.Join(s.failed, target), []byte(reason+"\n"))
		if err != nil {
			return "", fmt.Errorf("worker: move %q to failed: %w", in.Name, err)
		}
		if placed {
			return target, nil
		}
	}
}

// fail returns false if the name is not free.
func (s *Spool) fail(from, to string, reason []byte) (bool, error) {
	if there, err := exists(to); err != nil || there && !sameFile(from, to) {
		return false, err
	}
	if free, err := s.putReason(to+".reason.txt", reason); err != nil || !free {
		return false, err
	}
	err := moveNew(from, to)
	if errors.Is(err, fs.ErrExist) { // a moment ago it was not there
		return false, os.Remove(to + ".reason.txt")
	}
	return err == nil, err
}

// putReason writes a reason. It returns false if there is another one of this
// name. An equal one is taken for ours: a worker was killed before it moved the
// input.
func (s *Spool) putReason(path string, reason []byte) (bool, error) {
	if there, err := os.ReadFile(path); err == nil {
		return bytes.Equal(there, reason), nil
	}
	note := filepath.Join(s.work, fmt.Sprintf("%s%d", notePrefix, s.notes.Add(1)))
	if err := writeSynced(note, reason); err != nil {
		return false, err
	}
	err := moveNew(note, path)
	if err == nil {
		return true, nil
	}
	removed := os.Remove(note)
	if errors.Is(err, fs.ErrExist) {
		return false, removed
	}
	return false, errors.Join(err, removed)
}

// freeName is name for the first try, and then name with a number: a.json,
// a.2.json, a.3.json. A name that is too long for the file to which the ending
// of a reason is added is cut.
func freeName(name string, n int) string {
	const longest = 200
	stem := strings.TrimSuffix(name, ".json")
	for len(stem) > longest {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	if n > 1 {
		stem += fmt.Sprintf(".%d", n)
	}
	return stem + ".json"
}

// moveNew moves a file to a path that must be free; if it is not, the error is
// fs.ErrExist. The new name is on disk before the old one goes.
//
// os.Rename would overwrite what somebody else put there, and a look before it
// leaves a gap. A hard link fails if the name is taken, in one step. If a worker
// was killed before it removed the old name, both names are one file, and the
// second try goes on from there.
//
// Some file systems have no hard links, and Linux forbids them for files of
// other users (fs.protected_hardlinks). There we look and rename: a worker has
// its spool locked, so only a person who moves files into done or failed at
// that moment could lose one.
func moveNew(from, to string) error {
	err := os.Link(from, to)
	if errors.Is(err, fs.ErrExist) && !sameFile(from, to) {
		return err
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		if there, err := exists(to); err != nil {
			return err
		} else if there {
			return &os.LinkError{Op: "move", Old: from, New: to, Err: fs.ErrExist}
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
		return syncFolder(filepath.Dir(to))
	}
	if err := syncFolder(filepath.Dir(to)); err != nil {
		return err
	}
	return os.Remove(from)
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func sameFile(a, b string) bool {
	one, err := os.Lstat(a)
	if err != nil {
		return false
	}
	other, err := os.Lstat(b)
	return err == nil && os.SameFile(one, other)
}
