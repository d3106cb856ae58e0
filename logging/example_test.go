package logging_test

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/logging"
)

// Levels by category, from a section laid out as .NET's.
func ExampleNew() {
	configuration, _ := config.New(config.Map(map[string]any{"Logging": map[string]any{
		"LogLevel": map[string]any{"Default": "Warning", "orders": "Debug"},
		"Console":  map[string]any{"FormatterName": "json"},
	}}))
	log, err := logging.New(configuration, logging.Settings{
		Output:  os.Stdout,
		Options: []zap.Option{zap.WithClock(clock{})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	log.Info("not written")
	log.Named("orders").Debug("order accepted", zap.Int("id", 7), zap.Duration("elapsed", 1500*time.Millisecond))
	// Output: {"level":"debug","time":"2025-05-01T10:00:00.123456789Z","logger":"orders","message":"order accepted","id":7,"elapsed":"1.5s"}
}

// The simple format puts an error on lines of its own.
func ExampleNew_simple() {
	log, _ := logging.New(nil, logging.Settings{Output: os.Stdout, Options: []zap.Option{zap.WithClock(clock{})}})
	log.Error("order refused", zap.Error(errors.Join(errors.New("no price"), errors.New("no address"))))
	// Output:
	// 2025-05-01T10:00:00.123Z	fail	order refused
	//     no price
	//     no address
}

// A bad level is told with key, value, source and what is accepted.
func ExampleNew_error() {
	configuration, _ := config.New(config.CommandLine([]string{"--Logging:LogLevel:Default=loud"}))
	_, err := logging.New(configuration, logging.Settings{})
	fmt.Println(err)
	// Output: config: Logging:LogLevel:Default: "loud": unknown level; use Trace, Debug, Information, Warning, Error, Critical or None, or zap's debug, info, warn, error, dpanic, panic or fatal (command line)
}

// line is a logger that writes a line without the time.
func line() *zap.Logger {
	made, _ := logging.New(nil, logging.Settings{Output: os.Stdout, Options: []zap.Option{zap.WithClock(clock{})}})
	return made
}

// Code that takes log/slog writes to the same place.
func ExampleSlog() {
	core, records := observer.New(zap.InfoLevel)
	logging.Slog(zap.New(core).Named("orders")).Info("order accepted", slog.Int("id", 7))
	record := records.All()[0]
	fmt.Println(record.LoggerName, record.Level, record.Message, record.ContextMap())
	// Output: orders info order accepted map[id:7]
}

// A library that writes to package log.
func ExampleRedirectGlobals() {
	restore := logging.RedirectGlobals(line())
	log.Print("written by a library")
	restore()
	// Output: 2025-05-01T10:00:00.123Z	info	log	written by a library
}

// A program without a host flushes its logger at the end. What a terminal cannot do
// is no error.
func ExampleSync() {
	made, _ := logging.New(nil, logging.Settings{})
	fmt.Println(logging.Sync(made))
	// Output: <nil>
}

// A factory returns loggers of any category.
func ExampleNewFactory() {
	factory := logging.NewFactory(line())
	factory.CreateLogger("orders.import").Info("order accepted")
	// Output: 2025-05-01T10:00:00.123Z	info	orders.import	order accepted
}

// Sampling keeps a loop from filling the disk. What it drops is counted.
func ExampleDropped() {
	configuration, _ := config.New(config.Map(map[string]any{"Logging": map[string]any{
		"Sampling": map[string]any{"Every": "1s", "First": 1, "Thereafter": 100},
	}}))
	made, err := logging.New(configuration, logging.Settings{Output: os.Stdout, Options: []zap.Option{zap.WithClock(clock{})}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 10 {
		made.Info("retry")
	}
	fmt.Println(logging.Dropped(made))
	// Output:
	// 2025-05-01T10:00:00.123Z	info	retry
	// 9
}
