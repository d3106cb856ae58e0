//go:build unix

package settingsfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fxhost/fxhost/internal/settingsfile"
)

// What is no file is not waited for, and what does not tell its size is not read
// whole.
func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe:             "is not a file but a p",
		os.DevNull:       "is not a file but a D",
		"/proc/kallsyms": "has more than 1048576 bytes", // says that it has none
	} {
		if _, err := os.Stat(path); err != nil {
			continue // not on this system
		}
		if _, err := settingsfile.Bytes(path); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}
