package main

import (
	"io/fs"
	"sync"
	"time"
)

// settleTime is how long an invalid file must be unchanged before it is refused. It
// may still be being written.
const settleTime = time.Second

// patience remembers the inputs that were left for the next scan: since when they
// have not changed, and what was logged about them, so that it is logged once. It is
// safe for concurrent use.
type patience struct {
	mu    sync.Mutex
	files map[string]*left // by path
}

type left struct {
	size     int64
	modified time.Time
	since    time.Time // when this size and time were first seen
	trouble  string
}

func newPatience() *patience { return &patience{files: map[string]*left{}} }

// settled reports whether a file has not changed for a while, according to its
// modification time or to what was seen. The modification time may come from the
// clock of another machine.
func (p *patience) settled(input Input, info fs.FileInfo) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	file := p.file(input.Path)
	if file.since.IsZero() || file.size != info.Size() || !file.modified.Equal(info.ModTime()) {
		file.size, file.modified, file.since = info.Size(), info.ModTime(), now
	}
	return now.Sub(file.modified) >= settleTime || now.Sub(file.since) >= settleTime
}

// news reports whether trouble has not yet been logged for the file.
func (p *patience) news(input Input, trouble string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	file := p.file(input.Path)
	if file.trouble == trouble {
		return false
	}
	file.trouble = trouble
	return true
}

// keep forgets all files except those that still exist.
func (p *patience) keep(inHand, waiting []Input) {
	p.mu.Lock()
	defer p.mu.Unlock()
	files := make(map[string]*left, len(p.files))
	for _, inputs := range [][]Input{inHand, waiting} {
		for _, input := range inputs {
			if file := p.files[input.Path]; file != nil {
				files[input.Path] = file
			}
		}
	}
	p.files = files
}

func (p *patience) file(path string) *left {
	file := p.files[path]
	if file == nil {
		file = &left{}
		p.files[path] = file
	}
	return file
}
