package logging_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/logging"
)

// Close waits for the compression, so that no file is left half done.
func TestCloseWaitsUntilFilesAreCompressed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, _ := toFile(t, dir, map[string]any{
		"Console:LogLevel:Default": "None", "File": map[string]any{"Path": "app.log", "MaxSize": "1MiB", "Compress": true},
	})
	filler := zap.String("filler", strings.Repeat("x", 100<<10))
	const records = 35
	for range records {
		log.Info("counted", filler)
	}
	for range 2 {
		if err := logging.Close(log); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "app*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("files %q, %v", files, err)
	}
	found := 0
	for _, path := range files {
		text := read(t, path)
		if filepath.Ext(path) == ".gz" {
			text = unzipped(t, path)
		} else if path != filepath.Join(dir, "app.log") {
			t.Errorf("%s is not compressed", path)
		}
		found += strings.Count(text, `"counted"`)
	}
	if found != records {
		t.Errorf("%d records, want %d", found, records)
	}
}

func unzipped(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The library has no way to write it; that must not be silent.
func TestARecordLargerThanAFileIsToldToTheErrorOutput(t *testing.T) {
	t.Parallel()
	configuration, err := config.New(config.Map(map[string]any{
		"Logging:File": map[string]any{"Path": filepath.Join(t.TempDir(), "app.log"), "MaxSize": "1MiB"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	console, bad := &bytes.Buffer{}, &bytes.Buffer{}
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(console), ErrorOutput: zapcore.AddSync(bad)})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("large", zap.String("filler", strings.Repeat("x", 2<<20)))
	if err := logging.Close(log); err != nil {
		t.Error(err)
	}
	if !strings.Contains(bad.String(), "exceeds maximum file size") || !strings.Contains(console.String(), "large") {
		t.Errorf("error output %q", bad)
	}
}

func TestOldFilesAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, _ := toFile(t, dir, map[string]any{
		"Console:LogLevel:Default": "None", "File": map[string]any{"Path": "app.log", "MaxSize": "1MiB", "MaxFiles": 2},
	})
	filler := zap.String("filler", strings.Repeat("x", 600<<10))
	for range 8 {
		log.Info("m", filler) // each needs a file of its own
		// The names of old files have the time of their rotation in milliseconds.
		for now := time.Now().UnixMilli(); time.Now().UnixMilli() == now; {
			runtime.Gosched()
		}
	}
	if err := logging.Close(log); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "app*"))
	if err != nil || len(files) != 3 {
		t.Errorf("files %q, %v; want one and the last two", files, err)
	}
}
