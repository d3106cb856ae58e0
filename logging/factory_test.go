package logging_test

import (
	"context"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/logging"
)

type audited struct{ own, audit *zap.Logger }

func newAudited(log *zap.Logger, loggers *logging.Factory) *audited {
	return &audited{own: log, audit: loggers.CreateLogger("audit")}
}

func (*audited) StartAsync(context.Context) error { return nil }
func (*audited) StopAsync(context.Context) error  { return nil }

// The category is the one asked for, with its levels, and not below that of who asks.
func TestAFactoryMakesLoggersOfAnyCategory(t *testing.T) {
	t.Parallel()
	root, output := setup(t, map[string]any{"LogLevel": map[string]any{"Default": "Warning", "audit": "Debug"}})
	var a *audited
	err := fx.New(fx.NopLogger, fx.Supply(root), fx.Provide(logging.NewFactory), hosted.Module(), logging.Category("orders",
		hosted.AddHostedService[*audited](newAudited)), fx.Populate(&a)).Err()
	if err != nil {
		t.Fatal(err)
	}
	if a.own.Core().Enabled(zap.InfoLevel) || !a.audit.Core().Enabled(zap.DebugLevel) {
		t.Error("levels are not those of the categories")
	}
	a.own.Warn("m")
	a.audit.Debug("m")
	const at = "2025-05-01T10:00:00.123Z"
	wantOutput(t, output, at+"\twarn\torders.logging_test.audited\tm\n"+at+"\tdbug\taudit\tm\n")
}
