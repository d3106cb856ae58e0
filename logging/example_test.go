package logging_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"

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
