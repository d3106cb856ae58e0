package logging_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// loggers are ours and plain zap with the same encoder and level.
func loggers(tb testing.TB) map[string]*zap.Logger {
	tb.Helper()
	configuration, err := config.New(config.Map(map[string]any{"Logging": map[string]any{
		"Console:FormatterName": "json",
		"LogLevel":              map[string]any{"Default": "Information", "orders": "Information", "stock": "Debug", "pay.slow": "Error"},
	}}))
	if err != nil {
		tb.Fatal(err)
	}
	ours, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(io.Discard)})
	if err != nil {
		tb.Fatal(err)
	}
	plain := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", NameKey: "logger", MessageKey: "message",
		EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeDuration: zapcore.StringDurationEncoder,
	}), zapcore.Lock(zapcore.AddSync(io.Discard)), zapcore.InfoLevel))
	return map[string]*zap.Logger{
		"ours": category.Named(ours, "orders"), "ours-sub": category.Named(ours, "orders").Named("import"),
		"plain": plain.Named("orders"),
	}
}

func write(log *zap.Logger, level zapcore.Level, err error) {
	log.Log(level, "order accepted",
		zap.Int("id", 7), zap.String("customer", "c-1"), zap.Duration("elapsed", time.Second), zap.Bool("paid", true), zap.Error(err))
}

func TestARecordAllocatesNoMoreThanPlainZap(t *testing.T) {
	failed := errors.New("no price")
	logs := loggers(t)
	for _, level := range []zapcore.Level{zapcore.InfoLevel, zapcore.DebugLevel} {
		allocs := func(name string) float64 {
			return testing.AllocsPerRun(1000, func() { write(logs[name], level, failed) })
		}
		plain := allocs("plain")
		for _, name := range []string{"ours", "ours-sub"} {
			if got := allocs(name); got > plain {
				t.Errorf("%s at %v: %v allocations, plain zap %v", name, level, got, plain)
			}
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	failed := errors.New("no price")
	logs := loggers(b)
	for level, name := range map[zapcore.Level]string{zapcore.InfoLevel: "enabled", zapcore.DebugLevel: "disabled"} {
		for _, logger := range []string{"plain", "ours", "ours-sub"} {
			b.Run(name+"/"+logger, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					write(logs[logger], level, failed)
				}
			})
		}
	}
}

// BenchmarkRatio tells how much longer our record takes than one of plain zap. The
// two take turns, so that what else the machine does is in both.
func BenchmarkRatio(b *testing.B) {
	failed := errors.New("no price")
	logs := loggers(b)
	for level, name := range map[zapcore.Level]string{zapcore.InfoLevel: "enabled", zapcore.DebugLevel: "disabled"} {
		for _, logger := range []string{"ours", "ours-sub"} {
			b.Run(name+"/"+logger, func(b *testing.B) {
				took := map[string]time.Duration{}
				for b.Loop() {
					for _, l := range []string{"plain", logger} {
						log, start := logs[l], time.Now()
						for range 100 {
							write(log, level, failed)
						}
						took[l] += time.Since(start)
					}
				}
				b.ReportMetric(float64(took[logger])/float64(took["plain"]), "x-plain")
			})
		}
	}
}
