package queue_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/lifetest"
)

var errBroken = errors.New("broken")

// invoice is the message of the tests.
type invoice struct {
	Customer string
	Number   int
}

func customerOf(i invoice) string { return i.Customer }

// handler is a handler that is a function.
func handler(handle queue.HandlerFunc[invoice]) func() queue.HandlerFunc[invoice] {
	return func() queue.HandlerFunc[invoice] { return handle }
}

// application is one that handles or receives invoices.
type application struct {
	*lifetest.Application

	invoices queue.Sender[invoice]
	queues   *queue.Queues
	logs     *observer.ObservedLogs
}

func build(options ...fx.Option) (*application, error) {
	a := &application{}
	core, logs := observer.New(zapcore.DebugLevel)
	a.logs = logs
	app, err := lifetest.New(zap.New(core), hosted.Options{},
		scope.Module(), queue.Module(), fx.Options(options...), fx.Populate(&a.invoices, &a.queues))
	a.Application = app
	return a, err
}

// start starts an application, which is stopped at the end of the test.
func start(t *testing.T, options ...fx.Option) *application {
	t.Helper()
	a, err := build(options...)
	must(t, err)
	must(t, a.Start(t.Context()))
	t.Cleanup(func() { must(t, a.Stop(context.WithoutCancel(t.Context()))) })
	return a
}

// sharing has the messages of an application in a Memory that it may share.
func sharing(memory *queue.Memory) fx.Option {
	return queue.Use(func() queue.Transport { return memory.Connect() })
}

func (a *application) letters(t *testing.T) []queue.DeadLetter {
	t.Helper()
	var letters []queue.DeadLetter
	for letter, err := range a.queues.DeadLetters(t.Context(), "invoice", queue.DeadLetterFilter{}) {
		must(t, err)
		letters = append(letters, letter)
	}
	return letters
}

func (a *application) stats(t *testing.T) queue.Stats {
	t.Helper()
	return a.queues.List(t.Context())[0].Stats
}

// journal notes what happens, from many goroutines.
type journal[T any] struct {
	mu    sync.Mutex
	notes []T
}

func (j *journal[T]) note(n T) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = append(j.notes, n)
}

func (j *journal[T]) all() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.notes)
}

func wantNotes[T comparable](t *testing.T, j *journal[T], want ...T) {
	t.Helper()
	if got := j.all(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error:\n got  %v\n want %s", err, want)
	}
}

func wantTook(t *testing.T, begin time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(begin); got != want {
		t.Errorf("took %v, want %v", got, want)
	}
}
