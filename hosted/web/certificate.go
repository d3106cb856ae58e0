package web

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// certificate is that of the files, which are looked at in each handshake: that is
// little beside the handshake, and needs no goroutine.
type certificate struct {
	path, keyPath string
	log           *zap.Logger

	mu      sync.Mutex
	current *tls.Certificate
	seen    [2]stamp // of the files when they were last read, whatever came of it
}

// stamp tells one state of a file from another.
type stamp struct {
	info  fs.FileInfo
	size  int64
	since time.Time
}

func (s stamp) same(other stamp) bool {
	if s.info == nil || other.info == nil {
		return s.info == nil && other.info == nil
	}
	return os.SameFile(s.info, other.info) && s.size == other.size && s.since.Equal(other.since)
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info, info.Size(), info.ModTime()}
}

// loadCertificate reads the certificate; the error names the file.
func loadCertificate(path, keyPath string, log *zap.Logger) (*certificate, error) {
	c := &certificate{path: path, keyPath: keyPath, log: log, seen: [2]stamp{stampOf(path), stampOf(keyPath)}}
	var err error
	c.current, err = c.read()
	return c, err
}

func (c *certificate) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.path, c.keyPath)
	if err != nil {
		if pathError := (*fs.PathError)(nil); !errors.As(err, &pathError) {
			err = &fs.PathError{Op: "use", Path: c.path, Err: err}
		}
		return nil, err
	}
	return &pair, nil
}

// get is for tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	now := [2]stamp{stampOf(c.path), stampOf(c.keyPath)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now[0].same(c.seen[0]) && now[1].same(c.seen[1]) {
		return c.current, nil
	}
	c.seen = now
	replacement, err := c.read()
	if err != nil {
		c.log.Error("certificate not replaced", zap.String(fields.Path, c.path), zap.Error(err))
		return c.current, nil
	}
	c.current = replacement
	c.log.Info("certificate replaced", zap.String(fields.Path, c.path), zap.Time(fields.Expires, replacement.Leaf.NotAfter))
	return c.current, nil
}
