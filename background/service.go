package background

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/safe"
)

// errStopped is the cause of a loop's context that StopAsync has ended.
var errStopped = errors.New("background: service stopped")

// Executor is implemented by a type that embeds [BackgroundService].
type Executor interface {
	// ExecuteAsync is the work. It runs on a goroutine of its own from the start of the
	// service. It should return soon after ctx has ended; the error of ctx is then
	// ignored. It may return earlier: nil leaves the host running. Any other error, and a
	// panic, is a fault of the service, see hosted.OnFault.
	ExecuteAsync(ctx context.Context) error
}

// BackgroundService makes a hosted.HostedService of a type that embeds it and has an
// ExecuteAsync method, see [Executor] (.NET: BackgroundService). The type may have
// StartAsync and StopAsync methods of its own, which must call those of
// BackgroundService.
//
// The zero value is ready to use. hosted.AddHostedService connects it to the type that
// embeds it; after that, it must not be copied. Its methods are safe for concurrent use.
type BackgroundService struct {
	mu    sync.Mutex
	outer Executor
	ended func()
	loop  *loop // the last one, nil before the first start
}

// loop is one run of ExecuteAsync. Its fields below the blank line are guarded
// by the service's lock.
type loop struct {
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when ExecuteAsync has returned and the host knows

	over    bool // ExecuteAsync has returned
	err     error
	stopped bool // it returned after we had asked it to
}

// Bind tells the service which value it is embedded in. hosted.AddHostedService
// calls it; a test that has no host may call it with a func() {}.
func (b *BackgroundService) Bind(outer hosted.HostedService, ended func()) error {
	executor, ok := outer.(Executor)
	switch method, found := reflect.TypeOf(outer).MethodByName("ExecuteAsync"); {
	case b == nil:
		return fmt.Errorf("background: %T embeds a *BackgroundService that is nil: embed BackgroundService by value", outer)
	case !ok && found:
		return fmt.Errorf("background: %T embeds BackgroundService: its ExecuteAsync is a %v, "+
			"want ExecuteAsync(ctx context.Context) error", outer, method.Type)
	case !ok:
		return fmt.Errorf("background: %T embeds BackgroundService: "+
			"it needs a method ExecuteAsync(ctx context.Context) error", outer)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.outer, b.ended = executor, ended
	return nil
}

// StartAsync starts ExecuteAsync and returns immediately. The context of ExecuteAsync
// has the values of ctx, but ends only with StopAsync. If ctx has already ended,
// StartAsync starts nothing and returns its cause. A service whose work has ended may be
// started again.
func (b *BackgroundService) StartAsync(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.outer == nil {
		return errors.New("background: BackgroundService does not know the type it is embedded in: " +
			"register that with hosted.AddHostedService, and the host calls StartAsync (a test may call Bind before)")
	}
	if b.loop != nil && !b.loop.over {
		return fmt.Errorf("background: %T is running already: only the host calls StartAsync", b.outer)
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	l := &loop{cancel: cancel, done: make(chan struct{})}
	b.loop = l
	go b.run(ctx, l, b.outer, b.ended)
	return nil
}

// StopAsync ends the context of ExecuteAsync, and waits until ExecuteAsync has returned
// or ctx ends, whose cause it then returns. It returns an error of ExecuteAsync that
// came after the stop, unless it is that of the context. StopAsync does nothing before
// StartAsync, and may be called again.
func (b *BackgroundService) StopAsync(ctx context.Context) error {
	b.mu.Lock()
	l := b.loop
	b.mu.Unlock()
	if l == nil {
		return nil
	}
	l.cancel(errStopped)
	select {
	case <-l.done:
	default:
		select {
		case <-l.done:
		case <-ctx.Done():
			return fmt.Errorf("%w: ExecuteAsync has not returned", context.Cause(ctx))
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.stopped && !cancelled(l.err) {
		return l.err
	}
	return nil
}

// cancelled tells an error that says no more than that the loop was stopped. Of
// errors.Join all have to: the other one may be that of a Close.
func cancelled(err error) bool {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if reflect.TypeOf(e) == reflect.TypeOf(errors.Join(e)) {
			joined := e.(interface{ Unwrap() []error }).Unwrap() //nolint:forcetypeassert // by its type
			return !slices.ContainsFunc(joined, func(e error) bool { return !cancelled(e) })
		}
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, errStopped)
}

// Done is closed when ExecuteAsync has returned. It is nil before StartAsync
// (.NET: ExecuteTask).
func (b *BackgroundService) Done() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loop == nil {
		return nil
	}
	return b.loop.done
}

// Err is what ExecuteAsync returned, or a *hosted.PanicError; nil while it
// runs.
func (b *BackgroundService) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loop == nil {
		return nil
	}
	return b.loop.err
}

// run is the goroutine of the loop. Its panic is caught here because nobody
// else can, and becomes a fault like any other.
func (b *BackgroundService) run(ctx context.Context, l *loop, outer Executor, ended func()) {
	err := safe.ErrExited
	defer func() {
		if value := recover(); value != nil {
			err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
		}
		stopped := ctx.Err() != nil
		l.cancel(nil)
		b.mu.Lock()
		l.over, l.err, l.stopped = true, err, stopped
		b.mu.Unlock()
		if !stopped {
			ended()
		}
		close(l.done)
	}()
	err = outer.ExecuteAsync(ctx)
}
