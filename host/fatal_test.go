package host_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

type fatal struct {
	background.BackgroundService

	log     *zap.Logger
	starts  bool
	journal *journal
}

func (f *fatal) StartAsync(ctx context.Context) error {
	if f.starts {
		f.log.Fatal("no license")
	}
	return f.BackgroundService.StartAsync(ctx)
}

func (f *fatal) ExecuteAsync(context.Context) error {
	defer f.journal.add("released")
	f.log.Fatal("no license")
	f.journal.add("went on")
	return nil
}

// Z6: zap would end the process, with nothing stopped.
func TestFatalStopsTheHostWithExitCode1(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option func(j *journal) fx.Option
		want   []string
	}{
		"loop": {func(j *journal) fx.Option {
			return hosted.AddHostedService[*fatal](func(log *zap.Logger) *fatal { return &fatal{log: log, journal: j} })
		}, []string{"first start", "released", "first stop"}},
		"start": {func(j *journal) fx.Option {
			return hosted.AddHostedService[*fatal](func(log *zap.Logger) *fatal { return &fatal{log: log, starts: true, journal: j} })
		}, []string{"first start", "first stop"}},
		"constructor": {func(*journal) fx.Option {
			return hosted.AddHostedService[*fatal](func(log *zap.Logger) *fatal {
				log.Fatal("no license")
				return nil
			})
		}, nil},
		"goroutine of its own": {func(*journal) fx.Option {
			return fx.Invoke(func(life *hosted.ApplicationLifetime, log *zap.Logger) {
				log = log.Named("host_test.fatal")
				life.OnStarted(func(context.Context) { go log.Fatal("no license") })
			})
		}, []string{"first start", "first stop"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var j journal
				builder, _ := hosttest.NewBuilder(t, nil, hosted.AddInstance(&noted{name: "first", journal: &j}, hosted.Name("first")), test.option(&j))
				err := builder.Run(t.Context())
				if err == nil || !strings.Contains(err.Error(), "host: Fatal logged by host_test.fatal: no license") || host.ExitCode(err) != 1 {
					t.Errorf("got %v", err)
				}
				j.check(t, test.want...)
			})
		})
	}
}

// Somebody else has asked for the stop already, and nothing has failed.
func TestFatalWhileStoppingIsExitCode1(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log *zap.Logger
		var life *hosted.ApplicationLifetime
		builder, _ := hosttest.NewBuilder(t, nil, fx.Populate(&log, &life), hosted.AddInstance(&noted{
			name: "first", journal: &journal{},
			stop: func(ctx context.Context) error {
				done := make(chan struct{})
				go func() {
					defer close(done)
					log.Fatal("cannot flush")
				}()
				<-done
				return nil
			},
		}), fx.Invoke(func(life *hosted.ApplicationLifetime) {
			life.OnStarted(func(context.Context) { life.StopApplication(nil) })
		}))
		err := builder.Run(t.Context())
		if err == nil || err.Error() != "host: Fatal logged: cannot flush" || host.ExitCode(err) != 1 {
			t.Errorf("got %v", err)
		}
	})
}

// What the constructor says itself is not lost.
func TestFatalBesideAConstructorThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		builder, _ := hosttest.NewBuilder(t, nil, fx.Invoke(func(log *zap.Logger) error {
			done := make(chan struct{})
			go func() {
				defer close(done)
				log.Fatal("no license")
			}()
			<-done
			return io.ErrUnexpectedEOF
		}))
		err := builder.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "host: Fatal logged: no license") ||
			!strings.HasPrefix(err.Error(), "host: build: unexpected EOF") || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", err)
		}
	})
}
