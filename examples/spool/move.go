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

// Take moves an input from the spool folder to work. It renames the file: if a
// producer replaces the file at the same moment, the new file is either taken or
// still there. A link followed by a remove could remove the new file.
//
// Only one caller at a time takes an input, and nothing else writes to work, so
// nothing there is overwritten.
func (s *Spool) Take(in Input) (Input, error) {
	taken := Input{Name: in.Name, Path: filepath.Join(s.work, in.Name), mode: in.mode}
	if there, err := exists(taken.Path); err != nil {
		return Input{}, err
	} else if there {
		return Input{}, errInHand
	}
	// The folders need no flush: if a power failure undoes the rename, the ledger
	// shows that the input was taken before.
	return taken, os.Rename(in.Path, taken.Path)
}

// Done moves an input from work to done and returns its new name.
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

// Fail moves an input from work to failed and returns its new name. The reason is
// written first.
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
	if errors.Is(err, fs.ErrExist) { // it was created after the check above
		return false, os.Remove(to + ".reason.txt")
	}
	return err == nil, err
}

// putReason writes a reason. It returns false if there is a different one of this
// name. An equal one was written by a worker that was killed before it moved the
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

// freeName returns name for the first try, and name with a number for later ones:
// a.json, a.2.json, a.3.json. It shortens long names, so that the suffix of a
// reason can be added.
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

// moveNew moves a file to a path that must not exist; otherwise the error is
// fs.ErrExist. The new name is on disk before the old one is removed.
//
// os.Rename would overwrite an existing file, even after a check. A hard link fails
// atomically if the name exists. If a worker was killed before it removed the old
// name, both names refer to one file, and the next try continues from there.
//
// Some file systems have no hard links, and Linux forbids them for files of other
// users (fs.protected_hardlinks). In this case moveNew checks and renames. Because
// the spool is locked, only a file that a person moves into done or failed at the
// same moment could be overwritten.
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
