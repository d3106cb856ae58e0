package host

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/fields"
)

// construct has fx run the constructors.
func (h *Host) construct(graph fx.Option, options []fx.Option) error {
	return h.protect(func() error {
		err := fx.New(graph).Err()
		h.addReasons(err, options)
		if err != nil {
			return h.events.explain(err)
		}
		return h.checkUnread()
	})
}

// validate has fx look for what is missing, without running a constructor.
func (h *Host) validate(options []fx.Option) error {
	return h.protect(func() error {
		err := scope.ValidateApp(h.graph(options))
		h.addReasons(err, options)
		if err != nil {
			h.events.listen(h.graph(options)) // a validation has no events
		}
		return h.events.explain(err)
	})
}

// protect makes errors of panics. fx.RecoverFromPanics would lose the stack.
func (h *Host) protect(build func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			stack, at := debug.Stack(), caller.Panicked()
			h.log.Debug("constructor panicked", zap.String(fields.Stack, string(stack)))
			panicked := &hosted.PanicError{Value: value, Stack: stack}
			if at.Function == "" { // no function of the application
				err = fmt.Errorf("host: build: %w: is one of the options nil?", panicked)
				return
			}
			err = fmt.Errorf("host: build: constructor at %s: %w", at.Place(), panicked)
		}
	}()
	return build()
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
	var first dig.Error
	if missing.Name != "" || !errors.As(reason, &first) {
		return
	}
	if chain, end := unwrap(first); len(chain) > 1 { // a mere "missing type" is known
		missing.Reason = errors.New(h.events.join(chain, end))
	}
}

var errExited = errors.New("host: build: a constructor has ended its goroutine (runtime.Goexit)")

// constructWithin is construct for as long as Run may wait for it. A
// constructor that does not return is left behind.
func (h *Host) constructWithin(ctx context.Context, options []fx.Option) error {
	defer h.stopWith(ctx)()
	graph := h.graph(options) // here, where the caller is on the stack
	built := make(chan error, 1)
	go func() {
		err := error(errExited)
		defer func() {
			if fatal := h.fatal.first.Load(); fatal != nil && err == errExited { //nolint:errorlint // the same value
				err = fatal // has ended the goroutine
			}
			built <- h.fatal.join(err)
		}()
		err = h.construct(graph, options)
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
	case <-h.stopping.Made():
		limit = &hosted.TimeoutError{Name: "shutdown", Limit: h.options.ShutdownTimeout}
		h.log.Info("host stopping: waiting for a constructor to return",
			zap.String(fields.Reason, fmt.Sprint(h.stopping.Cause())))
		timer := time.NewTimer(limit.Limit)
		defer timer.Stop()
		select {
		case err := <-built:
			return err
		case <-timer.C:
		}
	}
	if running := h.events.running.Load(); running != nil {
		return fmt.Errorf("host: build: %s has not returned: %w", *running, limit)
	}
	return fmt.Errorf("host: build: %w", limit)
}

// reported logs an error that nobody has logged yet.
func reported(log *zap.Logger, err error) error {
	log.Error("host build failed", zap.Error(err))
	return err
}
