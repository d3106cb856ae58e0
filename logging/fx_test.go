package logging_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/logging"
)

func TestEventsOfFxAreDebug(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)
	app := fx.New(
		fx.WithLogger(func() fxevent.Logger { return logging.FxLogger(zap.New(core)) }),
		fx.Invoke(func(l fx.Lifecycle) { l.Append(fx.StartStopHook(func() {}, func() {})) }),
	)
	if err := errors.Join(app.Start(context.Background()), app.Stop(context.Background())); err != nil {
		t.Fatal(err)
	}
	if logs.Len() == 0 {
		t.Error("no events")
	}
	for _, e := range logs.All() {
		if e.Level != zapcore.DebugLevel || e.LoggerName != "fx" {
			t.Errorf("%v %s: %s", e.Level, e.LoggerName, e.Message)
		}
	}
}

// What fails is told once at error: by Start or Stop, which hold it all.
func TestAFailureOfFxIsOneError(t *testing.T) {
	t.Parallel()
	failed := errors.New("no answer")
	for name, option := range map[string]fx.Option{
		"constructor": fx.Options(fx.Provide(func() (int, error) { return 0, failed }), fx.Invoke(func(int) {})),
		"start hook":  fx.Invoke(func(l fx.Lifecycle) { l.Append(fx.StartHook(func() error { return failed })) }),
		"stop hook":   fx.Invoke(func(l fx.Lifecycle) { l.Append(fx.StopHook(func() error { return failed })) }),
	} {
		core, logs := observer.New(zapcore.DebugLevel)
		app := fx.New(option, fx.WithLogger(func() fxevent.Logger { return logging.FxLogger(zap.New(core)) }))
		err := app.Start(context.Background())
		if err == nil {
			err = app.Stop(context.Background())
		}
		if !errors.Is(err, failed) {
			t.Errorf("%s: %v", name, err)
		}
		if n := logs.FilterLevelExact(zapcore.ErrorLevel).Len(); n != 1 {
			t.Errorf("%s: %d errors, want 1: %v", name, n, logs.All())
		}
	}
}

func TestEventsOfFxCostNothingWhileDebugIsOff(t *testing.T) {
	log, output := setup(t, nil)
	fxLog := logging.FxLogger(log)
	events := []fxevent.Event{
		&fxevent.Provided{OutputTypeNames: []string{"a", "b"}}, &fxevent.Run{Name: "f"}, &fxevent.Started{},
		&fxevent.OnStopExecuted{FunctionName: "f"}, &fxevent.Invoked{Err: errors.New("returned by App.Err")},
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, e := range events {
			fxLog.LogEvent(e)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	wantOutput(t, output, "")
}

func TestEventsOfFxCanBeSwitchedOnByCategory(t *testing.T) {
	t.Parallel()
	log, output := setup(t, map[string]any{"LogLevel:fx": "Debug"})
	logging.FxLogger(log).LogEvent(&fxevent.Started{})
	wantOutput(t, output, "2025-05-01T10:00:00.123Z\tdbug\tfx\tstarted\n")
}
