package main

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host/hosttest"
)

// asWorker makes the test binary the worker itself, so that one test meets a real
// signal and a real exit code.
const asWorker = "WORKER_TEST_AS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// write replaces a file in one step, so that nobody reads half of it.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+".tmp", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
}

// fixture is the worker in a host for tests, with an empty inbox and an interval of
// an hour.
type fixture struct {
	*hosttest.Host
	folder   string
	settings hosttest.Settings
	manager  *config.Manager
	store    *Store
}

func start(t *testing.T, folder string) *fixture {
	t.Helper()
	f := &fixture{folder: folder, settings: hosttest.Settings{"Inbox:Folder": folder, "Inbox:Interval": "1h"}}
	f.Host = hosttest.Start(t, f.settings, services(), fx.Populate(&f.manager, &f.store))
	return f
}

func (f *fixture) put(t *testing.T, name, content string) {
	t.Helper()
	write(t, filepath.Join(f.folder, name), content)
}

// after lets time pass and returns how many records of a message there are then.
func (f *fixture) after(d time.Duration, message string) int {
	time.Sleep(d)
	synctest.Wait()
	return f.Logs.FilterMessage(message).Len()
}

func TestEachFileIsHandledOnceAndAgainWhenItChanges(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := start(t, folder)
		f.put(t, "monday.csv", "tea,12\ncoffee,30\n")
		f.put(t, "tuesday.csv", "tea,15\n")
		if n := f.after(24*time.Hour, "file handled"); n != 2 {
			t.Errorf("handled %d files in a day, want 2", n)
		}
		f.put(t, "tuesday.csv", "tea,1\ntea,2\n")
		if n := f.after(time.Hour, "file handled"); n != 3 || f.store.Sold()["tea"] != 15 || f.store.Sold()["coffee"] != 30 {
			t.Errorf("handled %d, sold %v", n, f.store.Sold())
		}
	})
}

func TestABadLineRefusesItsFileAndNothingElse(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := start(t, folder)
		f.put(t, "bad.csv", "tea,5\n\ncoffee,a few\n")
		f.put(t, "good.csv", "tea,12\n")
		if n := f.after(24*time.Hour, "file refused"); n != 1 {
			t.Fatalf("refused %d times, want 1", n)
		}
		want := `line 3: "a few": want a count from 1 to 100`
		if got := f.Logs.FilterMessage("file refused").All()[0].ContextMap()["error"]; got != want {
			t.Errorf("error is %q, want %q", got, want)
		}
		if got := f.store.Sold()["tea"]; got != 12 {
			t.Errorf("sold %d of tea: a part of the bad file is in the store", got)
		}
		f.put(t, "bad.csv", "tea,5\n\ncoffee,3\n")
		f.after(time.Hour, "file handled")
		if sold := f.store.Sold(); sold["tea"] != 17 || sold["coffee"] != 3 {
			t.Errorf("sold %v after the file was mended", sold)
		}
	})
}

func TestOptionsAreTakenOverWhileTheWorkerRuns(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := start(t, folder)
		f.put(t, "busy.csv", "tea,250\n")
		if n := f.after(2*time.Hour, "scan"); n != 3 {
			t.Errorf("%d scans in two hours, want 3", n)
		}
		f.settings["Inbox:Interval"], f.settings["Inbox:MaxCount"] = "1m", 500
		if err := f.manager.Reload(); err != nil {
			t.Fatal(err)
		}
		if n := f.after(10*time.Minute, "scan"); n != 13 {
			t.Errorf("%d scans after ten more minutes, want 13", n)
		}
		if got := f.store.Sold()["tea"]; got != 250 {
			t.Errorf("sold %d of tea under the new limit, want 250", got)
		}
		f.settings["Inbox:Interval"] = "0s"
		if err := f.manager.Reload(); err == nil || !strings.Contains(err.Error(), `Inbox:Interval: "0s": must be positive`) {
			t.Errorf("error is %v", err)
		}
		if n := f.after(10*time.Minute, "scan"); n != 23 {
			t.Errorf("%d scans after options that were refused, want 23", n)
		}
	})
}

func TestAMissingFolderStopsTheHost(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f := start(t, folder)
		f.after(time.Hour, "scan")
		if err := os.Remove(folder); err != nil {
			t.Fatal(err)
		}
		if err := f.WaitForShutdown(t.Context()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "main.Inbox") {
			t.Errorf("error is %v, want that of the missing folder", err)
		}
	})
}

// What the README says to change, in real files, and then a real signal and a real
// exit code.
func TestTheWorkerReactsToEditsAndCtrlC(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("cannot send itself Ctrl-C")
	}
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	worker := exec.CommandContext(ctx, os.Args[0], "--contentRoot="+root)
	worker.Env = append(os.Environ(), asWorker+"=1")
	worker.Stderr = os.Stderr
	output, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	says := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("the worker ended before it said %q", text)
	}
	edit := func(name, old, replacement string) {
		t.Helper()
		path := filepath.Join(root, name)
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), old) {
			t.Fatalf("%s has no %s: %v", name, old, err)
		}
		write(t, path, strings.Replace(string(content), old, replacement, 1))
	}
	says(`file handled	{"file": "2-tuesday.csv", "sold": {"cake":4,"coffee":71,"scone":9,"tea":27}}`)
	says(`line 2: "a few": want a count from 1 to 100`)
	says(`line 2: "250": want a count from 1 to 100`)
	edit("inbox/3-wednesday.csv", "a few", "12")
	says(`file handled	{"file": "3-wednesday.csv"`)
	edit("appsettings.json", `"MaxCount": 100`, `"MaxCount": 300`)
	says(`file handled	{"file": "4-thursday.csv"`)
	edit("appsettings.json", `"Interval": "1s"`, `"Interval": "200ms"`)
	says(`options changed	{"interval": "200ms", "max_count": 300}`)
	edit("appsettings.json", `"main": "Information"`, `"main": "Debug"`)
	says("scan")
	edit("appsettings.json", `"Interval": "200ms"`, `"Interval": "200"`)
	says("configuration not reloaded")
	says(`appsettings.json:4)`)
	if err := worker.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	says("inbox closed")
	says("host stopped")
	if err := worker.Wait(); err != nil {
		t.Errorf("the worker ended with %v, want exit code 0", err)
	}
}
