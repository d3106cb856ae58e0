package config_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/config"
)

// The watcher waits for the system and the real clock, so these tests do, too:
// for what must happen as long as it takes, never for a fixed time.

type watched struct {
	*config.Manager
	watcher *config.Watcher
	logs    *observer.ObservedLogs
	changes chan string // values of A
}

// watch starts a watcher of sources.
func watch(t *testing.T, sources ...config.Source) *watched {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	w := &watched{Manager: load(t, sources...), logs: logs, changes: make(chan string, 100)}
	w.OnChange(func() {
		value, _ := w.Get("A")
		w.changes <- value
	})
	w.watcher = config.NewWatcher(w.Manager, zap.New(core))
	if err := w.watcher.StartAsync(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.watcher.StopAsync(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// becomes waits until A has a value; any other on the way is an error.
func (w *watched) becomes(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-w.changes:
		if got != want {
			t.Fatalf("A became %q, want %q", got, want)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("A did not become %q; last error %v", want, w.watcher.LastError())
	}
}

// fails waits until the last reload has failed with a text.
func (w *watched) fails(t *testing.T, text string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if err := w.watcher.LastError(); err != nil && strings.Contains(err.Error(), text) {
			return
		} else if time.Since(begin) > 2*time.Minute {
			t.Fatalf("last error %v, want %q", err, text)
		}
	}
}

func json(a int) string { return fmt.Sprintf(`{"A": %d}`, a) }

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err) // Windows, without the right to
	}
}

func TestTheWatcherSurvivesWhatEditorsDo(t *testing.T) { // V2, V3, CG-12
	t.Parallel()
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "a.json"), json(1))
	w := watch(t, config.OptionalFile(path))

	writeFile(t, path, json(2)) // truncate, then write
	w.becomes(t, "2")
	writeFile(t, path+".tmp", json(3))
	rename(t, path+".tmp", path)
	w.becomes(t, "3")
	remove(t, path)
	w.becomes(t, "")
	writeFile(t, path, json(4))
	w.becomes(t, "4")
	writeFile(t, path, `{"A": `)
	w.fails(t, "a.json: line 1")
	wantGet(t, w.Manager, "A", "4")
	writeFile(t, path, json(5))
	w.becomes(t, "5")
	if err := w.watcher.LastError(); err != nil {
		t.Errorf("last error %v", err)
	}
	if s := w.Status(); s.Failures != 1 || s.LastError != nil {
		t.Errorf("status %+v", s)
	}
	if n := w.logs.FilterMessage("configuration not reloaded").Len(); n != 1 {
		t.Errorf("%d errors logged, want 1", n)
	}
}

func TestTheWatcherSurvivesWhatKubernetesDoes(t *testing.T) { // V13
	t.Parallel()
	mount := t.TempDir()
	writeFile(t, filepath.Join(mkdir(t, filepath.Join(mount, "..1")), "a.json"), json(1))
	link(t, "..1", filepath.Join(mount, "..data"))
	link(t, filepath.Join("..data", "a.json"), filepath.Join(mount, "a.json"))
	w := watch(t, config.File(filepath.Join(mount, "a.json")))
	for i := 2; i < 5; i++ {
		version := fmt.Sprintf("..%d", i)
		writeFile(t, filepath.Join(mkdir(t, filepath.Join(mount, version)), "a.json"), json(i))
		link(t, version, filepath.Join(mount, "..data_tmp"))
		rename(t, filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data"))
		remove(t, filepath.Join(mount, fmt.Sprintf("..%d", i-1)))
		w.becomes(t, fmt.Sprint(i))
	}
}

func TestTheWatcherFollowsLinksElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := mkdir(t, filepath.Join(dir, "releases", "1")), mkdir(t, filepath.Join(dir, "releases", "2"))
	writeFile(t, filepath.Join(one, "a.json"), json(1))
	writeFile(t, filepath.Join(two, "a.json"), json(2))
	link(t, one, filepath.Join(dir, "current"))
	w := watch(t, config.File(filepath.Join(dir, "current", "a.json")))
	writeFile(t, filepath.Join(one, "a.json"), json(3)) // where the link leads
	w.becomes(t, "3")
	link(t, two, filepath.Join(dir, "next"))
	rename(t, filepath.Join(dir, "next"), filepath.Join(dir, "current"))
	w.becomes(t, "2")
	writeFile(t, filepath.Join(two, "a.json"), json(4))
	w.becomes(t, "4")
}

func TestTheWatcherWaitsForAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := filepath.Join(dir, "x", "y")
	w := watch(t, config.OptionalFile(filepath.Join(folder, "a.json")))
	writeFile(t, filepath.Join(mkdir(t, folder), "a.json"), json(1))
	w.becomes(t, "1")
	writeFile(t, filepath.Join(folder, "a.json"), json(2))
	w.becomes(t, "2")
	rename(t, folder, filepath.Join(dir, "old"))
	w.becomes(t, "")
	writeFile(t, filepath.Join(mkdir(t, folder), "a.json"), json(3))
	w.becomes(t, "3")
}

func TestTheWatcherWatchesSourcesThatComeLater(t *testing.T) {
	t.Parallel()
	w := watch(t)
	path := writeFile(t, filepath.Join(t.TempDir(), "a.json"), json(1))
	if err := w.Add(config.File(path)); err != nil {
		t.Fatal(err)
	}
	w.becomes(t, "1")
	writeFile(t, path, json(2))
	w.becomes(t, "2")
}

func TestWhatChangedBeforeTheWatcherStartedIsNoticed(t *testing.T) {
	t.Parallel()
	path := writeFile(t, filepath.Join(t.TempDir(), "a.json"), json(1))
	m := load(t, config.File(path))
	changed := make(chan struct{}, 1)
	m.OnChange(func() { changed <- struct{}{} })
	writeFile(t, path, json(2))
	w := config.NewWatcher(m, zap.NewNop())
	if err := w.StartAsync(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-changed
	wantGet(t, m, "A", "2")
	for range 2 { // twice is not too often
		if err := w.StopAsync(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestTheWatcherPollsWhenItIsTold(t *testing.T) { // CG-12
	t.Parallel()
	path := writeFile(t, filepath.Join(t.TempDir(), "a.json"), json(1))
	w := watch(t, config.File(path), config.Map(map[string]any{"hostBuilder:usePollingFileWatcher": true}))
	writeFile(t, path, json(2))
	w.becomes(t, "2")
}

func TestOtherFilesOfTheFolderAreNoReasonToRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "a.json"), json(1))
	w := watch(t, config.File(path))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // a log that is written all the time
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				_ = os.WriteFile(filepath.Join(dir, "log"), []byte(json(i)), 0o600)
			}
		}
	}()
	writeFile(t, path, json(2))
	w.becomes(t, "2")
	close(stop)
	<-stopped
	if s := w.Status(); s.Reloads != 1 {
		t.Errorf("status %+v", s)
	}
}

func TestStoppingAWatcherThatWasNeverStarted(t *testing.T) {
	t.Parallel()
	if err := config.NewWatcher(load(t), zap.NewNop()).StopAsync(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStopAsyncDoesNotWaitForEverForASubscriber(t *testing.T) {
	t.Parallel()
	path := writeFile(t, filepath.Join(t.TempDir(), "a.json"), json(1))
	m := load(t, config.File(path))
	entered, release := make(chan struct{}), make(chan struct{})
	m.OnChange(func() {
		close(entered)
		<-release
	})
	w := config.NewWatcher(m, zap.NewNop())
	writeFile(t, path, json(2))
	if err := w.StartAsync(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantError(t, w.StopAsync(ctx), "config: a function given to OnChange has not returned: context canceled")
	close(release)
	if err := w.StopAsync(t.Context()); err != nil {
		t.Error(err)
	}
}

// Whoever writes a file may have written half of it when the watcher starts, or
// when it looks: nothing is taken that has changed within the last 250 ms. The files
// are real and the clock is not, since there are no events here.
func TestWhatIsBeingWrittenIsNotTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		writeFile(t, filepath.Join(dir, "A"), "old")
		m := load(t, config.KeyPerFile(dir), config.Map(map[string]any{"hostBuilder:usePollingFileWatcher": true}))
		var changes []string
		m.OnChange(func() {
			value, _ := m.Get("A")
			changes = append(changes, value)
		})
		writeFile(t, filepath.Join(dir, "A"), "")
		w := config.NewWatcher(m, zap.NewNop())
		if err := w.StartAsync(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(251 * time.Millisecond) // the first look has been
		writeFile(t, filepath.Join(dir, "A"), "new")
		time.Sleep(4 * time.Second)
		writeFile(t, filepath.Join(dir, "A"), "")
		time.Sleep(300 * time.Millisecond) // the second look has been
		writeFile(t, filepath.Join(dir, "A"), "newer")
		time.Sleep(5 * time.Second)
		if err := w.StopAsync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(changes, []string{"new", "newer"}) {
			t.Errorf("A became %q", changes)
		}
	})
}
