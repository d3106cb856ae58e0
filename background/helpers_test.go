package background_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

var errBroken = errors.New("broken")

// job is a background service that does what its field says.
type job struct {
	background.BackgroundService
	execute func(ctx context.Context) error
}

func (j *job) ExecuteAsync(ctx context.Context) error { return j.execute(ctx) }

// bound returns a job as the host binds it, and a channel that is closed when
// it says that its work has ended by itself.
func bound(t *testing.T, execute func(context.Context) error) (*job, <-chan struct{}) {
	t.Helper()
	j := &job{execute: execute}
	ended := make(chan struct{})
	if err := j.Bind(j, func() { close(ended) }); err != nil {
		t.Fatal(err)
	}
	return j, ended
}

func untilStopped(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func fails(context.Context) error { return errBroken }

func failsLater(context.Context) error {
	time.Sleep(time.Second)
	return errBroken
}

// build makes a host of options.
func build(t *testing.T, options ...fx.Option) (*lifetest.Application, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	app, err := lifetest.New(zap.New(core), hosted.Options{}, options...)
	if err != nil {
		t.Fatal(err)
	}
	return app, logs
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

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
