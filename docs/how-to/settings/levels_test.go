package settings_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/docs/how-to/settings"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/logging"
)

func TestALevelIsChangedWhileTheProgramRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var configuration *config.Manager
		h := hosttest.Start(t, hosttest.Settings{"Logging:LogLevel:settings": "Information"}, settings.Module(), fx.Populate(&configuration))
		time.Sleep(10*time.Minute + time.Second)
		if n := h.Logs.FilterMessage("import").Len(); n != 0 {
			t.Errorf("%d records before", n)
		}
		if err := settings.Verbose(configuration, "settings.Import"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if n := h.Logs.FilterMessage("import").Len(); n != 10 {
			t.Errorf("%d records after", n)
		}
	})
}

func TestTheFilesOfLevelsAreRead(t *testing.T) {
	for name, want := range map[string]struct{ orders, importer bool }{
		"levels.json": {true, false}, "file.json": {true, true}, "changed.json": {true, true},
	} {
		configuration, err := config.New(config.File(name))
		if err != nil {
			t.Fatal(err)
		}
		log, err := logging.New(configuration, logging.Settings{ContentRoot: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		orders, importer := log.Named("orders").Check(zap.DebugLevel, ""), log.Named("orders.Importer").Check(zap.DebugLevel, "")
		if (orders != nil) != want.orders || (importer != nil) != want.importer {
			t.Errorf("%s: orders %v, orders.Importer %v", name, orders != nil, importer != nil)
		}
		if err := logging.Close(log); err != nil {
			t.Error(err)
		}
	}
}

func TestALevelFollowsTheFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "appsettings.json")
	write(t, path, shown(t, "levels.json"))
	builder, logs := build(t, folder)
	var log *zap.Logger
	builder.Add(fx.Populate(&log))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	importer := log.Named("orders.Importer") // is there before the file changes
	speaks := func() bool { return importer.Check(zap.DebugLevel, "") != nil }
	if speaks() {
		t.Error("it speaks before")
	}
	write(t, path, shown(t, "changed.json"))
	wait(t, speaks)

	write(t, path, `{"Logging": {"LogLevel": {"Default": "Verbose"}}}`)
	wait(t, func() bool { return logs.FilterMessage("configuration not reloaded").Len() == 1 })
	if !speaks() {
		t.Error("a level that does not exist has changed others")
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAPartOfTheProgramHasACategory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var configuration *config.Manager
		h := hosttest.Start(t, nil, settings.Orders(), fx.Populate(&configuration))
		time.Sleep(time.Minute + time.Second)
		if err := configuration.Add(config.Map(map[string]any{"Import:Interval": "1h"})); err != nil {
			t.Fatal(err)
		}
		for message, category := range map[string]string{
			"import": "orders.settings.Import", "options changed": "orders.settings.Importer",
		} {
			records := h.Logs.FilterMessage(message).All()
			if len(records) != 1 || records[0].LoggerName != category {
				t.Errorf("records %v, want one of %s", records, category)
			}
		}
		if _, ok := h.Services().Get("settings.Importer"); !ok {
			t.Errorf("services %v", h.Services().List())
		}
	})
}

func TestASingletonHasTheLoggerOfItsCategory(t *testing.T) {
	var prices *settings.Prices
	h := hosttest.Start(t, hosttest.Settings{"Logging:LogLevel:Default": "Warning", "Logging:LogLevel:orders": "Information"},
		fx.Provide(settings.NewPrices), fx.Populate(&prices))
	prices.Read("tea")
	records := h.Logs.FilterMessage("price read").All()
	if len(records) != 1 || records[0].LoggerName != "orders.Prices" {
		t.Errorf("got %+v", records)
	}
}
