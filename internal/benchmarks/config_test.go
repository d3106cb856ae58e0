package benchmarks

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/viper"
	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

type pollSettings struct {
	Interval time.Duration
	Limit    int
}

var (
	pollSink  *pollSettings
	limitSink int
)

// BenchmarkCurrent reads one setting: from a struct behind an atomic pointer, which
// is what a Monitor comes down to, from a Monitor, and from a viper.
func BenchmarkCurrent(b *testing.B) {
	const key = "Poll:Limit"
	m, err := config.New(config.Map(map[string]any{key: 5, "Poll:Interval": "5s"}))
	if err != nil {
		b.Fatal(err)
	}
	poll, err := config.NewMonitor[pollSettings](m, "Poll")
	if err != nil {
		b.Fatal(err)
	}
	var pointer atomic.Pointer[pollSettings]
	pointer.Store(poll.Current())
	v := m.Viper()
	if poll.Current().Limit != 5 || v.GetInt(key) != 5 {
		b.Fatal("not the same values")
	}
	// A load is less than a call, so that a unit of work is a thousand of them.
	const loads = 1000
	compare(b,
		&variant{name: "pointer", unit: func(testing.TB) {
			for range loads {
				pollSink = pointer.Load()
			}
		}},
		&variant{name: "monitor", unit: func(testing.TB) {
			for range loads {
				pollSink = poll.Current()
			}
		}},
		&variant{name: "viper", unit: func(testing.TB) {
			for range loads {
				limitSink = v.GetInt(key)
			}
		}},
	)
}

// sections10 are sections of ten keys.
type sections10 struct {
	Sections map[string]section10
}

type section10 struct {
	Name, URL, User, Path string
	Interval, Timeout     time.Duration
	Limit, Retries        int
	Enabled, Verbose      bool
}

// fileOf has so many keys.
func fileOf(b *testing.B, keys int) string {
	b.Helper()
	var sections []string
	for i := range keys / 10 {
		sections = append(sections, fmt.Sprintf(`    "s%03d": {
      "name": "n%[1]d", "url": "http://h%[1]d/", "user": "u%[1]d", "path": "/p/%[1]d",
      "interval": "%[1]ds", "timeout": "1m", "limit": %[1]d, "retries": 3, "enabled": true, "verbose": false
    }`, i))
	}
	path := filepath.Join(b.TempDir(), "appsettings.json")
	content := "{\n  \"sections\": {\n" + strings.Join(sections, ",\n") + "\n  }\n}\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkLoad reads a file and binds it to a struct: plain viper, which accepts
// what it does not know, and a Manager, which checks everything and knows the lines.
func BenchmarkLoad(b *testing.B) {
	for _, keys := range []int{200, 5000} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			path := fileOf(b, keys)
			check := func(b testing.TB, s sections10, err error) {
				if err != nil || len(s.Sections) != keys/10 || s.Sections["s007"].Interval != 7*time.Second {
					b.Fatal(s, err)
				}
			}
			compare(b,
				&variant{name: "viper", unit: func(b testing.TB) {
					v := viper.New()
					v.SetConfigFile(path)
					var s sections10
					err := v.ReadInConfig()
					if err == nil {
						err = v.Unmarshal(&s)
					}
					check(b, s, err)
				}},
				&variant{name: "manager", unit: func(b testing.TB) {
					var s sections10
					m, err := config.New(config.File(path))
					if err == nil {
						err = m.Bind("", &s)
					}
					check(b, s, err)
				}},
			)
		})
	}
}

// waiter is a worker that waits for its stop.
type waiter struct {
	background.BackgroundService
	log *zap.Logger
}

func newWaiter(log *zap.Logger) *waiter { return &waiter{log: log} }

func (w *waiter) ExecuteAsync(ctx context.Context) error {
	w.log.Info("waiting")
	<-ctx.Done()
	return nil
}

// BenchmarkWarmHost builds, starts and stops one worker: with plain fx and zap, by
// hand, and in a host with all its defaults.
func BenchmarkWarmHost(b *testing.B) {
	root := b.TempDir()
	compare(b,
		&variant{name: "fx", unit: func(b testing.TB) {
			app := fx.New(fx.NopLogger,
				fx.Provide(func() *zap.Logger {
					encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
					return zap.New(zapcore.NewCore(encoder, zapcore.AddSync(nothing{}), zap.InfoLevel))
				}),
				fx.Invoke(func(l fx.Lifecycle, log *zap.Logger) {
					ctx, cancel := context.WithCancel(context.Background())
					done := make(chan struct{})
					w := newWaiter(log)
					l.Append(fx.Hook{
						OnStart: func(context.Context) error {
							go func() {
								defer close(done)
								_ = w.ExecuteAsync(ctx)
							}()
							return nil
						},
						OnStop: func(context.Context) error {
							cancel()
							<-done
							return nil
						},
					})
				}))
			if err := app.Start(context.Background()); err != nil {
				b.Fatal(err)
			}
			if err := app.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
		}},
		&variant{name: "host", unit: func(b testing.TB) {
			builder := host.NewBuilder([]string{"--contentRoot=" + root})
			builder.Logging.Output = zapcore.AddSync(nothing{})
			builder.Add(hosted.AddHostedService[*waiter](newWaiter))
			h, err := builder.Build()
			if err != nil {
				b.Fatal(err)
			}
			if err := h.Start(context.Background()); err != nil {
				b.Fatal(err)
			}
			if err := h.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
		}},
	)
}

// BenchmarkBuilder builds, starts and stops a host with the default sources: none
// of the files is there, or three are, or three that are not watched. The first is
// fx alone. Most of the difference that watching makes is the system's: it takes
// milliseconds to close its watch.
func BenchmarkBuilder(b *testing.B) {
	run := func(root string, args ...string) unit {
		args = append(args, "--Logging:LogLevel:Default=None", "--contentRoot="+root, "--environment=Staging", "--applicationName=app")
		return func(b testing.TB) {
			builder := host.NewBuilder(args)
			builder.UseLifetime(nil)
			builder.Logging.Output = zapcore.AddSync(nothing{})
			h, err := builder.Build()
			if err != nil {
				b.Fatal(err)
			}
			if err := h.Start(context.Background()); err != nil {
				b.Fatal(err)
			}
			if err := h.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	}
	empty, full := b.TempDir(), b.TempDir()
	for name, content := range map[string]string{
		"appsettings.json":         `{"Logging": {"LogLevel": {"Default": "None"}}, "Worker": {"Interval": "5s"}}`,
		"appsettings.Staging.yaml": "Worker:\n  Interval: 6s\n",
		"app.settings.toml":        "[Worker]\nInterval = '7s'\n",
	} {
		if err := os.WriteFile(filepath.Join(full, name), []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	compare(b,
		&variant{name: "fx", unit: func(b testing.TB) {
			app := fx.New(fx.NopLogger)
			if err := app.Start(context.Background()); err != nil {
				b.Fatal(err)
			}
			if err := app.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
		}},
		&variant{name: "empty", unit: run(empty)},
		&variant{name: "three-files", unit: run(full)},
		&variant{name: "unwatched", unit: run(full, "--no-hostBuilder:reloadConfigOnChange")},
	)
}

type nothing struct{}

func (nothing) Write(b []byte) (int, error) { return len(b), nil }
