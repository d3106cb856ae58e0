package logging_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// changeable is section Logging as a test changes it.
type changeable map[string]any

func (c changeable) source() config.Source {
	return config.Func("changeable", func() (map[string]any, error) { return map[string]any{"Logging": map[string]any(c)}, nil })
}

func TestLevelsFollowTheConfiguration(t *testing.T) { // LO-3
	t.Parallel()
	section := changeable{"LogLevel:Default": "Information"}
	configuration, err := config.New(section.source())
	if err != nil {
		t.Fatal(err)
	}
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(&bytes.Buffer{})})
	if err != nil {
		t.Fatal(err)
	}
	orders := category.Named(log, "orders").With(zap.Int("n", 1))
	imports := orders.Named("import")
	want := func(all, own, below zapcore.Level) {
		t.Helper()
		if a, b, c := level(log), level(orders), level(imports); a != all || b != own || c != below {
			t.Errorf("levels %v %v %v, want %v %v %v", a, b, c, all, own, below)
		}
	}
	// Check of a panic is never nil, so that PanicLevel stands for none, too.
	want(zapcore.InfoLevel, zapcore.InfoLevel, zapcore.InfoLevel)
	section["LogLevel:orders"] = "Debug"
	if err := configuration.Reload(); err != nil {
		t.Fatal(err)
	}
	want(zapcore.InfoLevel, zapcore.DebugLevel, zapcore.DebugLevel)
	section["LogLevel:orders.import"] = "Error"
	section["LogLevel:Default"] = "None"
	if err := configuration.Reload(); err != nil {
		t.Fatal(err)
	}
	want(zapcore.PanicLevel, zapcore.DebugLevel, zapcore.ErrorLevel)

	section["LogLevel:orders"] = "Loud"
	if err := configuration.Reload(); err == nil || !strings.Contains(err.Error(), `Logging:LogLevel:orders: "Loud": unknown level`) {
		t.Errorf("error %v", err)
	}
	want(zapcore.PanicLevel, zapcore.DebugLevel, zapcore.ErrorLevel)

	// From code, at once.
	delete(section, "LogLevel:orders")
	if err := configuration.Add(config.Map(map[string]any{"Logging:LogLevel:orders": "Trace"})); err != nil {
		t.Fatal(err)
	}
	want(zapcore.PanicLevel, trace, zapcore.ErrorLevel)
}

// The options of zap run between the first look at the section and the end of New.
func TestAChangeWhileTheLoggerIsMadeIsNotLost(t *testing.T) { // LO-3
	t.Parallel()
	section := changeable{"LogLevel:Default": "Information"}
	configuration, err := config.New(section.source())
	if err != nil {
		t.Fatal(err)
	}
	log, err := logging.New(configuration, logging.Settings{Options: []zap.Option{zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		section["LogLevel:Default"] = "Error"
		if err := configuration.Reload(); err != nil {
			t.Error(err)
		}
		return c
	})}})
	if err != nil {
		t.Fatal(err)
	}
	if got := level(log); got != zapcore.ErrorLevel {
		t.Errorf("level %v, want error", got)
	}
}

func TestLevelsChangeWhileOthersWrite(t *testing.T) { // with -race
	t.Parallel()
	section := changeable{"LogLevel:Default": "Information"}
	configuration, err := config.New(section.source())
	if err != nil {
		t.Fatal(err)
	}
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(&bytes.Buffer{})})
	if err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			orders := category.Named(log, "orders")
			for range 200 {
				orders.Info("m")
				orders.Debug("m")
			}
		})
	}
	for i := range 50 {
		section["LogLevel:orders"] = []string{"Debug", "Error", "None"}[i%3]
		if err := configuration.Reload(); err != nil {
			t.Error(err)
		}
	}
	writers.Wait()
}
