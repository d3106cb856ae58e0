package host

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/fields"
)

// construct has fx run the constructors.
func (h *Host) construct(options []fx.Option) (err error) {
	defer func() {
		// fx.RecoverFromPanics would lose the stack.
		if value := recover(); value != nil {
			stack := debug.Stack()
			h.log.Debug("constructor panicked", zap.String(fields.Stack, string(stack)))
			err = fmt.Errorf("host: build: constructor at %s: %w",
				userFrame(string(stack)), &hosted.PanicError{Value: value, Stack: stack})
		}
	}()
	err = fx.New(h.graph(options)).Err()
	h.addReasons(err, options)
	return h.events.explain(err)
}

// addReasons asks fx why it has not the types that scoped constructors miss. It
// runs no constructors.
func (h *Host) addReasons(err error, options []fx.Option) {
	var missing *scope.MissingError
	switch e := err.(type) { //nolint:errorlint // each error of the tree is looked at
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			h.addReasons(err, options)
		}
		return
	default:
		if !errors.As(err, &missing) {
			return
		}
		if missing != err { //nolint:errorlint // the same value
			h.addReasons(errors.Unwrap(err), options)
			return
		}
	}
	ask := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{missing.Type}, nil, false), nil)
	reason := fx.ValidateApp(h.graph(options), fx.NopLogger, fx.Invoke(ask.Interface()))
	if reason != nil && missing.Name == "" && strings.Contains(brief(reason), "failed to build") {
		missing.Reason = errors.New(brief(reason)) // a mere "missing type" is known
	}
}

// constructWithin is construct for as long as Run may wait for it. A
// constructor that does not return is left behind.
func (h *Host) constructWithin(ctx context.Context, options []fx.Option) error {
	defer h.stopWith(ctx)()
	built := make(chan error, 1)
	go func() { //nolint:contextcheck // constructors have no context
		err := errors.New("host: build: a constructor has ended its goroutine (runtime.Goexit)")
		defer func() { built <- err }()
		err = h.construct(options)
	}()
	var startup <-chan time.Time
	if limit := h.options.StartupTimeout; limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		startup = timer.C
	}
	limit := &hosted.TimeoutError{Name: "startup", Limit: h.options.StartupTimeout}
	select {
	case err := <-built:
		return err
	case <-startup:
	case <-h.Lifetime().StopRequested():
		limit = &hosted.TimeoutError{Name: "shutdown", Limit: h.options.ShutdownTimeout}
		h.log.Info("host stopping: waiting for a constructor to return",
			zap.String(fields.Reason, h.Lifetime().Cause().Error()))
		timer := time.NewTimer(limit.Limit)
		defer timer.Stop()
		select {
		case err := <-built:
			return err
		case <-timer.C:
		}
	}
	return fmt.Errorf("host: build: constructor at %s has not returned: %w", whereConstructing(), limit)
}

// whereConstructing is the line of the application that a construct of this
// process is at.
func whereConstructing() string {
	stacks := make([]byte, 1<<20)
	for goroutine := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(goroutine, "host.(*Host).construct(") {
			return userFrame(goroutine)
		}
	}
	return unknownPlace
}

const unknownPlace = "unknown place"

// userFrame is the first place of the application in a stack trace, in which
// each function is followed by a line with its place.
func userFrame(trace string) string {
	lines := strings.Split(trace, "\n")
	for i := 0; i+1 < len(lines); i++ {
		place, ok := strings.CutPrefix(lines[i+1], "\t")
		if !ok || strings.HasPrefix(lines[i], "panic(") || strings.HasPrefix(lines[i], "runtime") {
			continue
		}
		place, _, _ = strings.Cut(place, " +0x")
		file, _, _ := strings.Cut(place, ".go:")
		if !caller.Inside(lines[i], file+".go") && !standard(lines[i], file) {
			return place
		}
	}
	return unknownPlace
}

// standard tells the functions of Go itself: those below its source folder. A
// binary that was built with -trimpath does not know that folder; there the first
// element of their package's path tells, which has no dot.
func standard(function, file string) bool {
	f := runtime.FuncForPC(reflect.ValueOf(strings.Cut).Pointer())
	own, _ := f.FileLine(f.Entry())
	if folder, ok := strings.CutSuffix(own, "strings/strings.go"); ok && folder != "" {
		return strings.HasPrefix(file, folder)
	}
	first, _, _ := strings.Cut(function, "/")
	return !strings.HasPrefix(function, "main.") && strings.Contains(function, "/") && !strings.Contains(first, ".")
}

// reported logs an error that nobody has logged yet.
func reported(log *zap.Logger, err error) error {
	log.Error("host build failed", zap.Error(err))
	return err
}
