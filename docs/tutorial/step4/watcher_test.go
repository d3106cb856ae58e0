package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/host/hosttest"
)

func settings(folder string) hosttest.Settings {
	return hosttest.Settings{"Watcher:Folder": folder, "Watcher:Interval": "1h"}
}

func TestWatcherCountsTheFiles(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		host := hosttest.Start(t, settings(folder), services())

		time.Sleep(24 * time.Hour)
		synctest.Wait()

		counted := host.Logs.FilterMessage("files waiting")
		if counted.Len() != 24 {
			t.Errorf("counted %d times, want 24", counted.Len())
		}
		if got := counted.All()[0].ContextMap()["count"]; got != int64(1) {
			t.Errorf("count %v, want 1", got)
		}
	})
}

func TestAFolderThatIsGoneStopsTheHost(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "inbox")
	synctest.Test(t, func(t *testing.T) {
		host := hosttest.Start(t, settings(folder), services())
		if err := os.Remove(folder); err != nil {
			t.Fatal(err)
		}

		err := host.WaitForShutdown(context.Background())

		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v, want that of the missing folder", err)
		}
	})
}
