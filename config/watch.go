package config

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/fields"
)

const (
	quiet    = 250 * time.Millisecond // without an event, before the files are read
	patience = 2 * time.Second        // for the quiet to come
	polling  = 4 * time.Second        // between two looks where there are no events
)

// Watcher is a hosted service that reloads a [Manager] when one of its files changes
// ([FileBased]). Package host runs one; other programs add it by
//
//	hosted.AddHostedService[*config.Watcher](config.NewWatcher)
//
// It watches directories, not files, so it survives whatever editors and Kubernetes
// do to a file. It reads the files 250 ms after the last event, and reloads if their
// content differs from what was read last. It begins to watch 250 ms after its
// start, and then notices changes since the files were first read. An invalid file or
// value changes nothing; it is logged, counted ([Manager.Status]) and shown in the
// status of the service until the file is valid again.
//
// Where the system gives no events, or if the key hostBuilder:usePollingFileWatcher
// is true, it looks every 4 seconds. Otherwise its goroutine waits for the system, so
// the clock of a testing/synctest bubble would stand still: leave it out there.
type Watcher struct {
	manager *Manager
	log     *zap.Logger
	last    atomic.Pointer[error] // what went wrong at last
	wake    chan struct{}         // has one when the Manager has got more sources
	cancel  context.CancelFunc
	done    chan struct{} // closed when run has returned

	// Of run's goroutine.
	events  *fsnotify.Watcher // nil if there are none
	folders folders
	poll    bool
}

// NewWatcher returns a Watcher of the files of a Manager, including those of sources
// that are added later.
func NewWatcher(m *Manager, log *zap.Logger) *Watcher {
	return &Watcher{manager: m, log: log, wake: make(chan struct{}, 1)}
}

// StartAsync starts the goroutine that watches.
func (w *Watcher) StartAsync(ctx context.Context) error {
	var keys struct {
		UsePollingFileWatcher bool
		Other                 map[string]any `config:",remain"`
	}
	if err := w.manager.Bind("hostBuilder", &keys); err != nil {
		return err
	}
	w.poll = keys.UsePollingFileWatcher
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.cancel, w.done = cancel, make(chan struct{})
	go w.run(ctx)
	return nil
}

// StopAsync returns when nothing is watched any more. A function given to
// OnChange that runs at that time is waited for.
func (w *Watcher) StopAsync(ctx context.Context) error {
	if w.cancel == nil {
		return nil // it was never started
	}
	w.cancel()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("config: a function given to OnChange has not returned: %w", context.Cause(ctx))
	}
}

// LastError implements hosted.ErrorReporter: what was wrong with the last
// reload, nil if it succeeded.
func (w *Watcher) LastError() error {
	if err := w.last.Load(); err != nil {
		return *err
	}
	return nil
}

func (w *Watcher) run(ctx context.Context) {
	defer func() {
		close(w.done)
		// Linux takes up to 16 ms to close what has ever watched a folder. Nobody
		// waits for that; nor has a life that was too short to watch anything.
		if w.events != nil {
			_ = w.events.Close()
		}
	}()
	defer w.manager.grown.add(func() {}, func() {
		select {
		case w.wake <- struct{}{}:
		default: // it has not been looked at yet
		}
	})()
	settled := time.NewTimer(quiet)
	defer settled.Stop()
	var first time.Time // sign of a change since the last look, zero if there was none
	for {
		var events chan fsnotify.Event // stays silent if there are none
		var failures chan error
		if w.events != nil {
			events, failures = w.events.Events, w.events.Errors
		}
		select {
		case <-ctx.Done():
			return
		case event := <-events:
			if !w.matters(event) {
				continue
			}
		case <-w.wake:
		case err := <-failures: // events were lost
			w.log.Debug("watching files failed", zap.Error(err))
		case <-settled.C:
			told := !first.IsZero()
			first = time.Time{}
			w.follow()
			switch {
			case told:
				w.reload()
			case w.manager.outdated(): // and may be half written
				first = time.Now()
				settled.Reset(quiet)
				continue
			}
			if w.poll {
				settled.Reset(polling)
			}
			continue
		}
		if first.IsZero() {
			first = time.Now()
		}
		settled.Reset(max(0, min(quiet, patience-time.Since(first))))
	}
}

// matters tells whether an event can be about a file of ours: others may be
// written all the time.
func (w *Watcher) matters(event fsnotify.Event) bool {
	if w.folders[event.Name] != nil {
		return true // the folder itself
	}
	i := w.folders[filepath.Dir(event.Name)]
	if i == nil || i.all {
		return i != nil
	}
	for name := range i.names { // some systems do not tell the case apart
		if strings.EqualFold(name, filepath.Base(event.Name)) {
			return true
		}
	}
	return false
}

// follow brings the watched folders up to date. What changes while it does is
// seen by going round again.
func (w *Watcher) follow() {
	for range 10 {
		folders := folders{}
		for _, path := range w.manager.watched() {
			folders.follow(path)
		}
		if w.poll && w.events == nil || len(folders) == 0 {
			return
		}
		if w.events == nil {
			events, err := fsnotify.NewWatcher()
			if err != nil {
				w.fallBack(err)
				return
			}
			w.events = events
		}
		added := false
		for folder, i := range folders {
			if _, known := w.folders[folder]; known && slices.Contains(w.events.WatchList(), folder) {
				continue
			}
			if err := w.events.Add(folder); err == nil {
				added = true
			} else if i.must && !w.poll {
				w.fallBack(err)
			}
		}
		for folder := range w.folders {
			if _, ok := folders[folder]; !ok {
				_ = w.events.Remove(folder) // which may have gone by itself
			}
		}
		w.folders = folders
		if !added {
			return
		}
	}
}

// fallBack looks at the files from time to time.
func (w *Watcher) fallBack(err error) {
	w.poll = true
	w.log.Warn("configuration files are polled", zap.Duration(fields.Delay, polling), zap.Error(err))
}

func (w *Watcher) reload() {
	before := w.manager.snapshot()
	done, err := w.manager.reload(false)
	if !done {
		return
	}
	if err != nil {
		w.log.Error("configuration not reloaded", zap.Error(err))
		w.last.Store(&err)
		return
	}
	w.last.Store(nil)
	files := zap.Strings(fields.Files, w.manager.Files())
	if same(before.root, w.manager.snapshot().root) {
		w.log.Debug("configuration reloaded", files)
	} else {
		w.log.Info("configuration reloaded", files)
	}

	if err := w.manager.changes.notify(); err != nil {
		w.last.Store(&err)
		fs := []zap.Field{zap.Error(err)}
		if p := new(hosted.PanicError); errors.As(err, &p) {
			fs = append(fs, zap.ByteString(fields.Stack, p.Stack))
		}
		w.log.Error("configuration change handler failed", fs...)
	}
}
