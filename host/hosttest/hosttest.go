// Package hosttest runs hosts in tests: with configuration from a map, logs that
// can be looked at, and no signals. It works inside a bubble of testing/synctest,
// where it has to be built, started and stopped in the same bubble.
package hosttest

import (
	"context"
	"io"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
)

// Settings is the configuration of a test's host: paths of keys, such as
// "Worker:Interval", or nested maps, and their values. A section that nothing reads is
// an error of Build, since it is misspelt; see [host.Options].AllowUnreadSettings.
type Settings map[string]any

// source is a config.Source whose settings have to be read by the host: one that is not
// is misspelt.
type source struct{ config.Source }

func (source) Name() string { return "settings of the test" }

// GivenByTest is what package config knows it by.
func (source) GivenByTest() {}

// Host is a host in a test.
type Host struct {
	*host.Host
	// Logs has every record that section Logging of the settings lets pass: all of
	// them unless it says otherwise, apart from those of fx about each constructor,
	// which the setting "Logging:LogLevel:fxhost.fx": "Debug" adds.
	Logs *observer.ObservedLogs
}

// NewBuilder returns a builder with nothing but settings, whose logs go to the
// returned observer and nowhere else, whose host is not stopped by signals, and
// which watches no files.
func NewBuilder(tb testing.TB, settings Settings, options ...fx.Option) (*host.Builder, *observer.ObservedLogs) {
	tb.Helper()
	core, logs := observer.New(zap.DebugLevel)
	builder := host.NewEmptyBuilder()
	quiet := config.Map(map[string]any{"Logging:LogLevel:fxhost.fx": "Information"})
	if err := builder.Configuration.Add(quiet, source{config.Map(settings)}); err != nil {
		tb.Fatal(err)
	}
	builder.Logging.MinimumLevel = zap.DebugLevel
	builder.Logging.Output = zapcore.AddSync(io.Discard)
	builder.Logging.Options = []zap.Option{zap.WrapCore(func(formatted zapcore.Core) zapcore.Core {
		return zapcore.NewTee(core, formatted)
	})}
	builder.UseLifetime(nil)
	// A watcher would keep the clock of a bubble from going on.
	builder.ConfigureOptions(func(o *host.Options) { o.ReloadConfigOnChange = false })
	for _, option := range options {
		if w, ok := option.(with); ok {
			w.change(builder)
			continue
		}
		builder.Add(option)
	}
	return builder, logs
}

// With has change set what neither settings nor other options of fx can: what only
// code decides, such as StopWhenDone by [host.Builder.ConfigureOptions], or where
// formatted records go by the Output of [host.Builder].Logging.
func With(change func(*host.Builder)) fx.Option { return with{fx.Options(), change} }

type with struct {
	fx.Option
	change func(*host.Builder)
}

// New builds a host and does not start it. The test fails if it cannot be
// built. If the host still runs when the test ends, it is stopped then, and the
// test fails if that does.
func New(tb testing.TB, settings Settings, options ...fx.Option) *Host {
	tb.Helper()
	builder, logs := NewBuilder(tb, settings, options...)
	built, err := builder.Build()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		select {
		case <-built.ApplicationLifetime().Stopped():
			return // the test has seen to it
		default:
		}
		if err := built.Stop(context.Background()); err != nil {
			tb.Errorf("hosttest: stop: %v", err)
		}
	})
	return &Host{Host: built, Logs: logs}
}

// Start is New and starts the host; the test fails if it does not start.
func Start(tb testing.TB, settings Settings, options ...fx.Option) *Host {
	tb.Helper()
	h := New(tb, settings, options...)
	if err := h.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return h
}

// Validate fails the test if a host could not be built of the options, without
// running any constructor.
func Validate(tb testing.TB, settings Settings, options ...fx.Option) {
	tb.Helper()
	builder, _ := NewBuilder(tb, settings, options...)
	if err := builder.Validate(); err != nil {
		tb.Error(err)
	}
}
