package logging

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/DeRuina/timberjack"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
)

const (
	mebibyte = 1 << 20
	day      = 24 * time.Hour
)

// check refuses what timberjack cannot do: it counts in MiB and days.
func (f *file) check(p *problems) {
	if f.Path == "" {
		p.add("File:Path", errors.New("is missing"), "")
	}
	if f.MaxSize < 0 || f.MaxSize%mebibyte != 0 {
		p.add("File:MaxSize", errors.New(`want whole MiB, such as "100MiB"`), "")
	}
	if f.MaxAge < 0 || f.MaxAge%day != 0 {
		p.add("File:MaxAge", errors.New(`want whole days, such as "168h" for a week`), "")
	}
	if f.MaxFiles < 0 {
		p.add("File:MaxFiles", errors.New("must not be less than zero"), "")
	}
	_, err := newTimestamp(f.FormatterOptions)
	p.add("File:FormatterOptions:TimestampFormat", err, "")
}

func (f *file) encoder() zapcore.Encoder {
	if f.FormatterName == "" {
		return formatJSON.encoder(f.FormatterOptions, nil)
	}
	return f.FormatterName.encoder(f.FormatterOptions, nil)
}

// logFile is a file that is rotated.
type logFile struct{ *timberjack.Logger }

// open makes the file, so that what is wrong with it is known now.
func (f *file) open(contentRoot string) (*logFile, error) {
	path := f.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(contentRoot, path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, f.cannot(path, err)
	}
	opened, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return nil, f.cannot(path, err)
	}
	if err := opened.Close(); err != nil {
		return nil, f.cannot(path, err)
	}
	l := &timberjack.Logger{
		Filename: path, MaxSize: int(f.MaxSize / mebibyte), MaxAge: int(f.MaxAge / day), MaxBackups: f.MaxFiles, Compression: "none",
	}
	if f.Compress {
		l.Compression = "gzip"
	}
	return &logFile{l}, nil
}

func (f *file) cannot(path string, err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		err = e.Err
	}
	return &config.KeyError{Key: "Logging:File:Path", Value: fmt.Sprintf("%q", f.Path), Err: fmt.Errorf("cannot write %s: %w", path, err)}
}
